"""The outbound heartbeat goes while every promise is kept, and only then; nothing it meets raises."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import structlog

from bot.care import gaps, watchdog
from bot.clock import MovableClock
from bot.console.beacon import Beacon
from bot.console.judging import Judge
from bot.db.engine import Database


@dataclass(kw_only=True)
class Listener:
    """Whoever watches the heartbeat: a web server on this machine."""

    port: int = 0
    status: str = "200 OK"
    heard: list[str] = field(default_factory=list)
    once: asyncio.Event = field(default_factory=asyncio.Event)
    twice: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/unguessable"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heard.append(head.decode().splitlines()[0])
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        (self.once if len(self.heard) == 1 else self.twice).set()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.answer, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as one:
        yield one


@pytest.fixture
def clock(db: Database, now: datetime) -> MovableClock:
    """The clock of a bot that listened just now."""
    db.write_now(watchdog.beat, gaps.LISTENING, gaps.EVERY_S, {}, now)
    return MovableClock(now)


@pytest.fixture
def said() -> Iterator[list[str]]:
    """Everything that is logged, by us and by libraries."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Keeping()
    logging.getLogger().addHandler(handler)
    with structlog.testing.capture_logs() as ours:
        yield lines
        lines.extend(map(str, ours))
    logging.getLogger().removeHandler(handler)


def beacon(db: Database, clock: MovableClock, url: str) -> Beacon:
    return Beacon(url, Judge(db, clock, {}), every_s=0, sooner_s=0, timeout_s=2)


async def test_it_beats_while_every_promise_is_kept(db: Database, clock: MovableClock, listener: Listener) -> None:
    assert await beacon(db, clock, listener.url).beat()
    assert listener.heard == ["GET /unguessable HTTP/1.1"]


async def test_it_is_withheld_while_a_promise_is_broken(db: Database, clock: MovableClock, listener: Listener) -> None:
    one = beacon(db, clock, listener.url)
    clock.advance(timedelta(minutes=2))
    assert not await one.beat()
    assert listener.heard == []
    db.write_now(watchdog.beat, gaps.LISTENING, gaps.EVERY_S, {}, clock.now())
    assert await one.beat()


async def test_it_beats_again_and_again(db: Database, clock: MovableClock, listener: Listener) -> None:
    beating = asyncio.create_task(beacon(db, clock, listener.url).run())
    await asyncio.wait_for(listener.twice.wait(), 10)
    beating.cancel()


async def test_a_refused_beat_does_not_count_as_one(db: Database, clock: MovableClock, listener: Listener) -> None:
    listener.status = "500 No"
    assert not await beacon(db, clock, listener.url).beat()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/unguessable", "http://[unguessable", "http://unguessable.invalid/"]
)
async def test_whoever_cannot_be_reached_stops_nothing_and_is_not_named_in_the_log(
    db: Database, clock: MovableClock, said: list[str], url: str
) -> None:
    assert not await beacon(db, clock, url).beat()
    assert "unguessable" not in "".join(said)
