"""From an outbox row to a message and back: what it says now, and what follows from how it went.

`turns.waiting` → `claim` (leases the row and renders it) → the courier, with no transaction open → `settle`. A row
whose lease runs out is taken for uncertain (uncertain.py); what cannot be delivered has consequences (undelivered.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, assert_never

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Card
from bot.care import chats, nights, outcomes, retiring, uncertain, undelivered
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.care.outcomes import Outcome
from bot.db.models import Chat, Outbox, Surface

LEASE = timedelta(seconds=60)  # longer than any call can take
AS_PLAIN = "bad content: next as plain text"
_UNAUTHORIZED_WAIT = timedelta(seconds=30)
_RENDER_TRIES = 5

Renderer = Callable[[Session, Outbox, Clinic, datetime], Card | None]
Renderers = Mapping[str, Renderer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message, ready for the courier. `edit` is the message to change; `plain` drops markup and buttons."""

    row_id: int
    attempt: int
    chat: int
    lane: Lane
    card: Card
    digest: str
    edit: int | None = None
    plain: bool = False


class Courier(Protocol):
    """What sends. Never raises: everything that can happen is an outcome."""

    async def deliver(self, outgoing: Outgoing) -> Outcome:
        """Send or edit this message once."""
        ...


def claim(
    session: Session, row_id: int, owner: str, renderers: Renderers, clinic: Clinic, now: datetime
) -> Outgoing | None:
    """Lease the row and say what to send now. None when there is nothing to send any more; the row then has its end.

    Raises whatever rendering raises; the row then still waits (see `unrenderable`).
    """
    row = _pending(session, row_id)
    return None if row is None else _claim(session, row, owner, renderers, clinic, now)


def claim_all(
    session: Session, row_ids: Sequence[int], owner: str, renderers: Renderers, clinic: Clinic, now: datetime
) -> list[Outgoing | None]:
    """`claim` all of these at the price of one. Raises what rendering raises; then none of them is claimed."""
    waiting = select(Outbox, Chat).join(Chat, Chat.id == Outbox.chat_id).where(Outbox.id.in_(row_ids))
    mine = waiting.where(Outbox.state == "pending").with_for_update(skip_locked=True, of=Outbox)
    rows = {row.id: row for row, _chat in session.execute(mine)}
    return [
        _claim(session, rows[row_id], owner, renderers, clinic, now) if row_id in rows else None for row_id in row_ids
    ]


def _claim(
    session: Session, row: Outbox, owner: str, renderers: Renderers, clinic: Clinic, now: datetime
) -> Outgoing | None:
    if row.not_before > now:
        return None
    chat = session.get_one(Chat, row.chat_id)
    if too_late := _too_late(row, chat, now):
        _end(row, "expired", too_late)
        return None
    if morning := nights.waits_until(session, row, chat, now):
        row.not_before = morning
        return None
    card = None if uncertain.needless(session, row) else renderers[row.purpose](session, row, clinic, now)
    if card is None:
        _end(row, "dropped", "no longer applies")
        return None
    target = _target(session, row, card)
    if target is not None and target.digest == card.digest and row.error != AS_PLAIN:
        row.telegram_message_id = target.message_id
        row.sent_at = now
        _end(row, "sent", None)
        return None
    row.state = "sending"
    row.attempts += 1
    row.owner = owner
    row.lease_until = now + LEASE
    plain = row.error == AS_PLAIN
    return Outgoing(
        row_id=row.id,
        attempt=row.attempts,
        chat=chat.telegram_id,
        lane=Lane(row.lane),
        card=uncertain.marked(session, row, card),
        digest=card.digest,
        edit=target.message_id if target is not None and not plain else None,
        plain=plain,
    )


def unrenderable(session: Session, row_id: int, error: str, clinic: Clinic, now: datetime) -> None:
    """Rendering raised `error` (a type's name): try again a little later, and in the end let a person know."""
    row = _pending(session, row_id)
    if row is None:
        return
    row.attempts += 1
    row.error = error
    row.not_before = now + timedelta(seconds=2**row.attempts)
    if row.attempts >= _RENDER_TRIES:
        undelivered.dead(session, row, f"not rendered: {error}", clinic, now)


def read_ahead(session: Session, row_ids: Sequence[int]) -> None:
    """Before several are settled in one transaction: read their rows and chats together."""
    session.execute(select(Outbox, Chat).join(Chat, Chat.id == Outbox.chat_id).where(Outbox.id.in_(row_ids))).all()


