"""The facts of a case of which only some things are known.

What is not known counts as nothing, and no condition on it holds. As conditions have no "not", what holds of a partly
known case holds of every case that agrees with it. The ones that look for something missing are minded here:
`baseline_not` never holds of an unknown baseline, `unanswered` only of an answer known to be missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from schedules import conditions
from schedules.levels import Level
from schedules.pathway import Rule
from schedules.predicates import Facts
from schedules.proof.space import Space
from schedules.proof.variables import Known, Value, Variable


def facts(space: Space, known: Known, *, whole: bool = False) -> Facts:
    """The facts of a partly known case. `whole`: there is no more to know, so a baseline that is not known is none."""
    by_kind: dict[str, dict[str, Value]] = {kind: {} for kind in ("answer", "baseline", "previous", "best")}
    single: dict[str, Any] = {}
    for (kind, name), value in known.items():
        if name:
            by_kind[kind][name] = value
        else:
            single[kind] = value.raw
    given = {name: value for name, value in by_kind["answer"].items() if value.raw is not None}
    level: Level | None = single.get("previous_level")
    recorded = {name: value.chosen for name, value in by_kind["baseline"].items()}
    found = Facts(
        day=single.get("day", math.nan),
        procedure=single.get("procedure", ""),
        status=single.get("status", ""),
        checkin=single.get("checkin", ""),
        started=bool(given) or single.get("started", False),
        chosen={name: value.chosen for name, value in given.items() if _is_choice(value)},
        numbers=_numbers(given),
        unreadable=frozenset(name for name, value in given.items() if value.unreadable),
        baseline_chosen=recorded if whole else {**space.any_baseline, **recorded},
        baseline_numbers=_numbers(by_kind["baseline"]),
        previous=_numbers(by_kind["previous"]),
        best=_numbers(by_kind["best"]),
        missed_in_row=single.get("missed_in_row", 0),
        previous_level=lambda: level,
        free_text_level=single.get("free_text_level"),
    )
    if found.status not in {"", "open"}:
        found.unanswered = frozenset(_silent(space, by_kind["answer"], found))
    return found


def _is_choice(value: Value) -> bool:
    return bool(value.chosen) or (value.number is None and not value.unreadable)


def _numbers(values: dict[str, Value]) -> dict[str, float]:
    return {name: value.number for name, value in values.items() if value.number is not None}


def _silent(space: Space, answers: dict[str, Value], found: Facts) -> Iterator[str]:
    for name, value in answers.items():
        question = space.pathway.find_question(name) if value.raw is None else None
        if question is None or found.checkin not in question.checkins:
            continue
        if question.asked_when is None or question.asked_when(found):
            yield name


def trusted(rule: Rule) -> frozenset[Variable]:
    """The baselines that must be known before a rule can be said to fire: those it has a `baseline` condition on."""
    return frozenset(
        Variable("baseline", part.baseline.q)
        for part in conditions.walk(rule.when)
        if isinstance(part, conditions.BaselineIn)
    )
