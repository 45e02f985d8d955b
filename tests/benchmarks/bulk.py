"""Writes into a database as fast as it goes: nothing waits for the disk, and indexes are made when the rows are there.

A build that ends half-way is thrown away, so nothing is lost here that matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event, text

from bot.db import copying, migrate, postgres
from tests import database

_SQLITE = ("synchronous=OFF", "journal_mode=OFF", "cache_size=-2000000", "temp_store=MEMORY")
_POSTGRES = ("synchronous_commit = off", "maintenance_work_mem = '1GB'", "work_mem = '64MB'")
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('f', 'u') AND conrelid::regclass::text = ANY(:tables)
"""
_INDEXES = """
    SELECT quote_ident(relname), pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid::regclass::text = ANY(:tables)
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


@contextmanager
def written(url: str, keys: Sequence[str], tables: Collection[str]) -> Iterator[Connection]:
    """A connection to fill these tables with, in one transaction that is committed when the block ends.

    Afterwards every row was checked to point at one that is there, and the planner knows what is in the tables.
    """
    engine = migrate.migrating_engine(url, keys)
    if not postgres.is_postgres(url):
        event.listen(engine, "connect", _careless)
    try:
        with engine.begin() as connection:
            restored = _bared(connection, tables) if postgres.is_postgres(url) else []
            yield connection
            for statement in restored:
                connection.exec_driver_sql(statement)
            copying.settle(connection)
    finally:
        engine.dispose()
    if postgres.is_postgres(url):
        database.run(url, "VACUUM (ANALYZE)")  # as the server does by itself, only not while something is measured


def _careless(connection: Any, _record: Any) -> None:
    for pragma in _SQLITE:
        connection.execute(f"PRAGMA {pragma}")


def _bared(connection: Connection, tables: Collection[str]) -> list[str]:
    """Take away what would be looked up for each row. Returns the statements that bring it back."""
    for setting in _POSTGRES:
        connection.exec_driver_sql(f"SET LOCAL {setting}")
    restored = []
    for name, definition in connection.execute(text(_INDEXES), {"tables": list(tables)}).all():
        connection.exec_driver_sql(f"DROP INDEX {name}")
        restored.append(definition)
    for table, name, definition in connection.execute(text(_CONSTRAINTS), {"tables": list(tables)}).all():
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        restored.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    return restored
