"""The partly known cases in which a term holds: all values of everything the term looks at, and of nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from schedules import conditions, predicates
from schedules.pathway import CheckInSpec
from schedules.proof import partial, terms
from schedules.proof.space import Space
from schedules.proof.terms import Term
from schedules.proof.variables import CHECKIN, MISSED_IN_ROW, STARTED, STATUS, Known, Value, Variable

_HOURS = 24


def holding(space: Space, term: Term) -> Iterator[Known]:
    """Every case that differs in what the term looks at and in which the term holds, mildest values first."""
    variables = space.of(term)
    named = space.named(term)
    domains = [_alone(space, term, variable, space.domain(variable, named)) for variable in variables]
    tests = [predicates.compile(part).holds for part in term]
    for values in itertools.product(*domains):
        known = dict(zip(variables, values, strict=True))
        facts = partial.facts(space, known)
        if consistent(known) and all(test(facts) for test in tests):
            yield known


def _alone(space: Space, term: Term, variable: Variable, domain: Sequence[Value]) -> list[Value]:
    """The values that the conditions on this variable alone allow."""
    if variable in {STATUS, STARTED}:
        return list(domain)  # "partial" looks at both
    tests = [predicates.compile(part).holds for part in term if space.of([part]) == (variable,)]
    return [value for value in domain if all(test(partial.facts(space, {variable: value})) for test in tests)]


class Lasting:
    """Whether a term surely still holds after one thing of a case in which it held has changed; remembered by value."""

    def __init__(self, space: Space, term: Term) -> None:
        self._space = space
        looks = [(predicates.compile(part).holds, space.of([part])) for part in term]
        alone = {variable for _, looked in looks for variable in looked}
        alone -= {variable for _, looked in looks if len(looked) > 1 for variable in looked}
        self._tests = {
            variable: [test for test, looked in looks if looked == (variable,)] for variable in alone - {STATUS}
        }
        self._known: dict[tuple[Variable, Value], bool] = {}

    def holds(self, known: Collection[Variable], change: Mapping[Variable, Value]) -> bool:
        """Whether every condition still holds of a case of which these things are known. False also when in doubt."""
        return all(self._last(place, value) for place, value in change.items() if place in known)

    def _last(self, place: Variable, value: Value) -> bool:
        if place not in self._tests:
            return False
        if (place, value) not in self._known:
            facts = partial.facts(self._space, {place: value})
            self._known[place, value] = all(test(facts) for test in self._tests[place])
        return self._known[place, value]


def consistent(known: Known) -> bool:
    """Whether history and circumstances can go together at all."""
    for (kind, name), value in known.items():
        if kind == "best" and (last := known.get(Variable("previous", name))) is not None:
            both = value.number is not None and last.number is not None
            if (value.number is None) != (last.number is None) or (both and value.number > last.number):  # type: ignore[operator]  # both are numbers
                return False
    status, missed = known.get(STATUS), known.get(MISSED_IN_ROW)
    if status is not None and missed is not None and (status.raw == "missed") is not (missed.raw != 0):
        return False
    started = known.get(STARTED)
    return started is None or bool(started.raw) or not _answered(known)


def _answered(known: Known) -> bool:
    return any(variable.kind == "answer" and value.raw is not None for variable, value in known.items())


def happening(space: Space, term: Term, checkins: Sequence[str] | None = None) -> Iterator[Known]:
    """Every case of `holding` that can happen: its questions are asked at its check-in, on a day when that is open.

    What makes the questions be asked is part of the case. `checkins`: only at these.
    """
    for whole, checkin in _asked(space, term, checkins):
        for known in holding(space, whole):
            missed = known.get(STATUS) is not None and known[STATUS].raw == "missed"
            if known[CHECKIN].raw == checkin and not (missed and _answered(known)):
                yield known


def _asked(space: Space, term: Term, checkins: Sequence[str] | None) -> Iterator[tuple[Term, str]]:
    """The term with what makes its questions be asked, and with each check-in that asks them all."""
    for closed in _closed(space, term):
        questions = {variable.name for variable in space.of(closed) if variable.kind == "answer"}
        for checkin in space.pathway.schedule.checkins:
            if checkins is not None and checkin.id not in checkins:
                continue
            asked = {question.id for question in space.pathway.questions_for(checkin.id)} | {"rescreen"}
            if questions <= asked:
                here = conditions.CheckInIs(checkin=(checkin.id,))
                yield (*closed, here, conditions.Days(days=_open_days(checkin))), checkin.id


def _closed(space: Space, term: Term) -> Iterator[Term]:
    """The term joined with one way in which each of its questions, and each question of those, comes to be asked."""
    for variable in space.of(term):
        question = space.pathway.find_question(variable.name) if variable.kind == "answer" else None
        if question is None or question.ask_if is None:
            continue
        ways = terms.of(question.ask_if)
        if not any(set(way) <= set(term) for way in ways):
            for way in ways:
                yield from _closed(space, tuple(dict.fromkeys((*way, *term))))
            return
    yield term


def _open_days(checkin: CheckInSpec) -> conditions.DayRange:
    """The days since surgery on which a check-in can be answered; one that is sent when asked for, on any day."""
    if checkin.offset_days is None:
        return conditions.DayRange(gte=0)
    hours = checkin.late.send_within_h + checkin.closes_after_h
    return conditions.DayRange(gte=checkin.offset_days, lte=checkin.offset_days + -(-hours // _HOURS))
