"""A small clinic in a database of its own, as enrolment would leave it: teams, their people, patients, check-ins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from bot.care import ending, outbox, pathways, publishing
from bot.care.outbox import Lane
from bot.db import migrate
from bot.db.engine import Database
from bot.db.models import CareTeam, Chat, CheckIn, Enrolment, Patient, Staff
from tests.benchmarks.sandbox_server import PATIENTS_FROM, STAFF_FROM

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # a Monday morning, in nobody's quiet hours
KEY = os.environ.setdefault("BENCH_KEY", Fernet.generate_key().decode())
FIRST = "saddle_numbness"  # the first question; one of its answers is an emergency


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """How many check-ins fall due, when, and how many patients have the first question on their screen before."""

    due: int
    due_at: datetime
    asked: int


def new(url: str) -> Database:
    """Migrate the empty database at `url` and publish the shipped pathway in it."""
    migrate.upgrade(url, [KEY])
    db = Database(url, [KEY])
    db.write_now(publishing.ensure_first, START)
    return db


def code(number: int) -> str:
    """What staff call a patient."""
    return f"P{number:06d}"


def teams(session: Session, groups: Sequence[int]) -> list[int]:
    """One team for each group, with one clinician on call. Returns their ids."""
    found = []
    for number, group in enumerate(groups):
        where = chat(session, group, "supergroup")
        team = CareTeam(name=f"Team {number}", timezone="Europe/London", chat_id=where, created_at=START)
        session.add(team)
        session.flush()
        session.add(
            Staff(
                name="Clinician",
                role="clinician",
                team_id=team.id,
                rung="on_call",
                language="en",
                chat_id=chat(session, STAFF_FROM + number, "private"),
                state="active",
                created_at=START,
                joined_at=START,
            )
        )
        found.append(team.id)
    return found


def enrol(session: Session, number: int, team: int) -> tuple[Enrolment, int]:
    """A patient under care, three days after surgery. Returns the enrolment and the chat."""
    where = chat(session, PATIENTS_FROM + number, "private")
    person = Patient(
        code=code(number), name="Ana", language="en", timezone="Europe/London", chat_id=where, created_at=START
    )
    session.add(person)
    session.flush()
    enrolment = Enrolment(
        patient_id=person.id,
        team_id=team,
        pathway_version_id=pathways.current(session).id,
        procedure="microdiscectomy",
        surgery_date=(START - timedelta(days=3)).date(),
        state="active",
        consent_at=START,
        created_at=START,
    )
    session.add(enrolment)
    session.flush()
    return enrolment, where


def checkin(session: Session, enrolment: Enrolment, due_at: datetime) -> CheckIn:
    """Its check-in of the third day, planned."""
    row = CheckIn(
        enrolment_id=enrolment.id,
        pathway_version_id=enrolment.pathway_version_id,
        checkin="day3",
        kind="scheduled",
        day=3,
        local_date=START.date(),
        due_at=due_at,
        closes_at=due_at + timedelta(hours=48),
        state="planned",
    )
    session.add(row)
    session.flush()
    return row


def fill(session: Session, groups: Sequence[int], wave: Wave) -> None:
    """The clinic before a wave. Patients from number `wave.due` on wait with the first question shown."""
    found = teams(session, groups)
    for number in range(wave.due + wave.asked):
        enrolment, where = enrol(session, number, found[number % len(found)])
        if number < wave.due:
            checkin(session, enrolment, wave.due_at)
        else:
            row = checkin(session, enrolment, START)
            row.state, row.stage, row.question, row.opened_at = "open", "asking", FIRST, START
            session.flush()
            outbox.show(session, ending.SURFACE, row.id, where, now=START, lane=Lane.CHECKIN, fresh=True, key="open")


def chat(session: Session, telegram_id: int, kind: str) -> int:
    """A chat that hears us. Returns its id."""
    row = Chat(telegram_id=telegram_id, kind=kind, state="ok", state_since=START)
    session.add(row)
    session.flush()
    return row.id
