"""The database and the only two ways to a session: Database.read and Database.write.

A unit of work is a plain function `f(session, …)`. It runs in the database's own threads from BEGIN to COMMIT and
cannot be cancelled half-way, whatever happens to the task that awaits it. On SQLite there is one writer thread with
one connection (BEGIN IMMEDIATE, synchronous=FULL); readers have their own threads and deferred transactions.

On PostgreSQL there are writers in other processes as well. Units are SERIALIZABLE, so that each sees what it would have
seen alone, and one that lost a race is run again: a unit may have no effect but through its session.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot import metrics
from bot.db import postgres
from bot.db.types import hang_keys

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")
Unit = Callable[Concatenate[Session, P], T]
READERS = 3
WRITERS = 1  # of one process, on PostgreSQL too: side by side they only take each other's turn
TOGETHER = 3  # lost races of a unit, after which it runs alone: a red answer does not lose for seconds
TRIES = 20  # of a unit that loses against others; each time one of them got on
_PAUSE_S = (0.002, 0.02)  # before another try, at random, and longer with each
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")


def open_engine(url: str, keys: Sequence[str]) -> Engine:
    """An engine with the project's settings. `keys` are Fernet keys, newest first."""
    pool = postgres.engine_settings(WRITERS + READERS) if postgres.is_postgres(url) else {}
    engine = create_engine(url, hide_parameters=True, **pool)  # an error message must not quote what patients wrote
    hang_keys(engine.dialect, list(keys))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own: we say IMMEDIATE
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute("PRAGMA " + pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN " + connection.get_execution_options().get("sqlite_begin", "IMMEDIATE"))


def sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite address, or None for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


class _UnitSession(Session):
    """The session of one unit. It holds on to every row it has read, so that reading it again costs no query."""


@event.listens_for(_UnitSession, "loaded_as_persistent")
def _hold(session: Session, row: object) -> None:
    session.info.setdefault("held", []).append(row)


class Database:
    """Runs units of work. Does not know what they mean."""

    def __init__(self, url: str, keys: Sequence[str]) -> None:
        self.engine = open_engine(url, keys)
        self.shared = self.engine.dialect.name == "postgresql"  # with other processes
        snapshot = {"isolation_level": "REPEATABLE READ"} if self.shared else {"sqlite_begin": "DEFERRED"}
        self._reading = self.engine.execution_options(**snapshot)
        self._writer = ThreadPoolExecutor(max_workers=WRITERS, thread_name_prefix="db-writer")
        self._readers = ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="db-reader")
        self._listeners: list[Callable[[frozenset[str]], None]] = []

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` in a transaction and give back what it returns; an exception rolls everything back."""
        loop = asyncio.get_running_loop()
        result, wakes = await asyncio.shield(
            loop.run_in_executor(self._writer, lambda: self._commit(unit, *args, **kwargs))
        )
        self._tell(wakes)
        return result

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` on a snapshot. Whatever it changes is thrown away."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self.read_now(unit, *args, **kwargs))

    def write_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same as `write`, for commands that have no event loop."""
        result, wakes = self._writer.submit(lambda: self._commit(unit, *args, **kwargs)).result()
        self._tell(wakes)
        return result

    def read_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same as `read`, in the calling thread."""
        with _UnitSession(self._reading, expire_on_commit=False) as session:
            try:
                result = unit(session, *args, **kwargs)
                session.expunge_all()  # so that rows it gives back stay readable after the rollback
                return result
            finally:
                session.rollback()

    def on_commit(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Call `listener` after each commit with what the unit asked to wake (see `wake`)."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Let running units finish, then close the connections."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    def hear(self, wakes: frozenset[str]) -> None:
        """Another process committed and asked to wake these: call it in the event loop."""
        if wakes:
            self._tell(wakes)

    def _commit(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, frozenset[str]]:
        for tried in range(1, TRIES):
            try:
                return self._once(tried > TOGETHER, unit, *args, **kwargs)
            except DBAPIError as error:
                if not postgres.lost_race(error):
                    raise
                metrics.RETRIED.inc()
                log.debug("unit run again", unit=getattr(unit, "__name__", "unit"), tried=tried)
            threading.Event().wait(random.uniform(*_PAUSE_S) * tried)  # noqa: S311 - spreads retries, guards nothing
        return self._once(True, unit, *args, **kwargs)

    def _once(self, alone: bool, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, frozenset[str]]:
        with _UnitSession(self.engine, expire_on_commit=False) as session, session.begin():
            if self.shared:
                postgres.queue_up(session, alone=alone)
            result = unit(session, *args, **kwargs)
            wakes: frozenset[str] = frozenset(session.info.get("wake", ()))
            if self.shared and wakes:
                postgres.notify(session, wakes)
        return result, wakes

    def _tell(self, wakes: frozenset[str]) -> None:
        for listener in self._listeners:
            listener(wakes)


def shared(session: Session) -> bool:
    """Whether other processes and threads write to this database meanwhile."""
    return session.get_bind().dialect.name == "postgresql"


def wake(session: Session, what: str) -> None:
    """Ask that whoever waits for `what` ("inbox", "outbox") looks at once after this unit commits."""
    session.info.setdefault("wake", set()).add(what)
