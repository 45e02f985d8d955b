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
from schedules.proof.variables import Known, Value, Variable


def facts(space: Space, known: Known, *, whole: bool = False) -> Facts:
    """The facts of a partly known case. `whole`: there is no more to know, so a baseline that is not known is none."""
    said = _Said(baseline={} if whole else dict(space.any_baseline))
    single: dict[str, Any] = {}
    for place, value in known.items():
        if place.name:
            said.add(place, value)
        else:
            single[place.kind] = value.raw
    level: Level | None = single.get("previous_level")
    found = Facts(
        day=single.get("day", math.nan),
        procedure=single.get("procedure", ""),
        status=single.get("status", ""),
        checkin=single.get("checkin", ""),
        started=bool(said.chosen or said.unreadable or said.numbers["answer"] or single.get("started")),
        chosen=said.chosen,
        numbers=said.numbers["answer"],
        unreadable=frozenset(said.unreadable),
        baseline_chosen=said.baseline,
        baseline_numbers=said.numbers["baseline"],
        previous=said.numbers["previous"],
        best=said.numbers["best"],
        missed_in_row=single.get("missed_in_row", 0),
        previous_level=lambda: level,
        free_text_level=single.get("free_text_level"),
        said=frozenset(said.heard["said"]),
        denied=frozenset(said.heard["denied"]),
        rescreen=frozenset(said.heard["rescreen"]),
    )
    if said.missing and found.status not in {"", "open"}:
        found.unanswered = frozenset(_silent(space, said.missing, found))
    return found


class _Said:
    """What is known by question: answers, earlier values, and what was heard beside them."""

    __slots__ = ("baseline", "chosen", "heard", "missing", "numbers", "unreadable")

    def __init__(self, baseline: dict[str, tuple[str, ...]]) -> None:
        self.baseline = baseline
        self.chosen: dict[str, tuple[str, ...]] = {}
        self.numbers: dict[str, dict[str, float]] = {"answer": {}, "baseline": {}, "previous": {}, "best": {}}
        self.heard: dict[str, set[str]] = {"said": set(), "denied": set(), "rescreen": set()}
        self.unreadable: set[str] = set()
        self.missing: list[str] = []

    def add(self, place: Variable, value: Value) -> None:
        """Note one thing."""
        kind, name = place
        if kind in self.heard:
            self.heard[kind] |= {name} if value.raw else set()
        elif value.number is not None:
            self.numbers[kind][name] = value.number
        elif kind == "baseline":
            self.baseline[name] = value.chosen
        elif kind == "answer" and value.raw is None:
            self.missing.append(name)
        elif kind == "answer":
            if value.unreadable:
                self.unreadable.add(name)
            if value.chosen or not value.unreadable:
                self.chosen[name] = value.chosen


def _silent(space: Space, missing: list[str], found: Facts) -> Iterator[str]:
    for name in missing:
        question = space.pathway.find_question(name)
        if question is None or found.checkin not in question.checkins:
            continue
        if question.asked_when is None or question.asked_when(found):
            yield name
