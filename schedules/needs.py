"""What a condition that does not hold still needs, and what would undo one that does. In words, for people.

`lacking` looks for the nearest way to make a condition hold, `undoing` for every way to make it fail. Each need names
a question or circumstance, what would be wanted there, and what is there now.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from schedules import claims, conditions, predicates
from schedules.conditions import Condition
from schedules.facts import Reading
from schedules.pathway import Level, Pathway

Names = Callable[[str, str], str]
"""From a question id and an option id to how they are written."""

_FAR_DAYS = 28.0
_WAYS = 6
_TOGETHER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that would have to differ. `far`: from 0 (almost so) to 1 (as far off as can be)."""

    about: str
    wanted: str
    found: str
    far: float

    def __str__(self) -> str:
        return f"{self.about} {self.wanted} ({self.found})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """All that a condition needs to hold, and how many answers already speak for it."""

    needs: tuple[Need, ...]
    held: int

    @property
    def distance(self) -> float:
        """Smaller is nearer: few needs, each almost met, beside answers that already fit."""
        return sum(0.5 + need.far for need in self.needs) / (1 + self.held)


@dataclass(frozen=True, slots=True)
class Needs:
    """Reads one case against conditions. `names` writes the options; ids unless told otherwise."""

    pathway: Pathway
    reading: Reading
    names: Names = lambda _question, option: option

    def lacking(self, condition: Condition) -> Lack:
        """The nearest way to make `condition` hold; no needs when it holds."""
        facts = self.reading.facts
        match condition:
            case conditions.All(all_=parts):
                return _together(self.lacking(part) for part in parts)
            case conditions.AnyOf(any_=parts):
                return min((self.lacking(part) for part in parts), key=lambda lack: lack.distance)
            case conditions.Count(count=spec):
                nearest = sorted((self.lacking(part) for part in spec.of), key=lambda lack: lack.distance)
                return _together(nearest[: spec.gte])
            case _ if predicates.compile(condition).holds(facts):
                return Lack(needs=(), held=int(_is_answer(condition)))
            case _:
                return Lack(needs=(self._need(condition),), held=0)

    def undoing(self, condition: Condition) -> tuple[tuple[Need, ...], ...]:
        """Every way to make a condition fail that holds, the one with the fewest changes first.

        Each way is a group of changes that are needed together. At most six are given.
        """
        ways = sorted(self._ways(condition), key=len)
        return tuple(dict.fromkeys(ways))[:_WAYS]

    def _ways(self, condition: Condition) -> list[tuple[Need, ...]]:
        facts = self.reading.facts
        match condition:
            case conditions.All(all_=parts):
                return [way for part in parts for way in self._ways(part)]
            case conditions.AnyOf(any_=parts):
                holding = [part for part in parts if predicates.compile(part).holds(facts)]
                return self._all_of(holding)
            case conditions.Count(count=spec):
                holding = [part for part in spec.of if predicates.compile(part).holds(facts)]
                groups = itertools.combinations(holding, len(holding) - spec.gte + 1)
                return [way for group in groups for way in self._all_of(group)]
            case _:
                return [(self._undo(condition),)]

    def _all_of(self, parts: Sequence[Condition]) -> list[tuple[Need, ...]]:
        """One way for each part, taken together in every combination, while these are few."""
        chosen = itertools.product(*(self._ways(part) for part in parts))
        return [tuple(dict.fromkeys(itertools.chain(*way))) for way in itertools.islice(chosen, _TOGETHER)]

    def _need(self, condition: Condition) -> Need:
        about, wanted = self._said(condition, holds=False)
        return Need(about=about, wanted=wanted, found=self._found(condition), far=self._far(condition))

    def _undo(self, condition: Condition) -> Need:
        about, wanted = self._said(condition, holds=True)
        return Need(about=about, wanted=wanted, found=self._found(condition), far=0.0)

    def _said(self, condition: Condition, *, holds: bool) -> tuple[str, str]:
        """What it is about, and what would be wanted: the condition itself, or its opposite where it holds."""
        match condition:
            case conditions.AnswerIn(q=q, in_=options):
                return q, self._options(q, options, other=holds)
            case conditions.AnswerHasAny(q=q, has_any=options):
                ticked = [option for option in self.reading.facts.chosen.get(q, ()) if option in options]
                return q, "without " + self._or(q, ticked) if holds else self._options(q, options, other=False)
            case conditions.AnswerAtLeast(q=q, gte=least):
                return q, _at_least(least, under=holds)
            case claims.AnswerAtMost(q=q, lte=most):
                return q, f"{'>' if holds else '<='} {most:g}"
            case conditions.Unanswered(unanswered=q):
                return q, "answered" if holds else "without an answer"
            case conditions.Unreadable(unreadable=q):
                return q, "readable" if holds else "unreadable"
            case conditions.BaselineIn(baseline=of):
                return f"{of.q} before surgery", self._options(of.q, of.in_, other=holds)
            case conditions.BaselineNot(baseline_not=of):
                return f"{of.q} before surgery", self._options(of.q, of.in_, other=not holds)
            case conditions.BaselineValue(baseline_value=value):
                return f"{value.q} before surgery", _at_least(value.gte, under=holds)
            case conditions.Delta(delta=delta):
                less = "less than " if holds else ""
                more = "" if holds else " or more"
                return delta.q, f"up by {less}{delta.gte:g}{more} since {_SINCE[delta.vs]}"
            case conditions.ImprovedLessThan(improved_less_than=spec):
                return spec.q, f"better than before surgery by {'' if holds else 'less than '}{spec.points:g}"
            case conditions.BestImproved(best_improved=spec):
                return spec.q, f"once better than before surgery by {'less than ' if holds else ''}{spec.points:g}"
            case _:
                return _circumstance(condition, holds=holds)

    def _options(self, question: str, options: Sequence[str], *, other: bool) -> str:
        """These options, or the others; whichever list is shorter."""
        known = self.pathway.question(question)
        rest = [option.id for option in (*known.options, *known.special) if option.id not in options]
        if other and (not rest or len(rest) > len(options)):
            return "other than " + self._or(question, options)
        return self._or(question, rest if other else options)

    def _or(self, question: str, options: Sequence[str]) -> str:
        *first, last = (self.names(question, option) for option in options)
        return f"{', '.join(first)} or {last}" if first else last

    def _found(self, condition: Condition) -> str:
        facts = self.reading.facts
        match condition:
            case conditions.AnswerIn(q=q) | conditions.AnswerHasAny(q=q) | conditions.AnswerAtLeast(q=q):
                return self._answer(q)
            case claims.AnswerAtMost(q=q) | conditions.Unanswered(unanswered=q) | conditions.Unreadable(unreadable=q):
                return self._answer(q)
            case claims.Heard():
                return "they did"
            case conditions.BaselineIn(baseline=of) | conditions.BaselineNot(baseline_not=of):
                before = [self.names(of.q, option) for option in facts.baseline_chosen.get(of.q, ())]
                return f"was {', '.join(before)}" if before else "not recorded"
            case conditions.BaselineValue(baseline_value=value):
                return _was(facts.baseline_numbers.get(value.q))
            case conditions.Delta(delta=delta):
                return _change(facts.numbers.get(delta.q), facts.then(delta.vs).get(delta.q))
            case conditions.ImprovedLessThan(improved_less_than=spec):
                return _change(facts.numbers.get(spec.q), facts.baseline_numbers.get(spec.q))
            case conditions.BestImproved(best_improved=spec):
                return _change(facts.best.get(spec.q), facts.baseline_numbers.get(spec.q))
            case conditions.Days():
                return f"is {facts.day}"
            case conditions.ProcedureIs():
                return f"is {facts.procedure}"
            case conditions.StatusIs():
                return f"is {facts.status}"
            case conditions.CheckInIs():
                return f"is {facts.checkin}"
            case conditions.MissedInRow():
                return f"is {facts.missed_in_row}"
            case conditions.PreviousLevel():
                return f"was {facts.previous_level() or 'none'}"
            case _:
                return f"read as {facts.free_text_level or 'nothing'}"

    def _answer(self, question: str) -> str:
        facts = self.reading.facts
        if question in facts.unreadable:
            return "is unreadable"
        if question in facts.numbers:
            return f"is {facts.numbers[question]:g}"
        if facts.chosen.get(question):
            return "is " + ", ".join(self.names(question, option) for option in facts.chosen[question])
        if question in self.reading.answered:
            return "is answered"
        asked = any(one.id == question for one in self.reading.asked)
        return "has no answer" if asked else "was not asked"

    def _far(self, condition: Condition) -> float:
        facts = self.reading.facts
        match condition:
            case conditions.AnswerIn(q=q, in_=options):
                return self._steps(q, options)
            case conditions.AnswerAtLeast(q=q, gte=least) if q in facts.numbers:
                question = self.pathway.question(q)
                return _part(least - facts.numbers[q], (question.max or 1) - (question.min or 0))
            case conditions.Days(days=days):
                late = facts.day - days.lte if days.lte is not None else 0
                return _part(max((days.gte or 0) - facts.day, late), _FAR_DAYS)
            case _:
                return 1.0

    def _steps(self, question: str, wanted: Iterable[str]) -> float:
        """How many ranks away the nearest wanted option is, as part of the whole scale."""
        options = (*self.pathway.question(question).options, *self.pathway.question(question).special)
        ranks = {option.id: option.rank for option in options}
        now = [ranks[option] for option in self.reading.facts.chosen.get(question, ()) if option in ranks]
        if not now:
            return 1.0
        return _part(min(abs(ranks[option] - max(now)) for option in wanted), max(ranks.values()))


_SINCE = {"previous": "the last check-in", "baseline": "before surgery", "best": "its best"}


def _together(lacks: Iterable[Lack]) -> Lack:
    found = list(lacks)
    return Lack(needs=tuple(need for lack in found for need in lack.needs), held=sum(lack.held for lack in found))


def _is_answer(condition: Condition) -> bool:
    return isinstance(condition, conditions.AnswerIn | conditions.AnswerHasAny | conditions.AnswerAtLeast)


def _part(gap: float, whole: float) -> float:
    return min(max(gap / whole, 0.0), 1.0) if whole else 1.0


def _at_least(least: float, *, under: bool) -> str:
    return f"{'<' if under else '>='} {least:g}"


def _was(value: float | None) -> str:
    return "not recorded" if value is None else f"was {value:g}"


def _change(now: float | None, then: float | None) -> str:
    if now is None or then is None:
        return "nothing to compare"
    return f"{then:g}, now {now:g}"


def _circumstance(condition: Condition, *, holds: bool) -> tuple[str, str]:
    match condition:
        case conditions.Days(days=days):
            return "day", _days(days, outside=holds)
        case conditions.ProcedureIs(procedure=names):
            return "operation", ("other than " if holds else "") + " or ".join(names)
        case conditions.StatusIs(status=statuses):
            return "check-in", ("not " if holds else "") + " or ".join(statuses)
        case conditions.CheckInIs(checkin=names):
            return "check-in", ("other than " if holds else "") + " or ".join(names)
        case conditions.MissedInRow(missed_in_row=rows):
            return "check-ins missed in a row", _at_least(rows.gte, under=holds)
        case conditions.PreviousLevel(previous_level=spec):
            return "last level", f"below {spec.gte}" if holds else _or_higher(spec.gte)
        case claims.Heard(heard=spec):
            named = [*(spec.said or ()), *(spec.denied or ()), *(spec.rescreen or ())]
            return "the patient", f"{'had not said' if holds else 'said'} {' or '.join(named)}"
        case conditions.FreeTextLevel(free_text_level=level):
            return "typed words", "read otherwise" if holds else f"read as {level}"
        case _:
            raise TypeError(f"{type(condition).__name__} is no circumstance")


def _or_higher(level: Level) -> str:
    return f"{level}" if level is Level.EMERGENCY else f"{level} or higher"


def _days(days: conditions.DayRange, *, outside: bool) -> str:
    ends = []
    if days.gte is not None:
        ends.append(f"{'<' if outside else '>='} {days.gte}")
    if days.lte is not None:
        ends.append(f"{'>' if outside else '<='} {days.lte}")
    return (" or " if outside else " and ").join(ends)
