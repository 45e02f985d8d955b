"""Fixtures everyone shares: a migrated database, a clinic, an instant. The outside is faked at the wire, never here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.care import publishing
from bot.care.clinic import Clinic
from bot.db import migrate
from bot.db.engine import Database

KEY = Fernet.generate_key().decode()
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, 09:00 UTC."""
    return NOW


@pytest.fixture
def clinic() -> Clinic:
    """A clinic whose numbers are nobody's."""
    return Clinic(
        name="Northside Spine",
        timezone="Europe/London",
        values={
            "team_phone": "01632 960123",
            "emergency_number": "999",
            "out_of_hours": "111",
            "crisis_line": "01632 960456",
        },
        bot_username="aftercare_test_bot",
    )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database from the migrations, with the shipped pathway published; copied for each test."""
    path = tmp_path_factory.mktemp("template") / "aftercare.db"
    url = f"sqlite:///{path}"
    migrate.upgrade(url, [KEY])
    database = Database(url, [KEY])
    database.write_now(publishing.ensure_first, NOW)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return path


@pytest.fixture
def db(template: Path, tmp_path: Path) -> Iterator[Database]:
    """A database of this test's own."""
    path = tmp_path / "aftercare.db"
    shutil.copyfile(template, path)
    database = Database(f"sqlite:///{path}", [KEY])
    yield database
    database.close()
