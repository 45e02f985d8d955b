"""The story of one patient for staff: planned, sent, answered, escalated, noted, written, in order of time.

With names, words and notes for a private chat; with codes, states and scores alone for a group (hazard H25).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Card, casework, clinician, esc
from bot.care import access, answersheet, audit, dossier, escalation_view, facts, pathways
from bot.care.answersheet import Given
from bot.db.models import CareTeam, CheckIn, Enrolment, Escalation, EscalationEvent, Message, Patient, Staff
from schedules.pathway import Level, Pathway

_ENDED = {
    "answered": "answered",
    "partly_answered": "partly answered",
    "no_answer": "no answer",
    "unreachable": "the patient could not be reached",
    "paused": "paused by the patient",
    "superseded": "replaced by a later one",
    "withdrawn": "the patient withdrew",
    "cancelled": "cancelled",
    "phone_task": "to be done by phone",
}
_GROUP_LINES = 30
_SAID = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened, at an instant (UTC), as card HTML."""

    at: datetime
    line: str


def find(session: Session, staff: Staff, code: str) -> Enrolment | None:
    """The newest enrolment under this case code that `staff` may see. None alike for unknown and for another team's."""
    wanted = (
        select(Enrolment)
        .join(Patient, Patient.id == Enrolment.patient_id)
        .where(Patient.code == code.strip().upper())
        .order_by(Enrolment.id.desc())
    )
    return next((row for row in session.scalars(wanted) if access.to_enrolment(session, staff, row)), None)


def cards(session: Session, enrolment: Enrolment, staff: Staff, now: datetime, *, private: bool) -> tuple[Card, ...]:
    """The story, as many cards as it needs; a group gets the newest part only. The look goes on record."""
    patient = session.get_one(Patient, enrolment.patient_id)
    zone = ZoneInfo(session.get_one(CareTeam, enrolment.team_id).timezone)
    subject = f"patient:{patient.id}"
    audit.record(session, audit.actor(staff), "story viewed", subject, now, private=private)
    who = dossier.person(session, enrolment, now)
    entries = sorted(_entries(session, enrolment, zone, now, private=private), key=lambda entry: entry.at)
    lines = [f"{clinician.moment(entry.at, now, zone)} {entry.line}" for entry in entries]
    if private:
        return casework.pages(casework.person(who) + "\n", lines, protect=True)
    head = f"<code>{esc(patient.code)}</code>\n{esc(who.procedure)}, day {who.day} after surgery ({esc(who.state)})\n"
    if len(lines) > _GROUP_LINES:
        head += "Earlier entries: ask with /patient in your private chat with me.\n"
    newest: list[str] = []
    room = casework.ROOM - len(head)
    for line in reversed(lines[-_GROUP_LINES:]):
        room -= len(line) + 1
        if room < 0:
            break
        newest.insert(0, line)
    return (Card(text="\n".join((head, *newest)), silent=True),)


def _entries(
    session: Session, enrolment: Enrolment, zone: ZoneInfo, now: datetime, *, private: bool
) -> Iterator[Entry]:
    yield Entry(at=enrolment.created_at, line="👤 enrolled")
    if enrolment.consent_at is not None:
        yield Entry(at=enrolment.consent_at, line="👤 agreed to take part")
    if enrolment.ended_at is not None:
        yield Entry(at=enrolment.ended_at, line=f"👤 programme ended ({esc(enrolment.state)})")
    for checkin in answersheet.checkins(session, enrolment.id):
        yield from _checkin(session, checkin, zone, now, private=private)
    cases = session.scalars(select(Escalation).where(Escalation.enrolment_id == enrolment.id).order_by(Escalation.id))
    for escalation in cases:
        yield from _escalation(session, escalation, private=private)
    messages = session.scalars(select(Message).where(Message.enrolment_id == enrolment.id).order_by(Message.id))
    for message in messages:
        yield Entry(at=message.received_at, line=_message(session, message, private=private))


