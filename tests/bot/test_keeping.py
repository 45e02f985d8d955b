"""A part that ends, fails or stands still is put on record and started again; where that does not help, all ends."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from bot import metrics
from bot.clock import MovableClock
from bot.db.engine import Database
from bot.db.models import Incident
from bot.errors import AftercareError
from bot.guard import EXIT_CODE
from bot.keeping import MOST_RESTARTS, Keeper, PartLost, Run
from bot.pulse import Pulse
from tests.bot.test_pulse import Seconds
from tests.conftest import KEY

PATIENCE_S = 10


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def keeper(db: Database, now: datetime, seconds: Seconds) -> Keeper:
    database = Pulse("database writer", 45, now=seconds)
    return Keeper(db, MovableClock(now), database=database, look_s=0.01, stop_s=0.2, pause_s=0, steady_s=0.05)


class Seen(Pulse):
    """A pulse that lets a test wait for what the keeper does with it."""

    def __init__(self, name: str, within_s: float, seconds: Seconds) -> None:
        super().__init__(name, within_s, now=seconds)
        self.beaten, self.rested = asyncio.Event(), asyncio.Event()

    def beat(self, within_s: float | None = None) -> None:
        super().beat(within_s)
        self.beaten.set()

    def rest(self) -> None:
        super().rest()
        self.rested.set()


class Part:
    """A part whose first runs do as they are told, and which then goes on for good."""

    def __init__(self, *runs: Run) -> None:
        self._runs = list(runs)
        self.going = asyncio.Event()
        self.ended = asyncio.Event()

    async def run(self) -> None:
        if self._runs:
            await self._runs.pop(0)()
            return
        self.going.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def fails() -> None:
    raise KeyError("somebody's words")


async def ends() -> None:
    return


async def refuses() -> None:
    raise AftercareError("The token is wrong.")


@contextlib.asynccontextmanager
async def kept(keeper: Keeper, run: Run, *pulses: Pulse) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(keeper.keep("poller", run, *pulses))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, AftercareError):
            await task


async def soon(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), PATIENCE_S)


def incidents(db: Database) -> list[tuple[str, str, bool]]:
    return db.read_now(lambda s: [(row.subject, row.remedy, row.cleared_at is None) for row in s.query(Incident)])


def restarts() -> float:
    return metrics.total("aftercare_part_restarts_total", part="poller")


@pytest.mark.parametrize(("run", "why"), [(fails, "failed (KeyError)"), (ends, "ended")])
async def test_a_part_that_dies_is_put_on_record_and_started_again(
    keeper: Keeper, db: Database, run: Run, why: str
) -> None:
    part, before = Part(run), restarts()
    async with kept(keeper, part.run):
        await soon(part.going)
    ((subject, remedy, _),) = incidents(db)
    assert subject == "poller"
    assert remedy.startswith(f"The part 'poller' of the bot {why} and was started again.")
    assert "words" not in remedy
    assert restarts() == before + 1


async def test_a_part_that_stands_still_is_started_again(keeper: Keeper, db: Database, seconds: Seconds) -> None:
    pulse = Pulse("poller", 60, now=seconds)

    async def stands_still() -> None:
        pulse.beat()
        seconds.at += 61
        await asyncio.Event().wait()

    part = Part(stands_still)
    async with kept(keeper, part.run, pulse):
        await soon(part.going)
        assert keeper.standing_still() == []
    assert "stood still" in incidents(db)[0][1]


async def test_a_part_that_goes_well_again_for_a_while_ends_its_incident(keeper: Keeper, db: Database) -> None:
    mended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def committed(_wakes: frozenset[str]) -> None:
        if incidents(db) and not incidents(db)[0][2]:
            loop.call_soon_threadsafe(mended.set)

    db.on_commit(committed)
    async with kept(keeper, Part(fails).run):
        await soon(mended)


async def test_what_the_program_says_of_itself_ends_it(keeper: Keeper) -> None:
    async with kept(keeper, refuses) as task:
        with pytest.raises(AftercareError, match="The token is wrong"):
            await asyncio.wait_for(task, PATIENCE_S)


async def test_a_part_that_dies_again_and_again_ends_the_program(keeper: Keeper) -> None:
    before = restarts()
    async with kept(keeper, fails) as task:
        with pytest.raises(PartLost, match="stops again and again"):
            await asyncio.wait_for(task, PATIENCE_S)
    assert restarts() == before + MOST_RESTARTS + 1


async def test_a_part_that_cannot_be_stopped_ends_the_program(keeper: Keeper, seconds: Seconds) -> None:
    pulse, let_go = Pulse("poller", 60, now=seconds), asyncio.Event()

    async def deaf() -> None:
        seconds.at += 61
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()

    async with kept(keeper, deaf, pulse) as task:
        with pytest.raises(PartLost, match="cannot be stopped"):
            await asyncio.wait_for(task, PATIENCE_S)
        let_go.set()


async def test_stopping_ends_the_part_first(keeper: Keeper) -> None:
    part = Part()
    async with kept(keeper, part.run):
        await soon(part.going)
    assert part.ended.is_set()


async def test_while_the_database_does_not_answer_nobody_is_started_again(
    keeper: Keeper, db: Database, seconds: Seconds
) -> None:
    """The parts wait for it; starting them again would not help. The guard looks at the database's own pulse."""
    held, let_go = threading.Event(), threading.Event()

    def holds(_session: object) -> None:
        held.set()
        let_go.wait(PATIENCE_S)

    pulse, part, before = Seen("poller", 60, seconds), Part(), restarts()
    holding = asyncio.create_task(db.write(holds))
    await asyncio.to_thread(held.wait, PATIENCE_S)
    probing = asyncio.create_task(keeper.probe())
    async with kept(keeper, part.run, pulse):
        await soon(part.going)
        seconds.at = 100
        assert keeper.database.late_s == 55
        assert keeper.standing_still() == ["poller"]
        pulse.beaten.clear()
        await soon(pulse.beaten)  # forgiven at the next look
        let_go.set()
        await holding
    probing.cancel()
    assert restarts() == before


