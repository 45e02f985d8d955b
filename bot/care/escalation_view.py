"""Reads an escalation for its card: which findings to show, what changed, who was told. Reading only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import clinician
from bot.cards.clinician import Clock, Did, EscalationView, FindingLine
from bot.care import access, answersheet, expected, facts, pathways
from bot.db.models import (
    CareTeam,
    Chat,
    Enrolment,
    Escalation,
    EscalationEvent,
    EscalationFinding,
    Patient,
    Staff,
)
from schedules import timeline, triage
from schedules.pathway import Level, Pathway

_ROLES = {
    "team": "team",
    "on_call": "on-call",
    "second_on_call": "second on-call",
    "manager": "manager",
    "clinicians": "all clinicians",
    "admins": "the team's admins",
    "all_admins": "all admins",
}
_TEAM = {"told": "team", "no_chat": "team has no group", "unreachable": "team's group cannot be reached"}


def may_show(session: Session, escalation: Escalation, chat: Chat) -> bool:
    """Whether this chat is still the team's, or that of somebody who may work the case (hazard H25: ex-staff)."""
    if chat.kind != "private":
        return session.get_one(CareTeam, escalation.team_id).chat_id == chat.id
    staff = session.scalars(select(Staff).where(Staff.chat_id == chat.id, Staff.state == "active")).one_or_none()
    return staff is not None and access.to_escalation(session, staff, escalation)


def of(session: Session, escalation: Escalation, chat: Chat, now: datetime) -> EscalationView:
    """The escalation as its card shows it in `chat` at `now` (UTC)."""
    enrolment = session.get_one(Enrolment, escalation.enrolment_id)
    patient = session.get_one(Patient, enrolment.patient_id)
    pathway = pathways.of(session, enrolment.pathway_version_id)
    events = _events(session, escalation)
    shown, hidden = _findings(session, escalation, pathway)
    return EscalationView(
        id=escalation.id,
        version=int(escalation.raised_at.timestamp() * 1000),
        code=patient.code,
        level=Level(escalation.level),
        state=escalation.state,
        procedure=pathway.procedure_of(enrolment.procedure).title.in_("en"),
        day=timeline.day_number(enrolment.surgery_date, now, patient.timezone),
        zone=zone_of(session, escalation),
        now=now,
        findings=shown,
        hidden=hidden,
        changed=_changed(session, escalation, events, now),
        trends=answersheet.trends(session, enrolment.id, pathway),
        clocks=_clocks(escalation),
        acknowledged=_did(session, escalation.acknowledged_by, escalation.acknowledged_at),
        contacted=_did(session, escalation.contacted_by, escalation.contacted_at),
        closed=_did(session, escalation.closed_by, escalation.closed_at),
        outcome=escalation.outcome,
        pages=tuple(_told(session, events)),
        next_page_at=escalation.next_page_at if escalation.state == "open" else None,
        choosing=escalation.state != "closed" and _choosing(events, chat),
    )


def zone_of(session: Session, escalation: Escalation) -> ZoneInfo:
    """The zone the team reads times in."""
    return ZoneInfo(session.get_one(CareTeam, escalation.team_id).timezone)


def name_of(session: Session, staff_id: int | None) -> str:
    """What a member of staff is called."""
    staff = session.get(Staff, staff_id) if staff_id is not None else None
    return (staff.name if staff is not None else None) or "a colleague"


def local(session: Session, escalation: Escalation, instant: datetime) -> str:
    """An instant in the team's zone, with its day."""
    at = instant.astimezone(zone_of(session, escalation))
    return f"{at:%H:%M} on {at:%a} {at.day} {at:%b}"


def _events(session: Session, escalation: Escalation) -> Sequence[EscalationEvent]:
    wanted = select(EscalationEvent).where(EscalationEvent.escalation_id == escalation.id)
    return session.scalars(wanted.order_by(EscalationEvent.id)).all()


