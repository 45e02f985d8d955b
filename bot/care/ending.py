"""Every check-in ends in exactly one recorded reason. The guarded step to it, and the end of everything at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.care import guarded, outbox, patients
from bot.db.models import CheckIn, Enrolment, Reminder

SURFACE = "checkin"
NEVER_LATE = ("withdrawn", "cancelled", "superseded", "paused", "phone_task", "unreachable")


def end(session: Session, row: CheckIn, reason: str, by: str, now: datetime) -> bool:
    """End a check-in that is planned or open, and its reminders. False when it had ended already."""
    ended = guarded.step(
        session,
        update(CheckIn)
        .where(CheckIn.id == row.id, CheckIn.state != "ended")
        .values(state="ended", end_reason=reason, ended_at=now, ended_by=by, unreadable_since=None),
    )
    if not ended:
        return False
    quieten(session, row)
    session.refresh(row)
    if row.opened_at is None:
        outbox.withdraw(session, SURFACE, row.id)
    return True


def quieten(session: Session, row: CheckIn) -> None:
    """No more reminders for this check-in."""
    session.execute(
        update(Reminder).where(Reminder.checkin_id == row.id, Reminder.state == "planned").values(state="cancelled")
    )


def stop_all(session: Session, enrolment: Enrolment, reason: str, by: str, now: datetime) -> int:
    """End every planned and open check-in of an enrolment, and drop what waits to be sent. Returns how many ended."""
    rows = session.scalars(select(CheckIn).where(CheckIn.enrolment_id == enrolment.id, CheckIn.state != "ended")).all()
    ended = 0
    for row in rows:
        was_open = row.state == "open"
        outbox.withdraw(session, SURFACE, row.id)
        if end(session, row, reason, by, now):
            ended += 1
            if was_open:
                show(session, row, now)
    return ended


def takes_answers(session: Session, row: CheckIn) -> bool:
    """Whether an answer still counts: while it is open, and after closing until the next check-in has opened."""
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    if enrolment.state not in patients.IN_PROGRAMME and not after_programme(enrolment):
        return False
    if row.state != "ended":
        return row.state == "open"
    if row.opened_at is None or row.kind == "baseline" or row.end_reason in NEVER_LATE:
        return False
    later = select(CheckIn.id).where(
        CheckIn.enrolment_id == row.enrolment_id, CheckIn.opened_at > row.opened_at, CheckIn.id != row.id
    )
    return session.scalars(later.limit(1)).first() is None


def after_programme(enrolment: Enrolment) -> bool:
    """Whether the programme ran to its end: such a patient may still say that something has changed."""
    return enrolment.state == "ended" and enrolment.ended_by == "programme"


def show(session: Session, row: CheckIn, now: datetime, *, key: str | None = None) -> None:
    """Make the check-in's message show the current state; with a `key` as a new message at the bottom of the chat."""
    chat = patients.chat(session, session.get_one(Enrolment, row.enrolment_id))
    if chat is not None:
        outbox.show(session, SURFACE, row.id, chat.id, now=now, fresh=key is not None, key=key)
