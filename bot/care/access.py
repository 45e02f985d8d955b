"""Which member of staff may act on whose case. Every command and button asks here, whatever its token says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.care import audit
from bot.db.models import Escalation, Outbox, Staff

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


def refused(session: Session, staff: Staff, action: str, subject: str, now: datetime) -> str:
    """Put a refused attempt on record. Returns what to tell the person."""
    audit.record(session, audit.actor(staff), "refused", subject, now, attempted=action)
    return NOT_LISTED
