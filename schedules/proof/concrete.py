"""A partly known case made whole, so that it can be triaged and shown: everything else is as mild as can be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from schedules import questions
from schedules.case import BASELINE, Case, Heard, PastCheckIn
from schedules.levels import Level
from schedules.pathway import OTHER_PROCEDURE, Question
from schedules.proof import partial
from schedules.proof.space import Space
from schedules.proof.variables import (
    CHECKIN,
    DAY,
    FREE_TEXT_LEVEL,
    MISSED_IN_ROW,
    MISSING,
    PREVIOUS_LEVEL,
    PROCEDURE,
    STARTED,
    STATUS,
    Kind,
    Known,
    Value,
    Variable,
    answer,
)

_EARLIER: dict[str, Kind] = {"best": "previous", "previous": "best"}

SURGERY = date(2026, 1, 5)
"""Any date does; triage counts days from it."""


def completed(space: Space, known: Known) -> Known:
    """The case with everything else at its mildest: other questions answered well, a well baseline, no history."""
    whole = dict(known)
    checkin = whole.setdefault(CHECKIN, Value(_checkin(space, known)))
    whole.setdefault(DAY, Value(space.pathway.checkin(str(checkin.raw)).offset_days or space.days[-1]))
    procedures = [procedure.id for procedure in space.pathway.procedures if procedure.id != OTHER_PROCEDURE]
    whole.setdefault(PROCEDURE, Value((procedures or [OTHER_PROCEDURE])[0]))
    missed = MISSED_IN_ROW in known and known[MISSED_IN_ROW].raw != 0
    status = whole.setdefault(STATUS, Value("missed" if missed else "completed"))
    whole.setdefault(MISSED_IN_ROW, Value(1 if status.raw == "missed" else 0))
    for name in space.pathway.baseline_fields:
        question = space.pathway.question(name)
        if question.type == "choice":
            whole.setdefault(Variable("baseline", name), _mildest(question))
    if status.raw != "missed" or (STARTED in known and known[STARTED].raw):
        for question in space.pathway.questions_for(str(checkin.raw)):
            place = answer(question.id)
            if place not in whole and (question.asked_when is None or question.asked_when(partial.facts(space, whole))):
                whole[place] = _mildest(question)
    for place, value in known.items():
        if place.kind in _EARLIER:
            whole.setdefault(Variable(_EARLIER[place.kind], place.name), value)
    return {place: _read(space, place, value) for place, value in whole.items()}


def _checkin(space: Space, known: Known) -> str:
    """The check-in that asks most of the questions answered, and is sent nearest to the day."""
    named = {place.name for place in known if place.kind == "answer"}
    day = known[DAY].raw if DAY in known else 0
    assert isinstance(day, int)  # noqa: S101 - tells the type checker what days are
    return min(
        space.pathway.schedule.checkins,
        key=lambda checkin: (
            len(named - {question.id for question in space.pathway.questions_for(checkin.id)}),
            abs((checkin.offset_days if checkin.offset_days is not None else 0) - day),
        ),
    ).id


def _mildest(question: Question) -> Value:
    match question.type:
        case "choice":
            return Value(question.options[0].id, (question.options[0].id,))
        case "multi":
            name = (*question.exclusive, question.options[0].id)[0]
            return Value((name,), (name,))
        case "scale" | "number":
            return Value(question.min, number=question.min)
        case "text":
            return Value("words")


def _read(space: Space, place: Variable, value: Value) -> Value:
    """The value with all that is read of it, not only what some term looked at."""
    question = space.pathway.find_question(place.name) if place.kind == "answer" else None
    if question is None or question.type != "multi" or value.raw is None or value.unreadable:
        return value
    found = questions.validate(question, value.raw)
    return Value(value.raw, found.value) if isinstance(found.value, tuple) else value


def case(space: Space, whole: Known) -> Case:
    """The case as triage takes it. `whole`: of `completed`."""
    day, level, status = whole[DAY].raw, whole.get(FREE_TEXT_LEVEL, MISSING).raw, whole[STATUS].raw
    assert isinstance(day, int)  # noqa: S101 - tells the type checker what days are
    on = SURGERY + timedelta(days=day)
    return Case(
        id="counter-example",
        procedure=str(whole[PROCEDURE].raw),
        surgery_date=SURGERY,
        checkin=str(whole[CHECKIN].raw),
        answered_on=on,
        status=status,  # type: ignore[arg-type]  # the domain of the status holds nothing else
        answers={
            place.name: value.raw for place, value in whole.items() if place.kind == "answer" and value.raw is not None
        },
        history=(*_baseline(whole), *_past(space, whole, on)),
        free_text_level=level if isinstance(level, Level) else None,
        heard=Heard(said=_heard(whole, "said"), denied=_heard(whole, "denied"), rescreen=_heard(whole, "rescreen")),
    )


def _heard(whole: Known, kind: str) -> frozenset[str]:
    return frozenset(place.name for place, value in whole.items() if place.kind == kind and value.raw)


def _baseline(whole: Known) -> list[PastCheckIn]:
    recorded = {
        place.name: value.raw for place, value in whole.items() if place.kind == "baseline" and value.raw is not None
    }
    if not recorded:
        return []
    return [PastCheckIn(checkin=BASELINE, answered_on=None, status="completed", answers=recorded)]


def _past(space: Space, whole: Known, on: date) -> list[PastCheckIn]:
    """The best scores, then the last ones with the last level, then the check-ins missed since; a day each."""
    best, last = _numbers(whole, "best"), _numbers(whole, "previous")
    level, missed = whole.get(PREVIOUS_LEVEL, MISSING).raw, whole[MISSED_IN_ROW].raw
    assert isinstance(missed, int)  # noqa: S101 - tells the type checker what counts are
    planned = [checkin.id for checkin in space.pathway.schedule.checkins if checkin.offset_days is not None]
    entries: list[tuple[Literal["completed", "missed"], Level, dict[str, object]]] = []
    if best and best != last:
        entries.append(("completed", Level.ROUTINE, best))
    if last or isinstance(level, Level):
        entries.append(("completed", level if isinstance(level, Level) else Level.ROUTINE, last))
    entries += [("missed", Level.ROUTINE, {}) for _ in range(missed - 1)]
    return [
        PastCheckIn(
            checkin=planned[0],
            answered_on=on - timedelta(days=len(entries) - place),
            status=status,
            level=reached,
            answers=answers,
        )
        for place, (status, reached, answers) in enumerate(entries)
    ]


def _numbers(whole: Known, kind: str) -> dict[str, object]:
    return {
        place.name: value.number for place, value in whole.items() if place.kind == kind and value.number is not None
    }
