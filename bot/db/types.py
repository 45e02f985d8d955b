"""Column types: instants as epoch milliseconds, local dates, JSON, flags, and text encrypted at rest.

Every type stores as TEXT, INTEGER or BLOB on SQLite, so that all tables are STRICT there.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import BigInteger, Boolean, Dialect, Integer, LargeBinary, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from bot.errors import AftercareError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

BigInt = BigInteger().with_variant(Integer, "sqlite")


class KeyMissing(AftercareError):
    """A stored secret does not open with any of the configured keys: add the key it was written with."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: epoch milliseconds on SQLite, timestamptz on PostgreSQL. Refuses naive datetimes."""

    impl = BigInt
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the storage of the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Integer())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store to the millisecond, whatever the database can hold, so that both compare alike."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: give it a time zone before it is stored")
        milliseconds = (value - _EPOCH) // _MILLISECOND
        if dialect.name == "postgresql":
            return _EPOCH + milliseconds * _MILLISECOND
        return milliseconds

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return _EPOCH + int(value) * _MILLISECOND


class LocalDate(TypeDecorator[date]):
    """A calendar date in the patient's own zone, as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """Store as YYYY-MM-DD."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """Read YYYY-MM-DD."""
        return None if value is None else date.fromisoformat(value)


class Flag(TypeDecorator[bool]):
    """True or false: 1 or 0 on SQLite."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the storage of the database at hand."""
        return dialect.type_descriptor(Boolean() if dialect.name == "postgresql" else Integer())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        """Store as the database knows it."""
        return value if value is None or dialect.name == "postgresql" else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """Read what was stored."""
        return None if value is None else bool(value)


class Json(TypeDecorator[Any]):
    """A JSON value as canonical text: keys sorted, no spaces."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Store canonical text."""
        return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the value back."""
        return None if value is None else json.loads(value)


class Encrypted(TypeDecorator[str]):
    """Text that only a holder of the key can read. The keys hang on the engine's dialect (see engine.py)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypt with the newest key."""
        return None if value is None else keyring(dialect).encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decrypt with whichever key fits; raises KeyMissing when none does."""
        if value is None:
            return None
        try:
            return keyring(dialect).decrypt(value).decode()
        except InvalidToken as error:
            raise KeyMissing from error


class EncryptedJson(Encrypted):
    """A JSON value that only a holder of the key can read."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Encrypt the canonical text of the value."""
        return None if value is None else super().process_bind_param(json.dumps(value, sort_keys=True), dialect)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Decrypt, then read the value."""
        text = super().process_result_value(value, dialect)
        return None if text is None else json.loads(text)


def hang_keys(dialect: Dialect, keys: list[str]) -> None:
    """Give this engine its keys, newest first: the first one encrypts, all of them decrypt."""
    dialect.aftercare_keys = MultiFernet([Fernet(key) for key in keys])  # type: ignore[attr-defined]  # per-engine state has no other home that a column type can see


def keyring(dialect: Dialect) -> MultiFernet:
    """The keys of this engine."""
    keys: MultiFernet = dialect.aftercare_keys  # type: ignore[attr-defined]  # set by hang_keys
    return keys
