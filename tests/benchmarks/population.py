"""A database with as many enrolled patients as one likes, written in bulk: what enrolment and time would leave.

Patients had their surgery on one of the last 90 days, as many each day, so that each has a check-in ahead. Every
check-in of the pathway is a row: what lies ahead is planned with its reminders, what went out in the last days is open,
the rest ended. Each patient has one message sent and one update handled.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, bindparam, insert, select, text, update

from bot.care import pathways
from bot.db.engine import Database
from bot.db.models import CareTeam, CheckIn
from bot.db.types import Encrypted, LocalDate, UtcDateTime
from schedules import timeline
from schedules.pathway import Pathway
from tests.benchmarks import bulk, clinic

COHORTS = 90
ZONE = "Europe/London"
NOW = clinic.START - timedelta(minutes=80)  # 08:40, before the hour at which check-ins go out
DUE = 1000

_SCRATCH = MetaData()


def _scratch(name: str, *columns: Column[Any]) -> Table:
    """A table that the connection which makes it has to itself."""
    return Table(name, _SCRATCH, *columns, prefixes=["TEMPORARY"])


_NUMBERS = _scratch("numbers", Column("n", BigInteger))
_DAYS = _scratch("days", Column("cohort", BigInteger), Column("surgery", LocalDate))
_SLOTS = _scratch(
    "slots",
    *(Column(name, BigInteger) for name in ("cohort", "k", "day")),
    *(Column(name, Text) for name in ("checkin", "state", "reason", "ended_by")),
    Column("local_date", LocalDate),
    *(Column(name, UtcDateTime) for name in ("due", "closes", "opened", "ended")),
)
_ALARMS = _scratch(
    "alarms",
    *(Column(name, BigInteger) for name in ("cohort", "k", "number")),
    Column("state", Text),
    Column("due", UtcDateTime),
)
_FILLING = {
    "chats": "INSERT INTO chats (id, telegram_id, kind, state, state_since) "
    "SELECT n, 20000000 + n, 'private', 'ok', :at FROM numbers",
    "patients": "INSERT INTO patients (id, code, name, language, timezone, chat_id, created_at) "
    "SELECT n, 'P' || (10000000 + n), :name, 'en', :zone, n, :at FROM numbers",
    "enrolments": "INSERT INTO enrolments (id, patient_id, team_id, pathway_version_id, procedure, surgery_date, "
    "state, consent_at, created_at) SELECT n, n, 1, 1, 'microdiscectomy', days.surgery, 'active', :at, :at "
    "FROM numbers JOIN days ON days.cohort = numbers.n % :cohorts",
    "inbox": "INSERT INTO inbox (id, bot_id, update_id, digest, chat_key, state, attempts, received_at, processed_at) "
    "SELECT n, 1, n, 'd' || n, n, 'done', 0, :at, :at FROM numbers",
    "outbox": "INSERT INTO outbox (id, lane, purpose, chat_id, fresh, dedupe_key, on_uncertain, state, not_before, "
    "attempts, created_at, sent_at) "
    "SELECT n, 3, 'card', n, false, 'say:' || n, 'never', 'sent', :at, 1, :at, :at FROM numbers",
    "checkins": "INSERT INTO checkins (id, enrolment_id, pathway_version_id, checkin, kind, day, local_date, due_at, "
    "closes_at, state, stage, opened_at, ended_at, end_reason, ended_by, sent_late, moved_by_hand, answered_late) "
    "SELECT numbers.n * 8 + slots.k, numbers.n, 1, slots.checkin, 'scheduled', slots.day, slots.local_date, slots.due, "
    "slots.closes, slots.state, 'intro', slots.opened, slots.ended, slots.reason, slots.ended_by, false, false, false "
    "FROM numbers JOIN slots ON slots.cohort = numbers.n % :cohorts",
    "reminders": "INSERT INTO reminders (id, checkin_id, number, due_at, state) "
    "SELECT (numbers.n * 8 + alarms.k) * 4 + alarms.number, numbers.n * 8 + alarms.k, alarms.number, alarms.due, "
    "alarms.state FROM numbers JOIN alarms ON alarms.cohort = numbers.n % :cohorts",
}
_VALUES = (
    bindparam("at", NOW - timedelta(days=COHORTS), type_=UtcDateTime),
    bindparam("name", "Ana", type_=Encrypted),
    bindparam("zone", ZONE, type_=Text),
    bindparam("cohorts", COHORTS, type_=BigInteger),
)


def build(url: str, patients: int) -> None:
    """Make the empty database at `url` one with so many enrolled."""
    db = clinic.new(url)
    pathway = db.read_now(pathways.latest)
    db.close()
    with bulk.written(url, [clinic.KEY], _FILLING) as connection:
        _set_out(connection, pathway, patients)
        for statement in _FILLING.values():
            wanted = [value for value in _VALUES if f":{value.key}" in statement]
            connection.execute(text(statement).bindparams(*wanted))


def make_due(db: Database, at: datetime) -> None:
    """Let exactly DUE planned check-ins be due at this instant; nothing else is."""
    first = select(CheckIn.id).where(CheckIn.state == "planned", CheckIn.day == 3).order_by(CheckIn.id).limit(DUE)
    db.write_now(lambda session: session.execute(update(CheckIn).where(CheckIn.id.in_(first)).values(due_at=at)))


def _set_out(connection: Connection, pathway: Pathway, patients: int) -> None:
    """The team, and for this connection alone the numbers of the patients and the plan of each day of surgery."""
    connection.execute(insert(CareTeam).values(id=1, name="Spine", timezone=ZONE, created_at=NOW))
    _SCRATCH.create_all(connection, checkfirst=False)
    up = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :last) SELECT n FROM up"
    connection.execute(text(f"INSERT INTO {_NUMBERS.name} {up}"), {"last": patients})
    days = {cohort: NOW.date() - timedelta(days=cohort) for cohort in range(COHORTS)}
    connection.execute(insert(_DAYS), [{"cohort": cohort, "surgery": day} for cohort, day in days.items()])
    connection.execute(insert(_SLOTS), [_slot(*each) for each in _planned(pathway, days)])
    connection.execute(insert(_ALARMS), [alarm for each in _planned(pathway, days) for alarm in _alarms(*each)])
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE numbers, days, slots, alarms")


def _planned(pathway: Pathway, days: dict[int, date]) -> Iterator[tuple[int, int, timeline.Slot]]:
    """The slots of each cohort with their places in its plan."""
    for cohort, surgery in days.items():
        for k, slot in enumerate(timeline.plan(pathway, surgery, ZONE, NOW - timedelta(days=COHORTS + 1))):
            yield cohort, k, slot


def _slot(cohort: int, k: int, slot: timeline.Slot) -> dict[str, Any]:
    ended = slot.closes_at <= NOW
    went_out = slot.due_at <= NOW
    return {
        "cohort": cohort,
        "k": k,
        "day": slot.day,
        "checkin": slot.checkin,
        "state": "ended" if ended else "open" if went_out else "planned",
        "reason": "no_answer" if ended else None,
        "ended_by": "system" if ended else None,
        "local_date": slot.local_date,
        "due": slot.due_at,
        "closes": slot.closes_at,
        "opened": slot.due_at if went_out else None,
        "ended": slot.closes_at if ended else None,
    }


def _alarms(cohort: int, k: int, slot: timeline.Slot) -> Iterator[dict[str, Any]]:
    for number, due in enumerate(slot.reminders, start=1):
        state = "sent" if due <= NOW else "planned"
        yield {"cohort": cohort, "k": k, "number": number, "state": state, "due": due}
