"""The table of ticks: each gives a sign of life, one that fails is told and stops no other."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot import metrics
from bot.care import sweeping
from bot.care.clinic import Clinic
from bot.clock import MovableClock
from bot.db.engine import Database
from bot.db.models import Heartbeat, Incident
from bot.guard import EXIT_CODE
from bot.ticks import FEW, HUNG_S, TICKS, Parts, Report, Tick, Ticks
from tests.conftest import KEY


def broken(session: Any, now: datetime, clinic: Clinic) -> int:
    raise RuntimeError


def hearts(db: Database) -> dict[str, str | None]:
    return db.read_now(lambda s: {heart.name: heart.failed for heart in s.query(Heartbeat)})


def incidents(db: Database) -> list[tuple[str, bool]]:
    return db.read_now(lambda s: [(row.subject, row.cleared_at is None) for row in s.query(Incident)])


async def test_every_tick_runs_on_an_empty_ward_and_gives_a_sign_of_life(
    db: Database, clinic: Clinic, now: datetime
) -> None:
    counts = await Ticks(db, clinic, MovableClock(now)).run_all()
    assert set(counts) == set(hearts(db)) == {tick.name for tick in TICKS}
    assert incidents(db) == []


async def test_running_them_twice_changes_nothing(db: Database, clinic: Clinic, now: datetime) -> None:
    ticks = Ticks(db, clinic, MovableClock(now))
    first, second = await ticks.run_all(), await ticks.run_all()
    assert first == second


async def test_a_tick_that_fails_is_told_and_the_next_one_runs(db: Database, clinic: Clinic, now: datetime) -> None:
    ran: Counter[str] = Counter()

    def counting(session: Any, now: datetime, clinic: Clinic) -> int:
        ran["ran"] += 1
        return 1

    table = [Tick(name="bad", every_s=5, work=broken), Tick(name="good", every_s=5, work=counting)]
    assert await Ticks(db, clinic, MovableClock(now), table).run_all() == {"bad": 0, "good": 1}
    assert hearts(db) == {"bad": "RuntimeError", "good": None}
    assert incidents(db) == [("bad", True)]


async def test_a_tick_that_works_again_ends_its_incident(db: Database, clinic: Clinic, now: datetime) -> None:
    clock = MovableClock(now)
    await Ticks(db, clinic, clock, [Tick(name="t", every_s=5, work=broken)]).run_all()
    await Ticks(db, clinic, clock, [Tick(name="t", every_s=5, work=lambda s, n, c: 0)]).run_all()
    assert incidents(db) == [("t", False)]


async def test_a_tick_that_stops_is_noticed(db: Database, clinic: Clinic, now: datetime) -> None:
    clock = MovableClock(now)
    await Ticks(db, clinic, clock, [Tick(name="pages", every_s=10, work=lambda s, n, c: 0)]).run_all()
    clock.advance(timedelta(seconds=31))
    watch = next(tick for tick in TICKS if tick.name == "signs of life")
    await Ticks(db, clinic, clock, [watch]).run_all()
    assert incidents(db) == [("pages", True)]


async def test_the_scheduler_runs_them_at_once_and_again(db: Database, clinic: Clinic, now: datetime) -> None:
    loop, again = asyncio.get_running_loop(), asyncio.Event()
    ran: list[int] = []

    def work(session: Any, now: datetime, clinic: Clinic) -> int:
        ran.append(1)
        if len(ran) == 2:
            loop.call_soon_threadsafe(again.set)
        return 1

    async with Ticks(db, clinic, MovableClock(now), [Tick(name="t", every_s=1, work=work)]).running():
        await asyncio.wait_for(again.wait(), 10)


async def test_another_unit_gets_its_turn_in_the_midst_of_a_long_sweep(
    db: Database, clinic: Clinic, now: datetime
) -> None:
    loop, began, order = asyncio.get_running_loop(), asyncio.Event(), list[str]()

    def some(session: Any, ids: Sequence[int], now: datetime, clinic: Clinic) -> int:
        order.append(f"part of {len(ids)}")
        loop.call_soon_threadsafe(began.set)
        return len(ids)

    async def alarm() -> None:
        await began.wait()
        await db.write(lambda session: order.append("alarm"))

    parts = Parts(due=lambda session, now, tried: [n for n in range(3 * FEW) if n not in tried], some=some)
    other = asyncio.create_task(alarm())
    done = await Ticks(db, clinic, MovableClock(now), [Tick(name="t", every_s=5, work=broken, parts=parts)]).run_all()
    await other
    assert done == {"t": 3 * FEW}
    assert order.count(f"part of {FEW}") == 3
    assert order[-1] != "alarm"
    assert hearts(db) == {"t": None}


async def test_others_write_while_a_tick_reads_much(db: Database, clinic: Clinic, now: datetime) -> None:
    loop, looking, written = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    told: list[str] = []

    def look(session: Session, now: datetime) -> str:
        loop.call_soon_threadsafe(looking.set)
        return "in time" if written.wait(10) else "held up"

    def tell(session: Session, seen: str, now: datetime) -> int:
        told.append(seen)
        return 1

    async def alarm() -> None:
        await looking.wait()
        await db.write(lambda session: written.set())

    other = asyncio.create_task(alarm())
    table = [Tick(name="t", every_s=5, work=broken, report=Report(look=look, tell=tell))]
    assert await Ticks(db, clinic, MovableClock(now), table).run_all() == {"t": 1}
    await other
    assert told == ["in time"]
    assert hearts(db) == {"t": None}


async def test_rows_that_stay_due_hold_up_none_behind_them(db: Database, clinic: Clinic, now: datetime) -> None:
    seen: list[int] = []

    def due(session: Session, now: datetime, tried: Container[int]) -> Sequence[int]:
        return sweeping.page(range(5 * FEW), tried, FEW)  # whatever is done, the first ones stay due

    def some(session: Session, ids: Sequence[int], now: datetime, clinic: Clinic) -> int:
        seen.extend(ids)
        return 0

    table = [Tick(name="t", every_s=5, work=broken, parts=Parts(due=due, some=some))]
    await asyncio.wait_for(Ticks(db, clinic, MovableClock(now), table).run_all(), 10)
    assert seen == list(range(5 * FEW))


async def test_a_wave_that_takes_long_goes_on_with_the_time_it_is_by_then(
    db: Database, clinic: Clinic, now: datetime
) -> None:
    clock, times = MovableClock(now), list[datetime]()

    def due(session: Session, now: datetime, tried: Container[int]) -> Sequence[int]:
        return sweeping.page(range(2), tried, 1)

    def some(session: Session, ids: Sequence[int], now: datetime, clinic: Clinic) -> int:
        times.append(now)
        clock.advance(timedelta(minutes=10))
        return 1

    await Ticks(db, clinic, clock, [Tick(name="t", every_s=5, work=broken, parts=Parts(due=due, some=some))]).run_all()
    assert times == [now, now + timedelta(minutes=10)]


async def test_where_a_webhook_listens_that_is_a_tick_as_well(db: Database, clinic: Clinic, now: datetime) -> None:
    await Ticks(db, clinic, MovableClock(now), [], webhook=True).run_all()
    assert hearts(db) == {"poll": None, "listening": None}


async def test_a_tick_that_hangs_is_late_until_it_goes_on(db: Database, clinic: Clinic, now: datetime) -> None:
    loop, begun, ended, let_go = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event(), threading.Event()

    def hangs(session: Any, now: datetime, clinic: Clinic) -> int:
        loop.call_soon_threadsafe(begun.set)
        let_go.wait(10)
        return 0

    db.on_commit(lambda wakes: ended.set())
    ticks = Ticks(db, clinic, MovableClock(now), [Tick(name="t", every_s=60, work=hangs)])
    (pulse,) = ticks.pulses
    async with ticks.running():
        await asyncio.wait_for(begun.wait(), 10)
        assert pulse.late_s is None
        pulse.forgive(-HUNG_S - 1)  # so much time passes
        assert pulse.late_s is not None
        let_go.set()
        await asyncio.wait_for(ended.wait(), 10)
        await asyncio.sleep(0)
        assert pulse.late_s is None
        pulse.forgive(-3 * 60 - HUNG_S - 1)  # and no turn begins for three intervals
        assert pulse.late_s is not None
    assert pulse.late_s is None


async def test_runs_are_counted_by_how_they_went(db: Database, clinic: Clinic, now: datetime) -> None:
    def total(tick: str, result: str) -> float:
        return metrics.total("aftercare_tick_runs_total", tick=tick, result=result)

    table = [Tick(name="bad one", every_s=5, work=broken), Tick(name="good one", every_s=5, work=lambda s, n, c: 0)]
    await Ticks(db, clinic, MovableClock(now), table).run_all()
    assert (total("bad one", "failed"), total("bad one", "ok")) == (1, 0)
    assert (total("good one", "failed"), total("good one", "ok")) == (0, 1)


def test_a_tick_that_hangs_ends_the_process_and_shows_where_it_hangs(tmp_path: Path) -> None:
    """Its thread cannot be stopped, so whoever restarts processes has to."""
    program = f"""
import asyncio, threading
from datetime import UTC, datetime
from bot.clock import MovableClock
from bot.db.engine import Database
from bot.guard import Guard
from bot.ticks import Tick, Ticks

def stuck_here(session, now, clinic):
    threading.Event().wait()

async def main():
    db = Database("sqlite:///{tmp_path / "aftercare.db"}", ["{KEY}"])
    clock = MovableClock(datetime(2026, 3, 2, tzinfo=UTC))
    ticks = Ticks(db, None, clock, [Tick(name="pages", every_s=10, work=stuck_here)], hung_s=0.3)
    async with Guard(ticks.pulses, give_up_s=0.3, look_s=0.05).watching(), ticks.running():
        await asyncio.Event().wait()

asyncio.run(main())
"""
    ended = subprocess.run(  # noqa: S603 - a fixed program
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == EXIT_CODE
    assert "in stuck_here" in ended.stderr
    assert "tick: pages" in ended.stdout
