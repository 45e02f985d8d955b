"""A move takes everything along, in either direction, or does nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bot.db import alone, migrate, models, moving
from bot.db.copying import Differs, compare
from bot.db.engine import open_engine
from bot.db.models import Base
from bot.db.types import KeyMissing
from tests.bot.db.test_migrate import NOW
from tests.conftest import KEY

Make = Callable[[str], str]
WAYS = [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("postgresql", "postgresql"), ("sqlite", "sqlite")]


def counted(url: str) -> dict[str, int]:
    engine = open_engine(url, [KEY])
    try:
        with engine.connect() as connection:
            return {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
            }
    finally:
        engine.dispose()


def is_vacant(url: str) -> bool:
    if url.startswith("sqlite"):
        folder = Path(url.removeprefix("sqlite:///"))
        return not list(folder.parent.glob(folder.name + "*"))
    engine = open_engine(url, [KEY])
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


@pytest.mark.parametrize(("source", "target"), WAYS)
def test_every_row_of_every_table_arrives(full: Make, vacant: Make, source: str, target: str) -> None:
    old, new = full(source), vacant(target)
    moved = moving.move(old, new, [KEY])
    assert all(moved.values()), "a table without rows proves nothing"
    assert moved == counted(old) == counted(new)
    with moving.snapshot(old, [KEY]) as one, moving.snapshot(new, [KEY]) as other:
        assert compare(one, other) == moved


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_what_is_append_only_is_so_after_the_move(full: Make, vacant: Make, target: str) -> None:
    new = vacant(target)
    moving.move(full("sqlite"), new, [KEY])
    engine = open_engine(new, [KEY])
    for table in models.APPEND_ONLY:
        with pytest.raises(DBAPIError, match="never"), engine.begin() as connection:
            connection.execute(delete(Base.metadata.tables[table]))
    engine.dispose()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_new_rows_get_new_numbers_after_the_move(full: Make, vacant: Make, target: str) -> None:
    new = vacant(target)
    moving.move(full("sqlite"), new, [KEY])
    engine = open_engine(new, [KEY])
    with engine.begin() as connection:
        highest = connection.scalar(select(func.max(models.Outbox.id)))
        row = {"at": NOW, "actor": "system", "action": "a", "subject": "s", "details": {}}
        connection.execute(insert(models.Audit), row)
        message = {"lane": 2, "purpose": "card", "chat_id": 1, "dedupe_key": "new", "on_uncertain": "never"}
        connection.execute(insert(models.Outbox), message | {"state": "pending", "not_before": NOW, "created_at": NOW})
        assert connection.scalar(select(func.max(models.Outbox.id))) == (highest or 0) + 1
    engine.dispose()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_target_that_holds_something_is_left_alone(full: Make, vacant: Make, target: str) -> None:
    new = vacant(target)
    migrate.upgrade(new, [KEY])
    with pytest.raises(moving.NotEmpty):
        moving.move(full("sqlite"), new, [KEY])
    assert not any(counted(new).values())


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_move_that_fails_at_its_very_end_leaves_nothing_and_can_be_repeated(
    full: Make, vacant: Make, target: str
) -> None:
    old, new = full("sqlite"), vacant(target)

    def fail(_connection: object) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        moving.move(old, new, [KEY], fail)
    assert is_vacant(new)
    assert moving.move(old, new, [KEY]) == counted(old)


def test_a_bot_that_runs_on_sqlite_stops_it(full: Make, vacant: Make) -> None:
    old, new = full("sqlite"), vacant("sqlite")
    with alone.serving(old), pytest.raises(alone.AlreadyServed):
        moving.move(old, new, [KEY])
    assert is_vacant(new)


def test_a_bot_that_runs_on_postgresql_stops_it(full: Make, vacant: Make) -> None:
    old, new = full("postgresql"), vacant("sqlite")
    running = open_engine(old, [KEY])
    with running.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(moving.Served):
            moving.move(old, new, [KEY])
    running.dispose()
    assert is_vacant(new)
    assert moving.move(old, new, [KEY])


def test_nobody_writes_to_the_old_database_meanwhile(full: Make, vacant: Make) -> None:
    old = full("sqlite")

    def write(_connection: object) -> None:
        engine = open_engine(old, [KEY])
        try:
            with engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA busy_timeout = 50")  # type: ignore[union-attr]
                connection.execute(text("DELETE FROM reminders"))
                connection.commit()
        finally:
            engine.dispose()

    with pytest.raises(DBAPIError, match="locked"):
        moving.move(old, vacant("sqlite"), [KEY], write)


def test_a_value_that_no_key_opens_stops_it(full: Make, vacant: Make) -> None:
    old, new = full("sqlite"), vacant("postgresql")
    engine = open_engine(old, [KEY])
    with engine.begin() as connection:
        connection.execute(text("UPDATE staff SET name = x'00'"))
    engine.dispose()
    with pytest.raises(KeyMissing):
        moving.move(old, new, [KEY])
    assert is_vacant(new)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_changed_value_is_found_by_its_table_and_row(full: Make, vacant: Make, kind: str) -> None:
    old, new = full("sqlite"), vacant(kind)
    moving.move(old, new, [KEY])
    engine = open_engine(new, [KEY])
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET attempts = 1 WHERE id = 7"))
    with (
        moving.snapshot(old, [KEY]) as one,
        moving.snapshot(new, [KEY]) as other,
        pytest.raises(Differs, match="Row 7 of outbox"),
    ):
        compare(one, other)
    engine.dispose()


def test_a_missing_row_is_found(full: Make, vacant: Make) -> None:
    old, new = full("sqlite"), vacant("sqlite")
    moving.move(old, new, [KEY])
    engine = open_engine(new, [KEY])
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM reminders"))
    engine.dispose()
    with (
        moving.snapshot(old, [KEY]) as one,
        moving.snapshot(new, [KEY]) as other,
        pytest.raises(Differs, match="reminders"),
    ):
        compare(one, other)


def test_a_database_of_an_older_version_is_migrated_first(full: Make, vacant: Make) -> None:
    old = vacant("sqlite")
    migrate.make_private(old)
    engine = migrate.migrating_engine(old, [KEY])
    with engine.begin() as connection:
        migrate.build(connection, "20261120")
    engine.dispose()
    with pytest.raises(moving.NotAtHead):
        moving.move(old, vacant("sqlite"), [KEY])


def test_a_database_that_is_not_there_is_not_made(vacant: Make) -> None:
    old = vacant("sqlite")
    with pytest.raises(moving.NoDatabase):
        moving.move(old, vacant("sqlite"), [KEY])
    assert not Path(old.removeprefix("sqlite:///")).exists()
