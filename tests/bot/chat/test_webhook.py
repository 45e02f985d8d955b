"""Updates in, by webhook: only with the secret, only what is an update, and 200 only after the commit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from bot.chat.webhook import HEADER, LARGEST, WeakSecret, Webhook
from bot.clock import MovableClock
from bot.db.engine import Database
from bot.db.models import Inbox

SECRET = "a-long-enough-secret_1"
UPDATE = {"update_id": 7, "message": {"message_id": 1, "chat": {"id": 5}, "text": "It hurts"}}
JSON = {"content-type": "application/json"}


@pytest.fixture
async def telegram(db: Database, now: datetime) -> AsyncIterator[httpx.AsyncClient]:
    app = Webhook(db, MovableClock(now), 1, SECRET).app()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def stored(db: Database) -> int:
    return db.read_now(lambda s: s.query(Inbox).count())


async def post(
    telegram: httpx.AsyncClient, content: Any, secret: str | None = SECRET, **headers: str
) -> httpx.Response:
    given = {HEADER: secret} if secret is not None else {}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await telegram.post("/telegram", content=body, headers=given | headers)


async def test_an_update_is_stored_before_it_is_confirmed(telegram: httpx.AsyncClient, db: Database) -> None:
    assert (await post(telegram, UPDATE)).status_code == 200
    assert stored(db) == 1


async def test_the_same_update_twice_is_stored_once(telegram: httpx.AsyncClient, db: Database) -> None:
    for _ in range(2):
        assert (await post(telegram, UPDATE)).status_code == 200
    assert stored(db) == 1


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain", ""])
async def test_the_content_type_does_not_matter(telegram: httpx.AsyncClient, db: Database, kind: str) -> None:
    assert (await post(telegram, UPDATE, **{"content-type": kind})).status_code == 200
    assert stored(db) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1]])
async def test_a_wrong_secret_stores_nothing(telegram: httpx.AsyncClient, db: Database, secret: str | None) -> None:
    assert (await post(telegram, UPDATE, secret)).status_code == 401
    assert stored(db) == 0


async def test_a_secret_of_odd_bytes_stores_nothing(telegram: httpx.AsyncClient, db: Database) -> None:
    headers = [(HEADER.encode(), b"\xff\xfe" + SECRET.encode())]
    assert (await telegram.post("/telegram", json=UPDATE, headers=headers)).status_code == 401
    assert stored(db) == 0


BROKEN = [b"", b"{", b"[]", b"3", b'{"message": {}}', b'{"update_id": "7"}', b"\xff\xfe", b"[" * 100_000]


@pytest.mark.parametrize("body", BROKEN, ids=[repr(body[:12]) for body in BROKEN])
async def test_what_is_no_update_is_refused(telegram: httpx.AsyncClient, db: Database, body: bytes) -> None:
    assert (await post(telegram, body)).status_code == 400
    assert stored(db) == 0


async def test_what_is_too_large_is_refused(telegram: httpx.AsyncClient, db: Database) -> None:
    body = json.dumps(UPDATE | {"pad": "x" * LARGEST}).encode()
    assert (await post(telegram, body)).status_code == 413
    assert stored(db) == 0


async def test_a_database_that_fails_makes_telegram_try_again(telegram: httpx.AsyncClient, db: Database) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))
    answer = await post(telegram, UPDATE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_other_methods_are_refused(telegram: httpx.AsyncClient) -> None:
    assert (await telegram.get("/telegram")).status_code == 405


@pytest.mark.parametrize("secret", ["", "short", "has a blank in it here", "x" * 257])
def test_a_weak_secret_is_refused(db: Database, now: datetime, secret: str) -> None:
    with pytest.raises(WeakSecret):
        Webhook(db, MovableClock(now), 1, secret)
