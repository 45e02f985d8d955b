"""Whose turn it is: which outbox rows may go now, as far as the database knows. The limits have their own say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Select, and_, bindparam, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from bot.care.outbox import Lane
from bot.db.models import Chat, Outbox
from bot.db.types import UtcDateTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A row that may go as far as the database knows. `chat` is the Telegram id."""

    row_id: int
    chat: int
    group: bool
    lane: Lane


def waiting(
    session: Session, now: datetime, lanes: Collection[Lane], skip: Collection[int], limit: int
) -> list[Waiting]:
    """The first waiting row of each chat, most urgent first; one at a time per chat, in order within a lane.

    A row that waits for another try holds its place: later ones of its chat do not overtake it. `skip` are the
    Telegram ids of chats that must wait.
    """
    values = {"now": now, "lanes": list(lanes), "skip": list(skip), "most": limit}
    return [
        Waiting(row_id=row_id, chat=chat, group=kind != "private", lane=Lane(lane))
        for row_id, lane, chat, kind in session.execute(_queue(), values)
    ]


@lru_cache(maxsize=1)
def _queue() -> Select[int, int, int, str]:
    """The query of `waiting`, made once: making it takes ten times as long as running it."""
    now = bindparam("now", type_=UtcDateTime)
    moving, ahead = aliased(Outbox), aliased(Outbox)
    busy = select(moving.id).where(moving.chat_id == Outbox.chat_id, moving.state == "sending")
    sooner = or_(ahead.lane < Outbox.lane, and_(ahead.lane == Outbox.lane, ahead.id < Outbox.id))
    tried = and_(ahead.attempts > 0, ahead.repeats_id.is_(None))  # a repeat may wait an hour: others go meanwhile
    holds_its_place = or_(ahead.not_before <= now, tried)
    behind = select(ahead.id).where(
        ahead.chat_id == Outbox.chat_id, ahead.state == "pending", ahead.lane <= Outbox.lane, sooner, holds_its_place
    )
    return (
        select(Outbox.id, Outbox.lane, Chat.telegram_id, Chat.kind)
        .join(Chat, Chat.id == Outbox.chat_id)
        .where(
            text("outbox.state = 'pending'"),
            Outbox.lane.in_(bindparam("lanes", expanding=True)),
            Outbox.not_before <= now,
        )
        .where(Chat.telegram_id.not_in(bindparam("skip", expanding=True)), ~busy.exists(), ~behind.exists())
        .order_by(Outbox.lane, Outbox.not_before, Outbox.id)
        .limit(bindparam("most"))
    )


def next_due(session: Session, now: datetime, lanes: Collection[Lane]) -> datetime | None:
    """When the next row that is not due yet will be, or None."""
    later = select(func.min(Outbox.not_before)).where(text("state = 'pending'"), Outbox.not_before > now)
    return session.scalar(later.where(Outbox.lane.in_(list(lanes))))
