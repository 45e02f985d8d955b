"""Many small cases at once, as after days of downtime: beyond a few, those for review share one card of a chat.

Urgent cases and emergencies always have cards of their own. Nothing is left out: /open lists every case.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.cards import Card, operations
from bot.care import outbox
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import CareTeam, Enrolment, Escalation, Outbox, Patient
from schedules.pathway import Level

SURFACE = "backlog"
WINDOW = timedelta(minutes=10)
MOST = 5  # cards for review in one chat within the window
_CASES = "escalation"


def takes(session: Session, escalation: Escalation, chat_id: int, now: datetime) -> bool:
    """Put this case on the shared card of the chat (chats.id), if so many came just now. Whether it did."""
    if escalation.level != Level.REVIEW or not _crowded(session, chat_id, now):
        return False
    key = f"{now:%Y-%m-%dT%H}"
    fresh = outbox.show(
        session, SURFACE, escalation.team_id, chat_id, now=now, lane=Lane.CLINICIAN, fresh=True, key=key
    )
    if not fresh:
        outbox.show(session, SURFACE, escalation.team_id, chat_id, now=now, lane=Lane.CLINICIAN)
    return True


def card(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card:
    """The open cases for review of the team that have no card of their own in this chat."""
    team = session.get_one(CareTeam, row.ref)
    shown = select(Outbox.ref).where(Outbox.surface == _CASES, Outbox.chat_id == row.chat_id)
    codes = session.scalars(
        select(Patient.code)
        .join(Enrolment, Enrolment.patient_id == Patient.id)
        .join(Escalation, Escalation.enrolment_id == Enrolment.id)
        .where(Escalation.team_id == team.id, Escalation.state != "closed", Escalation.level == Level.REVIEW.value)
        .where(Escalation.id.not_in(shown))
        .order_by(Escalation.contact_by, Escalation.id)
    ).all()
    return operations.backlog(codes, now, team.timezone) if codes else operations.backlog_done()


def _crowded(session: Session, chat_id: int, now: datetime) -> bool:
    recent = (Outbox.chat_id == chat_id, Outbox.fresh, Outbox.created_at > now - WINDOW)
    lately = select(func.count()).select_from(Outbox).where(*recent)
    shared = session.scalar(lately.where(Outbox.surface == SURFACE)) or 0
    own = session.scalar(
        lately.join(Escalation, Escalation.id == Outbox.ref).where(
            Outbox.surface == _CASES, Escalation.level == Level.REVIEW.value
        )
    )
    return bool(shared) or (own or 0) >= MOST
