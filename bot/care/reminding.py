"""Reminds of open check-ins: the same message again at the bottom of the chat, in words that others may see.

Several reminders that fell due together, as after hours of downtime, are one.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.care import assessing, ending, guarded, outbox, patients, sweeping
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import Answer, CheckIn, Enrolment, Patient, Reminder

IDLE = timedelta(minutes=10)  # who answered this recently is not reminded but left to go on

_WHOSE = (
    select(Reminder.id, CheckIn.closes_at, Enrolment.pathway_version_id, Patient.timezone)
    .join(CheckIn, Reminder.checkin_id == CheckIn.id)
    .join(Enrolment, Enrolment.id == CheckIn.enrolment_id)
    .join(Patient, Patient.id == Enrolment.patient_id)
    .where(Reminder.id.in_(sweeping.IDS), CheckIn.state == "open")
)


def remind_due(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: send every reminder that is due to a check-in not yet finished. Returns how many went out."""
    return sweeping.through(session, due, lambda ids: remind_these(session, ids, now, clinic), now)


def due(session: Session, now: datetime, tried: Container[int] = (), most: int = sweeping.PAGE) -> Sequence[int]:
    """The reminders that are due, but not of patients for whom it is night: ids, the latest first."""
    night = patients.nights(session, now)
    planned = select(Reminder.id).where(Reminder.state == "planned", Reminder.due_at <= now)
    ids = session.scalars(planned.order_by(Reminder.due_at.desc(), Reminder.number.desc(), Reminder.id)).all()
    awake = (
        row_id
        for row_id, closes_at, version_id, timezone in sweeping.looked_up(session, ids, _WHOSE)
        if closes_at > now and not night(version_id, timezone)
    )
    return sweeping.page(awake, tried, most)


def remind_these(session: Session, ids: Sequence[int], now: datetime, clinic: Clinic) -> int:
    """Send these. Returns how many went out."""
    return sweeping.each(session, "remind", ids, lambda row_id: _remind(session, row_id, now), now)


def sent(session: Session, row: CheckIn) -> tuple[int, int]:
    """How many reminders of this check-in went out, and how many there are."""
    counted = select(func.count()).select_from(Reminder).where(Reminder.checkin_id == row.id)
    return (
        session.scalar(counted.where(Reminder.state == "sent")) or 0,
        session.scalar(counted) or 0,
    )


def overtaken(session: Session, row: CheckIn, until: datetime) -> None:
    """The question comes anyway: every reminder due `until` then (UTC) counts as sent by it."""
    due = (Reminder.checkin_id == row.id, Reminder.state == "planned", Reminder.due_at <= until)
    session.execute(update(Reminder).where(*due).values(state="sent"))


def _remind(session: Session, reminder_id: int, now: datetime) -> bool:
    reminder = session.get_one(Reminder, reminder_id, populate_existing=True)
    if reminder.state != "planned":
        return False
    row = session.get_one(CheckIn, reminder.checkin_id)
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    if (
        patients.quiet(session, enrolment, now)
        or assessing.in_crisis(session, enrolment, now)
        or _busy(session, row, now)
    ):
        return False
    chat = patients.chat(session, enrolment)
    needed = chat is not None and row.stage != "summary" and enrolment.state != "paused"
    claimed = guarded.step(
        session,
        update(Reminder)
        .where(Reminder.id == reminder_id, Reminder.state == "planned")
        .values(state="sent" if needed else "cancelled"),
    )
    if not claimed or chat is None or not needed:
        return False
    overtaken(session, row, reminder.due_at)
    # Back to the opening words: what a locked screen shows then names no body part and no illness.
    session.execute(update(CheckIn).where(CheckIn.id == row.id, CheckIn.state == "open").values(stage="intro"))
    session.refresh(row)
    if outbox.coming(session, ending.SURFACE, row.id, chat.id):
        return True  # the check-in itself could not be sent yet: it comes once, not with its reminder behind it
    outbox.show(
        session,
        ending.SURFACE,
        row.id,
        chat.id,
        now=now,
        lane=Lane.CHECKIN,
        fresh=True,
        key=f"remind:{reminder.number}",
    )
    return True


def _busy(session: Session, row: CheckIn, now: datetime) -> bool:
    last = session.scalar(select(func.max(Answer.at)).where(Answer.checkin_id == row.id))
    return last is not None and now - last < IDLE
