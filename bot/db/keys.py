"""What the database does with the encryption keys: rotation, and the secret that signs buttons."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Column, LargeBinary, Table, bindparam, select, type_coerce, update
from sqlalchemy.orm import Session

from bot.db.engine import Database
from bot.db.models import Base, Patient, Staff
from bot.db.types import Encrypted, KeyMissing, keyring

BATCH = 500


def check(session: Session) -> None:
    """Try the keys on the newest names that are stored. Raises KeyMissing when they do not open."""
    for model in (Staff, Patient):
        session.scalars(select(model.name).order_by(model.id.desc()).limit(1)).all()


def rotate(database: Database) -> int:
    """Write every secret anew with the newest key, some rows at a time. Returns how many values were written.

    Safe to stop and to repeat, and the bot may go on meanwhile. Raises KeyMissing when a value opens with none.
    """
    written = 0
    for table, columns in _encrypted().items():
        after: object = None
        while True:
            after, values = database.write_now(_rotate_batch, table, columns, after)
            written += values
            if after is None:
                break
    return written


def token_secret(keys: Sequence[str]) -> bytes:
    """The secret that signs buttons, from the OLDEST key, so that adding a key keeps buttons in old messages alive.

    Taking the oldest key away makes them answer "no longer valid"; typed answers and new messages work all the same.
    """
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"aftercare callback tokens 1")
    return derive.derive(keys[-1].encode())


def _encrypted() -> dict[Table, list[Column[object]]]:
    found = {
        table: [column for column in table.columns if isinstance(column.type, Encrypted)]
        for table in Base.metadata.sorted_tables
    }
    return {table: columns for table, columns in found.items() if columns}


def _rotate_batch(
    session: Session, table: Table, columns: list[Column[object]], after: object
) -> tuple[object | None, int]:
    """Returns the last id of the batch, or None at the end of the table, and how many values were written."""
    key = table.c.id
    wanted = select(key, *(type_coerce(column, LargeBinary).label(column.name) for column in columns))
    if after is not None:
        wanted = wanted.where(key > after)
    rows = session.execute(wanted.order_by(key).limit(BATCH)).mappings().all()
    keys = keyring(session.get_bind().dialect)
    written = 0
    for row in rows:
        try:
            fresh = {c.name: keys.rotate(row[c.name]) for c in columns if row[c.name] is not None}
        except InvalidToken as error:
            raise KeyMissing from error
        if fresh:
            values = {name: bindparam(f"new_{name}", type_=LargeBinary) for name in fresh}
            session.connection().execute(
                update(table).where(key == row["id"]).values(values), {f"new_{n}": v for n, v in fresh.items()}
            )
            written += len(fresh)
    return (rows[-1]["id"] if rows else None), written
