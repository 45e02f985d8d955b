"""The promises of triage, proven or broken by a counter-example.

The level is the highest of the rules that fire, so a change of a case can lower it only by stopping a rule. For every
rule, every way it can hold, and every case that differs in what that way looks at, each change that must never lower
the level is made; where the rule stops, another of at least its level must fire for certain, whatever else is true of
the case. Nothing else is assumed of the case, so what is found for these few holds for all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from schedules import triage
from schedules.documents import Path
from schedules.levels import Level
from schedules.pathway import Contradiction, Question, Rule
from schedules.problems import Flaw
from schedules.proof import certainty, concrete, search, steps, terms
from schedules.proof.space import Space
from schedules.proof.steps import PROPERTIES, Change, Property
from schedules.proof.terms import Term
from schedules.proof.variables import CHECKIN, MISSING, STARTED, STATUS, Known, Value, Variable, answer

_EVERY = 211
"""One case in so many is sampled; a prime, so that no period of the search is followed."""
STATUSES = ("completed", "partial", "missed")


@dataclass(slots=True)
class Tally:
    """How much was searched. `sample`: some of the cases, to be triaged as in production."""

    cases: int = 0
    changes: int = 0
    silences: int = 0
    sample: list[Known] = field(default_factory=list)
    seen: set[tuple[str, str, Variable]] = field(default_factory=set)

    def add(self, known: Known, *, first: bool) -> None:
        """Count a case; the first of each rule and every so many after it join the sample."""
        self.cases += 1
        if first or self.cases % _EVERY == 0:
            self.sample.append(known)


def flaws(space: Space, tally: Tally) -> Iterator[Flaw]:
    """Every promise that is broken, with the cases that break it. Counts in `tally` what was searched."""
    for path, rule in space.rules:
        try:
            for row, term in enumerate(terms.of(rule.when)):
                changes = _Changes(space, term, rule.level)
                for place, known in enumerate(search.holding(space, term)):
                    tally.add(known, first=row == place == 0)
                    yield from _changed(space, rule, (*path, "when"), known, changes, tally)
        except terms.TooManyWaysError as error:
            yield Flaw(path=(*path, "when"), what=f"This cannot be searched: {error}.", remedy="Split the rule.")
    for index, question in enumerate(space.pathway.questions):
        if question.red_flag:
            yield from _silent(space, question, ("questions", index), tally)


def _floor(space: Space, term: Term) -> Level:
    """The level that what was heard beside the answers has by itself, in whatever message it came."""
    levels = {Variable("said", category.id): category.level for category in space.pathway.freetext.categories}
    levels |= {Variable("rescreen", option.id): option.level for option in space.pathway.rescreen.options}
    return max((levels.get(variable, Level.ROUTINE) for variable in space.of(term)), default=Level.ROUTINE)


class _Changes:
    """The changes that the properties are about, of the cases of one term; worked out once for each value."""

    def __init__(self, space: Space, term: Term, level: Level) -> None:
        self._space = space
        self._places = frozenset(space.of(term))
        self._stays = (lambda *_: True) if _floor(space, term) >= level else search.Lasting(space, term).holds
        self._known: dict[tuple[Variable, Value], tuple[int, list[tuple[Property, Change]]]] = {}

    def of(self, place: Variable, value: Value) -> tuple[int, list[tuple[Property, Change]]]:
        """How many there are, and those after which the term may not hold."""
        if (place, value) not in self._known:
            every = [(promise, change) for promise in PROPERTIES for change in promise.steps(self._space, place, value)]
            risky = [(promise, change) for promise, change in every if not self._stays(self._places, change)]
            self._known[place, value] = len(every), risky
        return self._known[place, value]


def _changed(
    space: Space, rule: Rule | Contradiction, path: Path, known: Known, changes: _Changes, tally: Tally
) -> Iterator[Flaw]:
    for place, value in known.items():
        count, risky = changes.of(place, value)
        tally.changes += count
        for promise, change in risky:
            key, after = (rule.id, promise.says, place), steps.after(known, change)
            if key not in tally.seen and not certainty.reaches(space, after, rule.level, rule):
                flaw = _lowered(space, rule, path, promise, (known, after, place))
                if flaw is not None:
                    tally.seen.add(key)
                    yield flaw


def _lowered(
    space: Space, rule: Rule | Contradiction, path: Path, promise: Property, change: tuple[Known, Known, Variable]
) -> Flaw | None:
    """The flaw with its counter-example; None when there is none after all."""
    known, after, place = change
    try:
        found = certainty.below(space, after, rule.level)
    except certainty.UnprovenError:
        said = described(known, (*known,))
        what = f"{promise.says}, or it cannot be shown that it does not: {said}, then {_words(place, after[place])}."
        return Flaw(path=path, what=what, remedy=promise.remedy)
    if found is None:
        return None
    before = {**found, place: known[place]}
    what = (
        f"{promise.says}: {described(before, (*known,))} is {_judged(space, before)}; "
        f"with {_words(place, found[place])} it is {_judged(space, found)}."
    )
    return Flaw(path=path, what=what, remedy=promise.remedy)


def _silent(space: Space, question: Question, path: Path, tally: Tally) -> Iterator[Flaw]:
    """A red-flag question without an answer, or with one that cannot be read, in a check-in that was started."""
    place = answer(question.id)
    asked: list[Known] = [{}]
    if question.ask_if is not None:
        asked = [known for way in terms.of(question.ask_if) for known in search.holding(space, way)]
    unreadable = [value for value in space.domain(place) if value.unreadable]
    for values, statuses in (([MISSING], STATUSES), (unreadable, (*STATUSES, "open"))):
        for said, checkin, status, known in itertools.product(values, question.checkins, statuses, asked):
            tally.silences += 1
            start = {place: said, CHECKIN: Value(checkin), STATUS: Value(status), STARTED: Value(True)}
            flaw = _routine(space, question, path, {**known, **start})
            if flaw is not None:
                yield flaw
                break


def _routine(space: Space, question: Question, path: Path, known: Known) -> Flaw | None:
    said = "unreadable" if known[answer(question.id)].unreadable else "unanswered"
    remedy = f"Add {{{said}: {question.id}}} to a fail-safe rule."
    try:
        found = certainty.below(space, known, Level.REVIEW)
    except certainty.UnprovenError:
        what = f"It cannot be shown that an {said} red flag is never routine: {described(known, (*known,))}."
        return Flaw(path=path, what=what, remedy=remedy)
    if found is None:
        return None
    what = f"An {said} red flag can be routine: {described(found, (*known,))} is {_judged(space, found)}."
    return Flaw(path=path, what=what, remedy=remedy)


def described(case: Known, places: tuple[Variable, ...]) -> str:
    """These things of a case as people read them, circumstances first."""
    circumstances = [_words(place, case[place]) for place in case if not place.name and place.kind != STARTED.kind]
    rest = [_words(place, case[place]) for place in places if place.name]
    return ", ".join((*circumstances, *rest))


def _words(place: Variable, value: Value) -> str:
    what = {"answer": place.name, "baseline": f"baseline {place.name}"}.get(place.kind, f"{place.kind} {place.name}")
    if value.unreadable:
        return f"{what} unreadable"
    if value.raw is None:
        return f"no {what.strip()}"
    said = " + ".join(map(str, value.raw)) if isinstance(value.raw, tuple) else str(value.raw)
    return f"{what.strip().replace('_', ' ')} {said}" if not place.name else f"{what} {said}"


def _judged(space: Space, whole: Known) -> str:
    """The level of a case and the rules that make it, as triage says."""
    assessment = triage.evaluate(space.pathway, concrete.case(space, whole))
    rules = [finding.rule for finding in assessment.findings if finding.level is assessment.level]
    return f"{assessment.level} ({', '.join(rules) or 'nothing fires'})"


def searched(space: Space, tally: Tally) -> tuple[str, ...]:
    """What was searched, and how much of the space that is, in sentences."""
    power = len(str(space.size)) - 1
    return (
        f"Safety: every way in which each of {len(space.rules)} rules can fire, with every combination of what "
        f"it looks at: {tally.cases:,} cases, {tally.changes:,} changes of them to a worse answer, doubt, typed words, "
        f"an unknown operation or no baseline, and {tally.silences:,} silent or unreadable red flags.",
        "Nothing was assumed of the rest of a case, and a rule counts only where it fires whatever the rest is: this "
        f"holds for all of about 10^{power} cases (every option; days, scores and history at every edge a rule names).",
    )
