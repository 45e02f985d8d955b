"""How findings open, join or raise an escalation. Decides by joining.py, tells by paging.py.

A raise voids the acknowledgement and runs the clocks anew. A clock that still runs never gets more time by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import audit, joining, paging, pathways, telling
from bot.care.clinic import Clinic
from bot.care.joining import Attached, Effect, Reported
from bot.db.models import Enrolment, Escalation, EscalationFinding
from schedules import ladder
from schedules.pathway import Level

# Where a level sets no clock of its own, the case may still not stay open for ever.
_AT_LATEST = timedelta(days=14)


def live(session: Session, enrolment_id: int) -> Escalation | None:
    """The enrolment's escalation that is not closed, locked where the database can."""
    wanted = select(Escalation).where(Escalation.enrolment_id == enrolment_id, Escalation.state != "closed")
    return session.scalars(wanted.with_for_update()).one_or_none()


def take_in(
    session: Session, enrolment: Enrolment, reported: Sequence[Reported], now: datetime, clinic: Clinic
) -> Escalation | None:
    """The escalation these findings now belong to; None when they ask for nothing or were dealt with already."""
    reported = [one for one in reported if one.level >= Level.REVIEW]
    if not reported:
        return None
    escalation = live(session, enrolment.id)
    if escalation is None:
        closed = _attached(session, Escalation.enrolment_id == enrolment.id)
        new = [one for one in reported if not any(joining.repeats(one, past) for past in closed)]
        return _open(session, enrolment, new, now, clinic) if new else None
    level = Level(escalation.level)
    held = _attached(session, EscalationFinding.escalation_id == escalation.id)
    effects = [(one, joining.effect(one, level, held, now)) for one in reported]
    new = [one for one, effect in effects if effect is not Effect.KNOWN]
    if not new:
        return escalation
    for one in new:
        _attach(session, escalation, one, now)
    if alerting := [one for one, effect in effects if effect is Effect.ALERTS]:
        visits = {past.checkin_id for past in held} - {None}
        same_visit = any(one.checkin_id in visits for one in alerting)
        _raise(session, escalation, alerting, now, clinic, same_visit=same_visit)
    else:
        telling.event(session, escalation, "finding", now, rules=[one.rule for one in new])
        telling.refresh(session, escalation, now)
    return escalation


def _open(
    session: Session, enrolment: Enrolment, reported: Sequence[Reported], now: datetime, clinic: Clinic
) -> Escalation:
    level = max(one.level for one in reported)
    clocks = _clocks(session, enrolment, level, reported, now)
    escalation = Escalation(
        enrolment_id=enrolment.id,
        team_id=enrolment.team_id,
        level=level.value,
        state="open",
        opened_at=now,
        raised_at=now,
        ack_by=clocks[0],
        contact_by=clocks[1],
        resolve_by=clocks[2],
        paging_since=now,
        pages=0,
    )
    session.add(escalation)
    session.flush()
    for one in reported:
        _attach(session, escalation, one, now)
    rules = [one.rule for one in reported]
    telling.event(session, escalation, "opened", now, level=level.value, rules=rules)
    audit.record(session, "system", "escalation opened", f"escalation:{escalation.id}", now, level=level.value)
    paging.begin(session, escalation, now, clinic)
    return escalation


def _raise(
    session: Session,
    escalation: Escalation,
    alerting: Sequence[Reported],
    now: datetime,
    clinic: Clinic,
    *,
    same_visit: bool,
) -> None:
    """Level up, clocks anew, acknowledgement void, and the ladder from its foot unless it is already being climbed."""
    was, state = Level(escalation.level), escalation.state
    level = max(was, *(one.level for one in alerting))
    had_it = tuple(filter(None, dict.fromkeys((escalation.acknowledged_by, escalation.contacted_by))))
    enrolment = session.get_one(Enrolment, escalation.enrolment_id)
    ack_by, contact_by, resolve_by = _clocks(session, enrolment, level, alerting, now)
    escalation.ack_by = _sooner(escalation.ack_by, ack_by, now) if state == "open" else ack_by
    escalation.contact_by = contact_by if state == "contacted" else _sooner(escalation.contact_by, contact_by, now)
    escalation.resolve_by = _sooner(escalation.resolve_by, resolve_by, now)
    escalation.level, escalation.state, escalation.raised_at = level.value, "open", now
    escalation.acknowledged_at = escalation.acknowledged_by = None
    escalation.contacted_at = escalation.contacted_by = None
    session.flush()
    rules = [one.rule for one in alerting]
    telling.event(session, escalation, "raised", now, was=was.value, level=level.value, rules=rules)
    if state != "open":
        telling.event(session, escalation, "ack_voided", now, staff=list(had_it), state=state)
    audit.record(
        session, "system", "escalation raised", f"escalation:{escalation.id}", now, was=was.value, level=level.value
    )
    if state == "open" and level is was:
        # A review grows quietly while one check-in is being answered; anything else comes to the bottom of the chat.
        paging.again(session, escalation, now, clinic, fresh=level > Level.REVIEW or not same_visit)
    else:
        paging.begin(session, escalation, now, clinic, also=had_it)


def _attach(session: Session, escalation: Escalation, reported: Reported, now: datetime) -> None:
    """Add the finding, or bring the same rule at the same level up to date."""
    wanted = select(EscalationFinding).where(
        EscalationFinding.escalation_id == escalation.id,
        EscalationFinding.rule == reported.rule,
        EscalationFinding.level == reported.level.value,
    )
    finding = session.scalars(wanted).one_or_none()
    if finding is None:
        finding = EscalationFinding(escalation_id=escalation.id, rule=reported.rule, level=reported.level.value)
        session.add(finding)
    finding.said, finding.because = reported.said, dict(reported.because)
    finding.within_days, finding.at = reported.within_days, now
    finding.checkin_id, finding.message_id = reported.checkin_id, reported.message_id
    session.flush()


def _attached(session: Session, which: Any) -> list[Attached]:
    rows = select(EscalationFinding).join(Escalation, Escalation.id == EscalationFinding.escalation_id).where(which)
    return [
        Attached(
            rule=row.rule,
            level=Level(row.level),
            because=row.because,
            checkin_id=row.checkin_id,
            message_id=row.message_id,
            at=row.at,
        )
        for row in session.scalars(rows)
    ]


def _clocks(
    session: Session, enrolment: Enrolment, level: Level, reported: Sequence[Reported], now: datetime
) -> tuple[datetime, datetime, datetime]:
    """The three deadlines from now; a level that leaves one out borrows the next later one."""
    pathway = pathways.of(session, enrolment.pathway_version_id)
    days = [one.within_days for one in reported if one.within_days is not None]
    zone = paging.zone_of(session, enrolment.id)
    by = ladder.deadlines(pathway.levels[level], now, zone, min(days, default=None))
    resolve_by = by.resolve_by or now + _AT_LATEST
    contact_by = by.contact_by or resolve_by
    return by.ack_by or contact_by, contact_by, resolve_by


def _sooner(old: datetime, new: datetime, now: datetime) -> datetime:
    """A clock that still runs never gets more time; one that has run out starts again."""
    return old if now < old < new else new
