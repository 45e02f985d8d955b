"""Updates posted to the bot: secret, order, retries, and the change back to polling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot import clock
from bot.sandbox import actors, schema, server, webhook
from tests.bot.sandbox.raw_calls import Raw

SECRET_HEADER = "x-telegram-bot-api-secret-token"


@dataclass
class Receiver:
    """A webhook that answers as told, then with 200."""

    url: str = ""
    answers: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        body = await reader.readexactly(length)
        status = self.answers.pop(0) if self.answers else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        async with self.came:
            self.requests.append(head.lower() + body)
            self.came.notify_all()

    async def until(self, count: int) -> list[bytes]:
        async with self.came:
            await asyncio.wait_for(self.came.wait_for(lambda: len(self.requests) >= count), 5)
        return self.requests


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    ours = Receiver()
    listening = await asyncio.start_server(ours.serve_one, "127.0.0.1", 0)
    ours.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook"
    async with listening:
        yield ours


@pytest.fixture
async def served(movable: clock.MovableClock, description: schema.Description | None) -> AsyncIterator[server.Served]:
    backoff = webhook.Backoff(first=0.01, most=0.05)
    async with server.serve(movable, limits=False, description=description, webhook_backoff=backoff) as running:
        yield running
        assert list(map(str, running.violations)) == []


async def test_updates_are_posted_with_the_secret(raw: Raw, receiver: Receiver, ana: actors.Person) -> None:
    await raw.ok("setWebhook", url=receiver.url, secret_token="s3cret", drop_pending_updates=True)
    await ana.says("hello")
    (request,) = await receiver.until(1)
    assert f"{SECRET_HEADER}: s3cret".encode() in request
    assert b'"text":"hello"' in request
    assert (await raw.refused("getUpdates"))[1].startswith(
        "Conflict: can't use getUpdates method while webhook is active"
    )
    await raw.ok("deleteWebhook")
    assert await raw.ok("getUpdates") == []


async def test_a_refused_update_is_posted_again_before_the_next(
    raw: Raw, receiver: Receiver, ana: actors.Person
) -> None:
    await raw.ok("setWebhook", url=receiver.url, drop_pending_updates=True)
    receiver.answers = [b"503 Service Unavailable"] * 3
    await ana.says("one")
    await ana.says("two")
    requests = await receiver.until(5)
    assert [b'"one"' in r for r in requests] == [True, True, True, True, False]
    info = await raw.ok("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"
    assert info["url"] == receiver.url


async def test_an_update_nobody_takes_is_dropped_when_it_expires(
    raw: Raw, receiver: Receiver, ana: actors.Person, movable: clock.MovableClock
) -> None:
    await raw.ok("setWebhook", url=receiver.url, drop_pending_updates=True)
    receiver.answers = [b"500 Internal Server Error"] * 10_000
    await ana.says("lost")
    await receiver.until(3)
    movable.advance(timedelta(hours=25))
    receiver.answers = []
    await ana.says("kept")
    await asyncio.wait_for(_posted(receiver, b'"kept"'), 5)
    assert (await raw.ok("getWebhookInfo"))["pending_update_count"] == 0


async def _posted(receiver: Receiver, what: bytes) -> None:
    while not any(what in request for request in receiver.requests):
        await receiver.until(len(receiver.requests) + 1)


async def test_a_text_does_not_wait_behind_a_tap(raw: Raw, receiver: Receiver, ana: actors.Person) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    await raw.ok("sendMessage", chat_id=ana.id, text="?", reply_markup=keyboard)
    await raw.ok("setWebhook", url=receiver.url, drop_pending_updates=True)
    receiver.answers = [b"503 Service Unavailable"]
    ana.sandbox.patience_s = 0.05
    await asyncio.gather(ana.taps("Yes"), ana.says("and worse"))
    requests = await receiver.until(3)
    assert sum(b"callback_query" in r for r in requests) in (1, 2)
    assert sum(b"and worse" in r for r in requests) in (1, 2)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/hook", "bad webhook: An HTTPS URL must be provided for webhook"),
        ("https://example.org:8080/hook", "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ("ftp://example.org", "bad webhook: invalid webhook URL specified"),
    ],
)
async def test_an_address_telegram_would_not_post_to_is_refused(raw: Raw, url: str, why: str) -> None:
    assert await raw.refused("setWebhook", url=url) == (400, f"Bad Request: {why}")


async def test_a_secret_with_other_characters_is_refused(raw: Raw, receiver: Receiver) -> None:
    assert await raw.refused("setWebhook", url=receiver.url, secret_token="a b") == (
        400,
        "Bad Request: secret token contains unallowed characters",
    )
