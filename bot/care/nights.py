"""What nobody asked for and could not go out in time must not come at night instead."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.care import chats, patients
from bot.care.outbox import Lane
from bot.db.models import Chat, Outbox
from schedules import timeline

_ON_TIME = timedelta(minutes=5)  # a row this young was looked at by whoever wrote it


def waits_until(session: Session, row: Outbox, chat: Chat, now: datetime) -> datetime | None:
    """When a check-in or reminder that is late may go, if it is night where its patient is; None: now.

    Costs nothing while messages go out in time.
    """
    if row.lane < Lane.CHECKIN or now - row.created_at < _ON_TIME:
        return None
    person = chats.patient_of(session, chat)
    enrolment = patients.latest(session, person) if person is not None else None
    if person is None or enrolment is None:
        return None
    at = timeline.next_allowed(now, patients.pathway(session, enrolment).schedule.quiet_hours, person.timezone)
    return at if at > now else None
