"""Where a patient stands in a check-in: what is asked next, what came before, how far along. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.care import cases, pathways
from bot.db.models import Answer, CheckIn
from schedules import questionnaire
from schedules.pathway import Question


def asked(session: Session, row: CheckIn, now: datetime) -> tuple[Question, ...]:
    """The questions that apply as the answers stand now, in order."""
    pathway = pathways.of(session, row.pathway_version_id)
    return questionnaire.applicable(pathway, cases.case(session, row, now, "open"))


def next_question(session: Session, row: CheckIn, now: datetime) -> Question | None:
    """The first one without a readable answer, or whose answer is in doubt. None when there is none.

    A skipped one has been answered.
    """
    latest = cases.standing(session, row)
    answered = {question for question, answer in latest.items() if answer.readable} - doubted(row, latest)
    return next((question for question in asked(session, row, now) if question.id not in answered), None)


def complete(session: Session, row: CheckIn, now: datetime) -> bool:
    """Whether every question that applies has a readable answer, in doubt or not."""
    answered = {question for question, answer in cases.standing(session, row).items() if answer.readable}
    return all(question.id in answered for question in asked(session, row, now))


def in_doubt(session: Session, row: CheckIn, question_id: str) -> bool:
    """Whether this question is asked again, in other words, and waits for its answer."""
    return question_id in doubted(row, cases.standing(session, row))


def doubted(row: CheckIn, latest: Mapping[str, Answer]) -> frozenset[str]:
    """The questions that are asked again, in other words, and have no newer answer yet."""
    asked_again: dict[str, int] = row.asked_again or {}
    return frozenset(name for name, of in asked_again.items() if name in latest and latest[name].id == of)


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
