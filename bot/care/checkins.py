"""The life of a check-in, for whoever calls from outside, and the one message that shows it.

Planned (planning.py), opened (opening.py), reminded of (reminding.py), answered (answers.py), closed (closing.py),
ended with its reason (ending.py).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Card, patient
from bot.care import assessing, cases, course, ending, facts, patients, planning, reminding, screens
from bot.care.clinic import Clinic
from bot.care.closing import close_due, end_programmes, unreadable_due
from bot.care.ending import end, stop_all
from bot.care.opening import answerable, ask_again, current, open_due, start_adhoc
from bot.care.patients import Words
from bot.care.planning import next_planned, plan
from bot.care.reminding import remind_due
from bot.db.models import Answer, Assessment, CheckIn, Enrolment
from schedules import questions, triage
from schedules.pathway import Level, Question

CHANGING = "*changing*"  # among the ticks of a summary: the list of answers to change is on the screen

__all__ = [
    "answerable",
    "ask_again",
    "card",
    "close_due",
    "current",
    "end",
    "end_programmes",
    "next_planned",
    "open_due",
    "plan",
    "remind_due",
    "start_adhoc",
    "stop_all",
    "unreadable_due",
]


def card(session: Session, ref: int, clinic: Clinic, now: datetime) -> Card | None:
    """What the message of this check-in shows now. None while it is not open, or when it ended unseen."""
    row = session.get(CheckIn, ref)
    if row is None or row.opened_at is None:
        return None
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    words = patients.words(session, enrolment, clinic, row.pathway_version_id)
    takes = ending.takes_answers(session, row)
    if row.finished_at is not None and (row.stage == "summary" or row.question is None or not takes):
        return _finished(session, row, words)
    if row.finished_at is None and row.state == "ended" and (row.stage == "intro" or not takes):
        return _ended(session, row, words)
    if assessing.in_crisis(session, enrolment, now):
        return patient.paused(row.id, words.text("crisis_pause"), words.label, may_go_on=False)
    if row.stage == "intro":
        return _intro(session, row, words)
    if row.stage == "paused":
        return patient.paused(row.id, words.text("paused"), words.label, may_go_on=True)
    if row.stage == "action":
        return patient.after_card(row.id, words.text("rest_of_questions"), words.label)
    question = words.pathway.question(row.question) if row.question is not None else None
    return _finished(session, row, words) if question is None else _asking(session, row, question, words, now)


def _intro(session: Session, row: CheckIn, words: Words) -> Card:
    sent, planned = reminding.sent(session, row)
    view = screens.Opening(
        spec=planning.spec_id(row),
        closes_at=row.closes_at,
        reminded=sent,
        reminders=planned,
        recheck=row.checkin.endswith(planning.RECHECK),
        late=row.sent_late,
    )
    text = screens.opening(words, view)
    return patient.intro(row.id, text, words.label, begun=row.question is not None)


def _asking(session: Session, row: CheckIn, question: Question, words: Words, now: datetime) -> Card:
    position, total = course.place(session, row, question.id, now)
    answered = cases.standing(session, row)
    standing, doubted = answered.get(question.id), question.id in course.doubted(row, answered)
    late = row.state == "ended" and row.finished_at is None
    return screens.question(
        words,
        question,
        position,
        total,
        checkin=row.id,
        picks=tuple(row.picks or ()),
        given=_given(standing, question, words) if standing and standing.readable and not doubted else None,
        again=question.id in (row.asked_again or {}),
        hint=_hint(standing, question, words),
        notice=words.text("late_answer") if late and standing is None and position > 1 else None,
    )


def _hint(standing: Answer | None, question: Question, words: Words) -> str | None:
    """How to answer, when the last thing typed could not be read."""
    if standing is None or standing.readable:
        return None
    parsed = questions.parse(question, standing.raw or "", words.language)
    key = parsed.hint if isinstance(parsed, questions.Rejected) else f"hint_{question.type}"
    return words.text(key)


def _finished(session: Session, row: CheckIn, words: Words) -> Card:
    """What was said in the end, by the highest level there was; a better answer later does not soften it.

    The answers stand below it, and can be corrected while the check-in still takes answers.
    """
    lines = _lines(session, row, words)
    changeable = ending.takes_answers(session, row)
    if changeable and CHANGING in (row.picks or ()):
        return patient.change(row.id, words.text("change_answer"), lines, words.label)
    level = Level(row.level or Level.ROUTINE)
    said = assessing.closing_cards(words, _findings(session, row, level), level) or (words.card("card_routine"),)
    return patient.finished(row.id, said, words.text("closing_summary"), lines, words.label, changeable=changeable)


def _ended(session: Session, row: CheckIn, words: Words) -> Card:
    """Not finished: over, but an answer may still be taken."""
    takes = ending.takes_answers(session, row)
    text = words.card("card_reminder") if takes else words.text("checkin_closed")
    if row.end_reason == "withdrawn":
        return patient.plain(words.text("stopped"))
    return patient.closed((text,), words.label, answer_now=row.id if takes else None)


def _findings(session: Session, row: CheckIn, level: Level) -> list[triage.Finding]:
    """Every finding of this level that a judgement of this check-in, or of words typed in it, ever held."""
    kept = session.scalars(
        select(Assessment.findings)
        .where(Assessment.checkin_id == row.id, Assessment.level == level.value)
        .order_by(Assessment.id.desc())
    )
    found = {finding["rule"]: finding for findings in kept for finding in findings if finding["level"] == level.value}
    return [
        triage.Finding(
            rule=finding["rule"],
            level=level,
            because=finding["because"],
            within_days=finding["within_days"],
            text=finding["text"],
            card=finding["card"],
        )
        for finding in found.values()
    ]


def _lines(session: Session, row: CheckIn, words: Words) -> list[patient.Line]:
    """The answers in plain words, in the order of the questions; a skipped question is there to be answered."""
    standing = cases.standing(session, row)
    return [
        patient.Line(
            index=index,
            question=screens.short(question.text.in_(words.language)),
            answer=_given(standing[question.id], question, words) or "—",
        )
        for index, question in enumerate(words.pathway.questions)
        if question.id in standing
    ]


def _given(answer: Answer, question: Question, words: Words) -> str | None:
    if question.type == "text":
        return answer.raw
    if not answer.readable or answer.value is None:
        return None
    return facts.words(question, answer.value, words.language)
