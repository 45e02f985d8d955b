"""The facts of a case of which only some things are known.

What is not known counts as nothing, and no condition on it holds. As conditions have no "not", what holds of a partly
known case holds of every case that agrees with it. The ones that look for something missing are minded here:
`baseline_not` never holds of an unknown baseline, `unanswered` only of an answer known to be missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from schedules.levels import Level
from schedules.predicates import Facts
from schedules.proof.space import Space
from schedules.proof.variables import Known


def facts(space: Space, known: Known, *, whole: bool = False) -> Facts:
    """The facts of a partly known case. `whole`: there is no more to know, so a baseline that is not known is none."""
    single: dict[str, Any] = {}
    numbers: dict[str, dict[str, float]] = {"answer": {}, "baseline": {}, "previous": {}, "best": {}}
    chosen: dict[str, tuple[str, ...]] = {}
    recorded: dict[str, tuple[str, ...]] = {} if whole else dict(space.any_baseline)
    heard: dict[str, set[str]] = {"said": set(), "denied": set(), "rescreen": set()}
    unreadable: set[str] = set()
    missing: list[str] = []
    for (kind, name), value in known.items():
        if not name:
            single[kind] = value.raw
        elif kind in heard:
            heard[kind] |= {name} if value.raw else set()
        elif value.number is not None:
            numbers[kind][name] = value.number
        elif kind == "baseline":
            recorded[name] = value.chosen
        elif kind == "answer" and value.raw is None:
            missing.append(name)
        elif kind == "answer":
            if value.unreadable:
                unreadable.add(name)
            if value.chosen or not value.unreadable:
                chosen[name] = value.chosen
    level: Level | None = single.get("previous_level")
    found = Facts(
        day=single.get("day", math.nan),
        procedure=single.get("procedure", ""),
        status=single.get("status", ""),
        checkin=single.get("checkin", ""),
        started=bool(chosen or unreadable or numbers["answer"] or single.get("started")),
        chosen=chosen,
        numbers=numbers["answer"],
        unreadable=frozenset(unreadable),
        baseline_chosen=recorded,
        baseline_numbers=numbers["baseline"],
        previous=numbers["previous"],
        best=numbers["best"],
        missed_in_row=single.get("missed_in_row", 0),
        previous_level=lambda: level,
        free_text_level=single.get("free_text_level"),
        said=frozenset(heard["said"]),
        denied=frozenset(heard["denied"]),
        rescreen=frozenset(heard["rescreen"]),
    )
    if missing and found.status not in {"", "open"}:
        found.unanswered = frozenset(_silent(space, missing, found))
    return found


def _silent(space: Space, missing: list[str], found: Facts) -> Iterator[str]:
    for name in missing:
        question = space.pathway.find_question(name)
        if question is None or found.checkin not in question.checkins:
            continue
        if question.asked_when is None or question.asked_when(found):
            yield name
