"""Single-use links: a 256-bit token, kept only as its hash, good for 72 hours. A new one voids the one before."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.db.models import Chat, Invitation

LIFETIME = timedelta(hours=72)
TRIES = 3
PREFIX = "i"  # a start payload that carries an invitation


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a link does not open: "unknown", "used", "expired", "voided" or "taken" (another chat is answering it)."""

    why: str


def issue(
    session: Session, *, now: datetime, by: int | None, enrolment_id: int | None = None, staff_id: int | None = None
) -> str:
    """A new start payload for this enrolment or member of staff. Open links of the same person stop working."""
    mine = Invitation.enrolment_id == enrolment_id if enrolment_id is not None else Invitation.staff_id == staff_id
    session.execute(
        update(Invitation)
        .where(mine, Invitation.used_at.is_(None), Invitation.voided_at.is_(None))
        .values(voided_at=now, void_reason="re-issued")
    )
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
    found = session.scalars(
        select(Invitation).where(Invitation.token_hash == _hash(payload.removeprefix(PREFIX)))
    ).one_or_none()
    if found is None:
        return Refused("unknown")
    if found.voided_at is not None:
        return Refused("voided")
    if found.used_at is not None:
        return Refused("used")
    if found.expires_at <= now:
        return Refused("expired")
    if found.opened_by not in (None, chat.id):
        return Refused("taken")
    found.opened_by = chat.id
    return found


def opened_in(session: Session, chat: Chat, now: datetime) -> Invitation | None:
    """The invitation this chat has opened and not yet finished."""
    return session.scalars(
        select(Invitation).where(
            Invitation.opened_by == chat.id,
            Invitation.used_at.is_(None),
            Invitation.voided_at.is_(None),
            Invitation.expires_at > now,
        )
    ).one_or_none()


def use(session: Session, invitation: Invitation, now: datetime) -> bool:
    """Spend the link. False when somebody else was first."""
    spent = session.scalar(
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.used_at.is_(None), Invitation.voided_at.is_(None))
        .values(used_at=now)
        .returning(Invitation.id)
    )
    return spent is not None


def void(session: Session, invitation: Invitation, reason: str, now: datetime) -> None:
    """Make the link worthless, and say why in the row."""
    invitation.voided_at = now
    invitation.void_reason = reason


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
