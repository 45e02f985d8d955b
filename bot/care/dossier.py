"""Who a case is about, for one clinician's private chat: name, numbers, answers as the patient saw them, their words.

Every look is on record. What a group may see is escalation_view.py; nothing of this file may go there (hazard H25).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Button, Card, bold, button, casework, clinician, esc
from bot.care import access, answersheet, audit, facts, outbox, pathways, telling
from bot.care.answersheet import Given
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.care.patients import Words
from bot.db.models import (
    CareTeam,
    Chat,
    CheckIn,
    Enrolment,
    Escalation,
    EscalationFinding,
    Message,
    Patient,
    Staff,
)
from schedules import timeline
from schedules.pathway import Pathway

MESSAGE = "message"
_UNREAD_SHOWN = 10
_READ_SHOWN = 3
_CHECKINS_SHOWN = 3
_LANGUAGES = {"en": "English", "es": "Spanish"}


def show(session: Session, escalation: Escalation, staff: Staff, clinic: Clinic, occasion: str, now: datetime) -> None:
    """Send who this case is about to the private chat of `staff`, unread messages last. The look goes on record.

    The caller has checked that this person may work the case and that their chat can be reached.
    """
    enrolment = session.get_one(Enrolment, escalation.enrolment_id)
    audit.record(
        session,
        audit.actor(staff),
        "details viewed",
        f"patient:{enrolment.patient_id}",
        now,
        escalation=escalation.id,
    )
    head = casework.person(person(session, enrolment, now))
    for number, card in enumerate(casework.pages(head, _sheets(session, escalation, clinic), protect=True)):
        outbox.say_card(session, chat(staff), card, key=f"details:{occasion}:{number}", now=now, lane=Lane.CLINICIAN)
    messages(session, enrolment, staff, occasion, now)


def messages(session: Session, enrolment: Enrolment, staff: Staff, occasion: str, now: datetime) -> int:
    """Send the unread messages of this patient, and the last read ones, one card each. Returns how many."""
    mine = select(Message).where(Message.enrolment_id == enrolment.id)
    unread = session.scalars(mine.where(Message.read_at.is_(None)).order_by(Message.id).limit(_UNREAD_SHOWN)).all()
    read = session.scalars(mine.where(Message.read_at.is_not(None)).order_by(Message.id.desc()).limit(_READ_SHOWN))
    rows = [*reversed(read.all()), *unread]
    for row in rows:
        outbox.show(
            session,
            MESSAGE,
            row.id,
            chat(staff),
            now=now,
            lane=Lane.CLINICIAN,
            fresh=True,
            key=f"{occasion}:{row.id}",
        )
        audit.record(session, audit.actor(staff), "message viewed", f"message:{row.id}", now)
    return len(rows)


def message_card(session: Session, ref: int, chat: Chat, clinic: Clinic, now: datetime) -> Card | None:
    """One message of a patient as a clinician's private chat shows it now; None in any other chat."""
    message = session.get(Message, ref)
    staff = session.scalars(select(Staff).where(Staff.chat_id == chat.id, Staff.state == "active")).one_or_none()
    if message is None or staff is None or chat.kind != "private":
        return None
    enrolment = session.get_one(Enrolment, message.enrolment_id)
    if not access.to_enrolment(session, staff, enrolment):
        return None
    patient = session.get_one(Patient, enrolment.patient_id)
    zone = ZoneInfo(session.get_one(CareTeam, enrolment.team_id).timezone)
    at = clinician.moment(message.received_at, now, zone)
    said = casework.clip(message.body) if message.body else f"({_without_words(message.kind)})"
    rows: tuple[tuple[Button, ...], ...] = ()
    lines = [f"✉️ {bold(patient.name)} · <code>{esc(patient.code)}</code>, {at}", said]
    if message.edit_of is not None:
        lines.insert(1, "<i>The patient changed an earlier message to this:</i>")
    if message.read_at is None:
        lines.append(f"<i>A person reads this by {clinician.moment(message.read_by, now, zone)}.</i>")
        rows = ((button("Mark as read", "c_read", message.id),),)
    else:
        reader = session.get(Staff, message.reader_id) if message.reader_id is not None else None
        who = esc(reader.name if reader is not None else "a colleague")
        lines.append(f"<i>Read by {who}, {clinician.moment(message.read_at, now, zone)}</i>")
    return Card(text="\n".join(lines), rows=rows, protect=True, silent=True)


