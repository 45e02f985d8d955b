"""Single-use links: a 256-bit token, kept only as its hash, good for 72 hours. A new one voids the one before.

A link belongs to the first chat that opens it, and a chat answers one link at a time: the one it opened last.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from bot.care import guarded
from bot.db.models import Chat, Invitation

LIFETIME = timedelta(hours=72)
TRIES = 3
PREFIX = "i"  # a start payload that carries an invitation
_OPEN = (Invitation.used_at.is_(None), Invitation.voided_at.is_(None))


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a link does not open: "unknown", "used", "expired", "voided" or "taken" (another chat is answering it).

    `invitation` is the link itself, None for an unknown one.
    """

    why: str
    invitation: Invitation | None = None


def issue(
    session: Session, *, now: datetime, by: int | None, enrolment_id: int | None = None, staff_id: int | None = None
) -> str:
    """A new start payload for this enrolment or member of staff. Open links of the same person stop working."""
    void_all(session, "re-issued", now, enrolment_id=enrolment_id, staff_id=staff_id)
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            token_hash=_hash(token),
            enrolment_id=enrolment_id,
            staff_id=staff_id,
            created_at=now,
            created_by=by,
            expires_at=now + LIFETIME,
        )
    )
    session.flush()
    return PREFIX + token


def open_link(session: Session, payload: str, chat: Chat, now: datetime) -> Invitation | Refused:
    """The invitation behind a start payload, now bound to this chat; or why it does not open."""
    found = behind(session, payload)
    if found is None:
        return Refused("unknown")
    if found.voided_at is not None:
        return Refused("voided", found)
    if found.used_at is not None:
        return Refused("used", found)
    if found.expires_at <= now:
        return Refused("expired", found)
    if found.opened_by not in (None, chat.id):
        return Refused("taken", found)
    session.execute(
        update(Invitation)
        .where(Invitation.opened_by == chat.id, Invitation.id != found.id, *_OPEN)
        .values(opened_by=None, confirmed_at=None)
    )
    found.opened_by = chat.id
    session.flush()
    return found


def behind(session: Session, payload: str) -> Invitation | None:
    """The invitation of this start payload, in whatever state it is."""
    hashed = _hash(payload.strip().removeprefix(PREFIX))
    return session.scalars(select(Invitation).where(Invitation.token_hash == hashed)).one_or_none()


def opened_in(session: Session, chat: Chat, now: datetime) -> Invitation | None:
    """The invitation this chat has opened and not yet finished."""
    mine = select(Invitation).where(Invitation.opened_by == chat.id, Invitation.expires_at > now, *_OPEN)
    return session.scalars(mine).one_or_none()


def ever_opened(session: Session, chat: Chat) -> bool:
    """Whether this chat has opened a patient's link, whatever became of it."""
    opened = select(Invitation.id).where(Invitation.opened_by == chat.id, Invitation.enrolment_id.is_not(None))
    return session.scalars(opened.limit(1)).first() is not None


def use(session: Session, invitation: Invitation, now: datetime) -> bool:
    """Spend the link. False when it was spent or void already."""
    return guarded.step(session, update(Invitation).where(Invitation.id == invitation.id, *_OPEN).values(used_at=now))


def void(session: Session, invitation: Invitation, reason: str, now: datetime) -> bool:
    """Make the link worthless, and say why in the row. False when it was spent or void already."""
    worthless = update(Invitation).where(Invitation.id == invitation.id, *_OPEN)
    return guarded.step(session, worthless.values(voided_at=now, void_reason=reason))


def void_all(
    session: Session, reason: str, now: datetime, *, enrolment_id: int | None = None, staff_id: int | None = None
) -> None:
    """Make every open link of this patient or colleague worthless."""
    session.execute(
        update(Invitation).where(_of(enrolment_id, staff_id), *_OPEN).values(voided_at=now, void_reason=reason)
    )


def _of(enrolment_id: int | None, staff_id: int | None) -> ColumnElement[bool]:
    return Invitation.enrolment_id == enrolment_id if enrolment_id is not None else Invitation.staff_id == staff_id


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
