"""Cases for the tests of the core: a well patient, changed by one thing at a time."""

from __future__ import annotations

from datetime import date, timedelta

from schedules import catalog, triage
from schedules.case import Case, PastCheckIn

PATHWAY = catalog.shipped()
SURGERY = date(2026, 1, 5)
DAYS = {"day3": 3, "week2": 14, "week6": 42, "month3": 90, "adhoc": 20}
PROCEDURES = ("microdiscectomy", "laminectomy", "fusion", "interspinous_device", "other")
RED_FLAGS = ("saddle_numbness", "bladder", "bowel", "leg_weakness", "general_symptoms")
BASELINE = {
    "leg_pain": 7,
    "back_pain": 5,
    "leg_pain_side": "one",
    "saddle_numbness": "absent",
    "bladder": "normal",
    "bowel": "normal",
    "leg_weakness": "none",
}
_WELL = {
    "saddle_numbness": "absent",
    "bladder": "normal",
    "bowel": "normal",
    "leg_weakness": "none",
    "general_symptoms": ["none"],
    "leg_pain": 2,
    "back_pain": 2,
    "pain_meds": "none",
    "activity": "going_well",
    "mood": "ok",
    "sexual_function": "no_change",
    "anything_else": "nothing",
}


def well(checkin: str = "week2") -> dict[str, object]:
    """What a well patient answers at a check-in."""
    asked = {question.id for question in PATHWAY.questions_for(checkin)}
    return {name: value for name, value in _WELL.items() if name in asked}


def before(**answers: object) -> PastCheckIn:
    """The baseline, with changes."""
    return PastCheckIn(checkin="baseline", answered_on=None, status="completed", answers={**BASELINE, **answers})


def past(
    checkin: str, *, level: triage.Level | None = None, status: str = "completed", **answers: object
) -> PastCheckIn:
    """An earlier check-in on its own day."""
    on = SURGERY + timedelta(days=DAYS[checkin])
    return PastCheckIn(checkin=checkin, answered_on=on, status=status, level=level, answers=answers)


def case(
    checkin: str = "week2",
    *,
    day: int | None = None,
    procedure: str = "microdiscectomy",
    status: str = "completed",
    history: tuple[PastCheckIn, ...] | None = None,
    without: tuple[str, ...] = (),
    **answers: object,
) -> Case:
    """A well patient's case with some answers changed or left out."""
    given = {**(well(checkin) if status != "missed" else {}), **answers}
    return Case(
        id="ana-017",
        procedure=procedure,
        surgery_date=SURGERY,
        checkin=checkin,
        answered_on=SURGERY + timedelta(days=DAYS[checkin] if day is None else day),
        status=status,
        answers={name: value for name, value in given.items() if name not in without},
        history=(before(),) if history is None else history,
    )


def fired(assessed: Case) -> set[str]:
    """The rules that fire for a case."""
    return {finding.rule for finding in triage.evaluate(PATHWAY, assessed).findings}


def level(assessed: Case) -> triage.Level:
    """The level of a case."""
    return triage.evaluate(PATHWAY, assessed).level
