"""The next instant at which anything is due: for rehearsals that jump from event to event. Reads only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.care import inbox
from bot.db.models import CheckIn, Enrolment, Escalation, Message, Outbox, Reminder

_DUE = (
    (CheckIn.due_at, (CheckIn.state == "planned",)),
    (CheckIn.closes_at, (CheckIn.state == "open",)),
    (Reminder.due_at, (Reminder.state == "planned",)),
    (Escalation.next_page_at, (Escalation.state != "closed",)),
    (Escalation.contact_by, (Escalation.state.in_(("open", "acknowledged")),)),
    (Escalation.resolve_by, (Escalation.state != "closed",)),
    (Message.rescreen_due_at, (Message.rescreen == "asked",)),
    (Message.read_by, (Message.read_at.is_(None), ~Message.overdue_told)),
    (Outbox.not_before, (Outbox.state == "pending",)),
    (Outbox.lease_until, (Outbox.state.in_(("sending", "uncertain")),)),
    (Enrolment.paused_until, (Enrolment.state == "paused",)),
)


def next_event(session: Session, now: datetime) -> datetime | None:
    """The earliest due instant after `now` (UTC), or None when nothing is planned any more."""
    coming: list[datetime] = []
    for column, where in _DUE:
        earliest: datetime | None = session.execute(select(func.min(column)).where(column > now, *where)).scalar()
        if earliest is not None:
            coming.append(earliest)
    again = inbox.next_try(session)
    if again is not None and again > now:
        coming.append(again)
    return min(coming, default=None)
