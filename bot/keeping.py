"""Keeps the parts of the program going: one that ends, fails or stands still is put on record and started again.

Where starting again does not help, the program ends, so that whoever restarts processes does so. A database that is
away is nobody's fault: the parts wait for it by themselves and are left alone.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import metrics
from bot.care import watchdog
from bot.clock import Clock
from bot.db.engine import Database, Unit
from bot.errors import AftercareError
from bot.pulse import Pulse

log = structlog.get_logger()

LOOK_S = 5.0  # one that ends is seen at once; this is for one that stands still
PROBE_S = 10.0
ANSWER_S = 45.0  # a write waits at most 10 s for a locked database, and then says so
STOP_S = 5.0  # what a part may take to end when it is told to
RECORD_S = 5.0
MOST_RESTARTS, WITHIN_S = 5, 600.0
PAUSE_S = 0.5  # before the first restart, and twice as long before each further one: what it needs may be away
STEADY_S = 60.0  # after so long without trouble it is over

Run = Callable[[], Awaitable[None]]


class PartLost(AftercareError):
    """Read the log and report it. The program ends now and must be started again."""


class Keeper:
    """Runs parts. `database` is the pulse of the database's writer: late when it does not even say no."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        database: Pulse | None = None,
        look_s: float = LOOK_S,
        stop_s: float = STOP_S,
        pause_s: float = PAUSE_S,
        steady_s: float = STEADY_S,
    ) -> None:
        self._db = db
        self._clock = clock
        self._look_s = look_s
        self._stop_s = stop_s
        self._pause_s = pause_s
        self._steady_s = steady_s
        self._away = False
        self._parts: dict[str, Sequence[Pulse]] = {}
        self.database = database or Pulse("database writer", ANSWER_S)

    def standing_still(self) -> list[str]:
        """The names of the parts that show no progress though they should."""
        return [name for name, pulses in self._parts.items() if any(pulse.late_s is not None for pulse in pulses)]

    async def probe(self) -> None:
        """Ask the database again and again, until cancelled, whether it still takes writes."""
        try:
            while True:
                self.database.beat()
                self._away = not await self._try(_ask)
                self.database.rest()
                await asyncio.sleep(PROBE_S)
        finally:
            self.database.rest()

    async def keep(self, name: str, run: Run, *pulses: Pulse) -> None:
        """Run a part until cancelled, again when need be. Raises PartLost, and what the part says of itself."""
        self._parts[name] = pulses
        restarts: deque[float] = deque(maxlen=MOST_RESTARTS)
        try:
            while True:
                why = await self._once(name, run, pulses)
                log.error("part stopped", part=name, why=why)
                metrics.RESTARTS.labels(name).inc()
                now = time.monotonic()
                if len(restarts) == MOST_RESTARTS and now - restarts[0] < WITHIN_S:
                    raise PartLost(f"The part '{name}' stops again and again ({why}). {PartLost.__doc__}")
                await self._record(name, why)
                await asyncio.sleep(self._pause_s * 2 ** len(restarts))
                restarts.append(now)
        finally:
            self._parts.pop(name, None)
            for pulse in pulses:
                pulse.rest()

    async def _once(self, name: str, run: Run, pulses: Sequence[Pulse]) -> str:
        """Run it once. Returns why it is to be run again."""
        for pulse in pulses:
            pulse.beat()
        steady_at: float | None = time.monotonic() + self._steady_s
        task = asyncio.ensure_future(run())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self._look_s)
                if self._stands_still(pulses):
                    await self._stop(name, task)
                    return "stood still"
                if steady_at is not None and time.monotonic() > steady_at:
                    steady_at = None
                    await self._try(watchdog.clear, "part_restarted", name, self._clock.now())
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=self._stop_s)
        return _why(task)

    def _stands_still(self, pulses: Sequence[Pulse]) -> bool:
        if self._away or self.database.late_s is not None:
            for pulse in pulses:
                if pulse.late_s is not None:
                    pulse.beat()
            return False
        return any(pulse.late_s is not None for pulse in pulses)

    async def _stop(self, name: str, task: asyncio.Future[None]) -> None:
        task.cancel()
        await asyncio.wait({task}, timeout=self._stop_s)
        if not task.done():
            raise PartLost(f"The part '{name}' stands still and cannot be stopped. {PartLost.__doc__}")

    async def _record(self, name: str, why: str) -> None:
        remedy = f"The part '{name}' of the bot {why} and was started again. If this returns, report it with the log."
        await self._try(watchdog.incident, "part_restarted", name, remedy, self._clock.now())

    async def _try(self, unit: Unit[..., object], *args: object) -> bool:
        """Whether the database took it; what it says must not stop the keeping."""
        try:
            async with asyncio.timeout(None if unit is _ask else RECORD_S):
                await self._db.write(unit, *args)
        except Exception as error:  # noqa: BLE001 - whatever hinders the record, the part is started again
            log.warning("not noted", what=unit.__name__, kind=type(error).__name__)
            return False
        return True


def _why(task: asyncio.Future[None]) -> str:
    """How the part came to its end; what the program says of itself is raised."""
    error = None if task.cancelled() else task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, AftercareError):
        raise error
    return "ended" if error is None else f"failed ({type(error).__name__})"


def _ask(session: Session) -> None:
    session.execute(select(1))
