"""What PostgreSQL needs that SQLite does not: connections that notice a dead server, lost races, wake-ups, locks.

Everything several processes share is here or in election.py; the flows know nothing of it.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Collection
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

CHANNEL = "aftercare"
ORIGIN = f"{os.getpid()}-{secrets.token_hex(4)}"  # so that a process does not wake itself twice
LOCKS = 4711  # the class of all our advisory locks
_DOOMED = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_LOST_RACES = _DOOMED | {"23505"}  # another unit wrote the same key meanwhile
_CONNECTING = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds: a server that went away is noticed, not waited for
    "application_name": "aftercare",
}
_SESSION = {
    "timezone": "UTC",
    "lock_timeout": "10s",  # whoever holds a lock for longer gets an error here, and the unit another chance
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "10s",
}


def is_postgres(url: str) -> bool:
    """Whether this is the address of a PostgreSQL database."""
    return make_url(url).get_backend_name() == "postgresql"


def engine_settings(threads: int) -> dict[str, Any]:
    """The keyword arguments of create_engine for a process with so many threads that use the database."""
    options = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    return {
        "isolation_level": "SERIALIZABLE",
        "pool_size": threads,
        "max_overflow": threads,
        "pool_timeout": 10,
        "pool_pre_ping": True,
        "connect_args": _CONNECTING | {"options": options},
    }


def address(url: str) -> str:
    """The same address as psycopg understands it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def lost_race(error: DBAPIError) -> bool:
    """Whether another unit was faster, so that running this one again is all it needs."""
    return getattr(error.orig, "sqlstate", None) in _LOST_RACES


def queue_up(session: Session, *, alone: bool) -> None:
    """Before a unit reads anything: wait while another runs alone, or until every other has ended and then run alone.

    A lock on a table that no unit touches; taking it freezes no snapshot, so what is read after it is up to date.
    """
    mode = "EXCLUSIVE" if alone else "ROW SHARE"
    session.execute(text(f"LOCK TABLE alembic_version IN {mode} MODE"))


def ends_the_unit(error: Exception) -> bool:
    """Whether nothing more can be done in this unit, not even after going back to a savepoint: let it run again."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _DOOMED


def notify(session: Session, wakes: Collection[str]) -> None:
    """Wake the other processes when this unit commits."""
    message = " ".join((ORIGIN, *sorted(wakes)))
    session.execute(text("SELECT pg_notify(:channel, :message)"), {"channel": CHANNEL, "message": message})


def woken(message: str) -> frozenset[str]:
    """What a notification asks to wake; nothing when it is our own."""
    origin, *wakes = message.split()
    return frozenset() if origin == ORIGIN else frozenset(wakes)


def lock_number(name: str) -> int:
    """The second half of the advisory lock of this name (the first is LOCKS): a signed 32-bit number."""
    number = zlib.crc32(name.encode())
    return number - (1 << 32) if number >= 1 << 31 else number


def alone_in(session: Session, name: str) -> bool:
    """Whether no other process is inside `name` now; it then stays so until this unit ends. Always on SQLite."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    wanted = {"locks": LOCKS, "number": lock_number(name)}
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:locks, :number)"), wanted))
