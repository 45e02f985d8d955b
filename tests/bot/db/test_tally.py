"""What a unit counts counts once it is committed, and not when it, or its savepoint, is rolled back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from bot.db import tally
from bot.db.engine import Database


@pytest.fixture
def counted() -> list[str]:
    return []


def adds(counted: list[str], what: str) -> Callable[[], None]:
    return lambda: counted.append(what)


def test_what_is_counted_counts_after_the_commit(db: Database, counted: list[str]) -> None:
    def unit(session: Session) -> list[str]:
        tally.count(session, adds(counted, "one"))
        return list(counted)

    assert db.write_now(unit) == []
    assert counted == ["one"]


def test_a_unit_that_fails_counts_nothing(db: Database, counted: list[str]) -> None:
    def unit(session: Session) -> None:
        tally.count(session, adds(counted, "one"))
        raise KeyError

    with pytest.raises(KeyError):
        db.write_now(unit)
    assert counted == []


def test_a_row_rolled_back_to_its_savepoint_is_not_counted(db: Database, counted: list[str]) -> None:
    def unit(session: Session) -> None:
        tally.count(session, adds(counted, "before"))
        with pytest.raises(KeyError), session.begin_nested():
            tally.count(session, adds(counted, "lost"))
            raise KeyError
        with session.begin_nested():
            tally.count(session, adds(counted, "kept"))
        tally.count(session, adds(counted, "after"))

    db.write_now(unit)
    assert counted == ["before", "kept", "after"]


def test_a_read_that_is_thrown_away_counts_nothing(db: Database, counted: list[str]) -> None:
    db.read_now(lambda session: tally.count(session, adds(counted, "one")))
    assert counted == []
