"""Whether a condition holds for what is known of a case, and which facts made it hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from schedules import claims, conditions
from schedules.conditions import Condition
from schedules.levels import Level

OTHER_PROCEDURE = "other"
"""The procedure of an unknown operation: every procedure test is true for it."""

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Chosen = Mapping[str, tuple[str, ...]]
Numbers = Mapping[str, float]


@dataclass(slots=True, kw_only=True)
class Facts:
    """What is known of one case, ready to be tested. Maps go from question id.

    `chosen`: options that were read, of single and multiple choices and special answers; `numbers`: scores and
    measurements (°C). `previous`, `best`: numbers of earlier check-ins after surgery. `unanswered` stays empty
    while the check-in is open. `started`: at least one answer was given. `previous_level` is worked out when asked.
    `said`, `denied`, `rescreen`: free-text categories, denials and re-screen answers heard beside the answers.
    """

    day: int
    procedure: str
    status: str
    checkin: str
    started: bool
    chosen: Chosen
    numbers: Numbers
    unreadable: frozenset[str]
    baseline_chosen: Chosen
    baseline_numbers: Numbers
    previous: Numbers
    best: Numbers
    missed_in_row: int
    previous_level: Callable[[], Level | None]
    free_text_level: Level | None
    unanswered: frozenset[str] = field(default_factory=frozenset)
    said: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    rescreen: frozenset[str] = frozenset()

    def then(self, vs: str) -> Numbers:
        """The numbers a change is measured against: previous, baseline or best."""
        return {"previous": self.previous, "baseline": self.baseline_numbers, "best": self.best}[vs]


Test = Callable[[Facts], bool]
Reasons = Callable[[Facts], dict[str, JSON]]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition made ready. `because` gives the facts that make it hold, and may be asked only when it does.

    Its keys: a question id for an answer (only the options that count), `previous.`, `baseline.` or `best.` before
    it for history, else the circumstance: days, procedure, status, checkin, unanswered, unreadable and so on.
    """

    holds: Test
    because: Reasons


def compile(condition: Condition) -> Predicate:  # noqa: A001 - re.compile set the word
    """The condition as functions of the facts, built once and called often."""
    match condition:
        case conditions.All(all_=parts):
            return _all(tuple(compile(part) for part in parts))
        case conditions.AnyOf(any_=parts):
            return _any(tuple(compile(part) for part in parts))
        case conditions.Count(count=spec):
            return _count(tuple(compile(part) for part in spec.of), spec.gte)
        case conditions.AnswerIn() | conditions.AnswerHasAny() | conditions.AnswerAtLeast():
            return _answer(condition)
        case claims.AnswerAtMost() | claims.Heard():
            return _claim(condition)
        case conditions.Unanswered(unanswered=q):
            return Predicate(lambda facts: q in facts.unanswered, lambda facts: {"unanswered": [q]})
        case conditions.Unreadable(unreadable=q):
            return Predicate(lambda facts: q in facts.unreadable, lambda facts: {"unreadable": [q]})
        case conditions.Delta(delta=delta):
            return _delta(delta)
        case conditions.BaselineIn() | conditions.BaselineNot() | conditions.BaselineValue():
            return _baseline(condition)
        case conditions.ImprovedLessThan() | conditions.BestImproved():
            return _improvement(condition)
        case conditions.MissedInRow() | conditions.PreviousLevel() | conditions.FreeTextLevel():
            return _course(condition)
        case _:
            return _circumstance(condition)


def _merge(reasons: list[dict[str, JSON]]) -> dict[str, JSON]:
    merged: dict[str, JSON] = {}
    for reason in reasons:
        for key, value in reason.items():
            known = merged.get(key)
            if isinstance(known, list) and isinstance(value, list):
                merged[key] = [*known, *(item for item in value if item not in known)]
            else:
                merged[key] = value
    return merged


def _reasons(parts: tuple[Predicate, ...]) -> Reasons:
    return lambda facts: _merge([part.because(facts) for part in parts if part.holds(facts)])


