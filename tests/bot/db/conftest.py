"""Empty databases, and one with something in every table."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from bot.db import migrate
from bot.db.engine import open_engine
from tests import database
from tests.bot.db.filling import fill
from tests.conftest import KEY

Kind = str  # "sqlite" or "postgresql"
_numbers = count(1)


@pytest.fixture
def vacant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Kind], str]]:
    """Makes the address of a database that holds nothing: of "sqlite" or "postgresql"."""
    made: list[str] = []

    def make(kind: Kind) -> str:
        number = next(_numbers)
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'vacant-{number}.db'}"
        made.append(f"vacant_{os.getpid()}_{number}")
        database.run(request.getfixturevalue("postgres"), f'CREATE DATABASE "{made[-1]}"')
        return database.named(request.getfixturevalue("postgres"), made[-1])

    yield make
    for name in made:
        database.run(request.getfixturevalue("postgres"), f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def full_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with something in every table."""
    path = tmp_path_factory.mktemp("full") / "aftercare.db"
    url = f"sqlite:///{path}"
    migrate.upgrade(url, [KEY])
    engine = open_engine(url, [KEY])
    fill(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def full_template(postgres: str) -> str:
    """The name of a PostgreSQL database with something in every table."""
    name = f"full_{os.getpid()}"
    database.run(postgres, f'CREATE DATABASE "{name}"')
    url = database.named(postgres, name)
    migrate.upgrade(url, [KEY])
    engine = open_engine(url, [KEY])
    fill(engine)
    engine.dispose()
    return name


@pytest.fixture
def full(
    request: pytest.FixtureRequest, vacant: Callable[[Kind], str], full_file: Path
) -> Iterator[Callable[[Kind], str]]:
    """Makes the address of a database with something in every table."""
    with ExitStack() as stack:

        def make(kind: Kind) -> str:
            if kind == "sqlite":
                url = vacant(kind)
                shutil.copyfile(full_file, url.removeprefix("sqlite:///"))
                return url
            server, template = request.getfixturevalue("postgres"), request.getfixturevalue("full_template")
            return stack.enter_context(database.copied(server, template))()

        yield make
