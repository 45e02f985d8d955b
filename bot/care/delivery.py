"""From an outbox row to a message: what it says now, and which message it changes.

`turns.waiting` → `claim` (leases the row and renders it) → the courier, with no transaction open → landing.py. A row
whose lease runs out is taken for uncertain (uncertain.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from bot.cards import Card
from bot.care import chats, nights, retiring, uncertain, undelivered
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.care.outcomes import Outcome
from bot.db.models import Chat, Outbox, Surface

LEASE = timedelta(seconds=60)  # longer than any call can take
AS_PLAIN = "bad content: next as plain text"
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


SHOWN = and_(  # the message that shows what an outbox row is about
    Surface.kind == Outbox.surface, Surface.ref == Outbox.ref, Surface.chat_id == Outbox.chat_id, Surface.current
)
_CLAIMED = (  # made once: making a query takes longer than running it
    select(Outbox, Chat, Surface)
    .join(Chat, Chat.id == Outbox.chat_id)
    .outerjoin(Surface, SHOWN)
    .where(Outbox.id.in_(bindparam("ids", expanding=True)), Outbox.state == "pending")
    .with_for_update(skip_locked=True, of=Outbox)
)


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
    return claim_all(session, [row_id], owner, renderers, clinic, now)[0]


def claim_all(
    session: Session, row_ids: Sequence[int], owner: str, renderers: Renderers, clinic: Clinic, now: datetime
) -> list[Outgoing | None]:
    """`claim` all of these at the price of one. Raises what rendering raises; then none of them is claimed."""
    rows = {row.id: (row, shown) for row, _chat, shown in session.execute(_CLAIMED, {"ids": list(row_ids)})}
    return [
        _claim(session, *rows[row_id], owner, renderers, clinic, now) if row_id in rows else None for row_id in row_ids
    ]


def _claim(
    session: Session,
    row: Outbox,
    shown: Surface | None,
    owner: str,
    renderers: Renderers,
    clinic: Clinic,
    now: datetime,
) -> Outgoing | None:
    chat = session.get_one(Chat, row.chat_id)
    if not _may_go(session, row, chat, now):
        return None
    card = None if uncertain.needless(session, row) else renderers[row.purpose](session, row, clinic, now)
    if card is None:
        _end(row, "dropped", "no longer applies")
        return None
    target = _target(row, card, shown)
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


def _may_go(session: Session, row: Outbox, chat: Chat, now: datetime) -> bool:
    """Whether it may go now. One that is too late ends; one that must not go at night waits for the morning."""
    if row.not_before > now:
        return False
    if too_late := _too_late(row, chat, now):
        _end(row, "expired", too_late)
        return False
    if morning := nights.waits_until(session, row, chat, now):
        row.not_before = morning
        return False
    return True


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


def _target(row: Outbox, card: Card, shown: Surface | None) -> _Target | None:
    """The message this row changes, or None when it sends a new one."""
    if row.purpose == retiring.PURPOSE:
        return _Target(row.payload["message_id"], None)
    if shown is None or row.fresh or card.keyboard is not None or card.file is not None:
        return None
    return _Target(shown.telegram_message_id, shown.digest)


def _pending(session: Session, row_id: int) -> Outbox | None:
    mine = select(Outbox).where(Outbox.id == row_id, Outbox.state == "pending")
    return session.scalars(mine.with_for_update(skip_locked=True)).one_or_none()


def _end(row: Outbox, state: str, why: str | None) -> None:
    row.state = state
    row.error = why
    row.lease_until = None
