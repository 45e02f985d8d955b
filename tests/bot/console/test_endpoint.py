"""Health and metrics over HTTP: what is well, what is not and what to do next, within two seconds, and about nobody."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from bot import metrics
from bot.care import gaps, vitals, watchdog
from bot.clock import MovableClock
from bot.console.endpoint import Endpoint
from bot.console.judging import SILENT, Judge
from bot.db.engine import Database
from tests.bot.ward import Ward

EXPECTED = {"pages": 10}
LABELS = {"lane", "outcome", "level", "kind", "tick", "result", "part", "le"}


@pytest.fixture
def clock(now: datetime) -> MovableClock:
    return MovableClock(now)


@pytest.fixture
async def site(db: Database, clock: MovableClock) -> AsyncIterator[httpx.AsyncClient]:
    async with visiting(Endpoint(Judge(db, clock, EXPECTED), lambda: {"poller": True, "sender": False})) as client:
        yield client


def visiting(endpoint: Endpoint) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(endpoint.app()), base_url="http://console")


def well(db: Database, clock: MovableClock) -> None:
    """Everything has just run."""
    db.write_now(watchdog.beat, "pages", 10, {}, clock.now())
    db.write_now(watchdog.beat, gaps.LISTENING, gaps.EVERY_S, {}, clock.now())


@pytest.fixture
def hanging(now: datetime) -> Iterator[Database]:
    """A database server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        database = Database(f"postgresql+psycopg://nobody@127.0.0.1:{port}/none", [Fernet.generate_key().decode()])
        yield database
    database.close()


async def ready(site: httpx.AsyncClient) -> tuple[int, dict[str, Any]]:
    answer = await site.get("/readyz")
    return answer.status_code, answer.json()


async def test_a_bot_whose_event_loop_turns_is_alive(site: httpx.AsyncClient) -> None:
    answer = await site.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_a_bot_that_keeps_every_promise_is_ready(
    site: httpx.AsyncClient, db: Database, clock: MovableClock
) -> None:
    well(db, clock)
    code, said = await ready(site)
    assert code == 200
    assert (said["ready"], said["problems"], said["database"]) == (True, [], True)
    assert said["ticks"] == {"pages": {"age_s": 0.0, "every_s": 10, "failed": None}}
    assert said["leading"] == {"poller": True, "sender": False}
    assert set(said["oldest_unsent_s"]) == set(metrics.LANES)


async def test_a_broken_promise_is_said_in_words(site: httpx.AsyncClient, db: Database, clock: MovableClock) -> None:
    well(db, clock)
    clock.advance(timedelta(minutes=5))
    code, said = await ready(site)
    assert code == 503
    assert any(problem.startswith("The task 'pages' last ran 5 min ago.") for problem in said["problems"])
    assert said["poll_age_s"] == 300


async def test_what_stands_still_in_this_process_is_said(db: Database, clock: MovableClock) -> None:
    well(db, clock)
    async with visiting(Endpoint(Judge(db, clock, EXPECTED, lambda: ["sender"]))) as site:
        code, said = await ready(site)
    assert (code, said["problems"][0][:32]) == (503, "The part 'sender' does not move.")


async def test_a_database_that_hangs_is_said_within_two_seconds(hanging: Database, clock: MovableClock) -> None:
    async with visiting(Endpoint(Judge(hanging, clock, EXPECTED))) as site:
        began = time.monotonic()
        first, second = await asyncio.gather(ready(site), ready(site))
        took_s = time.monotonic() - began
        again = time.monotonic()
        third = await ready(site)
        again_s = time.monotonic() - again
    for code, said in (first, second, third):
        assert (code, said["database"], said["problems"]) == (503, False, [SILENT])
    assert took_s < 2
    assert again_s < 1


async def test_a_database_that_cannot_be_read_is_said_at_once(db: Database, clock: MovableClock) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE heartbeats RENAME TO elsewhere")
    async with visiting(Endpoint(Judge(db, clock, EXPECTED))) as site:
        code, said = await ready(site)
    assert code == 503
    assert "cannot be read" in said["problems"][0]


async def test_prometheus_reads_what_is_counted_and_what_waits(
    site: httpx.AsyncClient, db: Database, clock: MovableClock
) -> None:
    well(db, clock)
    clock.advance(timedelta(seconds=20))
    answer = await site.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'aftercare_tick_age_seconds{tick="pages"} 20.0' in answer.text
    assert 'aftercare_oldest_unsent_seconds{lane="emergency"} 0.0' in answer.text
    assert 'aftercare_leader{part="poller"} 1.0' in answer.text
    assert "aftercare_poll_age_seconds 20.0" in answer.text
    assert "aftercare_promises_broken 0.0" in answer.text
    assert "aftercare_database_up 1.0" in answer.text


async def test_what_the_database_no_longer_says_does_not_look_as_it_did(
    site: httpx.AsyncClient, db: Database, clock: MovableClock
) -> None:
    well(db, clock)
    await site.get("/metrics")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE heartbeats RENAME TO elsewhere")
    shown = (await site.get("/metrics")).text
    assert "aftercare_database_up 0.0" in shown
    assert "aftercare_poll_age_seconds NaN" in shown
    assert "aftercare_oldest_unsent_seconds{" not in shown


async def test_nothing_of_a_patient_is_shown(site: httpx.AsyncClient, ward: Ward) -> None:
    team = ward.team("Secret team")
    ward.staff("Dr Lind", team, rung="on_call")
    ward.finds(ward.patient("Ana Ruiz", team, "RUIZ-017"), ("ces_now", "emergency"))
    ward.session.add(
        vitals.Inbox(
            bot_id=1, update_id=7, digest="d", chat_key=424242, raw="my leg", received_at=ward.now, state="new"
        )
    )
    ward.session.commit()
    shown = (await site.get("/metrics")).text + (await site.get("/readyz")).text
    for secret in ("Ana", "RUIZ", "Secret", "Lind", "424242", "my leg", "ces_now"):
        assert secret not in shown


async def test_series_are_told_apart_by_kinds_alone(site: httpx.AsyncClient) -> None:
    shown = (await site.get("/metrics")).text
    ours = [line for line in shown.splitlines() if line.startswith("aftercare_")]
    assert {label for line in ours for label in re.findall(r'(\w+)="', line)} <= LABELS


@pytest.mark.parametrize("path", ["/", "/docs", "/metrics/../readyz/x", "/telegram"])
async def test_there_is_nothing_else(site: httpx.AsyncClient, path: str) -> None:
    assert (await site.get(path)).status_code == 404


async def test_nothing_can_be_changed_from_outside(site: httpx.AsyncClient) -> None:
    assert (await site.post("/readyz")).status_code == 405
