"""A patient who lives by another clock from now on: what was not sent yet follows it. What was sent is not touched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.care import audit, pathways, patients, planning
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import CheckIn, Enrolment, Outbox, Staff
from schedules import timeline


def move(session: Session, enrolment: Enrolment, zone: str, by: Staff, now: datetime, clinic: Clinic) -> bool:
    """Put the patient into the IANA zone `zone`: planned check-ins, reminders and what waits for the morning follow.

    A check-in that a person put on another day keeps its day. False when the patient lives there already. Raises
    timeline.UnknownZone.
    """
    timeline.zone(zone)
    person = patients.of(session, enrolment)
    before = person.timezone
    if before == zone:
        return False
    person.timezone = zone
    session.flush()
    if enrolment.state in patients.IN_PROGRAMME:
        _follow_by_hand(session, enrolment, zone)
        planning.plan(session, enrolment, now, clinic)
        _hold_back(session, enrolment, zone, now)
    audit.record(session, audit.actor(by), "time zone changed", f"patient:{person.id}", now, before=before, after=zone)
    return True


def _follow_by_hand(session: Session, enrolment: Enrolment, zone: str) -> None:
    pathway = pathways.of(session, enrolment.pathway_version_id)
    mine = (CheckIn.enrolment_id == enrolment.id, CheckIn.state == "planned", CheckIn.moved_by_hand)
    for row in session.scalars(select(CheckIn).where(*mine)).all():
        slot = timeline.slot_on(pathway, planning.spec_id(row), row.local_date, enrolment.surgery_date, zone)
        row.due_at, row.closes_at = slot.due_at, slot.closes_at
        planning.remind(session, row, slot.reminders)


def _hold_back(session: Session, enrolment: Enrolment, zone: str, now: datetime) -> None:
    """What nobody asked for must not come at night: neither check-ins on their way, nor what waits for a morning."""
    quiet = pathways.of(session, enrolment.pathway_version_id).schedule.quiet_hours
    chat_id = patients.of(session, enrolment).chat_id
    unasked = or_(Outbox.lane >= Lane.CHECKIN, Outbox.not_before > now)
    waiting = (Outbox.chat_id == chat_id, Outbox.state == "pending", Outbox.lane > Lane.CLINICIAN)
    for row in session.scalars(select(Outbox).where(*waiting, unasked)).all():
        row.not_before = timeline.next_allowed(max(row.not_before, now), quiet, zone)
    session.flush()
