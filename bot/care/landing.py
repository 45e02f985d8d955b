"""How a message landed, and everything that follows from it: put on record in the same transaction.

What cannot be delivered has consequences of its own (undelivered.py), as has what may have arrived (uncertain.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.care import chats, outcomes, retiring, uncertain, undelivered
from bot.care.clinic import Clinic
from bot.care.delivery import AS_PLAIN, SHOWN, Outgoing
from bot.care.outbox import Lane
from bot.care.outcomes import NotArrived, Outcome
from bot.db.models import Chat, Outbox, Surface

_UNAUTHORIZED_WAIT = timedelta(seconds=30)
_LANDED = (
    select(Outbox, Chat, Surface)
    .join(Chat, Chat.id == Outbox.chat_id)
    .outerjoin(Surface, SHOWN)
    .where(Outbox.id.in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landed:
    """A message whose call ended, when (UTC), and how."""

    outgoing: Outgoing
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What is read once for many: the rows with the messages that show them, troubles an arrival may end, and the
    chats in which a repeat waits.
    """

    rows: dict[int, tuple[Outbox, Surface | None]]
    troubles: frozenset[tuple[str, str]]
    repeating: frozenset[int]


def settle(session: Session, outgoing: Outgoing, outcome: Outcome, clinic: Clinic, now: datetime) -> None:
    """Write down how it went, and everything that follows from it, in this one transaction."""
    settle_all(session, [Landed(outgoing=outgoing, outcome=outcome, at=now)], clinic)


def settle_all(session: Session, landed: Sequence[Landed], clinic: Clinic) -> list[datetime]:
    """`settle` all of these at the price of one. Returns since when each was due: an alert since it was written,
    whatever it waited for.
    """
    around: _Around | None = None
    since = []
    for number, each in enumerate(landed):
        around = around or _look_around(session, landed[number:])
        row, shown = around.rows[each.outgoing.row_id]
        since.append(row.created_at if row.lane <= Lane.CLINICIAN else row.not_before)
        if row.state != "sending" or row.attempts != each.outgoing.attempt:
            _settle_late(session, row, shown, each, around)
            around = None
        elif isinstance(each.outcome, outcomes.Sent | outcomes.Unchanged):
            _sent(session, row, shown, each, around)
        else:
            _not_sent(session, row, shown, each, each.outcome, clinic)
            around = None  # what follows from either may change what was read
    session.flush()
    return since


def _look_around(session: Session, landed: Sequence[Landed]) -> _Around:
    found = session.execute(_LANDED, {"ids": [each.outgoing.row_id for each in landed]}).all()
    chat_ids = {chat.id for _row, chat, _shown in found}
    return _Around(
        rows={row.id: (row, shown) for row, _chat, shown in found},
        troubles=undelivered.troubles(session),
        repeating=uncertain.repeating(session, chat_ids),
    )


def _not_sent(
    session: Session, row: Outbox, shown: Surface | None, each: Landed, outcome: NotArrived, clinic: Clinic
) -> None:
    outgoing, now = each.outgoing, each.at
    row.lease_until = None
    chat = session.get_one(Chat, row.chat_id)
    match outcome:
        case outcomes.RetryAfter(seconds):
            _again(row, now + timedelta(seconds=seconds), "too fast", counts=False)
        case outcomes.Migrated(new_id):
            _again(row, now, "migrated", counts=False)
            session.flush()
            chats.migrate(session, chat.telegram_id, new_id, now)
        case outcomes.NotAuthorized():
            _again(row, now + _UNAUTHORIZED_WAIT, "not authorized", counts=False)
            undelivered.not_authorized(session, now)
        case outcomes.NotSent(why):
            undelivered.not_sent(session, row, why, clinic, now)
        case outcomes.Uncertain(why) if outgoing.edit is not None:  # the same edit twice does no harm
            undelivered.not_sent(session, row, why, clinic, now)
        case outcomes.Uncertain(why):
            uncertain.begin(session, row, why, now)
        case outcomes.GoneToEdit(why):
            _gone_to_edit(session, row, shown, outgoing, why, now)
        case outcomes.BadContent(why):
            _refused(session, row, outgoing, why, clinic, now)
        case outcomes.Unreachable(kind, why):
            undelivered.unreachable(session, row, chat, kind, why, clinic, now)
        case outcomes.NotAllowed(why):
            undelivered.unreachable(session, row, chat, "no_rights", why, clinic, now)
        case _:
            assert_never(outcome)
    session.flush()


def _sent(session: Session, row: Outbox, shown: Surface | None, each: Landed, around: _Around) -> None:
    outgoing, now = each.outgoing, each.at
    message_id = each.outcome.message_id if isinstance(each.outcome, outcomes.Sent) else outgoing.edit or 0
    chat = session.get_one(Chat, row.chat_id)
    row.state = "sent"
    row.lease_until = None
    row.error = None
    row.sent_at = now
    row.telegram_message_id = message_id
    undelivered.reached(session, chat, now, around.troubles)
    if chat.id in around.repeating:
        uncertain.line_is_open(session, chat, now)
    if row.surface is None or outgoing.plain or outgoing.card.keyboard is not None:
        return
    if shown is not None and shown.telegram_message_id == message_id:
        shown.digest = outgoing.digest
        shown.shown_at = now
        return
    if shown is not None:
        shown.current = False
        session.flush()
        retiring.retire(session, shown, now)
    session.add(
        Surface(
            kind=row.surface,
            ref=row.ref,
            chat_id=row.chat_id,
            telegram_message_id=message_id,
            digest=outgoing.digest,
            current=True,
            shown_at=now,
        )
    )


def _settle_late(session: Session, row: Outbox, shown: Surface | None, each: Landed, around: _Around) -> None:
    """The lease had run out before the answer came. Only news of an arrival still matters."""
    same_try = row.state == "uncertain" and row.attempts == each.outgoing.attempt
    if same_try and isinstance(each.outcome, outcomes.Sent):
        _sent(session, row, shown, each, around)
        uncertain.forget_repeat(session, row)


def _gone_to_edit(
    session: Session, row: Outbox, shown: Surface | None, outgoing: Outgoing, why: str, now: datetime
) -> None:
    undelivered.reached(session, session.get_one(Chat, row.chat_id), now, undelivered.troubles(session))
    if row.purpose == retiring.PURPOSE:
        _end(row, "dropped", why)
        return
    if shown is not None and shown.telegram_message_id == outgoing.edit:
        shown.current = False
    _again(row, now, why, counts=False)


def _refused(session: Session, row: Outbox, outgoing: Outgoing, why: str, clinic: Clinic, now: datetime) -> None:
    """Once more as plain words, unless that was it, or words alone would not do."""
    last = outgoing.plain or outgoing.card.file is not None
    undelivered.bad_content(session, row, why, clinic, now, last=last)
    if not last:
        _again(row, now, AS_PLAIN, counts=False)


def _again(row: Outbox, at: datetime, why: str, *, counts: bool = True) -> None:
    row.state = "pending"
    row.not_before = max(at, row.not_before)
    if row.error != AS_PLAIN:
        row.error = why
    if not counts:
        row.attempts -= 1


def _end(row: Outbox, state: str, why: str | None) -> None:
    row.state = state
    row.error = why
    row.lease_until = None
