"""What the bot holds: one look at its database, as plain data."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.care import ledger
from bot.care.ledger import Ledger
from bot.db.models import (
    Answer,
    Chat,
    CheckIn,
    Enrolment,
    Escalation,
    EscalationEvent,
    Gap,
    Inbox,
    Message,
    Outbox,
    Patient,
    Surface,
)

ON_ITS_WAY = timedelta(seconds=60)  # of the clock: a group's turn under the limits
LATE = timedelta(minutes=5)  # a check-in this long over its time was not seen by any tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A stored update."""

    id: int
    raw: str
    state: str
    error: str | None
    processed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An escalation and its course: each event's kind, and for a page which step of the ladder."""

    code: str
    level: str
    state: str
    next_page_at: datetime | None
    events: tuple[tuple[str, int | None], ...]

    @property
    def kinds(self) -> list[str]:
        """The kinds of its events."""
        return [kind for kind, _number in self.events]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An outbox row, as far as it matters here."""

    id: int
    state: str
    error: str | None
    not_before: datetime
    lease_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Everything that is compared. `answers` by check-in and question; `doubted` questions were asked twice;
    `gave_way`: when a later check-in took the place of one; `sent_ids` by Telegram chat.
    """

    inbox: list[Update]
    answers: dict[tuple[int, str], list[Any]]
    doubted: set[tuple[int, str]]
    gave_way: dict[int, datetime]
    words: Counter[str]
    cases: list[Case]
    gaps: list[tuple[datetime, datetime]]
    ledger: Ledger
    astray: list[int]
    overdue: list[int]
    unasked: list[int]
    outbox: list[Row]
    sent_ids: dict[int, set[int]]
    adopted_twice: int

    @property
    def stuck(self) -> list[tuple[int, str, str | None]]:
        """Messages that came to a bad end."""
        return [(row.id, row.state, row.error) for row in self.outbox if row.state == "dead"]


def in_flight(session: Session) -> int:
    """How many messages are on their way."""
    return session.scalar(select(func.count()).select_from(Outbox).where(Outbox.state == "sending")) or 0


def moving(session: Session, now: datetime) -> int:
    """How many updates and messages wait for longer than they should. Open cases are told of without end."""
    waiting = session.scalar(select(func.count()).select_from(Inbox).where(Inbox.state == "new")) or 0
    due = (Outbox.state == "pending") & (Outbox.not_before <= now - ON_ITS_WAY)
    unsure = (Outbox.state == "uncertain") & Outbox.lease_until.is_not(None)
    cut_off = (Outbox.state == "sending") & (Outbox.lease_until <= now)
    on_the_way = select(func.count()).select_from(Outbox).where(due | unsure | cut_off)
    return waiting + (session.scalar(on_the_way) or 0)


def got_on(session: Session) -> int:
    """A number that rises with every answer and every message that was sent."""
    sent = select(func.count()).select_from(Outbox).where(Outbox.state == "sent")
    return (session.scalar(select(func.count()).select_from(Answer)) or 0) + (session.scalar(sent) or 0)


def look(session: Session, now: datetime) -> Holding:
    """The whole of it, at `now`, UTC."""
    return Holding(
        inbox=[
            Update(id=row.id, raw=row.raw or "{}", state=row.state, error=row.error, processed_at=row.processed_at)
            for row in session.scalars(select(Inbox).order_by(Inbox.id))
        ],
        answers=_answers(session),
        doubted={(row.id, question) for row in session.scalars(select(CheckIn)) for question in row.asked_again or ()},
        gave_way=_gave_way(session),
        words=_words(session),
        cases=_cases(session),
        gaps=[(row.began_at, row.ended_at) for row in session.scalars(select(Gap))],
        ledger=ledger.balance(session),
        astray=ledger.astray(session, now),
        overdue=_overdue(session, now),
        unasked=_unasked(session),
        outbox=[
            Row(id=row.id, state=row.state, error=row.error, not_before=row.not_before, lease_until=row.lease_until)
            for row in session.scalars(select(Outbox).order_by(Outbox.id))
        ],
        sent_ids=_sent_ids(session),
        adopted_twice=_adopted_twice(session),
    )


def _answers(session: Session) -> dict[tuple[int, str], list[Any]]:
    found: dict[tuple[int, str], list[Any]] = defaultdict(list)
    asked = (
        select(Answer).join(CheckIn, CheckIn.id == Answer.checkin_id).where(CheckIn.kind != "baseline", Answer.readable)
    )
    for row in session.scalars(asked.order_by(Answer.id)):
        found[row.checkin_id, row.question].append(row.value)
    return found


def _gave_way(session: Session) -> dict[int, datetime]:
    """The instant from which a check-in takes no answers: a later one of the same patient asks the same."""
    rows = session.scalars(select(CheckIn).where(CheckIn.opened_at.is_not(None)))
    opened = [(row.id, row.enrolment_id, row.opened_at) for row in rows if row.opened_at is not None]
    found: dict[int, datetime] = {}
    for row_id, enrolment, at in opened:
        later = [other for _id, whose, other in opened if whose == enrolment and other > at]
        if later:
            found[row_id] = min(later)
    return found


def _words(session: Session) -> Counter[str]:
    written = [row.body for row in session.scalars(select(Message))]
    return Counter(text for text in (*written, *(row.raw for row in session.scalars(select(Answer)))) if text)


def _cases(session: Session) -> list[Case]:
    events: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
    for event in session.scalars(select(EscalationEvent).order_by(EscalationEvent.id)):
        events[event.escalation_id].append((event.kind, (event.details or {}).get("number")))
    rows = select(Escalation, Patient.code).join(Enrolment, Enrolment.id == Escalation.enrolment_id)
    return [
        Case(
            code=code,
            level=case.level,
            state=case.state,
            next_page_at=case.next_page_at,
            events=tuple(events[case.id]),
        )
        for case, code in session.execute(rows.join(Patient, Patient.id == Enrolment.patient_id))
    ]


def _overdue(session: Session, now: datetime) -> list[int]:
    due = select(CheckIn.id).where(CheckIn.state == "planned", CheckIn.due_at < now - LATE)
    return list(session.scalars(due.order_by(CheckIn.id)))


def _unasked(session: Session) -> list[int]:
    """Open check-ins of which no message ever went out, though the first had its time."""
    sent = select(Outbox.id).where(Outbox.surface == "checkin", Outbox.ref == CheckIn.id, Outbox.state == "sent")
    open_ones = select(CheckIn.id).where(CheckIn.state == "open", ~sent.exists())
    return list(session.scalars(open_ones.order_by(CheckIn.id)))


def _sent_ids(session: Session) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for source in (Outbox, Surface):
        known = select(Chat.telegram_id, source.telegram_message_id).join(Chat, Chat.id == source.chat_id)
        for chat, message in session.execute(known.where(source.telegram_message_id.is_not(None))):
            if message:
                found[chat].add(message)
    return found


def _adopted_twice(session: Session) -> int:
    """Messages known to have arrived whose repeat went out as well."""
    first = Outbox.__table__.alias("first")
    both = (
        select(func.count())
        .select_from(Outbox)
        .join(first, first.c.id == Outbox.repeats_id)
        .where(Outbox.state == "sent", first.c.state == "sent", first.c.telegram_message_id.is_not(None))
    )
    return session.scalar(both) or 0
