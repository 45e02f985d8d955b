"""Where a patient stands in a check-in: what is asked next, what came before, how far along. Changes nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.care import cases, pathways
from bot.db.models import CheckIn
from schedules import questionnaire
from schedules.pathway import Question


def asked(session: Session, row: CheckIn, now: datetime) -> tuple[Question, ...]:
    """The questions that apply as the answers stand now, in order."""
    pathway = pathways.of(session, row.pathway_version_id)
    return questionnaire.applicable(pathway, cases.case(session, row, now, "open"))


def next_question(session: Session, row: CheckIn, now: datetime) -> Question | None:
    """The first one without a readable answer; a skipped one has been answered. None when all are."""
    latest = cases.standing(session, row)
    answered = {question for question, answer in latest.items() if answer.readable}
    return next((question for question in asked(session, row, now) if question.id not in answered), None)


def previous_question(session: Session, row: CheckIn, before: str, now: datetime) -> Question | None:
    """The one asked before this one, if any."""
    questions = asked(session, row, now)
    ids = [question.id for question in questions]
    place = ids.index(before) if before in ids else len(ids)
    return questions[place - 1] if place > 0 else None


def place(session: Session, row: CheckIn, question: str, now: datetime) -> tuple[int, int]:
    """Position and total, counted from 1. The total grows when an answer opens a follow-up question."""
    ids = [asked_.id for asked_ in asked(session, row, now)]
    return (ids.index(question) + 1 if question in ids else len(ids)), max(len(ids), 1)
