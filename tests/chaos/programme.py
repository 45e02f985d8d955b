"""The acts of a run under fire, on one database: which faults, for how long, and what must hold after each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from tests import database as databases
from tests.chaos import faults, health, postgres, takeover
from tests.chaos.hour import PACE, Hour, Script, busy
from tests.chaos.report import Outcome

Trouble = Callable[[Hour], Awaitable[Sequence[str]]]
ALL: tuple[str, ...] = ()
SLOWLY = 4.0  # where seconds of real time are measured
TWO_WHOLE = (ALL, ALL)
APART = (("intake",), ("intake",), ("care",), ("care",), ("delivery",), ("delivery",))


@dataclass(frozen=True, kw_only=True)
class Act:
    """One busy hour with one kind of trouble; `trouble` returns figures worth telling."""

    name: str
    script: Script
    trouble: Trouble

    def __str__(self) -> str:
        return self.name


@dataclass(kw_only=True)
class Programme:
    """The acts on one database."""

    database: str
    folder: Path
    acts: Sequence[Act]

    async def played(self, console: Console) -> list[Outcome]:
        """Play them all."""
        outcomes = []
        with _server(self.database) as server:
            for number, act in enumerate(self.acts):
                console.print(f"{self.database}: {act.name} …")
                folder = self.folder / str(number)
                folder.mkdir()
                url = None if server is None else fresh(server, number)
                outcomes.append(await play(act, self.database, folder, url, server))
                console.print(f"  {outcomes[-1]}")
        return outcomes


async def play(
    act: Act, database: str, folder: Path, url: str | None = None, server: postgres.Postgres | None = None
) -> Outcome:
    """Play one act, let everything come to rest, and settle up."""
    began = time.monotonic()
    async with busy(replace(act.script, database_url=url), folder) as hour:
        hour.server = server
        noted = await act.trouble(hour)
        restless = await hour.comes_to_rest()
        found = await hour.account()
        return Outcome(
            name=act.name,
            database=database,
            kills=hour.kills,
            account=found,
            seconds=time.monotonic() - began,
            noted=noted,
            broken=(*restless, *found.broken),
        )


@contextmanager
def _server(database: str) -> Iterator[postgres.Postgres | None]:
    if database == "sqlite":
        yield None
        return
    with postgres.served() as server:
        yield server


def fresh(server: postgres.Postgres, number: int) -> str:
    """The address of an empty database for act `number`."""
    databases.run(server.url, f"CREATE DATABASE act_{number}")
    return databases.named(server.url, f"act_{number}")


def of(database: str, folder: Path, *, seed: int, kills: int, full: bool, only: str | None) -> Programme:
    """The programme for this database."""
    made = _on_sqlite(seed, kills, full) if database == "sqlite" else _on_postgres(seed, kills, full)
    return Programme(database=database, folder=folder, acts=[act for act in made if only is None or only in act.name])


def _on_sqlite(seed: int, kills: int, full: bool) -> list[Act]:
    minutes = _minutes(seed, full)
    killed = Act(name="kill -9", script=_hour(seed, kills, full), trouble=_killed)
    if not full:
        return [killed, Act(name="locked and full", script=minutes, trouble=_each(_file_locked(11), _disk_full(4)))]
    return [
        killed,
        Act(name="file locked", script=minutes, trouble=_file_locked(30)),
        Act(name="disk full", script=minutes, trouble=_disk_full(30)),
        Act(name="restarts", script=_minutes(seed, full, pace=SLOWLY), trouble=_rolling(10)),
    ]


def _on_postgres(seed: int, kills: int, full: bool) -> list[Act]:
    two = _minutes(seed, full, parts=TWO_WHOLE)
    slow = _minutes(seed, full, parts=TWO_WHOLE, pace=SLOWLY)
    hour = _hour(seed, kills, full)
    killed = Act(name="kill -9, two processes", script=replace(hour, parts=TWO_WHOLE), trouble=_killed)
    if not full:
        away = _each(_server_stopped(3, "fast"), _connections_cut(4), _tables_locked(11))
        return [
            killed,
            Act(name="server away", script=two, trouble=away),
            Act(name="leaders", script=slow, trouble=_each(_takeovers(2), _rolling(1))),
        ]
    apart = replace(hour, parts=APART, kills=max(1, kills // 5), long_gaps=0)
    return [
        killed,
        Act(name="kill -9, parts apart", script=apart, trouble=_killed),
        Act(name="server stopped", script=two, trouble=_server_stopped(30, "fast")),
        Act(name="server crashed", script=two, trouble=_server_stopped(10, "immediate")),
        Act(name="tables locked", script=two, trouble=_tables_locked(25)),
        Act(name="connections cut", script=two, trouble=_connections_cut(30)),
        Act(name="leader killed and frozen", script=slow, trouble=_takeovers(6)),
        Act(name="rolling restart", script=slow, trouble=_rolling(5)),
    ]


def _hour(seed: int, kills: int, full: bool) -> Script:
    return Script(seed=seed, kills=kills, patients=24 if full else 6, long_gaps=2 if full else 0)


def _minutes(seed: int, full: bool, parts: Sequence[tuple[str, ...]] = (ALL,), pace: float = PACE) -> Script:
    length = timedelta(seconds=(60 if full else 20) * pace)
    return Script(seed=seed, kills=0, patients=16 if full else 5, length=length, parts=parts, pace=pace)


def _each(*troubles: Trouble) -> Trouble:
    async def trouble(hour: Hour) -> Sequence[str]:
        return [line for one in troubles for line in await one(hour)]

    return trouble


async def _killed(hour: Hour) -> Sequence[str]:
    await hour.under_fire()
    return ()


def _file_locked(seconds: float) -> Trouble:
    async def trouble(hour: Hour) -> Sequence[str]:
        return [await health.watched(hour, faults.file_locked(hour, seconds))]

    return trouble


def _disk_full(seconds: float) -> Trouble:
    async def trouble(hour: Hour) -> Sequence[str]:
        return [await health.watched(hour, faults.disk_full(hour, seconds))]

    return trouble


def _server_stopped(seconds: float, mode: str) -> Trouble:
    async def trouble(hour: Hour) -> Sequence[str]:
        assert hour.server is not None
        return [await health.watched(hour, faults.server_stopped(hour, hour.server, seconds, mode))]

    return trouble


def _tables_locked(seconds: float) -> Trouble:
    async def trouble(hour: Hour) -> Sequence[str]:
        assert hour.server is not None
        return [await health.watched(hour, faults.tables_locked(hour, hour.server, seconds))]

    return trouble


def _connections_cut(seconds: float) -> Trouble:
    async def trouble(hour: Hour) -> Sequence[str]:
        assert hour.server is not None
        return [f"{await faults.connections_cut(hour, hour.server, seconds)} connections cut in the middle of a unit"]

    return trouble


def _takeovers(times: int) -> Trouble:
    async def trouble(hour: Hour) -> Sequence[str]:
        return await takeover.leaders_fall(hour, times)

    return trouble


def _rolling(times: int) -> Trouble:
    async def trouble(hour: Hour) -> Sequence[str]:
        return await takeover.restarts(hour, times)

    return trouble
