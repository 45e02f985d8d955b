"""Whatever a patient sends outside the questions: caught by the net, asked back about, and read by a person.

The net only makes some messages faster. Behind it stand the re-screen and the human read, which nothing skips; only a
bare greeting or thanks is not asked back about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.cards import patient
from bot.care import assessing, audit, escalations, guarded, hearing, outbox, patients, reading, rescreening, sweeping
from bot.care.clinic import Clinic
from bot.care.rescreening import rescreen_card, rescreen_due
from bot.db.models import CheckIn, Enrolment, Message, Staff
from schedules import freetext
from schedules.pathway import Level

__all__ = ["Sent", "mark_read", "overdue_reads", "receive", "rescreen_card", "rescreen_due", "screen"]

TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a patient sent. `body` is the text or caption, `kind` as in Message.kind, `edit_of` a messages.id."""

    body: str
    telegram_message_id: int
    kind: str = TEXT
    file_id: str | None = None
    edit_of: int | None = None


def receive(
    session: Session,
    enrolment: Enrolment,
    sent: Sent,
    now: datetime,
    clinic: Clinic,
    *,
    checkin: CheckIn | None = None,
    ask_back: bool = True,
) -> Message:
    """Keep what a patient sent, screen it, tell who must know, and answer.

    `ask_back` False leaves the re-screen out: an answer was recognised in it as well.
    """
    screening = screen(session, enrolment, sent.body)
    row = _keep(session, enrolment, sent, screening, checkin, now)
    level = Level.ROUTINE
    if screening.level >= Level.REVIEW:
        answering = checkin if not ask_back else None
        level = assessing.message(session, row, now, clinic, answering=answering).level
    _operational(session, enrolment, sent, row, now, clinic)
    words = patients.words(session, enrolment, clinic)
    if level < Level.URGENT:
        _answer(session, enrolment, row, screening, ask_back, words, now)
    _outside(session, enrolment, row, words, now)
    alone = rescreening.waiting(session, enrolment) is None
    hearing.after(session, enrolment, now, clinic, said=level >= Level.URGENT, ask=alone)
    return row


def screen(session: Session, enrolment: Enrolment, text: str) -> freetext.Screening:
    """What the net finds in a text, without keeping anything."""
    pathway = patients.pathway(session, enrolment)
    return freetext.screen(pathway.freetext, text, patients.of(session, enrolment).language)


def mark_read(session: Session, message_id: int, by: Staff, now: datetime) -> bool:
    """A person has read it. False when somebody had before; the first one stays on record."""
    read = guarded.step(
        session,
        update(Message).where(Message.id == message_id, Message.read_at.is_(None)).values(read_at=now, reader_id=by.id),
    )
    if not read:
        return False
    audit.record(session, f"staff:{by.id}", "message read", f"message:{message_id}", now)
    return True


def overdue_reads(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: a message that nobody has read in time becomes work for the team, once."""
    due = select(Message.id).where(Message.read_at.is_(None), Message.read_by <= now, ~Message.overdue_told)
    ids = session.scalars(due.order_by(Message.read_by)).all()
    return sweeping.each(session, "unread", ids, lambda row_id: _overdue(session, row_id, now, clinic), now)


def _keep(
    session: Session,
    enrolment: Enrolment,
    sent: Sent,
    screening: freetext.Screening,
    checkin: CheckIn | None,
    now: datetime,
) -> Message:
    row = Message(
        enrolment_id=enrolment.id,
        checkin_id=checkin.id if checkin is not None else None,
        kind=sent.kind,
        body=sent.body or None,
        file_id=sent.file_id,
        telegram_message_id=sent.telegram_message_id,
        edit_of=sent.edit_of,
        received_at=now,
        level=screening.level.value,
        categories=list(screening.categories),
        read_by=_read_by(session, enrolment, sent, now),
    )
    session.add(row)
    session.flush()
    return row


def _overdue(session: Session, row_id: int, now: datetime, clinic: Clinic) -> bool:
    claimed = guarded.step(
        session, update(Message).where(Message.id == row_id, ~Message.overdue_told).values(overdue_told=True)
    )
    enrolment = session.get_one(Enrolment, session.get_one(Message, row_id).enrolment_id)
    escalations.operational(session, enrolment, "unread_message", now, clinic, because={"message": row_id})
    return claimed


def _read_by(session: Session, enrolment: Enrolment, sent: Sent, now: datetime) -> datetime:
    timezone = patients.of(session, enrolment).timezone
    day = (patients.today(session, enrolment, now) - enrolment.surgery_date).days
    soon = day <= reading.EARLY_DAYS or sent.kind != TEXT or not reading.known_language(sent.body)
    return reading.same_day(now, timezone) if soon else reading.next_working_day(now, timezone)


def _operational(
    session: Session, enrolment: Enrolment, sent: Sent, row: Message, now: datetime, clinic: Clinic
) -> None:
    """What no word list can judge goes to a person the same day."""
    finding = "photo_received" if sent.kind != TEXT else None
    if finding is None and not reading.known_language(sent.body):
        finding = "unknown_language"
    if finding is not None:
        escalations.operational(session, enrolment, finding, now, clinic, because={"message": row.id})


def _answer(
    session: Session,
    enrolment: Enrolment,
    row: Message,
    screening: freetext.Screening,
    ask_back: bool,
    words: patients.Words,
    now: datetime,
) -> None:
    """Nothing urgent was found, which proves nothing: say who reads it, and ask."""
    chat_id = patients.of(session, enrolment).chat_id
    if chat_id is None:
        return
    media = row.kind != TEXT
    if screening.asked_about:
        signs = patient.plain(words.card("card_warning_signs"))
        outbox.say_card(session, chat_id, signs, key=f"signs:m{row.id}", now=now)
    greeting = not media and freetext.is_greeting(words.pathway.freetext, row.body or "")
    if greeting or not ask_back:
        if greeting:
            reply = patient.plain(words.card("card_not_monitored"))
            outbox.say_card(session, chat_id, reply, key=f"greeting:m{row.id}", now=now)
        return
    if media:
        reply = patient.plain(words.text("photo_received"))
        outbox.say_card(session, chat_id, reply, key=f"media:m{row.id}", now=now)
    rescreening.ask(session, row, now)


def _outside(session: Session, enrolment: Enrolment, row: Message, words: patients.Words, now: datetime) -> None:
    """Somebody whose programme is over is told that this chat is not watched, each time."""
    chat_id = patients.of(session, enrolment).chat_id
    if enrolment.state not in patients.IN_PROGRAMME and chat_id is not None:
        notice = patient.plain(words.text("outside_programme"))
        outbox.say_card(session, chat_id, notice, key=f"outside:m{row.id}", now=now)
