"""Which question comes next. Answers decide which of the others apply; the order is that of the pathway."""

from __future__ import annotations

from dataclasses import dataclass

from schedules import facts
from schedules.case import Case
from schedules.pathway import Level, Pathway, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`position` of the question to answer, from 1, among the `total` that apply by the answers so far."""

    position: int
    total: int


def applicable(pathway: Pathway, case: Case) -> tuple[Question, ...]:
    """The questions that apply at this check-in, by the answers given so far."""
    return _read(pathway, case).asked


def next_question(pathway: Pathway, case: Case) -> Question | None:
    """The first question that applies and has no readable answer; None when all have one."""
    return next(iter(_open(_read(pathway, case))), None)


def previous_question(pathway: Pathway, case: Case, question_id: str | None = None) -> Question | None:
    """The question before `question_id` (or before the next one, or the last when done); None before the first."""
    reading = _read(pathway, case)
    here = question_id or next((question.id for question in _open(reading)), None)
    ids = [question.id for question in reading.asked]
    place = ids.index(here) if here in ids else len(ids)
    return reading.asked[place - 1] if place > 0 else None


def progress(pathway: Pathway, case: Case) -> Progress:
    """How far the patient is; past the end, position equals total."""
    reading = _read(pathway, case)
    ids = [question.id for question in reading.asked]
    waiting = next((question.id for question in _open(reading)), None)
    position = ids.index(waiting) + 1 if waiting is not None else len(ids)
    return Progress(position=position, total=len(ids))


def done(pathway: Pathway, case: Case) -> bool:
    """Whether every question that applies has a readable answer."""
    return next_question(pathway, case) is None


def _read(pathway: Pathway, case: Case) -> facts.Reading:
    return facts.read(pathway, case, _no_level)


def _open(reading: facts.Reading) -> list[Question]:
    return [
        question
        for question in reading.asked
        if question.id not in reading.answered or question.id in reading.unreadable
    ]


def _no_level(_: Case) -> Level:
    raise AssertionError("whether to ask a question never depends on an earlier level; the catalog refuses it")
