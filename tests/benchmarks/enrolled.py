"""A million enrolled beside ten thousand, and beside none: what is due, start-up, memory, and doing nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from inspect import signature
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from bot.care import inbox, turns
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.engine import Database
from bot.sandbox.storylines.cast import NUMBERS
from bot.ticks import OFTEN_S, TICKS
from tests.benchmarks import clinic, population, processes, stock_jobs
from tests.benchmarks.databases import Databases
from tests.benchmarks.processes import Running
from tests.benchmarks.rows import Row

MANY, FEW = 1_000_000, 10_000
STOCK, TIMES = 50_000, 5
SETTLE_S, IDLE_S = 12, 30
STARTS = 3
CLINIC = Clinic(name="Bench", timezone="Europe/London", values=NUMBERS, bot_username="bench_bot")


async def all_rows(where: Databases) -> list[Row]:
    """Rows 5, 6 and 8, which share the databases."""
    with where.empty() as many, where.empty() as few, where.empty() as nobody, where.empty() as jobs:
        population.build(many, MANY)
        population.build(few, FEW)
        clinic.new(nobody).close()
        started = _start_up(where.kind, await _started(nobody, many))
        idle = _idle(where.kind, await _rested(nobody, many))
        return [*started, idle, *_claims(where.kind, many, few, jobs)]


def due_times(url: str) -> dict[str, float]:
    """Seconds to find what is due in each tick that runs at least once a minute, in the outbox and in the inbox.

    population.DUE check-ins are due, nothing else. Each figure is the median; what it wrote is rolled back.
    """
    db = Database(url, [clinic.KEY])
    now = population.NOW + timedelta(minutes=1)
    population.make_due(db, now - timedelta(seconds=1))
    looks: dict[str, Callable[[Session], Any]] = {
        tick.name: _look(tick.work if tick.parts is None else tick.parts.due, now)
        for tick in TICKS
        if tick.every_s <= OFTEN_S
    }
    looks["outbox"] = lambda session: (
        turns.waiting(session, now, list(Lane), [], 50),
        turns.outlook(session, now, list(Lane)),
    )
    looks["inbox"] = lambda session: inbox.due(session, now)
    try:
        return {name: _median_s(db, look) for name, look in looks.items()}
    finally:
        db.close()


def _look(work: Callable[..., Any], now: datetime) -> Callable[[Session], Any]:
    takes_clinic = "clinic" in signature(work).parameters
    return lambda session: work(session, now, CLINIC) if takes_clinic else work(session, now)


def _median_s(db: Database, look: Callable[[Session], Any]) -> float:
    seconds = []
    for _ in range(TIMES + 1):
        seconds.append(db.read_now(_timed, look))
    return median(seconds[1:])


def _timed(session: Session, look: Callable[[Session], Any]) -> float:
    began: float = time.perf_counter()
    look(session)
    return time.perf_counter() - began


def _claims(kind: str, many: str, few: str, jobs: str) -> list[Row]:
    ours, beside = sum(due_times(many).values()), sum(due_times(few).values())
    with stock_jobs.scheduler(jobs) as (made, store):
        now = datetime.now(UTC)
        stock_jobs.fill(made, store, STOCK - population.DUE, now + timedelta(days=30))
        stock_jobs.fill(made, store, population.DUE, now - timedelta(seconds=1))
        taken, stock = stock_jobs.claim(store)
    assert taken == population.DUE
    return [
        Row(
            database=kind,
            what=f"finding what is due: {MANY:,} enrolled beside {FEW:,}, {population.DUE:,} due in both",
            ours=f"{ours * 1000:.1f} ms",
            beside=f"{beside * 1000:.1f} ms",
            ratio=ours / beside,
            target="<= 1.5 x",
            reached=ours / beside <= 1.5,
        ),
        Row(
            database=kind,
            what=f"the same at {MANY:,} enrolled, beside APScheduler's job store at {STOCK:,} jobs",
            ours=f"{ours * 1000:.1f} ms",
            beside=f"{stock * 1000:.0f} ms",
            ratio=stock / ours,
            target=">= 100 x sooner",
            reached=stock / ours >= 100,
        ),
    ]


async def _started(empty: str, many: str) -> dict[str, tuple[float, float]]:
    """Seconds until ready and resident MB some seconds later, of the empty and of the large one; started in turn."""
    figures: dict[str, list[tuple[float, float]]] = {empty: [], many: []}
    async with processes.running("sandbox_server", "--start", population.NOW.isoformat()) as sandbox:
        for _ in range(STARTS):
            for url, found in figures.items():
                began = time.perf_counter()
                async with _bot(sandbox, url) as bot:
                    seconds = time.perf_counter() - began
                    await asyncio.sleep(SETTLE_S / 2)
                    found.append((seconds, bot.rss_mb()))
    return {
        name: (min(each[0] for each in figures[url]), median(each[1] for each in figures[url]))
        for name, url in (("empty", empty), ("many", many))
    }


def _start_up(kind: str, found: dict[str, tuple[float, float]]) -> list[Row]:
    (empty_s, empty_mb), (many_s, many_mb) = found["empty"], found["many"]
    return [
        Row(
            database=kind,
            what=f"start-up with {MANY:,} enrolled beside none",
            ours=f"{many_s:.2f} s",
            beside=f"{empty_s:.2f} s",
            ratio=many_s / empty_s,
            target="<= 1.5 x",
            reached=many_s / empty_s <= 1.5,
        ),
        Row(
            database=kind,
            what=f"memory with {MANY:,} enrolled beside none",
            ours=f"{many_mb:.0f} MB",
            beside=f"{empty_mb:.0f} MB",
            ratio=many_mb / empty_mb,
            target="<= 1.3 x",
            reached=many_mb / empty_mb <= 1.3,
        ),
    ]


async def _rested(empty: str, many: str) -> tuple[float, float]:
    """Processor time as a share of one core while nothing is due: empty, and large. Both at the same time."""

    async def share(url: str) -> float:
        async with (
            processes.running("sandbox_server", "--start", population.NOW.isoformat()) as sandbox,
            _bot(sandbox, url) as bot,
        ):
            await asyncio.sleep(SETTLE_S)
            before, began = bot.cpu_s(), time.perf_counter()
            await asyncio.sleep(IDLE_S)
            used: float = bot.cpu_s() - before
            return used / (time.perf_counter() - began)

    found = await asyncio.gather(share(empty), share(many))
    return found[0], found[1]


def _idle(kind: str, shares: tuple[float, float]) -> Row:
    empty, many = shares
    return Row(
        database=kind,
        what=f"idle over {IDLE_S} s, {MANY:,} enrolled (and none)",
        ours=f"{many:.2%} of a core ({empty:.2%})",
        beside="one core",
        ratio=max(shares),
        target="<= 1 %",
        reached=max(shares) <= 0.01,
    )


def _bot(sandbox: Running, url: str) -> AbstractAsyncContextManager[Running]:
    where = ("--url", sandbox.told["url"], "--token", sandbox.told["token"])
    return processes.running("our_bot", "--database", url, *where, "--start", population.NOW.isoformat())
