"""A database with as many enrolled patients as one likes, written in bulk: what enrolment and time would leave.

Patients had their surgery on one of the last 90 days, as many each day, so that each has a check-in ahead. Every
check-in of the pathway is a row: what lies ahead is planned with its reminders, what went out in the last days is open,
the rest ended. Each patient has one message sent and one update handled.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from bot.care import pathways
from bot.db.engine import Database
from bot.db.types import keyring
from schedules import timeline
from schedules.pathway import Pathway
from tests.benchmarks import clinic

COHORTS = 90
ZONE = "Europe/London"
NOW = clinic.START - timedelta(minutes=80)  # 08:40, before the hour at which check-ins go out
DUE = 1000

_PEOPLE = (
    "INSERT INTO chats (id, telegram_id, kind, state, state_since) "
    "SELECT n, 20000000 + n, 'private', 'ok', :at FROM numbers",
    "INSERT INTO patients (id, code, name, language, timezone, chat_id, created_at) "
    "SELECT n, 'P' || (10000000 + n), :name, 'en', :zone, n, :at FROM numbers",
    "INSERT INTO enrolments (id, patient_id, team_id, pathway_version_id, procedure, surgery_date, state, consent_at, "
    "created_at) SELECT n, n, 1, 1, 'microdiscectomy', days.surgery, 'active', :at, :at "
    "FROM numbers JOIN days ON days.cohort = numbers.n % :cohorts",
    "INSERT INTO inbox (id, bot_id, update_id, digest, chat_key, state, attempts, received_at, processed_at) "
    "SELECT n, 1, n, 'd' || n, n, 'done', 0, :at, :at FROM numbers",
    "INSERT INTO outbox (id, lane, purpose, chat_id, fresh, dedupe_key, on_uncertain, state, not_before, attempts, "
    "created_at, sent_at) SELECT n, 3, 'card', n, 0, 'say:' || n, 'never', 'sent', :at, 1, :at, :at FROM numbers",
)
_CHECKINS = (
    "INSERT INTO checkins (id, enrolment_id, pathway_version_id, checkin, kind, day, local_date, due_at, closes_at, "
    "state, stage, opened_at, ended_at, end_reason, ended_by, sent_late, moved_by_hand, answered_late) "
    "SELECT numbers.n * 8 + slots.k, numbers.n, 1, slots.checkin, 'scheduled', slots.day, slots.local_date, "
    "slots.due, slots.closes, slots.state, 'intro', slots.opened, slots.ended, slots.reason, slots.ended_by, 0, 0, 0 "
    "FROM numbers JOIN slots ON slots.cohort = numbers.n % :cohorts"
)
_REMINDERS = (
    "INSERT INTO reminders (id, checkin_id, number, due_at, state) "
    "SELECT (numbers.n * 8 + alarms.k) * 4 + alarms.number, numbers.n * 8 + alarms.k, alarms.number, alarms.due, "
    "alarms.state FROM numbers JOIN alarms ON alarms.cohort = numbers.n % :cohorts"
)


def build(folder: Path, name: str, patients: int) -> str:
    """The address of a new database with so many enrolled."""
    url, db = clinic.new(folder, name)
    pathway = db.read_now(pathways.latest)
    with db.engine.connect() as connection:
        _fast(connection)
        _fill(connection, pathway, patients)
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    db.close()
    return url


def make_due(db: Database, at: datetime) -> None:
    """Let exactly DUE planned check-ins be due at this instant; nothing else is."""
    db.write_now(
        lambda session: session.execute(
            text(
                "UPDATE checkins SET due_at = :at WHERE id IN "
                "(SELECT id FROM checkins WHERE state = 'planned' AND day = 3 ORDER BY id LIMIT :due)"
            ),
            {"at": _ms(at), "due": DUE},
        )
    )


def _fast(connection: Connection) -> None:
    """Nothing is lost here that matters: a build that ends half-way is thrown away."""
    connection.exec_driver_sql("COMMIT")
    for pragma in (
        "synchronous=OFF",
        "journal_mode=OFF",
        "cache_size=-2000000",
        "foreign_keys=OFF",
        "temp_store=MEMORY",
    ):
        connection.exec_driver_sql(f"PRAGMA {pragma}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _fill(connection: Connection, pathway: Pathway, patients: int) -> None:
    run = connection.exec_driver_sql
    run("CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)")
    run(
        "INSERT INTO numbers WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < ?) "
        "SELECT n FROM up",
        (patients,),
    )
    run("CREATE TEMP TABLE days (cohort INTEGER PRIMARY KEY, surgery TEXT)")
    run(
        "CREATE TEMP TABLE slots (cohort, k, checkin, day, local_date, due, closes, state, opened, ended, reason, "
        "ended_by, PRIMARY KEY (cohort, k))"
    )
    run("CREATE TEMP TABLE alarms (cohort, k, number, due, state, PRIMARY KEY (cohort, k, number))")
    run("INSERT INTO care_teams (id, name, timezone, created_at) VALUES (1, 'Spine', ?, ?)", (ZONE, _ms(NOW)))
    for cohort in range(COHORTS):
        surgery = NOW.date() - timedelta(days=cohort)
        run("INSERT INTO days VALUES (?, ?)", (cohort, surgery.isoformat()))
        for k, slot in enumerate(timeline.plan(pathway, surgery, ZONE, NOW - timedelta(days=COHORTS + 1))):
            run("INSERT INTO slots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (cohort, k, *_slot(slot)))
            for alarm in _alarms(slot):
                run("INSERT INTO alarms VALUES (?, ?, ?, ?, ?)", (cohort, k, *alarm))
    name = keyring(connection.dialect).encrypt(b"Ana")
    values = {"at": _ms(NOW - timedelta(days=COHORTS)), "name": name, "zone": ZONE, "cohorts": COHORTS}
    for statement in (*_PEOPLE, _CHECKINS, _REMINDERS):
        connection.execute(text(statement), {each: value for each, value in values.items() if f":{each}" in statement})


def _slot(slot: timeline.Slot) -> tuple[Any, ...]:
    due, closes = _ms(slot.due_at), _ms(slot.closes_at)
    same = (slot.checkin, slot.day, slot.local_date.isoformat(), due, closes)
    if slot.due_at > NOW:
        return (*same, "planned", None, None, None, None)
    if slot.closes_at > NOW:
        return (*same, "open", due, None, None, None)
    return (*same, "ended", due, closes, "no_answer", "system")


def _alarms(slot: timeline.Slot) -> Iterator[tuple[int, int, str]]:
    for number, due in enumerate(slot.reminders, start=1):
        state = "sent" if due <= NOW else "planned"
        yield number, _ms(due), state


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
