"""A database as a whole: a snapshot of it, an empty one to fill, and the move from one to the other.

Nothing is half done: what is built is seen by others only when the block of `building` ends without an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url

from bot.db import alone, copying, migrate
from bot.db.engine import sqlite_file
from bot.errors import AftercareError

Finish = Callable[[Connection], None]


class NoDatabase(AftercareError):
    """There is no database yet: start the bot once, or name the right one in DATABASE_URL."""


class NotEmpty(AftercareError):
    """There is something in the database to be filled: name one that is empty."""


class Served(AftercareError):
    """The bot runs on this database: stop every process of it, then run this again."""


class NotAtHead(AftercareError):
    """The database is of an older version than this program: run aftercare migrate first."""


@contextmanager
def snapshot(url: str, keys: Sequence[str], *, alone: bool = False) -> Iterator[Connection]:
    """The database as it is now, whatever others write meanwhile. With `alone`, nobody writes to a SQLite file.

    Raises NoDatabase.
    """
    path = sqlite_file(url)
    if path is not None and not path.exists():
        raise NoDatabase
    engine = migrate.migrating_engine(url, keys)
    options: dict[str, Any] = {"sqlite_begin": "IMMEDIATE" if alone else "DEFERRED"}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with engine.connect() as connection:
            yield connection.execution_options(**options)
            connection.rollback()
    finally:
        engine.dispose()


@contextmanager
def building(url: str, keys: Sequence[str]) -> Iterator[Connection]:
    """An empty database to fill. It takes its place when the block ends well; otherwise nothing was done.

    Raises NotEmpty.
    """
    path = sqlite_file(url)
    require_empty(url, keys)
    if path is None:
        engine = migrate.migrating_engine(url, keys)
    else:
        scratch = path.with_name(path.name + ".new")
        _remove(scratch)
        address = make_url(url).set(database=str(scratch)).render_as_string(hide_password=False)
        migrate.make_private(address)
        engine = migrate.migrating_engine(address, keys)
    try:
        with engine.begin() as connection:
            yield connection
        if path is not None:
            with engine.connect() as connection:
                connection.rollback()
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]  # outside of any transaction
            engine.dispose()
            scratch.replace(path)
    finally:
        engine.dispose()
        if path is not None:
            _remove(scratch)


def require_empty(url: str, keys: Sequence[str]) -> None:
    """Raise NotEmpty unless there is no SQLite file, or no table on PostgreSQL."""
    path = sqlite_file(url)
    if path is not None:
        if path.exists() and path.stat().st_size:
            raise NotEmpty(f"{path} exists and holds something. Move it away first, or name another file.")
        return
    engine = migrate.migrating_engine(url, keys)
    try:
        with engine.connect() as connection:
            if inspect(connection).get_table_names():
                raise NotEmpty("There are tables in that database already. Make an empty one: createdb NAME")
    finally:
        engine.dispose()


def require_unserved(connection: Connection) -> None:
    """Raise Served when processes of the bot are connected to this PostgreSQL database."""
    if connection.dialect.name != "postgresql":
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND (application_name = 'aftercare' OR application_name LIKE 'aftercare %')"
    )
    if connection.scalar(others):
        raise Served


def move(source: str, target: str, keys: Sequence[str], finish: Finish | None = None) -> dict[str, int]:
    """Copy everything into the empty database `target`, read both again row by row, and run `finish` in it.

    The bot must not run. Returns the rows of each table. Raises AlreadyServed, Served, NotAtHead, NotEmpty, Differs,
    KeyMissing; the target is then as it was, and the source is never changed.
    """
    with alone.serving(source), snapshot(source, keys, alone=True) as old:
        require_unserved(old)
        revision = MigrationContext.configure(old).get_current_revision()
        if revision != migrate.head():
            raise NotAtHead
        with building(target, keys) as new:
            migrate.build(new)
            there = {table.name: table for table in copying.tables(new)}
            for table in copying.tables(old):
                copying.put(new, there[table.name], copying.rows(old, table))
            copying.settle(new)
            copying.require_same_guards(new, copying.guards(old))
            moved = copying.compare(old, new)
            if finish is not None:
                finish(new)
            require_unserved(old)
    return moved


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
