"""What runs again and again: one table. APScheduler only says when; everything due is a row, so running twice is safe.

Each tick is one transaction with a sign of life; a sweep that can be long is many short ones, since everything else
waits for the writer meanwhile. A tick that fails is put on record and told to the admins, and runs
again at its next interval.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.orm import Session

from bot import metrics
from bot.care import (
    closing,
    expiring,
    gaps,
    ledger,
    messages,
    morning,
    opening,
    paging,
    reminding,
    rescreening,
    stepping,
    uncertain,
    watchdog,
)
from bot.care.clinic import Clinic
from bot.care.sweeping import Due
from bot.clock import Clock, SystemClock
from bot.db import postgres, tally
from bot.db.engine import Database
from bot.log import place
from bot.pulse import Pulse

log = structlog.get_logger()

HOUR_S = 3600
HUNG_S = 45.0  # for one transaction of a tick, or for a turn that does not begin
OFTEN_S = 60  # a rehearsal does what runs at least this often at every step
FEW = 4  # of a long sweep in one transaction: about 20 ms, so that an alarm never waits for a wave of check-ins
Work = Callable[[Session, datetime, Clinic], int | Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A sweep that can be long: which rows are due, and the work on a few of them. `first` comes before all."""

    due: Due
    some: Callable[[Session, Sequence[int], datetime, Clinic], int]
    first: Callable[[Session, datetime], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A tick that reads much and writes little: `look` reads, while others write; `tell` is short."""

    look: Callable[[Session, datetime], Any]
    tell: Callable[[Session, Any, datetime], int | Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """`work` brings everything that is due up to date and says how much it did; `parts` or `report` in steps."""

    name: str
    every_s: int
    work: Work
    parts: Parts | None = None
    report: Report | None = None


def _watch(session: Session, now: datetime, clinic: Clinic) -> int:
    return watchdog.look(session, now)


TICKS: tuple[Tick, ...] = (
    Tick(name="clock set back", every_s=15, work=stepping.mend),
    Tick(name="pages", every_s=10, work=paging.page_due),
    Tick(name="unreadable answers", every_s=20, work=closing.unreadable_due),
    Tick(name="re-screens", every_s=20, work=rescreening.rescreen_due),
    Tick(
        name="check-ins closing",
        every_s=30,
        work=closing.close_due,
        parts=Parts(due=closing.due, some=closing.close_these),
    ),
    Tick(
        name="check-ins opening",
        every_s=20,
        work=opening.open_due,
        parts=Parts(due=opening.due, some=opening.open_these, first=opening.resume),
    ),
    Tick(
        name="reminders",
        every_s=30,
        work=reminding.remind_due,
        parts=Parts(due=reminding.due, some=reminding.remind_these),
    ),
    Tick(name="unread messages", every_s=60, work=messages.overdue_reads),
    Tick(name="uncertain messages", every_s=15, work=uncertain.sweep),
    Tick(
        name="programmes ending",
        every_s=HOUR_S,
        work=closing.end_programmes,
        parts=Parts(due=closing.programmes_over, some=closing.end_these),
    ),
    Tick(name="links expiring", every_s=600, work=expiring.invitations_due),
    Tick(
        name="ledger",
        every_s=6 * HOUR_S,
        work=ledger.audit,
        report=Report(look=ledger.look, tell=ledger.tell),
    ),
    Tick(name="morning accounts", every_s=300, work=morning.account_due),
    Tick(name="signs of life", every_s=30, work=_watch),
)
LISTENING = Tick(name="listening", every_s=gaps.EVERY_S, work=gaps.alive)  # where a webhook listens, not the poller


class Ticks:
    """Runs a table of ticks, on a schedule or on demand. With `webhook`, listening is a tick as well.

    `pace` says how much faster the rows' clock runs than the machine's: 1 but in rehearsals. A tick of which nothing is
    heard for `hung_s` seconds hangs (see `pulses`).
    """

    def __init__(
        self,
        db: Database,
        clinic: Clinic,
        clock: Clock,
        table: Sequence[Tick] = TICKS,
        *,
        webhook: bool = False,
        pace: float = 1.0,
        hung_s: float = HUNG_S,
    ) -> None:
        self._db = db
        self._clinic = clinic
        self._clock = clock
        self._table = (*table, LISTENING) if webhook else tuple(table)
        self._pace = pace
        self._swept: dict[str, datetime] = {}
        self._hung_s = hung_s
        self._pulses = {tick.name: Pulse(f"tick: {tick.name}", hung_s) for tick in self._table}

    @property
    def pulses(self) -> Sequence[Pulse]:
        """The progress of each tick: late when a run hangs, or when none begins for three intervals."""
        return tuple(self._pulses.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run every tick at once and then at its interval, until the block ends. A unit that runs then still ends."""
        scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        first = SystemClock().now()  # the scheduler lives on the machine's time, whatever the clock of the rows says
        for tick in self._table:
            every_s = tick.every_s / self._pace
            scheduler.add_job(self._turn, "interval", seconds=every_s, args=[tick], next_run_time=first)
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)
            for pulse in self.pulses:
                pulse.rest()

    async def _turn(self, tick: Tick) -> None:
        pulse, began = self._pulses[tick.name], time.monotonic()
        pulse.beat()
        await self.run(tick)
        pulse.beat(watchdog.LATE_AFTER * tick.every_s / self._pace + self._hung_s)
        metrics.TICK_S.labels(tick.name).observe(time.monotonic() - began)

    async def run_all(self, now: datetime | None = None) -> dict[str, int]:
        """Run every tick once, in the order of the table. Returns how much each did."""
        return {tick.name: await self.run(tick, now) for tick in self._table}

    async def sweep(self) -> None:
        """Do the work of every tick once, in one transaction and without signs of life: for rehearsals and tests.

        What runs seldom runs when its interval has passed on the rows' clock. Raises what a tick raises: where nothing
        runs by itself, a failure must not wait to be noticed.
        """
        now = self._clock.now()
        due = [tick for tick in self._table if tick.every_s <= OFTEN_S or self._rested(tick, now)]
        await self._db.write(_sweep, due, now, self._clinic)
        self._swept.update((tick.name, now) for tick in due)

    def _rested(self, tick: Tick, now: datetime) -> bool:
        last = self._swept.get(tick.name)
        return last is None or abs((now - last).total_seconds()) >= tick.every_s

    async def _in_parts(self, tick: Tick, parts: Parts, fixed: datetime | None) -> int:
        """A few rows at a time, so that other units get their turn in between; a long wave gives signs of life.

        Goes on until nothing is due that was not tried. A wave of minutes works with the time it is by then, so that it
        goes into no night.
        """
        done, tried, heard = 0, set[int](), fixed or self._clock.now()
        if parts.first is not None:
            await self._db.write(parts.first, heard)
        while ids := await self._db.read(parts.due, now := fixed or self._clock.now(), tried):
            tried.update(ids)
            for begin in range(0, len(ids), FEW):
                self._pulses[tick.name].beat()
                done += await self._db.write(_some, tick, parts, ids[begin : begin + FEW], now, self._clinic)
                if (self._clock.now() - heard).total_seconds() >= tick.every_s:
                    heard = self._clock.now()
                    await self._db.write(watchdog.beat, tick.name, tick.every_s, {"done": done}, heard)
        return await self._db.write(_done, tick, done, max(now, heard))

    async def run(self, tick: Tick, now: datetime | None = None) -> int:
        """Run one tick. Returns how much it did; 0 when it failed, which is then on record."""
        at = now or self._clock.now()
        try:
            if tick.parts is not None:
                return await self._in_parts(tick, tick.parts, now)
            if tick.report is not None:
                seen = await self._db.read(tick.report.look, at)
                return await self._db.write(_told, tick, tick.report, seen, at)
            return await self._db.write(_work, tick, at, self._clinic)
        except Exception as error:  # noqa: BLE001 - whatever one tick brings up, it is recorded and the others go on
            kind = type(error).__name__
            log.error("tick failed", tick=tick.name, kind=kind, at=place(error))  # noqa: TRY400 - a traceback quotes rows
            metrics.TICKS.labels(tick.name, "failed").inc()
        try:
            await self._db.write(_failed, tick, kind, at)
        except Exception as error:  # noqa: BLE001 - the overdue sign of life tells of it
            log.error("failed tick not recorded", tick=tick.name, kind=type(error).__name__)  # noqa: TRY400 - as above
        return 0


