"""The thresholds and choices of a simple condition, each moved by one step.

A move that makes the condition hold for fewer cases is narrower, one that makes it hold for more is wider. `edge` is
the fact that an example needs so that it comes out otherwise after the move. A move is `near` when every rule needs
an example on that side of it: numbers, days and levels both ways; each option, operation and check-in that counts;
of the options that do not, those ranked next below; every other operation and check-in. What was typed is never near.

Not moved: the other operation in a `procedure` test, which satisfies every such test; and a threshold to below the
lowest number that can be given, where nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from schedules import claims, conditions, denials
from schedules.case import PastStatus
from schedules.conditions import Condition
from schedules.levels import Level
from schedules.pathway import OTHER_PROCEDURE, Pathway, Question

Side = Literal["narrower", "wider", "other"]
Path = tuple[str | int, ...]

_VERSUS = get_args(conditions.DeltaSpec.model_fields["vs"].annotation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The whole condition after one move. `path`: where inside it, as it is written; `change`: what, e.g. "8 -> 9"."""

    path: Path
    change: str
    side: Side
    edge: str
    condition: Condition
    near: bool = True

    def inside(self, path: Path, whole: Callable[[Condition], Condition]) -> Move:
        """The same move in a condition that holds this one at `path`."""
        return replace(self, path=(*path, *self.path), condition=whole(self.condition))


def of(pathway: Pathway, condition: Condition) -> Iterator[Move]:
    """Every move of a condition that holds no others; a missing or unreadable answer has none."""
    match condition:
        case conditions.AnswerIn() | conditions.AnswerHasAny() | conditions.AnswerAtLeast():
            yield from _answer(pathway, condition)
        case conditions.BaselineIn() | conditions.BaselineNot() | conditions.BaselineValue():
            yield from _baseline(pathway, condition)
        case conditions.Delta() | conditions.ImprovedLessThan() | conditions.BestImproved():
            yield from _change(pathway, condition)
        case conditions.Days() | conditions.ProcedureIs() | conditions.StatusIs() | conditions.CheckInIs():
            yield from _circumstance(pathway, condition)
        case conditions.MissedInRow() | conditions.PreviousLevel() | conditions.FreeTextLevel():
            yield from _course(condition)
        case claims.AnswerAtMost() | claims.Heard():
            yield from _claim(pathway, condition)


def _answer(
    pathway: Pathway, condition: conditions.AnswerIn | conditions.AnswerHasAny | conditions.AnswerAtLeast
) -> Iterator[Move]:
    match condition:
        case conditions.AnswerAtLeast(q=q, gte=least):
            question = pathway.question(q)
            yield from numbers(("gte",), least, _step(question), question.min, f"{q} {{}}", _updating(condition, "gte"))
        case conditions.AnswerIn(q=q, in_=chosen):
            yield from _options(pathway.question(q), ("in",), chosen, f"{q}: {{}}", _updating(condition, "in_"))
        case conditions.AnswerHasAny(q=q, has_any=chosen):
            whole = _updating(condition, "has_any")
            yield from _options(pathway.question(q), ("has_any",), chosen, f"{q}: [{{}}]", whole)


def _baseline(
    pathway: Pathway, condition: conditions.BaselineIn | conditions.BaselineNot | conditions.BaselineValue
) -> Iterator[Move]:
    match condition:
        case conditions.BaselineIn(baseline=inner) | conditions.BaselineValue(baseline_value=inner):
            key, turned = next(iter(type(condition).model_fields)), False
        case conditions.BaselineNot(baseline_not=inner):
            key, turned = "baseline_not", True
    for move in _answer(pathway, inner):
        side: Side = move.side
        if turned:
            side = "narrower" if side == "wider" else "wider"
        whole = condition.model_copy(update={key: move.condition})
        yield replace(move, path=(key, *move.path), side=side, edge=f"baseline {move.edge}", condition=whole)


