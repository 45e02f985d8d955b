"""What a database does to a bot in the middle of its work, and what two processes do to each other."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.hour import Hour
from tests.chaos.postgres import Postgres

_UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
CUTS = 40


async def file_locked(hour: Hour, seconds: float) -> None:
    """Another program writes into the SQLite file and takes its time."""
    path = hour.ground.settings.sqlite_file
    assert path is not None
    with _writing(path):
        await asyncio.sleep(seconds)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


async def disk_full(hour: Hour, seconds: float) -> None:
    """No file of the process grows any more."""
    path = hour.ground.settings.sqlite_file
    assert path is not None
    log = path.with_name(path.name + "-wal")
    pid = hour.processes[0].pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (min(log.stat().st_size, path.stat().st_size), resource.RLIM_INFINITY))
    try:
        await asyncio.sleep(seconds)
    finally:
        if hour.processes[0].alive and hour.processes[0].pid == pid:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, _UNLIMITED)


async def server_stopped(hour: Hour, server: Postgres, seconds: float, mode: str) -> None:
    """The database is away, and comes back."""
    await asyncio.to_thread(server.stop, mode)
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(server.start)


async def tables_locked(hour: Hour, server: Postgres, seconds: float) -> None:
    """Somebody holds the tables that everything goes through, as a careless migration would."""

    def hold() -> None:
        with server.locked(hour.ground.settings.database_url, "inbox", "outbox"):
            time.sleep(seconds)

    await asyncio.to_thread(hold)


async def connections_cut(hour: Hour, server: Postgres, seconds: float) -> int:
    """Sessions end in the middle of units, again and again. Returns how many."""
    cut = 0
    for _ in range(CUTS):
        await asyncio.sleep(seconds / CUTS)
        cut += await asyncio.to_thread(server.cut_connections)
    return cut
