"""What waits for a care team, most urgent first, each with its next action. Reading only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.cards import Card, button, casework, clinician
from bot.cards.casework import Task
from bot.care import audit, ending
from bot.db.models import (
    Answer,
    CareTeam,
    Chat,
    CheckIn,
    Enrolment,
    Escalation,
    Invitation,
    Message,
    Outbox,
    Patient,
    Staff,
)
from schedules.pathway import Level

_LIVE = ("invited", "active", "paused")
_UNREACHED = {
    "blocked": "has blocked the bot",
    "deactivated": "has deleted the Telegram account",
    "gone": "cannot be reached in Telegram",
    "unstarted": "has closed the chat",
    "no_rights": "cannot be written to",
}
_DO = {
    "open": "acknowledge it, then ring the patient",
    "acknowledged": "ring the patient, then tap Reached patient",
    "contacted": "close it with an outcome",
}


def card(session: Session, staff: Staff, page: int, now: datetime, *, names: bool) -> Card:
    """One page of the worklist of the team of `staff`; `names` only for their private chat, and then on record."""
    team = session.get_one(CareTeam, staff.team_id)
    found = tasks(session, staff, now, names=names)
    if names and found:
        audit.record(session, audit.actor(staff), "worklist viewed", f"team:{team.id}", now, patients=len(found))
    as_of = clinician.moment(now, now, ZoneInfo(team.timezone))
    return casework.worklist(found, page, team.name, as_of)


def tasks(session: Session, staff: Staff, now: datetime, *, names: bool) -> tuple[Task, ...]:
    """Open escalations, unread messages, patients asked again after a break of service who have not answered since,
    patients whom nothing reaches, and those who never started, in that order.
    """
    team = session.get_one(CareTeam, staff.team_id)
    zone = ZoneInfo(team.timezone)
    return (
        *_escalations(session, staff, now, zone, names),
        *_messages(session, team, now, zone, names),
        *_asked_again(session, team, now, zone, names),
        *_unreached(session, team, now, zone, names),
        *_never_started(session, team, now, zone, names),
    )


def _escalations(session: Session, staff: Staff, now: datetime, zone: ZoneInfo, names: bool) -> Iterator[Task]:
    own = Escalation.team_id == staff.team_id
    if staff.role == "admin":
        paged = select(Outbox.ref).where(Outbox.surface == "escalation", Outbox.chat_id == staff.chat_id)
        own = or_(own, Escalation.id.in_(paged))
    rows = session.execute(
        select(Escalation, Patient)
        .join(Enrolment, Enrolment.id == Escalation.enrolment_id)
        .join(Patient, Patient.id == Enrolment.patient_id)
        .where(Escalation.state != "closed", own)
    ).all()
    states = tuple(_DO)
    for escalation, patient in sorted(
        rows, key=lambda row: (-Level(row[0].level).rank, states.index(row[0].state), row[0].contact_by)
    ):
        waits = {"open": escalation.ack_by, "acknowledged": escalation.contact_by}
        due = waits.get(escalation.state, escalation.resolve_by)
        level = Level(escalation.level)
        yield Task(
            headline=f"{clinician.SHAPES[level]} {level.value.upper()}, {escalation.state}",
            code=patient.code,
            due=_due(due, now, zone),
            next_action=_DO[escalation.state],
            button=button(f"Show {patient.code}", "c_show", escalation.id),
            name=patient.name if names else None,
        )


def _messages(session: Session, team: CareTeam, now: datetime, zone: ZoneInfo, names: bool) -> Iterator[Task]:
    rows = session.execute(
        select(Message, Patient)
        .join(Enrolment, Enrolment.id == Message.enrolment_id)
        .join(Patient, Patient.id == Enrolment.patient_id)
        .where(Message.read_at.is_(None), Enrolment.team_id == team.id)
        .order_by(Message.read_by, Message.id)
    ).all()
    waiting: dict[int, list[Message]] = {}
    people: dict[int, Patient] = {}
    for message, patient in rows:
        waiting.setdefault(message.enrolment_id, []).append(message)
        people[message.enrolment_id] = patient
    for enrolment_id, messages in waiting.items():
        patient = people[enrolment_id]
        count = "1 unread message" if len(messages) == 1 else f"{len(messages)} unread messages"
        yield Task(
            headline=f"✉️ {count}",
            code=patient.code,
            due=_due(messages[0].read_by, now, zone),
            next_action="read it in private, and ring if it needs more than reading",
            button=button(f"Read {patient.code}", "c_messages", enrolment_id),
            name=patient.name if names else None,
        )


def _asked_again(session: Session, team: CareTeam, now: datetime, zone: ZoneInfo, names: bool) -> Iterator[Task]:
    since = exists().where(Answer.checkin_id == CheckIn.id, Answer.at > Outbox.created_at)
    rows = session.execute(
        select(Patient, CheckIn, func.max(Outbox.created_at))
        .join(Enrolment, Enrolment.patient_id == Patient.id)
        .join(CheckIn, CheckIn.enrolment_id == Enrolment.id)
        .join(Outbox, and_(Outbox.surface == ending.SURFACE, Outbox.ref == CheckIn.id))
        .where(Enrolment.team_id == team.id, CheckIn.state == "open", Outbox.dedupe_key.like("show:checkin:%:gap:%"))
        .where(~since)
        .group_by(Patient.id, CheckIn.id)
        .order_by(CheckIn.closes_at, CheckIn.id)
    )
    for patient, row, at in rows:
        yield Task(
            headline="⏸ no answer since a break of our service",
            code=patient.code,
            due=f"asked again {clinician.moment(at, now, zone)}; closes {_due(row.closes_at, now, zone)}",
            next_action="ring the patient: what they tapped in the break may be lost",
            name=patient.name if names else None,
        )


def _unreached(session: Session, team: CareTeam, now: datetime, zone: ZoneInfo, names: bool) -> Iterator[Task]:
    dead = select(Outbox.chat_id).where(Outbox.state == "dead")
    rows = session.execute(
        select(Patient, Chat)
        .join(Enrolment, Enrolment.patient_id == Patient.id)
        .join(Chat, Chat.id == Patient.chat_id)
        .where(Enrolment.team_id == team.id, Enrolment.state.in_(_LIVE))
        .where(or_(Chat.state != "ok", Chat.id.in_(dead)))
        .order_by(Chat.state_since, Patient.id)
    )
    for patient, chat in rows:
        since = clinician.moment(chat.state_since, now, zone)
        broken = chat.state in _UNREACHED
        yield Task(
            headline="📵 not delivered",
            code=patient.code,
            due=f"{_UNREACHED[chat.state]}, since {since}" if broken else "a message could not be delivered",
            next_action="phone the patient, ask the questions, and help them open the chat again",
            button=None,
            name=patient.name if names else None,
        )


def _never_started(session: Session, team: CareTeam, now: datetime, zone: ZoneInfo, names: bool) -> Iterator[Task]:
    rows = session.execute(
        select(Enrolment, Patient)
        .join(Patient, Patient.id == Enrolment.patient_id)
        .where(Enrolment.team_id == team.id, Enrolment.state == "invited")
        .order_by(Enrolment.surgery_date, Enrolment.id)
    ).all()
    for enrolment, patient in rows:
        usable = session.scalars(
            select(Invitation.expires_at).where(
                Invitation.enrolment_id == enrolment.id,
                Invitation.used_at.is_(None),
                Invitation.voided_at.is_(None),
                Invitation.expires_at > now,
            )
        ).first()
        invited = clinician.moment(enrolment.created_at, now, zone)
        until = f"the link works until {clinician.moment(usable, now, zone)}" if usable else "the link has run out"
        yield Task(
            headline="👤 never started",
            code=patient.code,
            due=f"invited {invited}; {until}",
            next_action="help the patient open the link" if usable else "give the patient a new link (/invite CODE)",
            name=patient.name if names else None,
        )


def _due(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    return f"by {clinician.moment(instant, now, zone)}, {clinician.distance(instant, now)}"