def _work(session: Session, tick: Tick, now: datetime, clinic: Clinic) -> int:
    if not _alone(session, tick):
        return 0  # another process is at it
    return _done(session, tick, tick.work(session, now, clinic), now)


def _told(session: Session, tick: Tick, report: Report, seen: Any, now: datetime) -> int:
    return _done(session, tick, report.tell(session, seen, now), now) if _alone(session, tick) else 0


def _some(session: Session, tick: Tick, parts: Parts, ids: Sequence[int], now: datetime, clinic: Clinic) -> int:
    return parts.some(session, ids, now, clinic) if _alone(session, tick) else 0


def _alone(session: Session, tick: Tick) -> bool:
    return postgres.alone_in(session, f"tick {tick.name}")


def _done(session: Session, tick: Tick, result: int | Mapping[str, int], now: datetime) -> int:
    """The sign of life of a tick that went through."""
    counts = {"done": result} if isinstance(result, int) else dict(result)
    watchdog.beat(session, tick.name, tick.every_s, counts, now)
    watchdog.clear(session, "tick_failed", tick.name, now)
    tally.count(session, metrics.TICKS.labels(tick.name, "ok").inc)
    done = sum(counts.values())
    if done:
        log.info("tick", tick=tick.name, counts=counts)
    return done


def _sweep(session: Session, table: Sequence[Tick], now: datetime, clinic: Clinic) -> None:
    for tick in table:
        if tick.work is not _watch:
            tick.work(session, now, clinic)


def _failed(session: Session, tick: Tick, kind: str, now: datetime) -> None:
    watchdog.beat(session, tick.name, tick.every_s, {}, now, failed=kind)
    remedy = f"A recurring task failed ({kind}) and is tried again. Run aftercare doctor and report the log."
    watchdog.incident(session, "tick_failed", tick.name, remedy, now)
