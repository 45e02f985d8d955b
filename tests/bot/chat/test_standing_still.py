"""A poll that is answered byte by byte, and so never ends, is given up and asked again."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bot import metrics
from bot.care.clinic import Clinic
from bot.chat.poller import STILL_S, Poller
from bot.clock import MovableClock
from bot.db.engine import Database
from bot.db.models import Inbox, Incident
from bot.keeping import Keeper

PATIENCE_S = 20
UPDATE = {"update_id": 7, "message": {"message_id": 1, "chat": {"id": 5, "type": "private"}, "text": "It hurts"}}
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"


class Drips:
    """A Bot API that begins its first answer and never ends it; the next poll gets an update, later ones wait."""

    def __init__(self) -> None:
        self.url = ""
        self.dripping = asyncio.Event()
        self.over = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                (length,) = [
                    int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
                ]
                wanted = json.loads(await reader.readexactly(length))
                if not self.dripping.is_set():
                    writer.write(BEGUN)
                    await writer.drain()
                    self.dripping.set()
                    await self.over.wait()
                if "offset" in wanted:
                    await self.over.wait()
                body = json.dumps({"ok": True, "result": [UPDATE]}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        writer.close()


@pytest.fixture
async def telegram() -> AsyncIterator[Drips]:
    drips = Drips()
    server = await asyncio.start_server(drips.answer, "127.0.0.1", 0)
    drips.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield drips
        drips.over.set()


async def test_a_poll_that_never_ends_is_given_up_and_nothing_is_lost(
    telegram: Drips, db: Database, clinic: Clinic, now: datetime
) -> None:
    clock, stored, loop = MovableClock(now), asyncio.Event(), asyncio.get_running_loop()
    db.on_commit(lambda wakes: loop.call_soon_threadsafe(stored.set) if "inbox" in wakes else None)
    before = metrics.total("aftercare_part_restarts_total", part="poller")
    poller = Poller(db, clinic, clock, telegram.url, 7)
    keeping = asyncio.create_task(Keeper(db, clock, look_s=0.01).keep("poller", poller.run, poller.pulse))
    await asyncio.wait_for(telegram.dripping.wait(), PATIENCE_S)
    poller.pulse.forgive(-STILL_S - 1)  # so much time passes, and the answer still drips
    await asyncio.wait_for(stored.wait(), PATIENCE_S)
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    await poller.close()
    told = db.read_now(lambda s: [(row.kind, row.subject) for row in s.query(Incident)])
    assert told == [("part_restarted", "poller")]
    assert db.read_now(lambda s: [row.update_id for row in s.query(Inbox)]) == [7]
    assert metrics.total("aftercare_part_restarts_total", part="poller") == before + 1
