"""Updates as they came, stored before Telegram is told that they arrived; then one at a time per chat.

One that cannot be processed is tried again, then set aside: it stays readable, blocks nobody, and a person is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Dialect, LargeBinary, bindparam, func, or_, select, text, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot import metrics
from bot.care import chats, escalations, pathways, patients, watchdog
from bot.care.clinic import Clinic
from bot.db import tally
from bot.db.engine import shared, wake
from bot.db.models import Enrolment, Inbox, Message
from bot.db.types import Encrypted, UtcDateTime
from schedules import freetext
from schedules.levels import Level

ATTEMPTS = 5
ATTEMPTS_AWAY = 20  # about a quarter of an hour, when it was the database that failed
BACKOFF_S = (1, 4, 15, 60)  # after the first, second, … failure; the chat's later updates wait as long
READ_WITHIN = timedelta(hours=2)
# Asked at every update, so made once: making a query takes longer than running it.
_MINE = (Inbox.id == bindparam("row"), Inbox.state == "new")
_TAKE = select(Inbox.id).where(*_MINE).with_for_update(skip_locked=True)
_OLDEST = select(func.min(Inbox.id)).where(text("state = 'new'")).group_by(Inbox.chat_key)
_DUE = (
    select(Inbox.id, Inbox.received_at, type_coerce(Inbox.raw, LargeBinary))
    .where(Inbox.id.in_(_OLDEST))
    .where(or_(Inbox.not_before.is_(None), Inbox.not_before <= bindparam("now", type_=UtcDateTime)))
    .order_by(Inbox.id)
    .limit(bindparam("most"))
)
_DONE = (
    update(Inbox)
    .where(*_MINE)
    .values(state="done", processed_at=bindparam("now"), error=None, not_before=None)
    .returning(Inbox.id)
    .execution_options(synchronize_session=False)  # no unit holds the row itself
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One update as Telegram sent it. Updates of one `chat_key` are processed in the order of arrival."""

    update_id: int
    chat_key: int
    body: str

    @property
    def digest(self) -> str:
        """What tells this update from another one under the same id: ids may start anew."""
        return hashlib.sha256(self.body.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored update that waits to be processed."""

    row_id: int
    received_at: datetime
    _sealed: bytes | None
    _dialect: Dialect

    def body(self) -> str:
        """What Telegram sent. Raises KeyMissing, so that one update that does not open stops no other."""
        return Encrypted().process_result_value(self._sealed, self._dialect) or ""


def store(session: Session, bot_id: int, updates: Sequence[Raw], now: datetime) -> int:
    """Keep what was not kept before. Returns how many were new."""
    if not updates:
        return 0
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = 0
    for each in updates:
        row = dialect.insert(Inbox).values(
            bot_id=bot_id,
            update_id=each.update_id,
            digest=each.digest,
            chat_key=each.chat_key,
            raw=each.body,
            received_at=now,
            state="new",
            attempts=0,
        )
        kept = session.execute(
            row.on_conflict_do_nothing(index_elements=["bot_id", "update_id", "digest"]).returning(Inbox.id)
        )
        new += kept.first() is not None
    tally.count(session, partial(metrics.RECEIVED.inc, new))
    wake(session, "inbox")
    return new


def due(session: Session, now: datetime, limit: int = 100) -> list[Stored]:
    """The oldest waiting update of each chat, unless it waits for another try, in order of arrival."""
    dialect = session.get_bind().dialect
    return [
        Stored(row_id=row_id, received_at=received_at, _sealed=sealed, _dialect=dialect)
        for row_id, received_at, sealed in session.execute(_DUE, {"now": now, "most": limit})
    ]


def next_try(session: Session) -> datetime | None:
    """When the next failed update is due for another try, or None when none waits."""
    return session.scalar(select(func.min(Inbox.not_before)).where(Inbox.id.in_(_OLDEST)))


def take(session: Session, row_id: int) -> bool:
    """Claim the update until this unit ends. False when it is done, or another process is at it.

    The row's lock is the claim: it ends with the process that holds it, where a lease would keep a tap waiting.
    """
    return not shared(session) or session.scalar(_TAKE, {"row": row_id}) is not None


def done(session: Session, row_id: int, now: datetime) -> bool:
    """Processed, in the same transaction as its effect. False when somebody else was faster."""
    return session.execute(_DONE, {"row": row_id, "now": now}).first() is not None


def failed(session: Session, row_id: int, error: str, now: datetime, clinic: Clinic, *, tries: int = ATTEMPTS) -> bool:
    """Processing raised `error` (a type's name): the update is tried again later.

    After `tries` it is quarantined and a person is told. Returns whether it was.
    """
    row = session.get_one(Inbox, row_id)
    if row.state != "new":
        return False
    row.attempts += 1
    row.error = error
    if row.attempts < tries:
        row.not_before = now + timedelta(seconds=BACKOFF_S[min(row.attempts, len(BACKOFF_S)) - 1])
        return False
    row.state = "quarantined"
    row.processed_at = now
    row.not_before = None
    session.flush()
    _tell(session, row, now, clinic)
    return True


def set_aside(session: Session, row_id: int, error: str, now: datetime) -> bool:
    """Quarantine an update that could not even be escalated: the admins are told, whoever it concerns."""
    stuck = update(Inbox).where(Inbox.id == row_id, Inbox.state == "new")
    changed = session.execute(
        stuck.values(state="quarantined", error=error, processed_at=now, not_before=None).returning(Inbox.id)
    )
    if changed.first() is None:
        return False
    _tell_admins(session, now)
    return True


def words(body: str) -> str:
    """Everything a person wrote in this update, whatever else is wrong with it."""
    try:
        value = json.loads(body)
    except ValueError:
        return ""
    return "\n".join(_written(value))


def _written(value: Any, depth: int = 0) -> Iterator[str]:
    """Texts and captions, except those of the bot's own message under a tapped button or of a message replied to."""
    if not isinstance(value, dict) or depth > 3:
        return
    for name, inner in value.items():
        if name in ("text", "caption") and isinstance(inner, str):
            yield inner
        elif name not in ("callback_query", "reply_to_message", "external_reply", "quote", "pinned_message"):
            yield from _written(inner, depth + 1)


def _tell(session: Session, row: Inbox, now: datetime, clinic: Clinic) -> None:
    enrolment = _concerned(session, row.chat_key)
    if enrolment is None:
        _tell_admins(session, now)
        return
    written = words(row.raw or "")
    screened = freetext.screen(pathways.of(session, enrolment.pathway_version_id).freetext, written)
    level = max(Level.URGENT, screened.level)
    session.add(
        Message(
            enrolment_id=enrolment.id,
            kind="text" if written else "other",
            body=written or None,
            telegram_message_id=0,
            received_at=row.received_at,
            level=screened.level,
            categories=list(screened.categories),
            read_by=now + READ_WITHIN,
        )
    )
    session.flush()
    because = {"update": row.id}
    escalations.operational(session, enrolment, "unprocessed_message", now, clinic, level=level, because=because)


def _concerned(session: Session, chat_key: int) -> Enrolment | None:
    chat = chats.find(session, chat_key)
    patient = chats.patient_of(session, chat) if chat is not None else None
    return patients.latest(session, patient) if patient is not None else None


def _tell_admins(session: Session, now: datetime) -> None:
    remedy = "An update from Telegram could not be processed and is kept in quarantine. Report it with the log."
    watchdog.incident(session, "unprocessed_update", "inbox", remedy, now)