async def test_while_the_database_is_away_nobody_is_started_again(
    db: Database, now: datetime, seconds: Seconds
) -> None:
    db.close()
    database, pulse = Seen("database writer", 45, seconds), Seen("poller", 60, seconds)
    keeper, part, before = Keeper(db, MovableClock(now), database=database, look_s=0.01), Part(), restarts()
    probing = asyncio.create_task(keeper.probe())
    async with kept(keeper, part.run, pulse):
        await soon(part.going)
        await soon(database.rested)
        pulse.beaten.clear()
        seconds.at = 100
        await soon(pulse.beaten)
    probing.cancel()
    assert restarts() == before


def test_a_database_writer_that_hangs_ends_the_process_and_shows_where_it_hangs(tmp_path: Path) -> None:
    """Whatever holds it cannot be stopped, and everything waits for it."""
    program = f"""
import asyncio, threading
from bot.clock import SystemClock
from bot.db.engine import Database
from bot.guard import Guard
from bot.guard import EXIT_CODE
from bot.keeping import Keeper
from bot.pulse import Pulse

def stuck_here(session):
    threading.Event().wait()

async def main():
    db = Database("sqlite:///{tmp_path / "aftercare.db"}", ["{KEY}"])
    keeper = Keeper(db, SystemClock(), database=Pulse("database writer", 0.3))
    async with Guard([keeper.database], give_up_s=0.3, look_s=0.05).watching():
        await asyncio.gather(db.write(stuck_here), keeper.probe())

asyncio.run(main())
"""
    ended = subprocess.run(  # noqa: S603 - a fixed program
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == EXIT_CODE
    assert "in stuck_here" in ended.stderr
    assert "database writer" in ended.stdout
