"""Why a case has its level: for one clinician's private chat, on record. Reading only, but for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards.reasons import Asked, Occasion, Reason, ReasonsView, why
from bot.care import answersheet, audit, cases, course, dossier, expected, facts, outbox, pathways, patients
from bot.care.answersheet import Given
from bot.care.clinic import Clinic
from bot.care.expected import Notes
from bot.care.outbox import Lane
from bot.care.patients import Words
from bot.db.models import CheckIn, Enrolment, Escalation, EscalationFinding, Message, Patient, Staff
from schedules import explain, timeline
from schedules.case import Case
from schedules.explain import Explanation
from schedules.pathway import Level, Pathway, Question, Texts

_OCCASIONS = 3
_BEFORE = 3
_OPERATIONAL = "Something that happened to the messages, not an answer."

Source = tuple[int | None, int | None]


def show(session: Session, escalation: Escalation, staff: Staff, clinic: Clinic, occasion: str, now: datetime) -> None:
    """Send the reasons to the private chat of `staff`. The caller has checked that they may work the case."""
    audit.record(session, audit.actor(staff), "reasons viewed", f"escalation:{escalation.id}", now)
    for number, card in enumerate(why(of(session, escalation, clinic, now))):
        key = f"why:{occasion}:{number}"
        outbox.say_card(session, dossier.chat(staff), card, key=key, now=now, lane=Lane.CLINICIAN)


def of(session: Session, escalation: Escalation, clinic: Clinic, now: datetime) -> ReasonsView:
    """The reasons of this case as the answers stand at `now` (UTC), newest check-in or message first."""
    enrolment = session.get_one(Enrolment, escalation.enrolment_id)
    patient = session.get_one(Patient, enrolment.patient_id)
    pathway = pathways.of(session, enrolment.pathway_version_id)
    by_source: dict[Source, list[EscalationFinding]] = {}
    wanted = select(EscalationFinding).where(EscalationFinding.escalation_id == escalation.id)
    for row in session.scalars(wanted.order_by(EscalationFinding.at.desc(), EscalationFinding.id)):
        by_source.setdefault((row.checkin_id, row.message_id), []).append(row)
    sources = list(by_source.items())[:_OCCASIONS]
    tags = [tag for _, rows in sources for row in rows for tag in explain.grounds(pathway, row.rule)[1]]
    return ReasonsView(
        code=patient.code,
        level=Level(escalation.level),
        procedure=pathway.procedure_of(enrolment.procedure).title.in_("en"),
        day=timeline.day_number(enrolment.surgery_date, now, patient.timezone),
        occasions=tuple(_occasion(session, enrolment, source, rows, clinic, now) for source, rows in sources),
        sources=tuple(dict.fromkeys((tag.tag, tag.says) for tag in tags)),
    )


def _occasion(
    session: Session,
    enrolment: Enrolment,
    source: Source,
    rows: Sequence[EscalationFinding],
    clinic: Clinic,
    now: datetime,
) -> Occasion:
    checkin = session.get(CheckIn, source[0]) if source[0] is not None else None
    message = session.get(Message, source[1]) if source[1] is not None else None
    version = checkin.pathway_version_id if checkin is not None else enrolment.pathway_version_id
    pathway = pathways.of(session, version)
    explained = None
    if checkin is not None:
        explained = _explained(pathway, cases.case(session, checkin, now, _status(session, checkin, now)))
    elif message is not None:
        explained = _explained(pathway, cases.of_message(session, enrolment, message, now))
    level = max(Level(row.level) for row in rows)
    ordered = sorted(rows, key=lambda row: (-Level(row.level).rank, row.id))
    notes = expected.of(session, enrolment)
    near = explain.why_not_higher(explained) if explained is not None and explained.level is level else ()
    return Occasion(
        title=_title(session, enrolment, checkin, message, pathway, explained),
        level=level,
        reasons=tuple(_reason(pathway, row, level, explained, notes) for row in ordered),
        asked=tuple(_asked(session, checkin, rows, pathway, clinic)) if checkin is not None else (),
        near=tuple(map(_spoken, near)),
    )


def _explained(pathway: Pathway, case: Case) -> Explanation:
    def named(question_id: str, option_id: str) -> str:
        return f"“{pathway.question(question_id).option(option_id).text.in_('en')}”"

    return explain.explain(pathway, case, named)


def _status(session: Session, checkin: CheckIn, now: datetime) -> cases.Status:
    if checkin.finished_at is not None and course.complete(session, checkin, now):
        return "completed"
    if checkin.state == "open" or checkin.finished_at is not None:
        return "open"
    return "partial" if cases.standing(session, checkin) else "missed"


def _title(
    session: Session,
    enrolment: Enrolment,
    checkin: CheckIn | None,
    message: Message | None,
    pathway: Pathway,
    explained: Explanation | None,
) -> str:
    if checkin is not None and explained is not None:
        return f"{dossier.title(pathway, checkin)}, answered on day {explained.day}"
    if message is not None:
        zone = patients.of(session, enrolment).timezone
        day = timeline.day_number(enrolment.surgery_date, message.received_at, zone)
        return f"A message on day {day}; its words are under Details"
    return "What happened to the messages"


def _reason(
    pathway: Pathway, row: EscalationFinding, level: Level, explained: Explanation | None, notes: Notes
) -> Reason:
    ground, sources = explain.grounds(pathway, row.rule)
    known = {one.finding.rule: one for one in explained.fired} if explained is not None else {}
    fired = known.get(row.rule)
    is_rule = bool(ground)
    unless = _spoken(explain.unless(fired)) if fired is not None and Level(row.level) is level else None
    return Reason(
        rule=row.rule,
        level=Level(row.level),
        said=row.said,
        ground=ground or _OPERATIONAL,
        tags=tuple(source.tag for source in sources),
        unless=unless,
        stands=fired is not None or not is_rule,
        expected=notes.beside(row),
    )


def _spoken(line: str) -> str:
    """Ids as words; the texts of options hold no underscore."""
    return line.replace("_", " ")


def _asked(
    session: Session, checkin: CheckIn, rows: Sequence[EscalationFinding], pathway: Pathway, clinic: Clinic
) -> Iterator[Asked]:
    """The questions that the findings rest on, in the order of the pathway, as the patient saw them."""
    named = {facts.about(key) for row in rows for key in row.because}
    sheet = answersheet.of(session, checkin.id)
    earlier = _earlier(session, checkin)
    for question in pathway.questions:
        given = sheet.get(question.id)
        if question.id in named and given is not None and question.type != "text":
            words = Words(pathway=pathway, language=given.language, clinic=clinic)
            yield _as_seen(question, given, words, earlier)


def _as_seen(
    question: Question, given: Given, words: Words, earlier: Sequence[tuple[str, Mapping[str, Given]]]
) -> Asked:
    again = question.again if given.again else None
    doubted = given.before[-1] if again is not None and given.before else None
    before = [
        (when, facts.words(question, sheet[question.id].value)) for when, sheet in earlier if question.id in sheet
    ]
    return replace(
        _worded(words, again or question.text, question, given.value),
        first=_worded(words, question.text, question, doubted) if again is not None else None,
        before=tuple(before[:_BEFORE]),
    )


def _worded(words: Words, text: Texts, question: Question, value: Any) -> Asked:
    """A question and an answer as the patient saw them, and their English when that was another language."""
    foreign = words.language != "en"
    answer, english = facts.words(question, value, words.language), facts.words(question, value)
    return Asked(
        question=words.fill(text.in_(words.language)),
        question_english=words.fill(text.in_("en")) if foreign else None,
        answer=answer,
        answer_english=english if foreign and english != answer else None,
    )


def _earlier(session: Session, checkin: CheckIn) -> list[tuple[str, Mapping[str, Given]]]:
    """The check-ins before this one, newest first, with what was answered in each."""
    rows = list(answersheet.checkins(session, checkin.enrolment_id))
    place = next(index for index, row in enumerate(rows) if row.id == checkin.id)
    return [(answersheet.when(row), answersheet.of(session, row.id)) for row in reversed(rows[:place])]
