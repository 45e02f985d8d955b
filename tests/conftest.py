"""Fixtures everyone shares: a migrated database, a clinic, an instant. The outside is faked at the wire, never here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.care.clinic import Clinic
from bot.db.engine import Database
from tests import database

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="What the tests that need a database run on. With postgresql only these run.",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == "sqlite":
        return
    theirs = [item for item in items if "new_database" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(theirs)])
    items[:] = theirs


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database from the migrations, with the shipped pathway published; copied for each test."""
    path = tmp_path_factory.mktemp("template") / "aftercare.db"
    database.filled(f"sqlite:///{path}", KEY, NOW)
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of this test process."""
    with database.server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> Iterator[str]:
    """The name of a database like `template`, on PostgreSQL."""
    name = f"template_{os.getpid()}"
    database.run(postgres, f'CREATE DATABASE "{name}"')
    database.filled(database.named(postgres, name), KEY, NOW)
    yield name
    database.run(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of this test's own, on what `--database` names."""
    if request.config.getoption("--database") == "sqlite":
        yield database.copy_file(request.getfixturevalue("template"), tmp_path)
        return
    with database.copied(request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")) as make:
        yield make()


@pytest.fixture
def db(new_database: str) -> Iterator[Database]:
    """A database of this test's own."""
    opened = Database(new_database, [KEY])
    yield opened
    opened.close()
