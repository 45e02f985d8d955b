"""What is in a database: its tables, their rows as plain values, their digests; and the same rows put into another.

A value in transit is None, an integer, a text or bytes; an instant is epoch milliseconds. The tables are read from the
database itself, so a database of an older version can be copied as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, zip_longest
from typing import Any, cast

import psycopg
import psycopg.sql
from sqlalchemy import Boolean, Connection, DateTime, MetaData, Result, Select, Table, Text, collate, select, text
from sqlalchemy.types import TypeEngine

from bot.db.models import Base
from bot.db.types import Encrypted
from bot.errors import AftercareError

BATCH = 1000
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_STREAM = {"yield_per": BATCH}
Value = int | str | bytes | None
Row = tuple[Value, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERSIONS = "alembic_version"


class Differs(AftercareError):
    """The copy is not what it was made from, so it was thrown away. Report this."""


def tables(connection: Connection) -> list[Table]:
    """The tables of this database with their columns by name, what is pointed at before what points."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSIONS]


def columns(table: Table) -> list[str]:
    """The names of the columns, in the order of the values of a row."""
    return sorted(column.name for column in table.columns)


def rows(connection: Connection, table: Table) -> Iterator[Row]:
    """Every row, by primary key."""
    wanted = select(*(table.c[name] for name in columns(table)))
    with connection.execute(_by_key(wanted, table, connection), execution_options=_STREAM) as found:
        if connection.dialect.name == "sqlite":  # keeps plain values as they are
            yield from map(tuple, found)
        else:
            yield from (tuple(map(_plain, row)) for row in found)


def put(connection: Connection, table: Table, filling: Iterable[Row]) -> int:
    """Add these rows to a table of an empty database. Returns how many."""
    names = columns(table)
    if connection.dialect.name == "postgresql":
        return _copy(connection, table, names, filling)
    listed, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    written, waiting = 0, iter(filling)
    while batch := list(islice(waiting, BATCH)):
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', batch)  # noqa: S608 - names of the schema
        written += len(batch)
    return written


def settle(connection: Connection) -> None:
    """Let new rows get new numbers, and check that every row points at one that is there. Raises Differs."""
    if connection.dialect.name == "sqlite":
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise Differs
        return
    for table in tables(connection):
        (key,) = table.primary_key.columns
        sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": key.name})
        highest = connection.scalar(select(key).order_by(key.desc()).limit(1)) if sequence else None
        if highest is not None:
            connection.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})


def guards(connection: Connection) -> list[str]:
    """The names of the triggers that keep append-only tables."""
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid "
            "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
        )
    return sorted(connection.execute(text(query)).scalars())


def require_same_guards(connection: Connection, wanted: Sequence[str]) -> None:
    """Raise Differs unless the append-only tables are kept by these triggers."""
    if guards(connection) != list(wanted):
        raise Differs("A guard of the append-only tables is missing in the copy, which was thrown away. Report this.")


class Digest:
    """Sums up the rows of a table, in their order."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = hashlib.sha256()

    def add(self, line: bytes) -> None:
        """Count one row, as `line_of` writes it."""
        self.rows += 1
        self._sum.update(line)

    def hex(self) -> str:
        """The sum so far."""
        return self._sum.hexdigest()


def digest(connection: Connection, table: Table) -> Digest:
    """The sum of a table as it is."""
    found = Digest()
    for row in rows(connection, table):
        found.add(line_of(row))
    return found


def line_of(row: Row) -> bytes:
    """A row as one line of JSON; bytes (of a sealed value, so ASCII) as {"b": text}."""
    plain = [{"b": value.decode("latin-1")} if isinstance(value, bytes) else value for value in row]
    return _encode(plain).encode() + b"\n"


def row_of(values: Sequence[Any]) -> Row:
    """The row that `line_of` wrote, from its parsed line."""
    return tuple(value["b"].encode("latin-1") if isinstance(value, dict) else value for value in values)


def compare(one: Connection, other: Connection) -> dict[str, int]:
    """Read every column of every row of both through the models, secrets opened. Returns the rows of each table.

    Raises Differs, naming the first row that differs, and KeyMissing.
    """
    return {table.name: _compare(one, other, table) for table in Base.metadata.sorted_tables}


def _compare(one: Connection, other: Connection, table: Table) -> int:
    number = 0
    with _typed_rows(one, table) as lefts, _typed_rows(other, table) as rights:
        for left, right in zip_longest(lefts, rights):
            if left is None or right is None or tuple(left) != tuple(right):
                key = next(row[0] for row in (left, right) if row is not None)
                raise Differs(f"Row {key} of {table.name} is not the same in the copy, which was thrown away.")
            number += 1
    return number


def _typed_rows(connection: Connection, table: Table) -> Result[Any]:
    return connection.execute(_by_key(select(table), table, connection), execution_options=_STREAM)


def open_secrets(connection: Connection) -> int:
    """Open everything that is encrypted. Returns how many values; raises KeyMissing."""
    opened = 0
    for table in Base.metadata.sorted_tables:
        secret = [column for column in table.columns if isinstance(column.type, Encrypted)]
        if secret:
            with connection.execute(select(*secret), execution_options=_STREAM) as rows:
                opened += sum(value is not None for row in rows for value in row)
    return opened


def _by_key(wanted: Select[Any], table: Table, connection: Connection) -> Select[Any]:
    """Ordered alike on both databases: PostgreSQL sorts texts by language unless told otherwise."""
    for column in table.primary_key.columns:
        as_bytes = connection.dialect.name == "postgresql" and isinstance(column.type, Text)
        wanted = wanted.order_by(collate(column, "C") if as_bytes else column)
    return wanted


def _plain(value: Any) -> Value:
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MILLISECOND
    if isinstance(value, bool):
        return int(value)
    return bytes(value) if isinstance(value, memoryview) else cast("Value", value)


def _typed(value: Value, kind: TypeEngine[Any]) -> Value | datetime:
    """A plain value as PostgreSQL keeps it."""
    if isinstance(value, int):
        if isinstance(kind, Boolean):
            return bool(value)
        if isinstance(kind, DateTime):
            return _EPOCH + value * _MILLISECOND
    return value


def _copy(connection: Connection, table: Table, names: Sequence[str], filling: Iterable[Row]) -> int:
    kinds = [table.c[name].type for name in names]
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    command = psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
        psycopg.sql.Identifier(table.name), psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, names))
    )
    written = 0
    with driver.cursor() as cursor, cursor.copy(command) as copying:
        for row in filling:
            copying.write_row([_typed(value, kind) for value, kind in zip(row, kinds, strict=True)])
            written += 1
    return written
