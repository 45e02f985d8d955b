"""A patient's own answers and words as files they can keep: one to read, one for machines. Reading only."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import texts
from bot.cards import File
from bot.care import facts, pathways, patients, planning
from bot.db.models import Answer, CheckIn, Enrolment, Message, Patient


def files(session: Session, person: Patient) -> tuple[File, File]:
    """The readable file and the JSON file: every enrolment, check-in, answer (corrected ones too) and message."""
    enrolments = session.scalars(select(Enrolment).where(Enrolment.patient_id == person.id).order_by(Enrolment.id))
    held = [_enrolment(session, enrolment) for enrolment in enrolments]
    structured = {"code": person.code, "language": person.language, "timezone": person.timezone, "enrolments": held}
    content = json.dumps(structured, ensure_ascii=False, indent=2).encode()
    readable = File(name="my-answers.txt", content="\n".join(_readable(person, held)).encode())
    return readable, File(name="my-answers.json", content=content)


def _enrolment(session: Session, enrolment: Enrolment) -> dict[str, Any]:
    rows = session.scalars(select(CheckIn).where(CheckIn.enrolment_id == enrolment.id).order_by(CheckIn.due_at))
    written = session.scalars(select(Message).where(Message.enrolment_id == enrolment.id).order_by(Message.id))
    return {
        "procedure": enrolment.procedure,
        "surgery_date": enrolment.surgery_date.isoformat(),
        "state": enrolment.state,
        "consent_at": enrolment.consent_at.isoformat() if enrolment.consent_at else None,
        "checkins": [_checkin(session, enrolment, row) for row in rows],
        "messages": [{"at": row.received_at.isoformat(), "kind": row.kind, "text": row.body} for row in written],
    }


def _checkin(session: Session, enrolment: Enrolment, row: CheckIn) -> dict[str, Any]:
    pathway = pathways.of(session, row.pathway_version_id)
    language = patients.of(session, enrolment).language
    given = session.scalars(select(Answer).where(Answer.checkin_id == row.id).order_by(Answer.id))
    name = planning.spec_id(row)
    title = name if row.kind == "baseline" else pathway.checkin(name).title.in_(language)
    return {
        "checkin": row.checkin,
        "title": title,
        "day": row.day,
        "state": row.state,
        "reason": row.end_reason,
        "due_at": row.due_at.isoformat(),
        "answers": [_answer(answer, pathway.question(answer.question), language) for answer in given],
    }


def _answer(answer: Answer, question: Any, language: str) -> dict[str, Any]:
    words = (
        answer.raw if question.type == "text" or not answer.readable else facts.words(question, answer.value, language)
    )
    return {
        "question": answer.question,
        "asked": question.text.in_(language),
        "value": answer.value,
        "words": words,
        "at": answer.at.isoformat(),
        "late": answer.late,
        "corrects": answer.corrects_id is not None,
        "author": answer.author,
    }


def _readable(person: Patient, held: list[dict[str, Any]]) -> list[str]:
    _ = texts.translator(person.language)
    lines = [_("Your answers"), ""]
    for enrolment in held:
        lines += [f"{enrolment['procedure']}, {enrolment['surgery_date']}", ""]
        for checkin in enrolment["checkins"]:
            if checkin["answers"]:
                lines.append(f"== {checkin['title']} ==")
                lines += [_line(answer, _) for answer in checkin["answers"]]
                lines.append("")
        if enrolment["messages"]:
            lines.append("== " + _("What you wrote or sent") + " ==")
            lines += [f"{sent['at'][:16]}  {sent['text'] or sent['kind']}" for sent in enrolment["messages"]]
            lines.append("")
    return lines


def _line(answer: dict[str, Any], _: Any) -> str:
    corrected = " (" + _("corrected") + ")" if answer["corrects"] else ""
    return f"{answer['at'][:16]}  {answer['asked']}\n    {answer['words']}{corrected}"
