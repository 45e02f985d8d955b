"""The space of cases: which things can differ between two cases of a pathway, and which values are told apart."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from schedules import claims, conditions
from schedules.conditions import Condition
from schedules.documents import Path
from schedules.facts import RESCREEN
from schedules.levels import Level
from schedules.pathway import Contradiction, Pathway, Question, Rule
from schedules.proof import terms
from schedules.proof.variables import (
    CHECKIN,
    DAY,
    FREE_TEXT_LEVEL,
    MISSED_IN_ROW,
    MISSING,
    PREVIOUS_LEVEL,
    PROCEDURE,
    STARTED,
    STATUS,
    Kind,
    Value,
    Variable,
    answer,
)

TENTH = 0.1
"""The smallest step of a measurement."""
_WHOLE_SCALE = 20


@dataclass(frozen=True)
class Space:
    """What can differ between two cases of one pathway."""

    pathway: Pathway

    @cached_property
    def rules(self) -> tuple[tuple[Path, Rule | Contradiction], ...]:
        """The rules and the contradictions, each with its path."""
        placed: list[tuple[Path, Rule | Contradiction]] = []
        placed += [(("rules", index), rule) for index, rule in enumerate(self.pathway.rules)]
        placed += [(("contradictions", index), other) for index, other in enumerate(self.pathway.contradictions)]
        return tuple(placed)

    @cached_property
    def _conditions(self) -> list[Condition]:
        asked = [question.ask_if for question in self.pathway.questions if question.ask_if is not None]
        return [
            part for when in (*asked, *(rule.when for rule in self.pathway.all_rules)) for part in conditions.walk(when)
        ]

    @cached_property
    def days(self) -> tuple[int, ...]:
        """Day 0, the days of the check-ins, the last day, and each edge a condition names with a day on either side."""
        edges = {0, self.pathway.schedule.programme_end_day}
        edges |= {checkin.offset_days for checkin in self.pathway.schedule.checkins if checkin.offset_days is not None}
        for part in self._conditions:
            if isinstance(part, conditions.Days):
                for edge in (part.days.gte, part.days.lte):
                    edges |= set() if edge is None else {edge - 1, edge, edge + 1}
        return tuple(sorted(edge for edge in edges if edge >= 0))

    @cached_property
    def _thresholds(self) -> Mapping[str, set[float]]:
        found: dict[str, set[float]] = defaultdict(set)
        for part in self._conditions:
            match part:
                case conditions.AnswerAtLeast(q=q, gte=edge) | claims.AnswerAtMost(q=q, lte=edge):
                    found[q].add(edge)
                case conditions.BaselineValue(baseline_value=value):
                    found[value.q].add(value.gte)
                case _:
                    pass
        return found

    def numbers(self, question: Question) -> tuple[float, ...]:
        """Every whole number of a short scale; else both ends and each threshold with a step on either side."""
        low, high = question.min or 0, question.max or 0
        if question.type == "scale" and high - low <= _WHOLE_SCALE:
            return tuple(range(math.ceil(low), math.floor(high) + 1))
        step = 1 if question.type == "scale" else TENTH
        edges = {round(edge + by, 4) for edge in self._thresholds[question.id] for by in (-step, 0, step)}
        return tuple(sorted({low, high, *(edge for edge in edges if low <= edge <= high)}))

    def domain(self, variable: Variable, named: Iterable[tuple[str, str]] = ()) -> tuple[Value, ...]:
        """The values of a variable, mildest first. `named`: question and option of multiple choices that matter."""
        match variable.kind:
            case "answer":
                return self._answers(variable.name, [option for q, option in named if q == variable.name])
            case "baseline" | "previous" | "best":
                question = self.pathway.question(variable.name)
                if question.type == "choice":
                    return (*(Value(option.id, (option.id,)) for option in question.options), MISSING)
                return (MISSING, *(Value(number, number=number) for number in self.numbers(question)))
            case "day":
                return tuple(map(Value, self.days))
            case "procedure":
                return tuple(Value(procedure.id) for procedure in self.pathway.procedures)
            case "status":
                return tuple(map(Value, ("completed", "partial", "missed", "open")))
            case "checkin":
                return tuple(Value(checkin.id) for checkin in self.pathway.schedule.checkins)
            case "said" | "denied" | "rescreen":
                return (MISSING, Value(True))
            case "started":
                return (Value(True), Value(False))
            case "missed_in_row":
                most = [part.missed_in_row.gte for part in self._conditions if isinstance(part, conditions.MissedInRow)]
                return tuple(map(Value, range(max(most, default=0) + 2)))
            case "previous_level":
                return (MISSING, *map(Value, Level))
            case "free_text_level":
                return (MISSING, *(Value(level) for level in Level if level is not Level.ROUTINE))

    def _answers(self, name: str, named: list[str]) -> tuple[Value, ...]:
        if name == RESCREEN:
            alone = self.pathway.rescreen.exclusive[:1] or tuple(o.id for o in self.pathway.rescreen.options[:1])
            return (Value(tuple(alone)), MISSING, Value("?", unreadable=True))
        question = self.pathway.question(name)
        odd = Value(0 if question.type == "text" else "?", unreadable=True)
        options = [Value(option.id, (option.id,)) for option in (*question.options, *question.special)]
        match question.type:
            case "choice":
                return (*options, *map(garbled, options), MISSING, odd)
            case "multi":
                some = list(_subsets(question, named))
                return (*some, *(garbled(value) for value in some if value.chosen), MISSING, odd)
            case "scale" | "number":
                return (*(Value(number, number=number) for number in self.numbers(question)), *options, MISSING, odd)
            case "text":
                return (Value("words"), MISSING, odd)

    def of(self, parts: Iterable[Condition]) -> tuple[Variable, ...]:
        """What these conditions look at."""
        return tuple(dict.fromkeys(variable for part in parts for variable in self._of(part)))

    def _of(self, part: Condition) -> Iterator[Variable]:
        match part:
            case conditions.AnswerIn(q=q) | conditions.AnswerHasAny(q=q) | conditions.AnswerAtLeast(q=q):
                yield answer(q)
            case claims.AnswerAtMost(q=q):
                yield answer(q)
            case claims.Heard(heard=spec):
                heard = (("said", spec.said), ("denied", spec.denied), ("rescreen", spec.rescreen))
                yield from (Variable(kind, name) for kind, names in heard for name in names or ())  # type: ignore[arg-type]  # mypy widens the words
            case conditions.Unreadable(unreadable=q):
                yield answer(q)
            case conditions.Unanswered(unanswered=q):
                yield from (answer(q), STATUS, CHECKIN)
                question = self.pathway.find_question(q)
                if question is not None and question.ask_if is not None:
                    yield from self.of(itertools.chain.from_iterable(terms.of(question.ask_if)))
            case conditions.BaselineIn(baseline=of) | conditions.BaselineNot(baseline_not=of):
                yield Variable("baseline", of.q)
            case conditions.BaselineValue(baseline_value=value):
                yield Variable("baseline", value.q)
            case conditions.Delta(delta=delta):
                yield from (answer(delta.q), Variable(delta.vs, delta.q))
            case conditions.ImprovedLessThan(improved_less_than=points):
                yield from (answer(points.q), Variable("baseline", points.q))
            case conditions.BestImproved(best_improved=points):
                yield from (Variable("best", points.q), Variable("baseline", points.q))
            case conditions.All() | conditions.AnyOf() | conditions.Count():
                yield from self.of(itertools.chain.from_iterable(terms.of(part)))
            case conditions.StatusIs(status=statuses):
                yield STATUS
                if "partial" in statuses:
                    yield STARTED
            case _:
                yield Variable(_CIRCUMSTANCES[type(part)])

    def named(self, parts: Iterable[Condition]) -> frozenset[tuple[str, str]]:
        """The options of multiple choices that these conditions name, those of skip logic included."""
        found = set()
        for part in parts:
            found |= set(terms.named_options([part]))
            question = self.pathway.find_question(part.unanswered) if isinstance(part, conditions.Unanswered) else None
            if question is not None and question.ask_if is not None:
                found |= set(terms.named_options([question.ask_if]))
        return frozenset(found)

    @cached_property
    def any_baseline(self) -> dict[str, tuple[str, ...]]:
        """An unknown baseline, as every option at once: so `baseline_not` never holds of it."""
        recorded = [self.pathway.question(name) for name in self.pathway.baseline_fields]
        return {question.id: tuple(option.id for option in question.options) for question in recorded}

    @cached_property
    def trusted(self) -> Mapping[str, frozenset[Variable]]:
        """By rule, the baselines it has a `baseline` condition on: they must be known before it can be said to fire."""
        return {
            rule.id: frozenset(
                Variable("baseline", part.baseline.q)
                for part in conditions.walk(rule.when)
                if isinstance(part, conditions.BaselineIn)
            )
            for rule in self.pathway.all_rules
        }

    @cached_property
    def size(self) -> int:
        """How many cases there are: the product of all values of all variables, whether or not a rule looks at them."""
        product = 1
        for question in self.pathway.questions:
            every = [(question.id, option.id) for option in question.options]
            product *= len(self.domain(answer(question.id), every))
        for name in self.pathway.baseline_fields:
            product *= len(self.domain(Variable("baseline", name)))
        for name in {part.delta.q for part in self._conditions if isinstance(part, conditions.Delta)}:
            product *= len(self.domain(Variable("previous", name))) * len(self.domain(Variable("best", name)))
        for variable in (DAY, PROCEDURE, STATUS, CHECKIN, MISSED_IN_ROW, PREVIOUS_LEVEL, FREE_TEXT_LEVEL):
            product *= len(self.domain(variable))
        return product


_CIRCUMSTANCES: Mapping[type, Kind] = {
    conditions.Days: "day",
    conditions.ProcedureIs: "procedure",
    conditions.CheckInIs: "checkin",
    conditions.MissedInRow: "missed_in_row",
    conditions.PreviousLevel: "previous_level",
    conditions.FreeTextLevel: "free_text_level",
}


def garbled(value: Value) -> Value:
    """An answer in which these options could be read, and something else could not."""
    return Value((*value.chosen, "?"), value.chosen, unreadable=True)


def _subsets(question: Question, named: list[str]) -> Iterator[Value]:
    """Every choice among the named options, beginning with none of them."""
    alone = [name for name in question.exclusive if name in named]
    others = [option.id for option in question.options if option.id in named and option.id not in question.exclusive]
    unnamed = [option.id for option in question.options if option.id not in named]
    if unnamed:
        yield Value(tuple(unnamed[:1]))
    yield from (Value((name,), (name,)) for name in alone)
    for size in range(1, len(others) + 1):
        yield from (Value(some, some) for some in itertools.combinations(others, size))
