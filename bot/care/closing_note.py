"""The note a closed case may get: asked in the private chat of whoever closed it, kept in a form until it is typed.

A form that is already open there (an enrolment half filled in) is never lost to a note.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Card, button, clinician, esc
from bot.care import escalations, outbox
from bot.care.outbox import Lane
from bot.db.models import Enrolment, Escalation, Form, Patient, Staff

KIND = "close_note"


def offer(session: Session, escalation: Escalation, staff: Staff, now: datetime) -> None:
    """Ask for a note at once, or, while another form is open, say how to add one later."""
    if staff.chat_id is None or begin(session, escalation, staff, now):
        return
    text = f"{_closed(session, escalation)} You have a form open. To add a note, finish the form, then tap below."
    _say(
        session,
        staff.chat_id,
        escalation,
        Card(text=text, rows=((button("Add a note", "c_note", escalation.id),),)),
        now,
    )


def begin(session: Session, escalation: Escalation, staff: Staff, now: datetime) -> bool:
    """Wait for the note of a closed case. False when the case is open or another form is."""
    form = session.scalars(select(Form).where(Form.chat_id == staff.chat_id)).one_or_none()
    if escalation.state != "closed" or staff.chat_id is None or (form is not None and form.kind != KIND):
        return False
    if form is None:
        form = Form(chat_id=staff.chat_id, kind=KIND, step="note")
        session.add(form)
    form.data, form.updated_at = {"escalation": escalation.id}, now
    session.flush()
    text = f"{_closed(session, escalation)} Type a note for the record, or tap Skip."
    _say(session, staff.chat_id, escalation, Card(text=text, rows=((button("Skip", "c_skip", escalation.id),),)), now)
    return True


def take(session: Session, staff: Staff, text: str, now: datetime) -> bool:
    """Keep what was typed as the note that is waited for. False when none is."""
    form = _form(session, staff)
    if form is None or staff.chat_id is None:
        return False
    result = escalations.add_note(session, form.data["escalation"], staff, text, now)
    escalation = session.get_one(Escalation, form.data["escalation"])
    session.delete(form)
    session.flush()
    _say(session, staff.chat_id, escalation, Card(text=f"{esc(result.said)} {_code(session, escalation)}"), now)
    return True


def skip(session: Session, staff: Staff, escalation_id: int | None) -> bool:
    """Wait no longer for the note of this case. False when it was not waited for."""
    form = _form(session, staff)
    if form is None or form.data["escalation"] != escalation_id:
        return False
    session.delete(form)
    session.flush()
    return True


def _form(session: Session, staff: Staff) -> Form | None:
    return session.scalars(select(Form).where(Form.chat_id == staff.chat_id, Form.kind == KIND)).one_or_none()


def _closed(session: Session, escalation: Escalation) -> str:
    words = clinician.OUTCOME_WORDS.get(escalation.outcome or "", "no outcome").lower()
    return f"{_code(session, escalation)} is closed: {words}."


def _code(session: Session, escalation: Escalation) -> str:
    enrolment = session.get_one(Enrolment, escalation.enrolment_id)
    return f"<code>{esc(session.get_one(Patient, enrolment.patient_id).code)}</code>"


def _say(session: Session, chat_id: int, escalation: Escalation, card: Card, now: datetime) -> None:
    key = f"note:{escalation.id}:{now.timestamp():.3f}"
    outbox.say_card(session, chat_id, card, key=key, now=now, lane=Lane.CLINICIAN)
