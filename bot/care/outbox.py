"""Messages to send, written in the same transaction as the state change they speak of. Does not send.

Two kinds of row. `show` means "make this message show the current state": the sender renders when it sends, edits the
message that shows it, or sends one; many changes before that cost one call. `say` is a message of its own, sent once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, bindparam, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot import cards
from bot.cards import Card
from bot.db.engine import wake
from bot.db.models import Outbox

_SHOWING = (
    Outbox.surface == bindparam("surface"),
    Outbox.ref == bindparam("ref"),
    Outbox.chat_id == bindparam("chat"),
)
# Made once, as `_new` is: making a query takes longer than running it.
_WAITING = select(exists().where(Outbox.state == "pending", *_SHOWING))
_HOW_MANY = select(func.count()).select_from(Outbox).where(*_SHOWING)


class Lane(IntEnum):
    """Who goes first. The first two have reserved capacity."""

    EMERGENCY = 0
    CLINICIAN = 1
    CONVERSATION = 2
    CHECKIN = 3
    DIGEST = 4


def show(
    session: Session,
    surface: str,
    ref: int,
    chat_id: int,
    *,
    now: datetime,
    lane: Lane = Lane.CONVERSATION,
    fresh: bool = False,
    not_before: datetime | None = None,
    on_uncertain: str = "evidence",
    key: str | None = None,
) -> bool:
    """Make the message that shows (`surface`, `ref`) in this chat show the current state.

    `fresh` sends a new message at the bottom of the chat and retires the old one; give it a `key` that names the
    occasion, so that the same occasion never sends twice. Without `fresh`, a waiting row of the same surface is enough.
    Returns whether a row was written.
    """
    if not fresh and _waiting(session, surface, ref, chat_id):
        return False
    occasion = key or f"{now.timestamp():.3f}:{_count(session, surface, ref, chat_id)}"
    return _insert(
        session,
        lane=lane,
        purpose=surface,
        chat_id=chat_id,
        surface=surface,
        ref=ref,
        fresh=fresh,
        dedupe_key=f"show:{surface}:{ref}:{chat_id}:{occasion}",
        on_uncertain=on_uncertain,
        not_before=not_before or now,
        created_at=now,
    )


def say(
    session: Session,
    purpose: str,
    chat_id: int,
    *,
    key: str,
    now: datetime,
    lane: Lane = Lane.CONVERSATION,
    payload: Any = None,
    ref: int | None = None,
    not_before: datetime | None = None,
    expires_after: timedelta | None = None,
    on_uncertain: str = "evidence",
) -> bool:
    """Send one message of its own. `purpose` names its renderer (care/showing.py), `key` the occasion: unique for ever.

    `on_uncertain` says what happens when nobody can know whether Telegram took it: "resend" at once and marked as a
    repeat, "evidence" waits 90 s for a sign of life first, "never" lets it be. Returns whether a row was written.
    """
    return _insert(
        session,
        lane=lane,
        purpose=purpose,
        chat_id=chat_id,
        ref=ref,
        payload=payload,
        dedupe_key=f"say:{purpose}:{key}",
        on_uncertain=on_uncertain,
        not_before=not_before or now,
        expires_at=(not_before or now) + expires_after if expires_after else None,
        created_at=now,
    )


def say_card(
    session: Session,
    chat_id: int,
    card: Card,
    *,
    key: str,
    now: datetime,
    lane: Lane = Lane.CONVERSATION,
    expires_after: timedelta | None = None,
    on_uncertain: str = "evidence",
) -> bool:
    """Send this card once, as it is now. Returns whether a row was written."""
    return say(
        session,
        "card",
        chat_id,
        key=key,
        now=now,
        lane=lane,
        payload=cards.to_json(card),
        expires_after=expires_after,
        on_uncertain=on_uncertain,
    )


def withdraw(session: Session, surface: str, ref: int) -> int:
    """Drop what is waiting for this surface. Returns how many rows."""
    dropped = session.scalars(
        update(Outbox)
        .where(Outbox.state == "pending", Outbox.surface == surface, Outbox.ref == ref)
        .values(state="dropped", error="withdrawn")
        .returning(Outbox.id)
    )
    return len(dropped.all())


def known(session: Session, dedupe_key: str) -> bool:
    """Whether this occasion was ever written."""
    return bool(session.scalar(select(exists().where(Outbox.dedupe_key == dedupe_key))))


def coming(session: Session, surface: str, ref: int, chat_id: int) -> bool:
    """Whether a new message that shows this waits to be sent already."""
    return bool(session.scalar(select(exists().where(*_fresh(surface, ref, chat_id), Outbox.state == "pending"))))


def seen(session: Session, surface: str, ref: int, chat_id: int) -> bool:
    """Whether a message that shows this may have arrived."""
    went = ("sending", "sent", "uncertain")
    return bool(session.scalar(select(exists().where(*_fresh(surface, ref, chat_id), Outbox.state.in_(went)))))


def _fresh(surface: str, ref: int, chat_id: int) -> tuple[Any, ...]:
    return Outbox.surface == surface, Outbox.ref == ref, Outbox.chat_id == chat_id, Outbox.fresh


def _waiting(session: Session, surface: str, ref: int, chat_id: int) -> bool:
    """Whether a row that will render later than now is already waiting."""
    return bool(session.scalar(_WAITING, {"surface": surface, "ref": ref, "chat": chat_id}))


def _count(session: Session, surface: str, ref: int, chat_id: int) -> int:
    return session.scalar(_HOW_MANY, {"surface": surface, "ref": ref, "chat": chat_id}) or 0


def _insert(session: Session, **values: Any) -> bool:
    """Insert unless the occasion was already written."""
    session.flush()  # what it speaks of comes first
    written = session.execute(_new(session.get_bind().dialect.name), {"state": "pending", "attempts": 0, **values})
    wake(session, "outbox")
    return written.first() is not None


@lru_cache(maxsize=2)
def _new(dialect: str) -> Executable:
    """A row unless its occasion was written before. Both dialects spell it alike."""
    table: Any = Outbox.__table__
    row = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    new: Executable = row.on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(table.c.id)
    return new