def _findings(session: Session, escalation: Escalation, pathway: Pathway) -> tuple[tuple[FindingLine, ...], int]:
    """The findings by level, newest first within one, and how many say less about facts that are already said.

    Only a finding of the same check-in or message can say more (protocol section 5, display).
    """
    wanted = select(EscalationFinding).where(EscalationFinding.escalation_id == escalation.id)
    rows = sorted(session.scalars(wanted), key=lambda row: (-Level(row.level).rank, -row.at.timestamp(), row.id))
    worth = {(*source, one.rule, one.level) for source, one in _worth_a_line(rows)}
    shown = [row for row in rows if (row.checkin_id, row.message_id, row.rule, Level(row.level)) in worth]
    raised = escalation.raised_at > escalation.opened_at
    said: set[tuple[int | None, str]] = set()
    lines = []
    notes = expected.of(session, session.get_one(Enrolment, escalation.enrolment_id))
    for row in shown:
        fired = [fact for fact in facts.lines(pathway, row.because) if (row.checkin_id, fact) not in said]
        said |= {(row.checkin_id, fact) for fact in fired}
        new = raised and row.at >= escalation.raised_at
        known = notes.beside(row)
        lines.append(FindingLine(level=Level(row.level), said=row.said, facts=tuple(fired), new=new, expected=known))
    return tuple(lines), len(rows) - len(shown)


def _worth_a_line(rows: Sequence[EscalationFinding]) -> Iterator[tuple[tuple[int | None, int | None], triage.Finding]]:
    """Each source with the findings of it that triage would show."""
    sources: dict[tuple[int | None, int | None], list[triage.Finding]] = {}
    for row in rows:
        found = triage.Finding(
            rule=row.rule, level=Level(row.level), because=row.because, within_days=None, text=row.said, card=None
        )
        sources.setdefault((row.checkin_id, row.message_id), []).append(found)
    for source, found_there in sources.items():
        whole = triage.Assessment(level=found_there[0].level, findings=tuple(found_there), unanswered=(), unreadable=())
        for one in triage.shown(whole):
            yield source, one


def _changed(session: Session, escalation: Escalation, events: Sequence[EscalationEvent], now: datetime) -> str | None:
    """The last raise or silent addition, in words."""
    last = next((event for event in reversed(events) if event.kind in ("raised", "finding")), None)
    if last is None:
        return None
    at = clinician.moment(last.at, now, zone_of(session, escalation))
    if last.kind == "finding":
        return f"{at}, {_count(last)} of a lower level or reported again."
    before = [event for event in events if event.id > last.id and event.kind == "ack_voided"]
    voided = " The acknowledgement no longer counts." if before else ""
    if last.details["was"] != last.details["level"]:
        return f"{at}, raised from {last.details['was']} to {last.details['level']}.{voided}"
    return f"{at}, {_count(last)}.{voided}"


def _count(event: EscalationEvent) -> str:
    number = len(event.details["rules"])
    return "a new finding" if number == 1 else f"{number} new findings"


def _clocks(escalation: Escalation) -> tuple[Clock, ...]:
    return (
        Clock(name="Acknowledge", by=escalation.ack_by, met_at=escalation.acknowledged_at),
        Clock(name="Reach the patient", by=escalation.contact_by, met_at=escalation.contacted_at),
        Clock(name="Settle and close", by=escalation.resolve_by, met_at=escalation.closed_at),
    )


def _did(session: Session, staff_id: int | None, at: datetime | None) -> Did | None:
    return None if at is None else Did(who=name_of(session, staff_id), at=at)


def _told(session: Session, events: Sequence[EscalationEvent]) -> Iterator[tuple[datetime, str]]:
    for event in events:
        if event.kind == "page" or (event.kind == "overdue" and "tell" in event.details):
            yield event.at, _who_was_told(session, event.details)


def _who_was_told(session: Session, details: dict[str, Any]) -> str:
    said = [_TEAM[details["team"]]] if details["team"] in _TEAM else []
    asked = [role for role in details["tell"] if role != "team"]
    said += [_ROLES[role] for role in asked if role not in details["instead"]]
    for role, group in details["instead"].items():
        stood_in = f"so {_ROLES[group]}" if group else "and nobody stands in"
        said.append(f"{_ROLES[role]} list is empty, {stood_in}")
    names = ", ".join(name_of(session, staff_id) for staff_id in details["staff"])
    return ", ".join(said) + (f" ({names})" if names else "")


def _choosing(events: Sequence[EscalationEvent], chat: Chat) -> bool:
    """Whether somebody is choosing an outcome in this chat; anything new ends the choice."""
    for event in reversed(events):
        if event.kind in ("raised", "finding"):
            return False
        if event.kind == "closing" and event.details["chat"] == chat.id:
            return bool(event.details["choosing"])
    return False
