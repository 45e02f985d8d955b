"""The database of the tests under fire: a server of their own, since it is stopped and crashed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos import postgres
from tests.chaos.postgres import Postgres


@pytest.fixture(scope="module")
def new_database(request: pytest.FixtureRequest) -> Iterator[Postgres | None]:
    """The PostgreSQL server, or None when the tests run on SQLite: each then has a file."""
    if request.config.getoption("--database") == "sqlite":
        yield None
        return
    with postgres.served() as server:
        yield server