def refresh_message(session: Session, message_id: int, now: datetime) -> None:
    """Make every copy of a message card show whether it was read."""
    for chat_id in telling.shown_in(session, MESSAGE, message_id):
        outbox.show(session, MESSAGE, message_id, chat_id, now=now, lane=Lane.CLINICIAN)


def person(session: Session, enrolment: Enrolment, now: datetime) -> casework.Person:
    """Who this enrolment is of."""
    patient = session.get_one(Patient, enrolment.patient_id)
    pathway = pathways.of(session, enrolment.pathway_version_id)
    return casework.Person(
        name=patient.name or "name not recorded",
        code=patient.code,
        phone=patient.phone or "not recorded",
        kin_name=patient.kin_name or "not recorded",
        kin_phone=patient.kin_phone or "no number recorded",
        language=_LANGUAGES.get(patient.language, patient.language),
        procedure=pathway.procedure_of(enrolment.procedure).title.in_("en"),
        day=timeline.day_number(enrolment.surgery_date, now, patient.timezone),
        surgery_date=enrolment.surgery_date.isoformat(),
        state=enrolment.state,
    )


def _sheets(session: Session, escalation: Escalation, clinic: Clinic) -> Iterator[str]:
    """The answers of the check-ins that the findings come from, newest first, in the words the patient saw."""
    for checkin in _checkins(session, escalation):
        pathway = pathways.of(session, checkin.pathway_version_id)
        yield f"\n<b>{esc(title(pathway, checkin))}</b>, {answersheet.when(checkin)}"
        given = answersheet.of(session, checkin.id)
        for answer in given.values():
            yield from _answer(Words(pathway=pathway, language=answer.language, clinic=clinic), answer)
        if not given:
            yield "No answers."


def _checkins(session: Session, escalation: Escalation) -> Sequence[CheckIn]:
    named = select(EscalationFinding.checkin_id).where(EscalationFinding.escalation_id == escalation.id)
    wanted = select(CheckIn).where(CheckIn.id.in_(named)).order_by(CheckIn.due_at.desc(), CheckIn.id.desc())
    return session.scalars(wanted.limit(_CHECKINS_SHOWN)).all()


def title(pathway: Pathway, checkin: CheckIn) -> str:
    """What a check-in is called; the second ad-hoc one and so on go by the name of the first."""
    try:
        return pathway.checkin(checkin.checkin.partition("-")[0]).title.in_("en")
    except KeyError:
        return facts.label(checkin.checkin)


def _answer(words: Words, given: Given) -> Iterator[str]:
    asked = facts.question(words.pathway, given.question)
    if asked is None:
        yield f"• {esc(facts.label(given.question))}: {esc(facts.UNREADABLE)}"
        return
    text = asked.again if given.again and asked.again is not None else asked.text
    yield f"• {esc(words.fill(text.in_(given.language)))}"
    said = facts.words(asked, given.value, given.language)
    if given.language != "en" and (english := facts.words(asked, given.value)) != said:
        said = f"{said} ({english})"
    known = (("asked again", given.again), ("late", given.late), (f"by {given.author}", given.author != "patient"))
    marks = [mark for mark, holds in known if holds]
    if given.before:
        marks.append("before: " + ", ".join(facts.words(asked, value) for value in given.before))
    if asked.type == "text":
        said = given.raw or str(given.value or facts.UNANSWERED)
    elif given.raw and not given.readable:
        said = f"typed “{given.raw}”, {facts.UNREADABLE}"
    yield f"   → <b>{casework.clip(said, 900)}</b>" + (f" <i>({esc('; '.join(marks))})</i>" if marks else "")


def _without_words(kind: str) -> str:
    return f"a {kind}; it cannot be shown here: ask the patient about it"


def chat(staff: Staff) -> int:
    """The private chat of a member of staff. Raises ValueError when they have none."""
    if staff.chat_id is None:
        raise ValueError(f"staff {staff.id} has no private chat: check that before showing them a patient")
    return staff.chat_id
