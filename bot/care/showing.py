"""Which function renders which outbox row, at the moment it is sent. None from a renderer means: no longer applies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import cards
from bot.cards import Card
from bot.care import (
    backlog,
    checkins,
    dossier,
    ending,
    enrolment_form,
    escalations,
    rescheduling,
    rescreening,
    retiring,
    telling,
    welcoming,
)
from bot.care.clinic import Clinic
from bot.care.delivery import Renderers
from bot.db.models import Chat, Outbox


def _as_written(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    return cards.from_json(row.payload)


def _checkin(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    return checkins.card(session, row.ref or 0, clinic, now)


def _rescreen(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    return rescreening.rescreen_card(session, row.ref or 0, clinic, now)


def _escalation(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    return escalations.card(session, row.ref or 0, session.get_one(Chat, row.chat_id), clinic, now)


def _message(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    return dossier.message_card(session, row.ref or 0, session.get_one(Chat, row.chat_id), clinic, now)


RENDERERS: Renderers = {
    "card": _as_written,
    retiring.PURPOSE: retiring.card,
    ending.SURFACE: _checkin,
    rescreening.SURFACE: _rescreen,
    telling.SURFACE: _escalation,
    backlog.SURFACE: backlog.card,
    dossier.MESSAGE: _message,
    enrolment_form.SURFACE: enrolment_form.card,
    rescheduling.SURFACE: rescheduling.card,
    welcoming.SURFACE: welcoming.card,
}
