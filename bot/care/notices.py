"""Short private words to whoever enrolled a patient: how the joining went, and what to do next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card
from bot.cards import enrolment as cards
from bot.care import outbox, patients, planning, staffing
from bot.care.outbox import Lane
from bot.db.models import Chat, Enrolment, Staff


def started(session: Session, enrolment: Enrolment, now: datetime) -> None:
    """The patient has agreed; when the first check-in comes."""
    person = patients.of(session, enrolment)
    first = planning.next_planned(session, enrolment)
    when = texts.moment(first.due_at, "en", person.timezone) if first is not None else None
    text = cards.started(person.code, when, person.timezone)
    _tell(session, enrolment, text, f"started:{enrolment.id}", now, Lane.CONVERSATION)


def trouble(session: Session, enrolment: Enrolment, what: str, key: str, now: datetime) -> None:
    """The joining did not go as it should: `what` is a key of cards.enrolment.TROUBLE. Each `key` is told once."""
    text = cards.trouble(patients.of(session, enrolment).code, what)
    _tell(session, enrolment, text, f"{what}:{key}", now, Lane.CLINICIAN)


def _tell(session: Session, enrolment: Enrolment, card: Card, key: str, now: datetime, lane: Lane) -> None:
    for person in _who(session, enrolment):
        if person.chat_id is not None:
            occasion = f"notice:{key}:{person.chat_id}"
            outbox.say_card(session, person.chat_id, card, key=occasion, now=now, lane=lane)


def _who(session: Session, enrolment: Enrolment) -> list[Staff]:
    """Whoever enrolled the patient, while they work in the team and can be reached; else the team's coordinators."""
    enroller = session.get(Staff, enrolment.created_by) if enrolment.created_by is not None else None
    chat = session.get(Chat, enroller.chat_id) if enroller is not None and enroller.chat_id is not None else None
    if enroller is not None and enroller.state == "active" and chat is not None and chat.state == "ok":
        return [enroller]
    return staffing.coordinators(session, enrolment.team_id)
