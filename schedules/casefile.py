"""Cases written as plain values (JSON or YAML), read strictly; assessments written back.

A case: `id`, `procedure`, `surgery_date`, `checkin`, `answered_on`, `status`, `answers`, and maybe `history`, a list
of `checkin` (or "baseline"), `answered_on`, `status`, maybe `level`, `answers`. A value that is no option or out of
range is no fault of the case: it is triaged as unreadable. Everything else that does not fit is refused, by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

from schedules.case import BASELINE, Case, PastCheckIn, PastStatus
from schedules.facts import RESCREEN
from schedules.pathway import Level, Pathway
from schedules.triage import Assessment

_CASE = ("id", "procedure", "surgery_date", "checkin", "answered_on", "status", "answers", "history")
_PAST = ("checkin", "answered_on", "status", "level", "answers")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_STATUSES = get_args(PastStatus)
_SHOWN = 60


class BadCaseError(ValueError):
    """This is no case; `faults` say which field, and why."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(slots=True)
class _Faults:
    found: list[str] = field(default_factory=list)

    def add(self, name: str, why: str) -> None:
        self.found.append(f"{name}: {why}")


def read(pathway: Pathway, value: object) -> Case:
    """The case written as `value`. Raises BadCaseError that lists every fault."""
    faults = _Faults()
    if not isinstance(value, Mapping):
        raise BadCaseError((f"a case is an object with {', '.join(_CASE)}; this is {_kind(value)}",))
    _strangers(value, _CASE, "", faults)
    name = value.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int | float) or name in (math.inf, -math.inf):
        faults.add("id", f"give a text or a number; this is {_kind(name)}")
    procedure = value.get("procedure")
    if not isinstance(procedure, str):
        faults.add("procedure", f"give the operation as text, or other; this is {_kind(procedure)}")
    surgery = _date(value.get("surgery_date"), "surgery_date", faults)
    answered = _date(value.get("answered_on"), "answered_on", faults)
    if surgery and answered and answered < surgery:
        faults.add("answered_on", f"{answered} is before the surgery on {surgery}")
    status = _one_of(value.get("status"), _STATUSES, "status", faults)
    checkin = _one_of(value.get("checkin"), tuple(spec.id for spec in pathway.schedule.checkins), "checkin", faults)
    answers = _answers(pathway, value.get("answers", {} if status == "missed" else None), "answers", faults)
    history = _history(pathway, value.get("history"), surgery, faults)
    if faults.found or surgery is None or answered is None:
        raise BadCaseError(tuple(faults.found))
    return Case(
        id=str(name),
        procedure=str(procedure),
        surgery_date=surgery,
        checkin=checkin,
        answered_on=answered,
        status=status,
        answers=answers,
        history=history,
    )


def write(name: object, assessment: Assessment) -> dict[str, Any]:
    """The assessment of the case called `name`, ready for JSON."""
    return {
        "id": name,
        "level": assessment.level.value,
        "within_days": assessment.within_days,
        "findings": [
            {"rule": finding.rule, "level": finding.level.value, "because": dict(finding.because)}
            for finding in assessment.findings
        ],
        "unanswered": list(assessment.unanswered),
        "unreadable": list(assessment.unreadable),
    }


def _history(pathway: Pathway, value: object, surgery: date | None, faults: _Faults) -> tuple[PastCheckIn, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        faults.add("history", f"give a list of earlier check-ins; this is {_kind(value)}")
        return ()
    return tuple(_past(pathway, entry, f"history[{index}]", surgery, faults) for index, entry in enumerate(value))


def _past(pathway: Pathway, value: object, place: str, surgery: date | None, faults: _Faults) -> PastCheckIn:
    if not isinstance(value, Mapping):
        faults.add(place, f"give an object with {', '.join(_PAST)}; this is {_kind(value)}")
        value = {}
    _strangers(value, _PAST, f"{place}.", faults)
    known = (BASELINE, *(spec.id for spec in pathway.schedule.checkins))
    checkin = _one_of(value.get("checkin"), known, f"{place}.checkin", faults)
    before = checkin == BASELINE
    status = _one_of(value.get("status", "completed" if before else None), _STATUSES, f"{place}.status", faults)
    answered = None
    if value.get("answered_on") is not None or not (before or status == "missed"):
        answered = _date(value.get("answered_on"), f"{place}.answered_on", faults)
    if answered and surgery and answered < surgery and not before:
        faults.add(f"{place}.answered_on", f"{answered} is before the surgery on {surgery}; call it {BASELINE}")
    level = None
    if value.get("level") is not None:
        level = _one_of(value["level"], tuple(Level), f"{place}.level", faults)
    answers = _answers(pathway, value.get("answers", {} if status == "missed" else None), f"{place}.answers", faults)
    return PastCheckIn(
        checkin=checkin,
        answered_on=answered,
        status=status,
        level=Level(level) if level in tuple(Level) else None,
        answers=answers,
    )


def _answers(pathway: Pathway, value: object, place: str, faults: _Faults) -> dict[str, object]:
    if not isinstance(value, Mapping):
        faults.add(place, f"give an object from question to answer; this is {_kind(value)}")
        return {}
    answers: dict[str, object] = {}
    for name, answer in value.items():
        if name != RESCREEN and (not isinstance(name, str) or pathway.find_question(name) is None):
            faults.add(f"{place}.{_short(name)}", f"there is no such question in {pathway.id} {pathway.version}")
        elif isinstance(answer, Mapping) or (
            isinstance(answer, list) and any(isinstance(item, list | Mapping) for item in answer)
        ):
            faults.add(f"{place}.{name}", "give an option, a list of options, a number or a text")
        else:
            answers[name] = answer
    return answers


def _strangers(value: Mapping[object, object], known: tuple[str, ...], place: str, faults: _Faults) -> None:
    for name in value:
        if name not in known:
            faults.add(f"{place}{_short(name)}", f"there is no such field; use {', '.join(known)}")


def _date(value: object, place: str, faults: _Faults) -> date | None:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            faults.add(place, f"{value} is no day of the calendar")
            return None
    given = f"{_short(value)!r}" if isinstance(value, str) else _kind(value)
    faults.add(place, f'write the day as "YYYY-MM-DD"; this is {given}')
    return None


def _one_of(value: object, known: tuple[str, ...], place: str, faults: _Faults) -> Any:
    if not isinstance(value, str) or value not in known:
        given = f"{_short(value)!r}" if isinstance(value, str) else _kind(value)
        faults.add(place, f"{given} is none of {', '.join(known)}")
    return value


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _kind(value: object) -> str:
    if value is None:
        return "missing"
    kinds = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), "something else")