def settle(session: Session, outgoing: Outgoing, outcome: Outcome, clinic: Clinic, now: datetime) -> None:
    """Write down how it went, and everything that follows from it, in this one transaction."""
    row = session.get_one(Outbox, outgoing.row_id)
    if row.state != "sending" or row.attempts != outgoing.attempt:
        _settle_late(session, row, outgoing, outcome, now)
        return
    row.lease_until = None
    chat = session.get_one(Chat, row.chat_id)
    match outcome:
        case outcomes.Sent(message_id):
            _sent(session, row, chat, outgoing, message_id, now)
        case outcomes.Unchanged():
            _sent(session, row, chat, outgoing, outgoing.edit or 0, now)
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
            _gone_to_edit(session, row, chat, outgoing, why, now)
        case outcomes.BadContent(why):
            _refused(session, row, outgoing, why, clinic, now)
        case outcomes.Unreachable(kind, why):
            undelivered.unreachable(session, row, chat, kind, why, clinic, now)
        case outcomes.NotAllowed(why):
            undelivered.unreachable(session, row, chat, "no_rights", why, clinic, now)
        case _:
            assert_never(outcome)
    session.flush()


def tapped_in(session: Session, surface: str, ref: int, telegram_id: int, message_id: int, now: datetime) -> None:
    """The button that was pressed in this message belongs to `surface` and `ref`: so the message shows it."""
    chat = chats.find(session, telegram_id)
    if chat is not None:
        uncertain.found(session, surface, ref, chat, message_id, now)


def tapped(session: Session, telegram_id: int, message_id: int, now: datetime) -> None:
    """A button of this message was pressed, so it arrived: the sign of life that an uncertain message waits for."""
    chat = chats.find(session, telegram_id)
    if chat is not None:
        uncertain.arrived(session, chat, message_id, now)


def _too_late(row: Outbox, chat: Chat, now: datetime) -> str | None:
    """Why this row need not be tried any more. Alerts are tried whatever we believe of the chat."""
    if row.expires_at is not None and row.expires_at <= now:
        return "too late"
    if chat.state in chats.CLOSED and row.lane > Lane.CLINICIAN:
        return f"chat {chat.state}"
    return None


@dataclass(frozen=True, slots=True)
class _Target:
    message_id: int
    digest: str | None


def _target(session: Session, row: Outbox, card: Card) -> _Target | None:
    """The message this row changes, or None when it sends a new one."""
    if row.purpose == retiring.PURPOSE:
        return _Target(row.payload["message_id"], None)
    if row.surface is None or row.fresh or card.keyboard is not None or card.file is not None:
        return None
    shown = _current(session, row)
    return None if shown is None else _Target(shown.telegram_message_id, shown.digest)


def _current(session: Session, row: Outbox) -> Surface | None:
    same = (Surface.kind == row.surface, Surface.ref == row.ref, Surface.chat_id == row.chat_id)
    return session.scalars(select(Surface).where(*same, Surface.current)).one_or_none()


def _sent(session: Session, row: Outbox, chat: Chat, outgoing: Outgoing, message_id: int, now: datetime) -> None:
    row.state = "sent"
    row.error = None
    row.sent_at = now
    row.telegram_message_id = message_id
    undelivered.reached(session, chat, now)
    uncertain.line_is_open(session, chat, now)
    if row.surface is None or outgoing.plain or outgoing.card.keyboard is not None:
        return
    shown = _current(session, row)
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


def _settle_late(session: Session, row: Outbox, outgoing: Outgoing, outcome: Outcome, now: datetime) -> None:
    """The lease had run out before the answer came. Only news of an arrival still matters."""
    if isinstance(outcome, outcomes.Sent) and row.state == "uncertain" and row.attempts == outgoing.attempt:
        _sent(session, row, session.get_one(Chat, row.chat_id), outgoing, outcome.message_id, now)
        uncertain.forget_repeat(session, row)


def _gone_to_edit(session: Session, row: Outbox, chat: Chat, outgoing: Outgoing, why: str, now: datetime) -> None:
    undelivered.reached(session, chat, now)
    if row.purpose == retiring.PURPOSE:
        _end(row, "dropped", why)
        return
    shown = _current(session, row)
    if shown is not None and shown.telegram_message_id == outgoing.edit:
        shown.current = False
    _again(row, now, why, counts=False)


def _refused(session: Session, row: Outbox, outgoing: Outgoing, why: str, clinic: Clinic, now: datetime) -> None:
    """Once more as plain words, unless that was it, or words alone would not do."""
    last = outgoing.plain or outgoing.card.file is not None
    undelivered.bad_content(session, row, why, clinic, now, last=last)
    if not last:
        _again(row, now, AS_PLAIN, counts=False)


def _pending(session: Session, row_id: int) -> Outbox | None:
    mine = select(Outbox).where(Outbox.id == row_id, Outbox.state == "pending")
    return session.scalars(mine.with_for_update(skip_locked=True)).one_or_none()


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
