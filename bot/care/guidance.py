"""What a patient was told to do now: the last action card, for as long as nobody has spoken with them since."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from bot.care import outbox, patients
from bot.care.outbox import Lane
from bot.db.models import Enrolment, Escalation, Outbox, Patient

_SAID = ("say:card:action:%", "say:card:alarm:%", "say:card:emergency:%")


def standing(session: Session, enrolment: Enrolment) -> Outbox | None:
    """The newest action card of this patient that still holds: a case is open, and nobody has reached the patient."""
    chat_id = patients.of(session, enrolment).chat_id
    said = select(Outbox).where(
        Outbox.chat_id == chat_id,
        Outbox.repeats_id.is_(None),
        or_(*(Outbox.dedupe_key.like(kind) for kind in _SAID)),
    )
    row = session.scalars(said.order_by(Outbox.id.desc()).limit(1)).first()
    return None if row is None or spoken_since(session, row) else row


def spoken_since(session: Session, row: Outbox) -> bool:
    """Whether a person has reached this patient, or closed every case of theirs, after the card was written."""
    mine = (
        select(Escalation.id)
        .join(Enrolment, Enrolment.id == Escalation.enrolment_id)
        .join(Patient, Patient.id == Enrolment.patient_id)
        .where(Patient.chat_id == row.chat_id)
    )
    reached = mine.where(Escalation.contacted_at >= row.created_at)
    waits = mine.where(Escalation.state.in_(("open", "acknowledged")))
    return bool(session.scalar(select(exists(reached) | ~exists(waits))))


def bring_back(
    session: Session, enrolment: Enrolment, *, occasion: str, now: datetime, not_before: datetime | None = None
) -> bool:
    """Say the standing action card once more, below whatever came after it. Returns whether there was one.

    One that saves a life goes at once; another not before `not_before` (UTC).
    """
    row = standing(session, enrolment)
    if row is None:
        return False
    lane = Lane(row.lane)
    return outbox.say(
        session,
        row.purpose,
        row.chat_id,
        key=f"back:{occasion}:{row.id}",
        now=now,
        lane=lane,
        payload=row.payload,
        not_before=None if lane is Lane.EMERGENCY else not_before,
        on_uncertain="resend",
    )
