"""Planning for many: our rows beside one APScheduler job for each check-in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.care import pathways, planning
from bot.care.clinic import Clinic
from bot.db.models import CareTeam, CheckIn, Enrolment, Patient, Reminder
from bot.sandbox.storylines.cast import NUMBERS
from tests.benchmarks import clinic, stock_jobs
from tests.benchmarks.clinic import START
from tests.benchmarks.databases import Databases
from tests.benchmarks.rows import Row

PATIENTS, AT_ONCE = 10_000, 500  # so many in one transaction, so that an alarm never waits long
CHECKINS = 4  # of the pathway
SAMPLE = 2_000  # jobs that are really added: the library takes the same time for each
CLINIC = Clinic(name="Bench", timezone="Europe/London", values=NUMBERS, bot_username="bench_bot")


async def adding(where: Databases) -> list[Row]:
    """Row 7."""
    with where.empty() as url:
        ours = _ours(url)
    with where.empty() as url, stock_jobs.scheduler(url) as (made, _store):
        each = stock_jobs.add(made, 0, SAMPLE, datetime.now(UTC) + timedelta(days=30)) / SAMPLE
    stock = each * CHECKINS * PATIENTS
    return [
        Row(
            database=where.kind,
            what=f"adding {PATIENTS:,} patients' plans, {CHECKINS * PATIENTS:,} check-ins with their reminders",
            ours=f"{ours:.2f} s",
            beside=f"APScheduler {stock:.0f} s ({each * 1000:.2f} ms a job, {SAMPLE:,} added)",
            ratio=stock / ours,
            target=">= 50 x",
            reached=stock / ours >= 50,
        )
    ]


def _ours(url: str) -> float:
    db = clinic.new(url)
    ids = db.write_now(_register)
    began = time.perf_counter()
    for first in range(0, PATIENTS, AT_ONCE):
        db.write_now(_plan, ids[first : first + AT_ONCE])
    seconds = time.perf_counter() - began
    planned, reminders = db.read_now(_count)
    db.close()
    if (planned, reminders) != (CHECKINS * PATIENTS, 2 * CHECKINS * PATIENTS):
        raise RuntimeError(f"planned {planned} check-ins and {reminders} reminders, which is not the whole plan")
    return seconds


def _register(session: Session) -> list[int]:
    """Patients who agreed and have no plan yet."""
    team = CareTeam(name="Spine", timezone="Europe/London", created_at=START)
    session.add(team)
    session.flush()
    version = pathways.current(session).id
    people = [
        Patient(code=clinic.code(number), language="en", timezone="Europe/London", created_at=START)
        for number in range(PATIENTS)
    ]
    session.add_all(people)
    session.flush()
    enrolments = [
        Enrolment(
            patient_id=person.id,
            team_id=team.id,
            pathway_version_id=version,
            procedure="microdiscectomy",
            surgery_date=(START + timedelta(days=number % 14)).date(),
            state="active",
            consent_at=START,
            created_at=START,
        )
        for number, person in enumerate(people)
    ]
    session.add_all(enrolments)
    session.flush()
    return [enrolment.id for enrolment in enrolments]


def _plan(session: Session, ids: Sequence[int]) -> None:
    enrolments = session.scalars(select(Enrolment).where(Enrolment.id.in_(ids))).all()
    planning.plan_all(session, enrolments, START, CLINIC)


def _count(session: Session) -> tuple[int, int]:
    found = [session.scalar(select(func.count()).select_from(table)) or 0 for table in (CheckIn, Reminder)]
    return found[0], found[1]
