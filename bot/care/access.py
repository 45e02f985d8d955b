"""Which member of staff may act on whose case. Every command and button asks here, whatever its token says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.care import audit
from bot.db.models import Enrolment, Escalation, Outbox, Staff

NOT_LISTED = "You are not on this team's list — ask an admin for an invitation."


def in_team(staff: Staff, team_id: int) -> bool:
    """Whether this person works in the team now."""
    return staff.state == "active" and staff.team_id == team_id


def to_escalation(session: Session, staff: Staff, escalation: Escalation) -> bool:
    """Whether this person may work this case: as one of its team, or as an admin the ladder fell to."""
    if in_team(staff, escalation.team_id):
        return True
    if staff.state != "active" or staff.role != "admin":
        return False
    paged = exists().where(Outbox.surface == "escalation", Outbox.ref == escalation.id, Outbox.chat_id == staff.chat_id)
    return bool(session.scalar(select(paged)))


def to_enrolment(session: Session, staff: Staff, enrolment: Enrolment) -> bool:
    """Whether this person may see this patient: as one of the team, or by a case of theirs that they may work."""
    if in_team(staff, enrolment.team_id):
        return True
    cases = session.scalars(select(Escalation).where(Escalation.enrolment_id == enrolment.id))
    return any(to_escalation(session, staff, case) for case in cases)


def refused(session: Session, staff: Staff, action: str, subject: str, now: datetime) -> str:
    """Put a refused attempt on record. Returns what to tell the person."""
    audit.record(session, audit.actor(staff), "refused", subject, now, attempted=action)
    return NOT_LISTED
