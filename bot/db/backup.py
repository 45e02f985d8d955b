"""One sealed file that holds a database, from SQLite or PostgreSQL, for either of them.

Inside the seal are compressed lines of JSON: for each table its name and columns, its rows, their number and digest;
then a last line. A backup counts as made when it was read back, restored into a database of its own and found the same.
"""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table

from bot.db import copying, migrate, moving, sealed
from bot.db.copying import Digest
from bot.db.engine import sqlite_file
from bot.db.moving import Finish
from bot.errors import AftercareError

FORM = 1


class BackupExists(AftercareError):
    """There is a file of this name already, and no backup overwrites another: name a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a backup holds. `tables` counts the rows of each; `made_at` is UTC."""

    made_at: str
    revision: str
    tables: dict[str, int]
    guards: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Of all tables together."""
        return sum(self.tables.values())


def make(url: str, keys: Sequence[str], to: Path, now: datetime) -> Content:
    """Back the database up into the file `to` (0600) while the bot goes on, and prove it by restoring it.

    Raises BackupExists, NoDatabase, DatabaseTooNew, Differs, KeyMissing; nothing is left behind then.
    """
    if to.exists():
        raise BackupExists(f"{to} exists, and no backup overwrites another: name a new file.")
    path = sqlite_file(url)
    scratch = to.with_name(to.name + ".part")
    scratch.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with moving.snapshot(url, keys) as connection:
                _write(connection, file, keys, now)
            file.flush()
            os.fsync(file.fileno())
        with tempfile.TemporaryDirectory(prefix="aftercare-", dir=path.parent if path else None) as folder:
            content = restore(scratch, f"sqlite:///{Path(folder) / 'restored.db'}", keys)
        os.link(scratch, to)  # unlike a rename, refuses to take the place of another file
    finally:
        scratch.unlink(missing_ok=True)
    return content


def read(file: Path, keys: Sequence[str]) -> Content:
    """Read the whole file and check every seal, number and digest. Writes nothing.

    Raises NotSealed, KeyUnknown, Damaged.
    """
    with file.open("rb") as opened:
        told = sealed.header(opened)
        opened.seek(0)
        reading = _Reading(opened, keys)
        counted = {}
        for name, _columns, lines in reading.tables():
            counted[name] = sum(1 for _ in lines)
    return Content(made_at=told["made_at"], revision=told["revision"], tables=counted, guards=reading.guards)


def restore(file: Path, url: str, keys: Sequence[str], finish: Finish | None = None) -> Content:
    """Put the backup into the empty database at `url`, then bring it to the schema of this version and run `finish`.

    The file is read to its end and proven before anything is written; what was written is read again and compared, and
    everything encrypted is opened. Raises what `read` raises, NotEmpty, DatabaseTooNew, Differs, KeyMissing; nothing
    was done then.
    """
    content = read(file, keys)
    migrate.require_known(content.revision)
    with moving.building(url, keys) as connection, file.open("rb") as opened:
        migrate.build(connection, content.revision)
        there = {table.name: table for table in copying.tables(connection)}
        if set(there) != set(content.tables):
            raise copying.Differs
        reading = _Reading(opened, keys)
        for name, columns, lines in reading.tables():
            _fill(connection, there[name], columns, lines)
            found = copying.digest(connection, there[name])
            if (found.rows, found.hex()) != (reading.digest.rows, reading.digest.hex()):
                raise copying.Differs(f"Table {name} is not the same in the copy, which was thrown away. Report this.")
        copying.settle(connection)
        copying.require_same_guards(connection, content.guards)
        migrate.build(connection)
        copying.open_secrets(connection)
        if finish is not None:
            finish(connection)
    return content


def _fill(connection: Connection, table: Table, columns: list[str], lines: Iterator[bytes]) -> None:
    if copying.columns(table) != columns:
        raise copying.Differs(f"Table {table.name} has other columns than in the backup. Report this.")
    copying.put(connection, table, (copying.row_of(json.loads(line)) for line in lines))


def _write(connection: Connection, file: BinaryIO, keys: Sequence[str], now: datetime) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise moving.NoDatabase
    migrate.require_known(revision)
    header = {"form": FORM, "made_at": now.isoformat(timespec="seconds"), "revision": revision}
    squeeze = zlib.compressobj(6)
    with sealed.Sealer(file, keys, header) as out:

        def say(line: bytes) -> None:
            out.write(squeeze.compress(line))

        for table in copying.tables(connection):
            digest = Digest()
            say(_line({"table": table.name, "columns": copying.columns(table)}))
            for row in copying.rows(connection, table):
                line = copying.line_of(row)
                digest.add(line)
                say(line)
            say(_line({"rows": digest.rows, "digest": digest.hex()}))
        say(_line({"guards": copying.guards(connection)}))
        out.write(squeeze.flush())


def _line(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"


class _Reading:
    """Reads a backup from its beginning.

    `digest` is that of the table last read to its end; `guards` is known when `tables` has come to its end.
    """

    def __init__(self, file: BinaryIO, keys: Sequence[str]) -> None:
        self.guards: tuple[str, ...] = ()
        self.digest = Digest()
        self._lines = _lines(sealed.opened(file, keys))

    def tables(self) -> Iterator[tuple[str, list[str], Iterator[bytes]]]:
        """Name, columns and rows (as lines) of each table; its rows must be used up before the next. Raises Damaged."""
        for line in self._lines:
            told = json.loads(line)
            if "guards" in told:
                self.guards = tuple(told["guards"])
                if next(self._lines, None) is not None:
                    raise sealed.Damaged
                return
            yield told["table"], told["columns"], self._rows()
        raise sealed.Damaged

    def _rows(self) -> Iterator[bytes]:
        self.digest = digest = Digest()
        for line in self._lines:
            if line.startswith(b"{"):
                told = json.loads(line)
                if (told["rows"], told["digest"]) != (digest.rows, digest.hex()):
                    raise sealed.Damaged
                return
            digest.add(line)
            yield line
        raise sealed.Damaged


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Whole lines with their ends."""
    swell, rest = zlib.decompressobj(), b""
    for piece in pieces:
        *whole, rest = (rest + swell.decompress(piece)).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest or not swell.eof:
        raise sealed.Damaged
