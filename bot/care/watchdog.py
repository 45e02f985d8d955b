"""What an admin must mend, and the signs of life of everything that runs. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot import cards
from bot.cards import Card
from bot.care import outbox
from bot.care.outbox import Lane
from bot.db.models import Chat, Heartbeat, Incident, Staff

LATE_AFTER = 3  # intervals without a sign of life
_OPEN = select(Incident.kind, Incident.subject).where(
    Incident.cleared_at.is_(None), Incident.kind.in_(bindparam("kinds", expanding=True))
)
_SAME_TROUBLE = timedelta(hours=1)  # what returns sooner is the same incident: it is counted, not told again


def incident(session: Session, kind: str, subject: str, remedy: str, now: datetime) -> bool:
    """Something is wrong with `subject` ("team:1", "bot", "tick:pages"); `remedy` says what to do next.

    A new incident tells every admin privately; the same one again only counts. Returns whether it was new.
    """
    seen = {"seen_at": now, "times": Incident.times + 1, "remedy": remedy, "cleared_at": None}
    same = select(Incident.id).where(Incident.kind == kind, Incident.subject == subject)
    known = session.scalar(
        same.where(Incident.cleared_at.is_(None) | (Incident.cleared_at > now - _SAME_TROUBLE))
        .order_by(Incident.id.desc())
        .limit(1)
    )
    if known is not None:
        session.execute(update(Incident).where(Incident.id == known).values(seen))
        return False
    row = Incident(kind=kind, subject=subject, remedy=remedy, opened_at=now, seen_at=now, times=1)
    session.add(row)
    session.flush()
    text = f"⚠️ <b>Needs mending: {cards.esc(kind.replace('_', ' '))}</b> ({cards.esc(subject)})\n{cards.esc(remedy)}"
    _tell_admins(session, Card(text=text), f"incident:{row.id}", Lane.CLINICIAN, now)
    return True


def open_among(session: Session, kinds: Collection[str]) -> frozenset[tuple[str, str]]:
    """Open incidents of these kinds, as (kind, subject)."""
    found = session.execute(_OPEN, {"kinds": list(kinds)})
    return frozenset((kind, subject) for kind, subject in found)


def clear(session: Session, kind: str, subject: str, now: datetime) -> bool:
    """What was wrong is right again. Returns whether anything was wrong."""
    row = session.scalars(
        select(Incident).where(Incident.kind == kind, Incident.subject == subject, Incident.cleared_at.is_(None))
    ).one_or_none()
    if row is None:
        return False
    row.cleared_at = now
    session.flush()
    text = f"Mended: {cards.esc(kind.replace('_', ' '))} ({cards.esc(subject)})"
    _tell_admins(session, Card(text=text, silent=True), f"mended:{row.id}", Lane.DIGEST, now)
    return True


def beat(
    session: Session, name: str, every_s: int, counts: Mapping[str, int], now: datetime, failed: str | None = None
) -> None:
    """A sign of life: `name` runs every `every_s` seconds and did `counts`; `failed` is the type of its error."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"at": now, "every_s": every_s, "counts": dict(counts), "failed": failed}
    row = dialect.insert(Heartbeat).values(name=name, **values)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))


def last_beat(session: Session, name: str) -> datetime | None:
    """When `name` last gave a sign of life."""
    return session.scalar(select(Heartbeat.at).where(Heartbeat.name == name))


def look(session: Session, now: datetime) -> int:
    """Open an incident for everything whose sign of life is overdue, clear the others. Returns how many are late."""
    late = 0
    for heart in session.scalars(select(Heartbeat).order_by(Heartbeat.name)).all():
        if now - heart.at > LATE_AFTER * timedelta(seconds=heart.every_s):
            late += 1
            remedy = f"Nothing was heard of {heart.name} since {heart.at:%Y-%m-%d %H:%M} UTC. Restart the bot."
            incident(session, "no_sign_of_life", heart.name, remedy, now)
        else:
            clear(session, "no_sign_of_life", heart.name, now)
    return late


def _tell_admins(session: Session, card: Card, occasion: str, lane: Lane, now: datetime) -> None:
    uncertain = "never" if lane is Lane.DIGEST else "resend"
    for chat_id in session.scalars(
        select(Chat.id).join(Staff, Staff.chat_id == Chat.id).where(Staff.role == "admin", Staff.state == "active")
    ).all():
        key = f"{occasion}:{chat_id}"
        outbox.say_card(session, chat_id, card, key=key, now=now, lane=lane, on_uncertain=uncertain)
