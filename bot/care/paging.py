"""The ladder and the clocks of open escalations: who is told next, without end, until a person has taken it.

`page_due` is a tick: every due step is a row's `next_page_at`, and running it twice at one instant changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from bot.care import pathways, telling, watchdog
from bot.care.clinic import Clinic
from bot.db import postgres
from bot.db.models import CareTeam, Chat, Enrolment, Escalation, EscalationEvent, Outbox, Patient, Staff
from bot.log import place
from schedules import ladder
from schedules.pathway import Level, LevelSpec

log = structlog.get_logger()

_RETRY = timedelta(minutes=1)
_HOURLY = timedelta(hours=1)
_DAILY = timedelta(hours=24)
_WORKDAY_BEGINS = 9
_SATURDAY = 5


def spec_of(session: Session, escalation: Escalation) -> LevelSpec:
    """What the escalation's level demands, by the pathway of its enrolment."""
    enrolment = session.get_one(Enrolment, escalation.enrolment_id)
    return pathways.of(session, enrolment.pathway_version_id).levels[Level(escalation.level)]


def zone_of(session: Session, enrolment_id: int) -> str:
    """The IANA zone in which the pathway's hours are counted: the patient's own."""
    enrolment = session.get_one(Enrolment, enrolment_id)
    return session.get_one(Patient, enrolment.patient_id).timezone


def begin(
    session: Session, escalation: Escalation, now: datetime, clinic: Clinic, *, also: tuple[int, ...] = ()
) -> None:
    """Start the ladder at its foot. The team sees the card at once, whatever the first rung says.

    `also` are staff ids that are told as well: whoever had taken the case before it was raised.
    """
    spec, zone = spec_of(session, escalation), zone_of(session, escalation.enrolment_id)
    escalation.paging_since, escalation.pages, escalation.next_page_at = now, 0, None
    step = ladder.next_step(spec, now, 0, now, tz=zone)
    due = step is not None and step.at <= now
    roles = ("team", *step.tell) if step is not None and due else ("team",)
    _page(session, escalation, roles, step.number if step is not None and due else 0, now, also)
    _set_next(session, escalation, spec, zone, now)


def again(session: Session, escalation: Escalation, now: datetime, clinic: Clinic, *, fresh: bool = True) -> None:
    """Something new at the same level, while nobody has taken it: tell those who know, and climb on as before.

    The ladder does not go back to its foot: a patient who goes on answering must not keep it from climbing.
    Without `fresh` the card changes where it stands.
    """
    if not fresh:
        telling.refresh(session, escalation, now)
        return
    roles = dict.fromkeys(("team", *_roles_so_far(session, escalation)))
    occasion = f"again:{_ms(now)}"
    told = telling.tell(session, escalation, roles, occasion, now)
    telling.event(session, escalation, "page", now, number=escalation.pages, **told.details())
    _alarm_if_nobody(session, escalation, told, now)


def page_due(session: Session, now: datetime, clinic: Clinic) -> int:
    """Take every due step of every ladder and speak of every missed deadline. Returns how many escalations.

    One escalation that cannot be paged holds up no other: it is tried again in a minute, and an admin is told.
    """
    acted = 0
    for escalation_id in session.scalars(_due(now)).all():
        try:
            with session.begin_nested():
                if _attend(session, session.get_one(Escalation, escalation_id), now):
                    acted += 1
                    watchdog.clear(session, "paging_failed", f"escalation:{escalation_id}", now)
        except Exception as error:
            if postgres.ends_the_unit(error):
                raise
            kind = type(error).__name__
            log.error("paging failed", escalation=escalation_id, kind=kind, at=place(error))  # noqa: TRY400 - a traceback can carry a name
            later = update(Escalation).where(Escalation.id == escalation_id, Escalation.next_page_at.is_not(None))
            session.execute(later.values(next_page_at=now + _RETRY))
            watchdog.incident(
                session,
                "paging_failed",
                f"escalation:{escalation_id}",
                "An escalation cannot be paged. Open /open and ring the patient; then run aftercare doctor.",
                now,
            )
    return acted


def unreachable(session: Session, chat: Chat, now: datetime, clinic: Clinic) -> int:
    """A chat turned out to be closed to the bot: tell the on-call people of what is still open and was shown there.

    Call it once when the chat's state changes. Returns how many escalations were told elsewhere.
    """
    teams = select(CareTeam.id).where(CareTeam.chat_id == chat.id)
    staff = session.scalars(select(Staff).where(Staff.chat_id == chat.id, Staff.state == "active")).one_or_none()
    shown = select(Outbox.ref).where(Outbox.surface == telling.SURFACE, Outbox.chat_id == chat.id)
    whose = Escalation.team_id.in_(teams) if staff is None else Escalation.id.in_(shown)
    rung = staff.rung if staff is not None and staff.rung else "on_call"
    open_ones = session.scalars(select(Escalation).where(Escalation.state == "open", whose).order_by(Escalation.id))
    count = 0
    for escalation in open_ones:
        _page(session, escalation, (rung,), escalation.pages, now, (), occasion=f"lost:{chat.id}:{_ms(now)}")
        count += 1
    return count