def _checkin(session: Session, checkin: CheckIn, zone: ZoneInfo, now: datetime, *, private: bool) -> Iterator[Entry]:
    pathway = pathways.of(session, checkin.pathway_version_id)
    name = f"<b>{esc(dossier.title(pathway, checkin))}</b>"
    if checkin.state == "planned":
        yield Entry(at=checkin.due_at, line=f"🗓 {name} planned (day {checkin.day})")
        return
    if checkin.opened_at is not None and checkin.kind != "baseline":
        late = " late" if checkin.sent_late else ""
        due = clinician.moment(checkin.due_at, now, zone)
        yield Entry(at=checkin.opened_at, line=f"📤 {name} sent{late} (planned for {due})")
    given = answersheet.of(session, checkin.id)
    if given:
        said = []
        for answer in given.values():
            said.append(f"{facts.label(answer.question)}: {_words(pathway, answer, private=private)}")
        level = f" → {clinician.SHAPES[Level(checkin.level)]} {checkin.level}" if checkin.level else ""
        at = max(answer.at for answer in given.values())
        yield Entry(at=at, line=f"📝 {name}{level}: {esc('; '.join(said))}")
    if checkin.ended_at is not None:
        by = f", by {_by(session, checkin.ended_by)}" if checkin.ended_by else ""
        yield Entry(at=checkin.ended_at, line=f"🏁 {name}: {_ENDED.get(checkin.end_reason or '', 'ended')}{esc(by)}")


def _words(pathway: Pathway, given: Given, *, private: bool) -> str:
    asked = facts.question(pathway, given.question)
    if private and given.raw and (not given.readable or (asked is not None and asked.type == "text")):
        return f"typed “{given.raw[:_SAID]}”"
    if asked is not None and asked.type == "text":
        return "in their own words (read them in private)"
    return facts.words(asked, given.value) if asked is not None else facts.UNREADABLE


def _escalation(session: Session, escalation: Escalation, *, private: bool) -> Iterator[Entry]:
    wanted = select(EscalationEvent).where(EscalationEvent.escalation_id == escalation.id)
    for event in session.scalars(wanted.order_by(EscalationEvent.id)):
        who = escalation_view.name_of(session, event.staff_id) if event.staff_id is not None else ""
        line = _event(event, who)
        if line is not None:
            yield Entry(at=event.at, line=line)
    if private and escalation.note and escalation.closed_at is not None:
        yield Entry(at=escalation.closed_at, line=f"🗒 note: {casework.clip(escalation.note, 900)}")


def _event(event: EscalationEvent, who: str) -> str | None:
    """One step of an escalation in words; None for what only the card needs."""
    details = event.details
    if event.kind in ("opened", "raised"):
        level = Level(details["level"])
        rules = ", ".join(facts.label(rule).lower() for rule in details["rules"])
        return f"{clinician.SHAPES[level]} case {event.kind}, {level.value}: {esc(rules)}"
    words = {
        "acknowledged": f"🙋 acknowledged by {esc(who)}",
        "contacted": f"☎️ patient reached by {esc(who)}",
        "ack_voided": "↩️ the acknowledgement no longer counts",
        "noted": f"🗒 note added by {esc(who)}",
    }
    if event.kind == "closed":
        return f"▫️ closed by {esc(who)}: {clinician.OUTCOME_WORDS[details['outcome']].lower()}"
    if event.kind == "overdue":
        return f"⚠️ overdue: {esc(details['clock'])}"
    return words.get(event.kind)


def _message(session: Session, message: Message, *, private: bool) -> str:
    state = "unread"
    if message.read_at is not None:
        state = f"read by {escalation_view.name_of(session, message.reader_id)}"
    said = f": {casework.clip(message.body, 900)}" if private and message.body else ""
    return f"✉️ a message ({esc(message.kind)}, {esc(state)}){said}"


def _by(session: Session, who: str | None) -> str:
    kind, _, number = (who or "").partition(":")
    return escalation_view.name_of(session, int(number)) if kind == "staff" and number.isdigit() else kind
