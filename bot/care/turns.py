"""Whose turn it is: which outbox rows may go now, as far as the database knows. The limits have their own say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, TextClause, and_, bindparam, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from bot.care.outbox import Lane
from bot.db.models import Chat, Outbox
from bot.db.types import UtcDateTime

_NOW = bindparam("now", type_=UtcDateTime)


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
    values = {"now": now, "most": limit} | ({"skip": list(skip)} if skip else {})
    return [
        Waiting(row_id=row_id, chat=chat, group=kind != "private", lane=Lane(lane))
        for row_id, lane, chat, kind in session.execute(_queue(tuple(lanes), bool(skip)), values)
    ]


# The queries are made once for the few sets of lanes there are: making one takes longer than running it.


@lru_cache(maxsize=16)
def _queue(lanes: tuple[Lane, ...], skips: bool) -> Select[int, int, int, str]:
    moving, ahead = aliased(Outbox), aliased(Outbox)
    busy = select(moving.id).where(moving.chat_id == Outbox.chat_id, moving.state == "sending")
    sooner = or_(ahead.lane < Outbox.lane, and_(ahead.lane == Outbox.lane, ahead.id < Outbox.id))
    tried = and_(ahead.attempts > 0, ahead.repeats_id.is_(None))  # a repeat may wait an hour: others go meanwhile
    holds_its_place = or_(ahead.not_before <= _NOW, tried)
    behind = select(ahead.id).where(
        ahead.chat_id == Outbox.chat_id, ahead.state == "pending", ahead.lane <= Outbox.lane, sooner, holds_its_place
    )
    queue = (
        select(Outbox.id, Outbox.lane, Chat.telegram_id, Chat.kind)
        .join(Chat, Chat.id == Outbox.chat_id)
        .where(*_pending(lanes), Outbox.not_before <= _NOW, ~busy.exists(), ~behind.exists())
        .order_by(Outbox.lane, Outbox.not_before, Outbox.id)
        .limit(bindparam("most"))
    )
    return queue.where(Chat.telegram_id.not_in(bindparam("skip", expanding=True))) if skips else queue


def outlook(session: Session, now: datetime, lanes: Collection[Lane]) -> tuple[bool, datetime | None]:
    """Whether any row is due, even one that must wait for its chat, and when the next that is not due will be."""
    due, later = session.execute(_outlook(tuple(lanes)), {"now": now}).one()
    return bool(due), later


@lru_cache(maxsize=8)
def _outlook(lanes: tuple[Lane, ...]) -> Select[bool, datetime | None]:
    due = select(Outbox.id).where(*_pending(lanes), Outbox.not_before <= _NOW)
    later = select(func.min(Outbox.not_before)).where(*_pending(lanes), Outbox.not_before > _NOW)
    return select(due.exists(), later.scalar_subquery())


def _pending(lanes: tuple[Lane, ...]) -> tuple[ColumnElement[bool] | TextClause, ...]:
    return text("outbox.state = 'pending'"), or_(*(Outbox.lane == int(lane) for lane in lanes))
