"""A changed pathway over recorded cases: which alerts it would have raised, dropped or moved to another level."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schedules import facts, triage
from schedules.case import BASELINE, Case
from schedules.levels import Level
from schedules.pathway import Pathway


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One case that the two pathways judge otherwise.

    `gained` and `lost`: rules that fire under one of them only; `moved`: rules that fire under both, at another level.
    """

    case: str
    before: Level
    after: Level
    gained: dict[str, Level]
    lost: dict[str, Level]
    moved: dict[str, tuple[Level, Level]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a change would have meant. `before`, `after`: how many cases came to each level.

    `differences` stand with the cases whose level falls first, then those whose level rises. `unknown`: questions
    answered in the cases that one of the pathways does not have; those answers were left out there.
    """

    cases: int
    before: Counter[Level]
    after: Counter[Level]
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]

    @property
    def lowered(self) -> tuple[Difference, ...]:
        """The cases that come to a lower level."""
        return tuple(each for each in self.differences if each.after < each.before)

    @property
    def raised(self) -> tuple[Difference, ...]:
        """The cases that come to a higher level."""
        return tuple(each for each in self.differences if each.after > each.before)

    def rules(self, kind: str) -> dict[str, list[str]]:
        """The cases behind each rule that was `gained`, `lost` or `moved`: rule to case ids."""
        found: dict[str, list[str]] = {}
        for difference in self.differences:
            for rule in getattr(difference, kind):
                found.setdefault(rule, []).append(difference.case)
        return dict(sorted(found.items()))


def replay(old: Pathway, new: Pathway, cases: Iterable[Case]) -> Replay:
    """Both pathways over the same cases."""
    before: Counter[Level] = Counter()
    after: Counter[Level] = Counter()
    differences: list[Difference] = []
    unknown: set[str] = set()
    count = 0
    alike = _read_alike(old, new)
    for case in cases:
        count += 1
        then, now = _judged(old, new, case, unknown, alike=alike)
        levels = tuple(max(found.values(), default=Level.ROUTINE) for found in (then, now))
        before[levels[0]] += 1
        after[levels[1]] += 1
        if then != now:
            differences.append(_difference(case, levels[0], levels[1], then, now))
    differences.sort(key=_order)
    return Replay(
        cases=count,
        before=before,
        after=after,
        differences=tuple(differences),
        unknown=tuple(sorted(unknown)),
    )


def _read_alike(old: Pathway, new: Pathway) -> bool:
    """Whether a case reads the same under both: only the rules and what is said differ."""
    parts = ("questions", "schedule", "procedures", "freetext", "rescreen", "baseline_fields")
    return all(getattr(old, part) == getattr(new, part) for part in parts)


def _judged(
    old: Pathway, new: Pathway, case: Case, unknown: set[str], *, alike: bool
) -> tuple[dict[str, Level], dict[str, Level]]:
    """What fires under each. A case that both read alike is read once, unless an earlier level is still to be found."""
    known = _known(old, case, unknown)
    reading = triage.read(old, known)
    then = triage.fired_in(old, reading)
    if alike and all(past.level is not None or past.checkin == BASELINE for past in case.history):
        return then, triage.fired_in(new, reading)
    return then, triage.fired(new, _known(new, case, unknown))


def _known(pathway: Pathway, case: Case, unknown: set[str]) -> Case:
    strangers = set(_strangers(pathway, case))
    if not strangers:
        return case
    unknown |= strangers
    answers = {name: value for name, value in case.answers.items() if name not in strangers}
    return dataclasses.replace(case, answers=answers)


def _strangers(pathway: Pathway, case: Case) -> Iterator[str]:
    for name in case.answers:
        if name != facts.RESCREEN and pathway.find_question(name) is None:
            yield name


def _difference(case: Case, before: Level, after: Level, then: dict[str, Level], now: dict[str, Level]) -> Difference:
    return Difference(
        case=case.id,
        before=before,
        after=after,
        gained={rule: level for rule, level in now.items() if rule not in then},
        lost={rule: level for rule, level in then.items() if rule not in now},
        moved={rule: (level, now[rule]) for rule, level in then.items() if now.get(rule, level) is not level},
    )


def _order(difference: Difference) -> tuple[int, int]:
    """Cases that fall first: a lost alert is the one to look at. Then those that rise, the worst first."""
    before, after = difference.before, difference.after
    return (0 if after < before else 1 if after > before else 2), -max(before, after).rank
