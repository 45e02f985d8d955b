"""What the figures rest on: the large database is whole, and a red answer that nobody told is not left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from bot.care import opening
from bot.db.engine import Database
from bot.db.models import Base, CheckIn, Outbox, Reminder
from tests.benchmarks import clinic, population
from tests.benchmarks.sandbox_server import PATIENTS_FROM
from tests.benchmarks.telling import Call, Watched

BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def kept(url: str) -> set[str]:
    """The names of all indexes and constraints."""
    db = Database(url, [clinic.KEY])
    found = inspect(db.engine)
    reads = (found.get_indexes, found.get_unique_constraints, found.get_foreign_keys)
    names = {f"{table}.{each['name']}" for table in Base.metadata.tables for read in reads for each in read(table)}
    db.close()
    return names


def counted(session: Session) -> list[int]:
    """How many check-ins, reminders and messages there are."""
    return [session.query(table).count() for table in (CheckIn, Reminder, Outbox)]


def test_a_database_written_in_bulk_is_one_that_people_can_go_on_with(new_database: str) -> None:
    before = kept(new_database)
    population.build(new_database, 180)
    assert kept(new_database) == before
    db = Database(new_database, [clinic.KEY])
    assert db.read_now(counted) == [4 * 180, 8 * 180, 180]
    now = population.NOW
    assert db.read_now(opening.due, now) == []
    population.make_due(db, now)
    assert len(db.read_now(opening.due, now)) == 8  # two of each surgery whose third day is still ahead
    assert db.write_now(clinic.chat, 1, "private") > 180
    db.close()


def told(number: int, after_s: float, *, ok: bool = True) -> Call:
    """A message to a group about this patient, answered so many seconds after the beginning."""
    at, text = BEGAN + timedelta(seconds=after_s), f"About {clinic.code(number)}"
    code = 200 if ok else 429
    params = {"chat_id": "-1001", "text": text}
    return {"method": "sendMessage", "ok": ok, "code": code, "at": at.isoformat(), "ms": 0, "params": params}


def test_an_answer_that_was_never_told_counts_with_the_time_it_was_waited_for() -> None:
    tapped = {1: BEGAN, 2: BEGAN + timedelta(seconds=10)}
    to_patient = told(2, 12) | {"params": {"chat_id": PATIENTS_FROM, "text": clinic.code(2)}}
    calls = [told(1, 3), told(1, 5), told(2, 11, ok=False), to_patient]
    found = Watched(calls=calls, tapped=tapped, ended=BEGAN + timedelta(seconds=70))
    waits = found.waits()
    assert (waits.told, waits.untold) == ([3.0], [60.0])
    assert waits.words(0.99) == "> 60.00 s"
    assert waits.counted == "1 of 2 told"
    assert found.refused == 1


def test_when_all_were_told_the_percentile_is_stated_as_it_is() -> None:
    found = Watched(calls=[told(1, 3)], tapped={1: BEGAN}, ended=BEGAN + timedelta(seconds=70))
    assert found.waits().words(0.99) == "3.00 s"
