"""A busy hour under fire: people act, processes are killed and started again, then everything comes to rest."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.chaos import account, holding, processes
from tests.chaos.account import Account
from tests.chaos.ground import BEGINS, Ground, prepared
from tests.chaos.people import RED, Clinician, Memory, Phone
from tests.chaos.postgres import Postgres
from tests.chaos.processes import BotProcess, Plan

PACE = 6.0  # seconds of the hour in one second of real time
STANDSTILL_S = 60.0  # without one more answer, message or end: nothing will move any more
LONGEST_S = 3600.0
WATCH_S = 0.5
UP_WITHIN_S = 40.0
START_S = 0.6  # about what a start takes
EARLY = 0.15  # of the kills come while the process still starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What happens. `parts` names what each process does; one that names nothing does everything."""

    seed: int
    kills: int
    patients: int
    every_s: tuple[float, float] = (0.0, 2.0)  # of real time, from the start of service to the next kill
    long_gaps: int = 0  # of the kills, how many leave nobody listening for so long that taps expire
    pace: float = PACE
    length: timedelta | None = None  # of the clock, in which check-ins come due; None: as long as the kills last
    database_url: str | None = None
    parts: Sequence[tuple[str, ...]] = ((),)


@dataclass(kw_only=True)
class Hour:
    """The hour as it runs."""

    script: Script
    ground: Ground
    processes: list[BotProcess]
    phones: list[Phone]
    memory: Memory
    ends: datetime
    kills: int = 0
    in_flight: int = 0
    server: Postgres | None = None
    broken: list[str] = field(default_factory=list)
    lives: list[asyncio.Task[None]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    async def kill_one(self, chance: random.Random, *, gap_s: float = 0.0) -> None:
        """kill -9 one of the processes, note what was on its way, and start it again after `gap_s`."""
        victim = chance.choice(self.processes)
        await asyncio.to_thread(victim.kill)
        self.kills += 1
        self.in_flight += await self.ground.look(holding.in_flight)
        if gap_s:
            await asyncio.sleep(gap_s)
        await asyncio.to_thread(victim.start)

    async def under_fire(self) -> None:
        """All the kills of the script, at moments that its seed decides."""
        chance = random.Random(self.script.seed)
        gaps = set(chance.sample(range(self.script.kills), self.script.long_gaps))
        for number in range(self.script.kills):
            early = chance.random() < EARLY
            if not early:
                await self.is_up()
            await asyncio.sleep(chance.uniform(0, 0.5) if early else chance.uniform(*self.script.every_s))
            self.keep_up()
            await self.kill_one(chance, gap_s=200 / self.script.pace if number in gaps else 0.0)

    async def is_up(self) -> None:
        """Wait until every process serves."""
        deadline = time.monotonic() + UP_WITHIN_S
        while not all(process.up for process in self.processes):
            assert time.monotonic() < deadline, f"no service within {UP_WITHIN_S:g} s of its start"
            self.keep_up()
            await asyncio.sleep(0.02)

    def keep_up(self) -> None:
        """Start again what ended by itself."""
        for process in self.processes:
            process.keep_up()

    async def comes_to_rest(self) -> list[str]:
        """Wait until nobody waits for anything. Returns what stands still, when nothing moves on for too long."""
        moved, seen, still = time.monotonic(), -1, 0
        while time.monotonic() - moved < STANDSTILL_S and time.monotonic() - self.began < LONGEST_S:
            self.keep_up()
            await asyncio.sleep(WATCH_S)
            restless = await self._restless()
            still = 0 if restless else still + 1
            if still >= 4:
                return []
            got_on = await self.ground.look(holding.got_on)
            if got_on != seen or self.ground.clock.now() < self.ends:
                moved, seen = time.monotonic(), got_on
        return await self._restless()

    async def _restless(self) -> list[str]:
        pressed = ((phone.patient.code, phone.pressing) for phone in self.phones if not phone.idle)
        waiting = [f"{code} waits for an answer to {pressing}" for code, pressing in pressed]
        count = await self.ground.look(holding.moving, self.ground.clock.now())
        if count:
            waiting.append(f"{count} updates and messages wait for too long")
        if self.ground.served.world.updates.waiting():
            waiting.append("Telegram holds updates that nobody fetches")
        if self.ground.clock.now() < self.ends:
            waiting.append("check-ins are still to come")
        return waiting

    async def account(self) -> Account:
        """The reckoning, after every process was told to stop: what was on its way is then settled."""
        for life in self.lives:
            life.cancel()
        for process in self.processes:
            process.keep_up()
            await asyncio.to_thread(process.stop)
        held = await self.ground.look(holding.look, self.ground.clock.now())
        found = account.settle_up(self.ground, self.memory, held, self.in_flight)
        found.broken += self.broken
        for process in self.processes:
            found.broken += [f"a process ended by itself with {code}" for code in process.ended_by_itself]
        return found


@asynccontextmanager
async def busy(script: Script, folder: Path) -> AsyncIterator[Hour]:
    """People and processes at work, until the block ends."""
    length = script.length or timedelta(
        seconds=script.kills * (0.6 + sum(script.every_s) / 2) * script.pace + script.long_gaps * 200
    )
    await asyncio.to_thread(processes.warm)
    async with prepared(folder, script.database_url, patients=script.patients, seed=script.seed, hour=length) as ground:
        ground.slow()
        memory = Memory()
        phones = [_phone(ground, memory, number, script) for number in range(script.patients)]
        clinicians = [
            Clinician(ground=ground, memory=memory, who=person.id, chance=random.Random(f"{script.seed}:{person.id}"))
            for person in (ground.staff.lind, ground.staff.reyes)
        ]
        anchor = ground.clock.runs(script.pace)
        bots = [
            BotProcess(
                plan=Plan(
                    settings=ground.settings.model_copy(update={"console_listen": processes.free_address()}),
                    key=ground.key,
                    anchor=anchor,
                    output=folder / f"process-{number}.log",
                    parts=parts,
                )
            )
            for number, parts in enumerate(script.parts)
        ]
        hour = Hour(script=script, ground=ground, processes=bots, phones=phones, memory=memory, ends=BEGINS + length)
        lives = [
            *(asyncio.create_task(one.live()) for one in phones),
            *(asyncio.create_task(one.live()) for one in clinicians),
        ]
        try:
            for process in bots:
                await asyncio.to_thread(process.start)
            await hour.is_up()
            yield hour
        finally:
            for life in lives:
                life.cancel()
            ended = await asyncio.gather(*lives, return_exceptions=True)
            for process in bots:
                await asyncio.to_thread(process.kill)
        for why in ended:
            if isinstance(why, Exception):
                raise why


def _phone(ground: Ground, memory: Memory, number: int, script: Script) -> Phone:
    return Phone(
        ground=ground,
        memory=memory,
        patient=ground.patients[number],
        chance=random.Random(f"{script.seed}:phone:{number}"),
        red=RED[number // 3 % len(RED)] if number % 3 == 0 else None,
        more=1 if number % 2 else 0,
        patience=timedelta(seconds=max(20.0, 10 * script.pace)),
    )
