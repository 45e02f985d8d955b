"""Rotation rewrites every secret with the newest key; buttons survive it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert, select, text

from bot.db import keys, migrate, models
from bot.db.engine import Database
from bot.db.types import KeyMissing

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
PATIENT = {"code": "P-1", "name": "Ana", "phone": "1", "language": "en", "timezone": "UTC", "created_at": NOW}
ROW = {"lane": 2, "purpose": "card", "on_uncertain": "never", "state": "pending", "not_before": NOW, "created_at": NOW}


def filled(path: Path, held: list[str]) -> Database:
    url = f"sqlite:///{path / 'aftercare.db'}"
    migrate.upgrade(url, held)
    database = Database(url, held)
    with database.engine.begin() as connection:
        connection.execute(insert(models.Patient), PATIENT)
        chat = {"id": 1, "telegram_id": 7, "kind": "private", "state": "ok", "state_since": NOW}
        connection.execute(insert(models.Chat), chat)
        payloads = [ROW | {"chat_id": 1, "dedupe_key": str(n), "payload": {"n": n}} for n in range(keys.BATCH + 3)]
        connection.execute(insert(models.Outbox), payloads)
    return database


def test_after_rotation_the_newest_key_alone_opens_everything(tmp_path: Path) -> None:
    filled(tmp_path, [OLD]).close()
    url = f"sqlite:///{tmp_path / 'aftercare.db'}"
    both = Database(url, [NEW, OLD])
    assert keys.rotate(both) == 2 + keys.BATCH + 3
    both.close()
    new = Database(url, [NEW])
    with new.engine.connect() as connection:
        assert connection.execute(select(models.Patient.name)).scalar() == "Ana"
        assert connection.execute(select(models.Outbox.payload)).scalars().all()[-1] == {"n": keys.BATCH + 2}
    new.close()


def test_a_secret_is_not_readable_in_the_file(tmp_path: Path) -> None:
    database = filled(tmp_path, [OLD])
    with database.engine.connect() as connection:
        assert b"Ana" not in connection.execute(text("SELECT name FROM patients")).scalar_one()
    database.close()


def test_a_value_that_no_key_opens_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    filled(tmp_path, [OLD]).close()
    stranger = Database(f"sqlite:///{tmp_path / 'aftercare.db'}", [NEW])
    with pytest.raises(KeyMissing):
        keys.rotate(stranger)
    stranger.close()


def test_adding_a_key_keeps_the_secret_of_buttons() -> None:
    assert keys.token_secret([OLD]) == keys.token_secret([NEW, OLD])
    assert keys.token_secret([OLD]) != keys.token_secret([NEW])