def _change(
    pathway: Pathway, condition: conditions.Delta | conditions.ImprovedLessThan | conditions.BestImproved
) -> Iterator[Move]:
    match condition:
        case conditions.Delta(delta=delta):
            step = _step(pathway.question(delta.q))
            edge = f"{delta.q} {{}} above {delta.vs}"
            whole = _nesting(condition, "delta", delta)
            yield from numbers(("delta", "gte"), delta.gte, step, step, edge, lambda to: whole(gte=to))
            for vs in _VERSUS:
                if vs != delta.vs:
                    yield Move(
                        path=("delta", "vs"),
                        change=f"{delta.vs} -> {vs}",
                        side="other",
                        edge=f"{delta.q} {delta.gte} above {delta.vs} but not above {vs}",
                        condition=whole(vs=vs),
                        near=False,
                    )
        case conditions.ImprovedLessThan(improved_less_than=spec) | conditions.BestImproved(best_improved=spec):
            key = next(iter(type(condition).model_fields))
            step, whole = _step(pathway.question(spec.q)), _nesting(condition, key, spec)
            found = numbers(
                (key, "points"), spec.points, step, step, f"{spec.q} improved by {{}}", lambda to: whole(points=to)
            )
            for move in found:
                if isinstance(condition, conditions.BestImproved):
                    yield move
                else:
                    yield _less_than(move, spec, step)


def _less_than(move: Move, spec: conditions.PointsSpec, step: float) -> Move:
    """The move of a threshold that must not be reached: one step up is wider, and decides at the threshold itself."""
    wider = move.side == "narrower"
    edge = f"{spec.q} improved by {spec.points if wider else _rounded(spec.points - step)}"
    return replace(move, side="wider" if wider else "narrower", edge=edge)


def _claim(pathway: Pathway, condition: claims.AnswerAtMost | claims.Heard) -> Iterator[Move]:
    match condition:
        case claims.AnswerAtMost(q=q, lte=most):
            step = _step(pathway.question(q))
            yield from _at_most(("lte",), most, step, f"{q} {{}}", _updating(condition, "lte"))
        case claims.Heard():
            yield from _heard(condition, "said", (category.id for category in pathway.freetext.categories))
            yield from _heard(condition, "denied", sorted(denials.known(pathway.freetext)))
            yield from _heard(condition, "rescreen", (option.id for option in pathway.rescreen.options))


def _heard(condition: claims.Heard, key: str, every: Iterable[str]) -> Iterator[Move]:
    chosen, whole = getattr(condition.heard, key), _nesting(condition, "heard", condition.heard)
    if chosen is not None:
        for move in _sets(("heard", key), chosen, every, (), f"{key}: {{}}", lambda names: whole(**{key: names})):
            yield replace(move, near=False)


def _circumstance(
    pathway: Pathway,
    condition: conditions.Days | conditions.ProcedureIs | conditions.StatusIs | conditions.CheckInIs,
) -> Iterator[Move]:
    match condition:
        case conditions.Days(days=days):
            yield from _days(condition, days)
        case conditions.ProcedureIs(procedure=chosen):
            every = tuple(procedure.id for procedure in pathway.procedures if procedure.id != OTHER_PROCEDURE)
            yield from _sets(("procedure",), chosen, every, every, "procedure: {}", _updating(condition, "procedure"))
        case conditions.StatusIs(status=chosen):
            # A test of the status often says again what another test implies, so none of the others is near.
            every = get_args(PastStatus)
            yield from _sets(("status",), chosen, every, (), "status: {}", _updating(condition, "status"))
        case conditions.CheckInIs(checkin=chosen):
            every = tuple(checkin.id for checkin in pathway.schedule.checkins)
            yield from _sets(("checkin",), chosen, every, every, "checkin: {}", _updating(condition, "checkin"))


def _course(
    condition: conditions.MissedInRow | conditions.PreviousLevel | conditions.FreeTextLevel,
) -> Iterator[Move]:
    match condition:
        case conditions.MissedInRow(missed_in_row=row):
            whole = _nesting(condition, "missed_in_row", row)
            edge = "{} check-ins missed in a row"
            yield from numbers(("missed_in_row", "gte"), row.gte, 1, 1, edge, lambda to: whole(gte=to))
        case conditions.PreviousLevel(previous_level=least):
            yield from _previous_level(condition, least)
        case conditions.FreeTextLevel(free_text_level=level):
            for other in Level:
                if other is not level:
                    yield Move(
                        path=("free_text_level",),
                        change=f"{level} -> {other}",
                        side="other",
                        edge=f"typed words of level {level}",
                        condition=condition.model_copy(update={"free_text_level": other}),
                        near=False,
                    )


