"""Who is told of an escalation, and where its card is shown. Writes outbox rows and events; decides no levels.

The team is its bound chat. A rung is the reachable active staff of the team who stand on it; an empty one falls at
once to the next, then to all clinicians of the team, to its admins, and to every admin there is. What fell where is
part of the event, so that the card can say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot import metrics
from bot.care import backlog, outbox
from bot.care.outbox import Lane
from bot.db import tally
from bot.db.models import CareTeam, Chat, Escalation, EscalationEvent, Outbox, Staff

SURFACE = "escalation"
RUNGS = ("on_call", "second_on_call", "manager")
_FALLS_TO = (*RUNGS, "clinicians", "admins", "all_admins")


@dataclass(slots=True, kw_only=True)
class Told:
    """Who was told in one step. `instead` says for an empty rung which group stood in, None when nobody could."""

    roles: tuple[str, ...]
    team: str = "not_asked"  # told, no_chat, unreachable, not_asked
    staff: list[int] = field(default_factory=list)
    instead: dict[str, str | None] = field(default_factory=dict)

    @property
    def nobody(self) -> bool:
        """Whether not one message went out."""
        return self.team != "told" and not self.staff

    def details(self) -> dict[str, Any]:
        """As the details of an event."""
        return {"tell": list(self.roles), "team": self.team, "staff": self.staff, "instead": self.instead}


def event(
    session: Session, escalation: Escalation, kind: str, now: datetime, by: Staff | None = None, **details: Any
) -> None:
    """Write one step of the escalation's story."""
    session.add(
        EscalationEvent(escalation_id=escalation.id, at=now, kind=kind, staff_id=by.id if by else None, details=details)
    )
    session.flush()
    tally.count(session, metrics.ESCALATIONS.labels(kind, escalation.level).inc)
    if kind == "acknowledged":
        waited_s = (now - escalation.raised_at).total_seconds()
        tally.count(session, partial(metrics.ACKNOWLEDGED_S.labels(escalation.level).observe, waited_s))


def tell(
    session: Session,
    escalation: Escalation,
    roles: Iterable[str],
    occasion: str,
    now: datetime,
    *,
    also: Sequence[int] = (),
) -> Told:
    """Put a fresh card in front of these roles, and of the staff ids in `also`. One occasion tells a chat once.

    A team without a chat that can be posted to is replaced by the on-call people, privately.
    """
    wanted = list(dict.fromkeys(roles))
    told = Told(roles=tuple(wanted))
    if "team" in wanted:
        wanted.remove("team")
        told.team = _tell_team(session, escalation, occasion, now)
        if told.team != "told" and "on_call" not in wanted:
            wanted.insert(0, "on_call")
    for rung in wanted:
        group, people = standing(session, escalation.team_id, rung)
        if group != rung:
            told.instead[rung] = group
        told.staff += [person.id for person in people]
    told.staff += [person.id for person in _reachable(session, Staff.id.in_(also))] if also else []
    told.staff = list(dict.fromkeys(told.staff))
    for person in session.scalars(select(Staff).where(Staff.id.in_(told.staff))):
        _bring(session, escalation, _chat_of(person), occasion, now)
    return told


def standing(session: Session, team_id: int, rung: str) -> tuple[str | None, Sequence[Staff]]:
    """Who stands on this rung, or on the nearest group after it that has anybody, and which group that is."""
    for group in _FALLS_TO[_FALLS_TO.index(rung) :]:
        people = _reachable(session, *_members(group, team_id))
        if people:
            return group, people
    return None, ()


def refresh(session: Session, escalation: Escalation, now: datetime) -> None:
    """Make every copy of the card show the current state."""
    for chat_id in shown_in(session, SURFACE, escalation.id):
        outbox.show(session, SURFACE, escalation.id, chat_id, now=now, lane=lane(escalation), on_uncertain="resend")


def shown_in(session: Session, surface: str, ref: int) -> Sequence[int]:
    """The chats (chats.id) that were sent this and can still be reached."""
    sent = select(Outbox.chat_id).where(Outbox.surface == surface, Outbox.ref == ref)
    return session.scalars(select(Chat.id).where(Chat.id.in_(sent), Chat.state == "ok").order_by(Chat.id)).all()


def show_here(session: Session, escalation: Escalation, chat_id: int, occasion: str, now: datetime) -> None:
    """Bring the card to the bottom of one chat (chats.id)."""
    _show(session, escalation, chat_id, occasion, now)


def lane(escalation: Escalation) -> Lane:
    """An emergency that nobody has taken goes before everything."""
    urgent = escalation.level == "emergency" and escalation.state == "open"
    return Lane.EMERGENCY if urgent else Lane.CLINICIAN


def _tell_team(session: Session, escalation: Escalation, occasion: str, now: datetime) -> str:
    team = session.get_one(CareTeam, escalation.team_id)
    chat = session.get(Chat, team.chat_id) if team.chat_id is not None else None
    if chat is None:
        return "no_chat"
    if chat.state != "ok":
        return "unreachable"
    _bring(session, escalation, chat.id, occasion, now)
    return "told"


def _bring(session: Session, escalation: Escalation, chat_id: int, occasion: str, now: datetime) -> None:
    """A card of its own, unless so many small cases came at once that they share one."""
    if not backlog.takes(session, escalation, chat_id, now):
        _show(session, escalation, chat_id, occasion, now)


def _show(session: Session, escalation: Escalation, chat_id: int, occasion: str, now: datetime) -> None:
    outbox.show(
        session,
        SURFACE,
        escalation.id,
        chat_id,
        now=now,
        lane=lane(escalation),
        fresh=True,
        on_uncertain="resend",
        key=occasion,
    )


def _reachable(session: Session, *which: ColumnElement[bool]) -> Sequence[Staff]:
    people = select(Staff).join(Chat, Staff.chat_id == Chat.id)
    return session.scalars(people.where(Staff.state == "active", Chat.state == "ok", *which).order_by(Staff.id)).all()


def _members(group: str, team_id: int) -> tuple[ColumnElement[bool], ...]:
    if group in RUNGS:
        return Staff.team_id == team_id, Staff.rung == group
    if group == "clinicians":
        return Staff.team_id == team_id, Staff.role == "clinician"
    if group == "admins":
        return Staff.team_id == team_id, Staff.role == "admin"
    return (Staff.role == "admin",)


def _chat_of(person: Staff) -> int:
    if person.chat_id is None:
        raise ValueError(f"staff {person.id} is active without a chat: the schema should refuse that")
    return person.chat_id
