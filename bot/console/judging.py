"""Judges whether every promise is kept now: what the database says, and what stands still in this process.

The database is read in a thread of its own with a time limit, so that there is an answer even when it gives none.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.care import vitals
from bot.care.vitals import Vitals
from bot.clock import Clock
from bot.db.engine import Database

ANSWER_S = 1.5  # whoever asks waits two seconds at most
SILENT = "The database does not answer. Check that it runs and has room on its disk; the bot goes on by itself after."


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How things stand. `vitals` is None when the database gave no answer; `problems` say what to do next."""

    at: datetime
    vitals: Vitals | None
    problems: tuple[str, ...]


class Judge:
    """Looks when asked. `expected`: the ticks that must run, and how often; `standing_still`: parts of this process."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        expected: Mapping[str, int],
        standing_still: Callable[[], list[str]] = list,
        *,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._db = db
        self._clock = clock
        self._expected = dict(expected)
        self._standing_still = standing_still
        self._answer_s = answer_s
        self._reading: asyncio.Future[Vitals | str] | None = None
        self._until = 0.0

    async def look(self) -> Report:
        """How things stand now. Never raises, and takes two seconds at most."""
        now = self._clock.now()
        found = await self._read(now)
        still = [
            f"The part '{name}' does not move. It is started again by itself; where this stays, restart the bot."
            for name in self._standing_still()
        ]
        if isinstance(found, str):
            return Report(at=now, vitals=None, problems=(found, *still))
        return Report(at=now, vitals=found, problems=(*vitals.broken(found, self._expected), *still))

    async def _read(self, now: datetime) -> Vitals | str:
        """What the database says, or what is the matter with it. Everybody who asks meanwhile shares one reading."""
        loop = asyncio.get_running_loop()
        if self._reading is None or self._reading.done():
            self._reading, self._until = loop.create_future(), loop.time() + self._answer_s
            threading.Thread(
                target=self._run, args=(loop, self._reading, now), name="console-reader", daemon=True
            ).start()
        left_s = max(0.0, self._until - loop.time())
        done, _ = await asyncio.wait({self._reading}, timeout=left_s)
        return self._reading.result() if done else SILENT

    def _run(self, loop: asyncio.AbstractEventLoop, reading: asyncio.Future[Vitals | str], now: datetime) -> None:
        found: Vitals | str
        try:
            found = self._db.read_now(vitals.read, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            found = f"The database cannot be read ({type(error).__name__}). Run aftercare doctor."
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits for the answer any more
            loop.call_soon_threadsafe(_settle, reading, found)


def _settle(reading: asyncio.Future[Vitals | str], found: Vitals | str) -> None:
    if not reading.done():
        reading.set_result(found)