def _days(condition: conditions.Days, days: conditions.DayRange) -> Iterator[Move]:
    whole = _nesting(condition, "days", days)
    if days.gte is not None:
        yield from numbers(("days", "gte"), days.gte, 1, 0, "day {}", lambda to: whole(gte=to))
    if days.lte is not None:
        yield from _at_most(("days", "lte"), days.lte, 1, "day {}", lambda to: whole(lte=to))


def _previous_level(condition: conditions.PreviousLevel, least: conditions.AtLeastLevel) -> Iterator[Move]:
    whole = _nesting(condition, "previous_level", least)
    for other in Level:
        if abs(other.rank - least.gte.rank) == 1:
            wider = other < least.gte
            yield Move(
                path=("previous_level", "gte"),
                change=f"{least.gte} -> {other}",
                side="wider" if wider else "narrower",
                edge=f"previous level {other if wider else least.gte}",
                condition=whole(gte=other),
            )


def numbers(
    path: Path, at: float, step: float, lowest: float | None, edge: str, whole: Callable[[float], Condition]
) -> Iterator[Move]:
    """A number that must be reached, one step up and one step down."""
    up, down = _rounded(at + step), _rounded(at - step)
    yield Move(path=path, change=f"{at} -> {up}", side="narrower", edge=edge.format(at), condition=whole(up))
    if lowest is None or down >= lowest:
        yield Move(path=path, change=f"{at} -> {down}", side="wider", edge=edge.format(down), condition=whole(down))


def _at_most(path: Path, at: float, step: float, edge: str, whole: Callable[[float], Condition]) -> Iterator[Move]:
    """A number that must not be passed, one step down and one step up."""
    down, up = _rounded(at - step), _rounded(at + step)
    yield Move(path=path, change=f"{at} -> {down}", side="narrower", edge=edge.format(at), condition=whole(down))
    yield Move(path=path, change=f"{at} -> {up}", side="wider", edge=edge.format(up), condition=whole(up))


def _sets(
    path: Path,
    chosen: tuple[str, ...],
    every: Iterable[str],
    near: Collection[str],
    edge: str,
    whole: Callable[[tuple[str, ...]], Condition],
) -> Iterator[Move]:
    """One of several: each left out, and each other one added; `near` are those to add that are near."""
    for name in chosen:
        left = whole(tuple(other for other in chosen if other != name))
        yield Move(path=path, change=f"- {name}", side="narrower", edge=edge.format(name), condition=left)
    for name in every:
        if name not in chosen:
            more, at = whole((*chosen, name)), edge.format(name)
            yield Move(path=path, change=f"+ {name}", side="wider", edge=at, condition=more, near=name in near)


def _next_below(question: Question, chosen: Collection[str]) -> frozenset[str]:
    """The options that do not count and are ranked highest among those below all that do."""
    options = (*question.options, *question.special)
    lowest = min(option.rank for option in options if option.id in chosen)
    below = [option for option in options if option.id not in chosen and option.rank < lowest]
    return frozenset(option.id for option in below if option.rank == max(other.rank for other in below))


def _updating(condition: Condition, key: str) -> Callable[[Any], Condition]:
    return lambda value: condition.model_copy(update={key: value})


def _nesting(condition: Condition, key: str, inner: Any) -> Callable[..., Condition]:
    return lambda **update: condition.model_copy(update={key: inner.model_copy(update=update)})


def _options(
    question: Question, path: Path, chosen: tuple[str, ...], edge: str, whole: Callable[[tuple[str, ...]], Condition]
) -> Iterator[Move]:
    every = tuple(option.id for option in (*question.options, *question.special))
    yield from _sets(path, chosen, every, _next_below(question, chosen), edge, whole)


def _step(question: Question) -> float:
    """The smallest difference an answer can show: a tenth on a thermometer, else one."""
    return 0.1 if question.unit == "celsius" else 1


def _rounded(number: float) -> float:
    return number if isinstance(number, int) else round(number, 6)
