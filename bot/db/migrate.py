"""Bring a database to the schema of this version. Forward only; one transaction; a copy of a SQLite file first.

On PostgreSQL the version before may go on meanwhile: migrations only add (tests/bot/db/test_migration_policy.py), and
wait for a lock so briefly that the bot behind them does not notice. One that takes away is marked `phase = "contract"`
and `after`, the version from which on nothing uses what it takes; it runs when a person says that nothing older runs.
The migrations lie in `migrations/` of a checkout and in `bot/db/migrations` of an installed wheel.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, pool
from sqlalchemy.exc import OperationalError

from bot.db.engine import sqlite_file
from bot.db.types import hang_keys
from bot.errors import AftercareError

_LOCK = 4_711_001  # of PostgreSQL's advisory locks: two processes starting at once migrate one after the other
LOCK_WAIT_MS = 500  # whoever comes after a migration that waits for a table waits as well
PAUSE_S = 0.5
PATIENCE_S = 40.0
_BUSY = frozenset({"55P03", "40P01"})  # of PostgreSQL: the lock was not to be had in time, or only by a deadlock


class DatabaseTooNew(AftercareError):
    """This database was made by a newer version: install that version, or restore an older backup."""


class MigrationBroken(AftercareError):
    """A migration left rows that point at nothing; nothing was changed."""


class MigrationBlocked(AftercareError):
    """Something held a table for as long as a migration may wait. Nothing was changed: run aftercare migrate again."""


class ContractPending(AftercareError):
    """What is to be taken away may still be in use."""

    def __init__(self, revision: str, after: str) -> None:
        super().__init__(
            f"Migration {revision} takes away what versions before {after} use. See that every process runs {after} or "
            "newer, then run: aftercare migrate --contract"
        )


def upgrade(url: str, keys: Sequence[str], *, contract: bool = False, patience_s: float = PATIENCE_S) -> str:
    """Migrate the database at `url` to `head()`, making a SQLite file (0600) when there is none.

    With `contract`, what an older version may still use is taken away on PostgreSQL too. It tries again for
    `patience_s` while others hold what it needs. Returns the revision it is at.
    Raises DatabaseTooNew, ContractPending, MigrationBlocked, MigrationBroken; on any error nothing was changed.
    """
    make_private(url)
    engine = migrating_engine(url, keys)
    try:
        before = current(engine)
        if before == head():
            return before
        if before is not None:
            require_known(before)
            if engine.dialect.name == "postgresql" and not contract:
                _refuse_to_contract(before)
            _copy_aside(url, before)
        _run(engine, patience_s)
        return head()
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision that this version of the program knows."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    if revision is None:
        raise AftercareError("No migrations are installed: install the package again.")
    return revision


def current(engine: Engine) -> str | None:
    """The revision that the database is at, or None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _run(engine: Engine, patience_s: float) -> None:
    """Migrate in one transaction, begun anew while the bot holds a table."""
    until = time.monotonic() + patience_s
    while True:
        try:
            with engine.begin() as connection:
                build(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _BUSY:
                raise
            if time.monotonic() >= until:
                raise MigrationBlocked from None
            time.sleep(PAUSE_S)
        else:
            return


def build(connection: Connection, to: str = "head") -> None:
    """Bring the database to revision `to` inside this transaction. Raises MigrationBroken."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}")
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, to)
    if connection.dialect.name == "sqlite":
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            tables = ", ".join(sorted({str(row[0]) for row in orphans}))
            raise MigrationBroken(f"Rows of {tables} would point at nothing; nothing was changed. Report this.")


def config() -> Config:
    """Alembic's settings: where the migrations lie."""
    settings = Config()
    settings.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings


def _folder() -> Path:
    installed = Path(__file__).parent / "migrations"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "migrations"


def _refuse_to_contract(before: str) -> None:
    for script in ScriptDirectory.from_config(config()).iterate_revisions("head", before):
        if getattr(script.module, "phase", "expand") == "contract":
            raise ContractPending(script.revision, script.module.after)


def require_known(revision: str) -> None:
    """Raise DatabaseTooNew unless this version of the program knows this revision."""
    if revision not in {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}:
        raise DatabaseTooNew


def migrating_engine(url: str, keys: Sequence[str]) -> Engine:
    """For work on a whole database.

    Foreign keys are off: rebuilding a parent table would otherwise delete its children by cascade.
    """
    engine = create_engine(url, poolclass=pool.NullPool)
    hang_keys(engine.dialect, list(keys))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF", "busy_timeout=10000"):
        connection.execute("PRAGMA " + pragma)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN " + connection.get_execution_options().get("sqlite_begin", "IMMEDIATE"))


def make_private(url: str) -> None:
    """Make the file of a SQLite database that its owner alone can read, if there is none."""
    path = sqlite_file(url)
    if path is None or path.exists() or str(path) == ":memory:":
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _copy_aside(url: str, revision: str) -> None:
    """Keep the file as it was, beside it. Pending WAL pages are folded in before the copy."""
    path = sqlite_file(url)
    if path is None:
        return
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    copy = path.with_name(f"{path.name}.before-{revision}")
    shutil.copyfile(path, copy)
    copy.chmod(0o600)
