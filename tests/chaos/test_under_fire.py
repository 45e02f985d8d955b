"""Real processes under fire, in a short form: `make chaos` does the same for an hour of the clock, and more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import programme
from tests.chaos.postgres import Postgres

SEED, KILLS = 4, 8


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The acts on what `--database` names."""
    database = metafunc.config.getoption("--database")
    acts = programme.of(database, Path(), seed=SEED, kills=KILLS, full=False, only=None).acts
    metafunc.parametrize(("number", "act"), list(enumerate(acts)), ids=map(str, acts))


async def test_nothing_is_lost(number: int, act: programme.Act, new_database: Postgres | None, tmp_path: Path) -> None:
    database = "sqlite" if new_database is None else "postgresql"
    url = None if new_database is None else programme.fresh(new_database, number)
    outcome = await programme.play(act, database, tmp_path, url, new_database)
    assert outcome.held, "\n".join(outcome.broken)