def _all(parts: tuple[Predicate, ...]) -> Predicate:
    tests = tuple(part.holds for part in parts)

    def holds(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - a plain loop is a third faster than all() with a generator
            if not test(facts):
                return False
        return True

    return Predicate(holds, _reasons(parts))


def _any(parts: tuple[Predicate, ...]) -> Predicate:
    tests = tuple(part.holds for part in parts)

    def holds(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - as above
            if test(facts):
                return True
        return False

    return Predicate(holds, _reasons(parts))


def _count(parts: tuple[Predicate, ...], wanted: int) -> Predicate:
    return Predicate(lambda facts: sum(part.holds(facts) for part in parts) >= wanted, _reasons(parts))


def _answer(condition: conditions.AnswerIn | conditions.AnswerHasAny | conditions.AnswerAtLeast) -> Predicate:
    match condition:
        case conditions.AnswerIn(q=q, in_=options):
            wanted = frozenset(options)
            return Predicate(
                lambda facts: q in facts.chosen and not wanted.isdisjoint(facts.chosen[q]),
                lambda facts: {q: next(name for name in facts.chosen[q] if name in wanted)},
            )
        case conditions.AnswerHasAny(q=q, has_any=options):
            any_of = frozenset(options)
            return Predicate(
                lambda facts: q in facts.chosen and not any_of.isdisjoint(facts.chosen[q]),
                lambda facts: {q: [name for name in facts.chosen[q] if name in any_of]},
            )
        case conditions.AnswerAtLeast(q=q, gte=least):
            return Predicate(
                lambda facts: q in facts.numbers and facts.numbers[q] >= least,
                lambda facts: {q: facts.numbers[q]},
            )


def _claim(condition: claims.AnswerAtMost | claims.Heard) -> Predicate:
    match condition:
        case claims.AnswerAtMost(q=q, lte=most):
            return Predicate(
                lambda facts: q in facts.numbers and facts.numbers[q] <= most,
                lambda facts: {q: facts.numbers[q]},
            )
        case claims.Heard(heard=spec):
            said, denied = frozenset(spec.said or ()), frozenset(spec.denied or ())
            rescreen = frozenset(spec.rescreen or ())

            def heard(facts: Facts) -> dict[str, JSON]:
                found = {"said": facts.said & said, "denied": facts.denied & denied}
                found["rescreen"] = facts.rescreen & rescreen
                reasons: dict[str, JSON] = {}
                for key, ids in found.items():
                    if ids:
                        reasons[key] = [*sorted(ids)]
                return reasons

            def holds(facts: Facts) -> bool:
                if not (facts.said or facts.denied or facts.rescreen):
                    return False
                return not (
                    facts.said.isdisjoint(said)
                    and facts.denied.isdisjoint(denied)
                    and facts.rescreen.isdisjoint(rescreen)
                )

            return Predicate(holds, heard)


def _delta(delta: conditions.DeltaSpec) -> Predicate:
    q, vs, least = delta.q, delta.vs, delta.gte

    def holds(facts: Facts) -> bool:
        then = facts.then(vs)
        return q in facts.numbers and q in then and facts.numbers[q] - then[q] >= least

    return Predicate(holds, lambda facts: {q: facts.numbers[q], f"{vs}.{q}": facts.then(vs)[q]})


def _baseline(condition: conditions.BaselineIn | conditions.BaselineNot | conditions.BaselineValue) -> Predicate:
    match condition:
        case conditions.BaselineValue(baseline_value=value):
            q, least = value.q, value.gte
            return Predicate(
                lambda facts: q in facts.baseline_numbers and facts.baseline_numbers[q] >= least,
                lambda facts: {f"baseline.{q}": facts.baseline_numbers[q]},
            )
        case conditions.BaselineIn(baseline=of) | conditions.BaselineNot(baseline_not=of):
            name, wanted = of.q, frozenset(of.in_)
            recorded = isinstance(condition, conditions.BaselineIn)
            return Predicate(
                lambda facts: wanted.isdisjoint(facts.baseline_chosen.get(name, ())) is not recorded,
                lambda facts: {f"baseline.{name}": next(iter(facts.baseline_chosen.get(name, ())), None)},
            )


def _improvement(condition: conditions.ImprovedLessThan | conditions.BestImproved) -> Predicate:
    match condition:
        case conditions.ImprovedLessThan(improved_less_than=spec):
            q, points = spec.q, spec.points

            def stalled(facts: Facts) -> bool:
                before = facts.baseline_numbers
                return q in facts.numbers and q in before and before[q] - facts.numbers[q] < points

            return Predicate(stalled, lambda facts: {q: facts.numbers[q], f"baseline.{q}": facts.baseline_numbers[q]})
        case conditions.BestImproved(best_improved=spec):
            name, least = spec.q, spec.points

            def improved(facts: Facts) -> bool:
                before = facts.baseline_numbers
                return name in facts.best and name in before and before[name] - facts.best[name] >= least

            return Predicate(
                improved,
                lambda facts: {f"best.{name}": facts.best[name], f"baseline.{name}": facts.baseline_numbers[name]},
            )


def _circumstance(
    condition: conditions.Days | conditions.ProcedureIs | conditions.StatusIs | conditions.CheckInIs,
) -> Predicate:
    match condition:
        case conditions.Days(days=days):
            first = -math.inf if days.gte is None else days.gte
            last = math.inf if days.lte is None else days.lte
            return Predicate(lambda facts: first <= facts.day <= last, lambda facts: {"days": facts.day})
        case conditions.ProcedureIs(procedure=names):
            procedures = {*names, OTHER_PROCEDURE}
            return Predicate(
                lambda facts: facts.procedure in procedures,
                lambda facts: {"procedure": facts.procedure},
            )
        case conditions.StatusIs(status=statuses):
            # Who gave an answer did not miss the check-in, whatever the record says.
            begun = "partial" in statuses
            return Predicate(
                lambda facts: facts.status in statuses or (begun and facts.started and facts.status == "missed"),
                lambda facts: {"status": facts.status},
            )
        case conditions.CheckInIs(checkin=checkins):
            return Predicate(lambda facts: facts.checkin in checkins, lambda facts: {"checkin": facts.checkin})
        case _:
            assert_never(condition)


def _course(
    condition: conditions.MissedInRow | conditions.PreviousLevel | conditions.FreeTextLevel,
) -> Predicate:
    match condition:
        case conditions.MissedInRow(missed_in_row=rows):
            times = rows.gte
            return Predicate(
                lambda facts: facts.missed_in_row >= times, lambda facts: {"missed_in_row": facts.missed_in_row}
            )
        case conditions.PreviousLevel(previous_level=spec):
            level = spec.gte
            return Predicate(
                lambda facts: (facts.previous_level() or Level.ROUTINE) >= level,
                lambda facts: {"previous_level": str(facts.previous_level())},
            )
        case conditions.FreeTextLevel(free_text_level=reported):
            return Predicate(
                lambda facts: facts.free_text_level is reported, lambda facts: {"free_text_level": str(reported)}
            )
        case _:
            assert_never(condition)