def _due(now: datetime) -> Select[int]:
    unheard = and_(Escalation.state == "open", or_(Escalation.next_page_at <= now, Escalation.ack_by <= now))
    uncontacted = and_(Escalation.state.in_(("open", "acknowledged")), Escalation.contact_by <= now)
    unresolved = and_(Escalation.state != "closed", Escalation.resolve_by <= now)
    return select(Escalation.id).where(or_(unheard, uncontacted, unresolved)).order_by(Escalation.contact_by)


def _attend(session: Session, escalation: Escalation, now: datetime) -> bool:
    spec, zone = spec_of(session, escalation), zone_of(session, escalation.enrolment_id)
    stepped = _climb(session, escalation, spec, zone, now)
    spoke = _speak_of_deadlines(session, escalation, spec, now)
    return stepped or spoke


def _climb(session: Session, escalation: Escalation, spec: LevelSpec, zone: str, now: datetime) -> bool:
    if escalation.state != "open" or escalation.next_page_at is None or escalation.next_page_at > now:
        return False
    step = ladder.next_step(spec, escalation.paging_since, escalation.pages, now, tz=zone)
    if step is None:  # the pathway's ladder was emptied under it; the deadlines still speak
        escalation.next_page_at = None
        return False
    _page(session, escalation, step.tell, step.number, now, ())
    _set_next(session, escalation, spec, zone, now)
    return True


def _page(
    session: Session,
    escalation: Escalation,
    roles: tuple[str, ...],
    number: int,
    now: datetime,
    also: tuple[int, ...],
    *,
    occasion: str | None = None,
) -> None:
    escalation.pages = number
    told = telling.tell(
        session, escalation, roles, occasion or f"{_ms(escalation.paging_since)}:{number}", now, also=also
    )
    telling.event(session, escalation, "page", now, number=number, **told.details())
    _alarm_if_nobody(session, escalation, told, now)


def _set_next(session: Session, escalation: Escalation, spec: LevelSpec, zone: str, now: datetime) -> None:
    following = ladder.next_step(spec, escalation.paging_since, escalation.pages, now, tz=zone)
    escalation.next_page_at = following.at if following is not None else None
    session.flush()


def _roles_so_far(session: Session, escalation: Escalation) -> Iterator[str]:
    pages = select(EscalationEvent.details).where(
        EscalationEvent.escalation_id == escalation.id,
        EscalationEvent.kind == "page",
        EscalationEvent.at >= escalation.paging_since,
    )
    for details in session.scalars(pages):
        yield from details["tell"]


def _speak_of_deadlines(session: Session, escalation: Escalation, spec: LevelSpec, now: datetime) -> bool:
    spoke = False
    for clock, by, owner in _running(escalation):
        if by > now or not _due_again(session, escalation, spec, clock, now):
            continue
        spoke = True
        details: dict[str, Any] = {"clock": clock, "until": by.isoformat()}
        if clock == "ack" and spec.ladder:  # the ladder is already speaking of it
            telling.event(session, escalation, "overdue", now, **details)
            telling.refresh(session, escalation, now)
            continue
        roles = ("team", "on_call") if escalation.level == "emergency" else ("team",)
        occasion = f"overdue:{clock}:{_ms(now)}"
        told = telling.tell(session, escalation, roles, occasion, now, also=(owner,) if owner else ())
        telling.event(session, escalation, "overdue", now, **details, **told.details())
        _alarm_if_nobody(session, escalation, told, now)
    return spoke


def _running(escalation: Escalation) -> Iterator[tuple[str, datetime, int | None]]:
    """The clocks that still run: which, until when, and who has taken it on."""
    if escalation.state == "open":
        yield "ack", escalation.ack_by, None
    if escalation.state in ("open", "acknowledged"):
        yield "contact", escalation.contact_by, escalation.acknowledged_by
    if escalation.state != "closed":
        yield "resolve", escalation.resolve_by, escalation.contacted_by or escalation.acknowledged_by


def _due_again(session: Session, escalation: Escalation, spec: LevelSpec, clock: str, now: datetime) -> bool:
    """Once per raise; then hourly (contact) or daily (resolved) from urgent on, below that on working days."""
    events = select(EscalationEvent).where(EscalationEvent.escalation_id == escalation.id).order_by(EscalationEvent.id)
    times: list[datetime] = []
    for event in session.scalars(events):
        if event.kind == "raised":
            times.clear()
        elif event.kind == "overdue" and event.details["clock"] == clock:
            times.append(event.at)
    if not times:
        return True
    if Level(escalation.level) >= Level.URGENT:
        if clock == "ack":
            return False
        return now - max(times) >= (_HOURLY if clock == "contact" else _DAILY)
    zone = ZoneInfo(session.get_one(CareTeam, escalation.team_id).timezone)
    local, last = now.astimezone(zone), max(times).astimezone(zone)
    at_work = local.weekday() < _SATURDAY and local.hour >= _WORKDAY_BEGINS
    return spec.remind_overdue and at_work and last.date() < local.date()


def _alarm_if_nobody(session: Session, escalation: Escalation, told: telling.Told, now: datetime) -> None:
    team = f"team:{escalation.team_id}"
    if not told.nobody:
        watchdog.clear(session, "nobody_to_page", team, now)
        return
    watchdog.incident(
        session,
        "nobody_to_page",
        team,
        "An escalation could be shown to nobody. Bind the team's group with /bind and invite on-call staff with "
        "aftercare staff invite.",
        now,
    )


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
