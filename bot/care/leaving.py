"""A patient pauses, comes back, or stops; or the team ends it for them. Open escalations stay open.

A patient's word is enough, at any time. The team's is for when there is nobody to say it (hazard H35).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.care import audit, ending, guarded, patients, planning
from bot.care.clinic import Clinic
from bot.db.models import Enrolment, Staff

PAUSES = (1, 3, 7)  # days
REASONS = ("died", "readmitted", "asked", "moved")  # why the team ends a programme


def pause(session: Session, enrolment: Enrolment, days: int, now: datetime) -> bool:
    """No check-ins and no reminders for so many days. False when not in the programme or no such pause."""
    if days not in PAUSES:
        return False
    until = now + timedelta(days=days)
    paused = guarded.step(
        session,
        update(Enrolment)
        .where(Enrolment.id == enrolment.id, Enrolment.state.in_(patients.IN_PROGRAMME))
        .values(state="paused", paused_until=until),
    )
    session.refresh(enrolment)
    if paused:
        audit.record(session, _patient(enrolment), "paused", _patient(enrolment), now, days=days)
    return paused


def resume(session: Session, enrolment: Enrolment, now: datetime, clinic: Clinic) -> bool:
    """Check-ins go on. False when they were not paused."""
    resumed = guarded.step(
        session,
        update(Enrolment)
        .where(Enrolment.id == enrolment.id, Enrolment.state == "paused")
        .values(state="active", paused_until=None),
    )
    session.refresh(enrolment)
    if not resumed:
        return False
    planning.plan(session, enrolment, now, clinic)
    audit.record(session, _patient(enrolment), "resumed", _patient(enrolment), now)
    return True


def withdraw(session: Session, enrolment: Enrolment, now: datetime) -> bool:
    """Nothing is asked any more. False when that was so already."""
    withdrawn = guarded.step(
        session,
        update(Enrolment)
        .where(Enrolment.id == enrolment.id, Enrolment.state.in_(patients.IN_PROGRAMME))
        .values(state="withdrawn", ended_at=now, ended_by="patient", paused_until=None),
    )
    session.refresh(enrolment)
    if not withdrawn:
        return False
    ending.stop_all(session, enrolment, "withdrawn", "patient", now)
    audit.record(session, _patient(enrolment), "withdrawn", _patient(enrolment), now, enrolment=enrolment.id)
    return True


def end(session: Session, enrolment: Enrolment, reason: str, by: Staff, now: datetime) -> bool:
    """The team ends it, for one of REASONS. The patient is told nothing. False when it was not running."""
    ended = guarded.step(
        session,
        update(Enrolment)
        .where(Enrolment.id == enrolment.id, Enrolment.state.in_(patients.IN_PROGRAMME))
        .values(state="ended", ended_at=now, ended_by=audit.actor(by), paused_until=None),
    )
    session.refresh(enrolment)
    if not ended:
        return False
    ending.stop_all(session, enrolment, "cancelled", audit.actor(by), now)
    details = {"enrolment": enrolment.id, "reason": reason}
    audit.record(session, audit.actor(by), "programme ended", _patient(enrolment), now, **details)
    return True


def _patient(enrolment: Enrolment) -> str:
    return f"patient:{enrolment.patient_id}"
