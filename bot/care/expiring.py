"""Links that ran out unused: whoever can issue a new one is told, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import cards
from bot.cards import Card
from bot.care import outbox, staffing
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import Enrolment, Invitation, Patient, Staff

_LOOK_BACK = timedelta(days=7)  # after a longer outage the worklist still shows who never started


def invitations_due(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: tell of links that expired unused. Returns how many people were told."""
    unused = select(Invitation).where(
        Invitation.used_at.is_(None),
        Invitation.voided_at.is_(None),
        Invitation.expires_at <= now,
        Invitation.expires_at > now - _LOOK_BACK,
    )
    return sum(_tell(session, invitation, now) for invitation in session.scalars(unused.order_by(Invitation.id)).all())


def _tell(session: Session, invitation: Invitation, now: datetime) -> int:
    if invitation.enrolment_id is not None:
        enrolment = session.get_one(Enrolment, invitation.enrolment_id)
        if enrolment.state != "invited":
            return 0
        code = session.get_one(Patient, enrolment.patient_id).code
        people = staffing.coordinators(session, enrolment.team_id)
        text = f"The link of {cards.bold(code)} ran out unused. Phone the patient. /invite {code} makes a new link."
    else:
        member = session.get_one(Staff, invitation.staff_id)
        if member.state != "invited":
            return 0
        people = staffing.admins(session)
        text = f"The link for a new {cards.esc(member.role)} ran out unused. Issue a new one: aftercare staff invite."
    told = 0
    for person in people:
        if person.chat_id is not None:
            key = f"link expired:{invitation.id}:{person.chat_id}"
            told += outbox.say_card(session, person.chat_id, Card(text=text), key=key, now=now, lane=Lane.CLINICIAN)
    return told
