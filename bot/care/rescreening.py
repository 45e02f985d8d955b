"""The closed question after anything a patient wrote: is any of this happening now?

One tap turns words into an answer. Unanswered, it is asked once more; after that a person reads the message that day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from bot.cards import Card, patient
from bot.care import answers, assessing, escalations, guarded, hearing, outbox, pathways, patients, reading, sweeping
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import Enrolment, Message
from schedules.pathway import Level

SURFACE = "rescreen"
TOGETHER = timedelta(minutes=10)  # several lines in a row are one message: they share the question
# Made once: making a query takes longer than running it.
_ASKED = (
    select(Message)
    .where(Message.enrolment_id == bindparam("enrolment"), Message.rescreen == "asked")
    .order_by(Message.id.desc())
)
_ASKED_LAST = _ASKED.limit(1)
_ASKED_JUST_NOW = _ASKED.where(Message.received_at >= bindparam("since"), Message.id != bindparam("but"))


def ask(session: Session, row: Message, now: datetime) -> None:
    """Ask about this message; when the question about the last line still waits, that one comes down to the bottom."""
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    values = {"enrolment": enrolment.id, "since": now - TOGETHER, "but": row.id}
    waiting = session.scalars(_ASKED_JUST_NOW, values).first()
    pathway = pathways.of(session, enrolment.pathway_version_id)
    if waiting is None:
        row.rescreen = "asked"
        row.rescreen_due_at = now + timedelta(minutes=pathway.rescreen.reminder_min)
        session.flush()
    show(session, waiting or row, now, key=f"ask:{row.id}")


def rescreen_card(session: Session, ref: int, clinic: Clinic, now: datetime) -> Card | None:
    """What the re-screen of a message shows now; None when there is nothing to ask."""
    row = session.get(Message, ref)
    if row is None or row.rescreen == "none":
        return None
    words = patients.words(session, session.get_one(Enrolment, row.enrolment_id), clinic)
    if row.rescreen == "answered":
        return patient.plain(words.text("thanks_human_reads"))
    question = words.pathway.rescreen
    text = words.text("rescreen_reminder") if row.rescreen_reminded else question.text.in_(words.language)
    return patient.rescreen(
        row.id, text, question.options, tuple(row.rescreen_picks or ()), words.language, words.label
    )


def waiting(session: Session, enrolment: Enrolment) -> Message | None:
    """The newest message whose re-screen was not answered yet, for an answer that is typed."""
    return session.scalars(_ASKED_LAST, {"enrolment": enrolment.id}).first()


def tick(session: Session, row: Message, option: int, on: bool, now: datetime) -> bool:
    """Tick or untick one option. False when there is no such option."""
    question = pathways.of(session, session.get_one(Enrolment, row.enrolment_id).pathway_version_id).rescreen
    if not 0 <= option < len(question.options):
        return False
    picks = tuple(row.rescreen_picks or ())
    row.rescreen_picks = answers.ticked(picks, question.options[option].id, on, question.exclusive)
    session.flush()
    show(session, row, now)
    return True


def answer(session: Session, row: Message, picks: tuple[str, ...], now: datetime, clinic: Clinic) -> bool:
    """Take the answer to the re-screen, judge it, and say what to do. False when it was answered before."""
    taken = guarded.step(
        session,
        update(Message)
        .where(Message.id == row.id, Message.rescreen.in_(("asked", "expired")))
        .values(rescreen="answered", rescreen_picks=list(picks), rescreen_due_at=None),
    )
    if not taken:
        return False
    session.refresh(row)
    judgement = assessing.message(session, row, now, clinic)
    show(session, row, now)
    if judgement.level is Level.REVIEW:
        _say_review(session, row, judgement, now, clinic)
    hearing.after(session, session.get_one(Enrolment, row.enrolment_id), now, clinic, said=judgement.said)
    return True


def rescreen_due(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: remind of unanswered re-screens once, then hand the message to a person for today."""
    due = select(Message.id).where(Message.rescreen == "asked", Message.rescreen_due_at <= now)
    ids = session.scalars(due.order_by(Message.rescreen_due_at)).all()
    return sweeping.each(session, "rescreen", ids, lambda row_id: _next_step(session, row_id, now, clinic), now)


def _next_step(session: Session, row_id: int, now: datetime, clinic: Clinic) -> bool:
    row = session.get_one(Message, row_id)
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    words = patients.words(session, enrolment, clinic)
    give_up_at = row.received_at + timedelta(hours=words.pathway.rescreen.human_read_h)
    if not row.rescreen_reminded and now < give_up_at:
        row.rescreen_reminded, row.rescreen_due_at = True, give_up_at
        session.flush()
        if not patients.quiet(session, enrolment, now):
            show(session, row, now, key="remind")
        return True
    row.rescreen, row.rescreen_due_at = "expired", None
    row.read_by = min(row.read_by, reading.same_day(now, words.timezone))
    session.flush()
    escalations.operational(session, enrolment, "rescreen_unanswered", now, clinic, because={"message": row.id})
    return True


def _say_review(session: Session, row: Message, judgement: assessing.Judgement, now: datetime, clinic: Clinic) -> None:
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    chat_id = patients.of(session, enrolment).chat_id
    words = patients.words(session, enrolment, clinic)
    said = assessing.closing_cards(words, judgement.findings, Level.REVIEW)
    if chat_id is not None and said:
        outbox.say_card(session, chat_id, patient.plain("\n\n".join(said)), key=f"review:m{row.id}", now=now)


def show(session: Session, row: Message, now: datetime, *, key: str | None = None) -> None:
    """Make the re-screen's message show the current state; with a `key` as a new one at the bottom of the chat."""
    chat_id = patients.of(session, session.get_one(Enrolment, row.enrolment_id)).chat_id
    if chat_id is not None:
        outbox.show(session, SURFACE, row.id, chat_id, now=now, lane=Lane.CONVERSATION, fresh=key is not None, key=key)
