"""A condition moved by one step: each threshold up and down, each option in or out, each branch left out.

A move that makes the condition hold for fewer cases is narrower, one that makes it hold for more is wider. `edge` is
the fact that an example needs so that it comes out otherwise after the move.

Not moved: the other operation in a `procedure` test, which satisfies every such test; and a threshold to below the
lowest number that can be given, where nothing is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from schedules import conditions
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

    def inside(self, path: Path, whole: Callable[[Condition], Condition]) -> Move:
        """The same move in a condition that holds this one at `path`."""
        return replace(self, path=(*path, *self.path), condition=whole(self.condition))


def of(pathway: Pathway, condition: Condition) -> Iterator[Move]:
    """Every move of a condition, outermost first."""
    match condition:
        case conditions.All(all_=parts):
            yield from _parts("all", parts, "wider", lambda moved: condition.model_copy(update={"all_": moved}))
        case conditions.AnyOf(any_=parts):
            yield from _parts("any", parts, "narrower", lambda moved: condition.model_copy(update={"any_": moved}))
        case conditions.Count(count=spec):
            yield from _count(condition, spec)
        case conditions.AnswerIn() | conditions.AnswerHasAny() | conditions.AnswerAtLeast():
            yield from _answer(pathway, condition)
        case conditions.BaselineIn() | conditions.BaselineNot() | conditions.BaselineValue():
            yield from _baseline(pathway, condition)
        case conditions.Delta() | conditions.ImprovedLessThan() | conditions.BestImproved():
            yield from _change(pathway, condition)
        case conditions.Unanswered() | conditions.Unreadable():
            return
        case _:
            yield from _circumstance(pathway, condition)
    if isinstance(condition, conditions.All | conditions.AnyOf | conditions.Count):
        yield from _within(pathway, condition)


def _within(pathway: Pathway, condition: conditions.All | conditions.AnyOf | conditions.Count) -> Iterator[Move]:
    """The moves of the conditions inside this one."""
    match condition:
        case conditions.All(all_=parts):
            place: Path = ("all",)
        case conditions.AnyOf(any_=parts):
            place = ("any",)
        case conditions.Count(count=spec):
            parts, place = spec.of, ("count", "of")

    def with_part(index: int) -> Callable[[Condition], Condition]:
        def whole(part: Condition) -> Condition:
            changed = (*parts[:index], part, *parts[index + 1 :])
            if isinstance(condition, conditions.Count):
                spec = condition.count.model_copy(update={"of": changed})
                return condition.model_copy(update={"count": spec})
            return condition.model_copy(update={f"{place[0]}_": changed})

        return whole

    for index, part in enumerate(parts):
        for move in of(pathway, part):
            yield move.inside((*place, index), with_part(index))


def _parts(
    key: str, parts: tuple[Condition, ...], side: Side, whole: Callable[[tuple[Condition, ...]], Condition]
) -> Iterator[Move]:
    """Each part left out, unless it is the only one."""
    for index, part in enumerate(parts) if len(parts) > 1 else ():
        edge = f"{_written(part)} {'and no other part' if side == 'narrower' else 'not holding'}"
        left = (*parts[:index], *parts[index + 1 :])
        yield Move(path=(key, index), change="left out", side=side, edge=edge, condition=whole(left))


def _count(condition: conditions.Count, spec: conditions.CountSpec) -> Iterator[Move]:
    def counted(**update: object) -> Condition:
        return condition.model_copy(update={"count": spec.model_copy(update=update)})

    yield from _numbers(("count", "gte"), spec.gte, 1, 1, "{} of them", lambda to: counted(gte=to))
    for move in _parts("of", spec.of, "narrower", lambda left: counted(of=left)):
        yield replace(
            move, path=("count", *move.path), edge=f"{_written(spec.of[int(move.path[-1])])} among {spec.gte}"
        )


def _answer(
    pathway: Pathway, condition: conditions.AnswerIn | conditions.AnswerHasAny | conditions.AnswerAtLeast
) -> Iterator[Move]:
    match condition:
        case conditions.AnswerAtLeast(q=q, gte=least):
            question = pathway.question(q)
            yield from _numbers(
                ("gte",), least, _step(question), question.min, f"{q} {{}}", _updating(condition, "gte")
            )
        case conditions.AnswerIn(q=q, in_=chosen):
            yield from _sets(("in",), chosen, _options(pathway, q), f"{q}: {{}}", _updating(condition, "in_"))
        case conditions.AnswerHasAny(q=q, has_any=chosen):
            yield from _sets(
                ("has_any",), chosen, _options(pathway, q), f"{q}: [{{}}]", _updating(condition, "has_any")
            )


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
            yield from _numbers(("delta", "gte"), delta.gte, step, step, edge, lambda to: whole(gte=to))
            for vs in _VERSUS:
                if vs != delta.vs:
                    yield Move(
                        path=("delta", "vs"),
                        change=f"{delta.vs} -> {vs}",
                        side="other",
                        edge=f"{delta.q} {delta.gte} above {delta.vs} but not above {vs}",
                        condition=whole(vs=vs),
                    )
        case conditions.ImprovedLessThan(improved_less_than=spec) | conditions.BestImproved(best_improved=spec):
            key = next(iter(type(condition).model_fields))
            step, whole = _step(pathway.question(spec.q)), _nesting(condition, key, spec)
            found = _numbers(
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


def _circumstance(
    pathway: Pathway,
    condition: conditions.Days
    | conditions.ProcedureIs
    | conditions.StatusIs
    | conditions.CheckInIs
    | conditions.MissedInRow
    | conditions.PreviousLevel
    | conditions.FreeTextLevel,
) -> Iterator[Move]:
    match condition:
        case conditions.Days(days=days):
            yield from _days(condition, days)
        case conditions.ProcedureIs(procedure=chosen):
            every = tuple(procedure.id for procedure in pathway.procedures if procedure.id != OTHER_PROCEDURE)
            yield from _sets(("procedure",), chosen, every, "procedure: {}", _updating(condition, "procedure"))
        case conditions.StatusIs(status=chosen):
            every = get_args(PastStatus)
            yield from _sets(("status",), chosen, every, "status: {}", _updating(condition, "status"))
        case conditions.CheckInIs(checkin=chosen):
            every = tuple(checkin.id for checkin in pathway.schedule.checkins)
            yield from _sets(("checkin",), chosen, every, "checkin: {}", _updating(condition, "checkin"))
        case conditions.MissedInRow(missed_in_row=row):
            whole = _nesting(condition, "missed_in_row", row)
            edge = "{} check-ins missed in a row"
            yield from _numbers(("missed_in_row", "gte"), row.gte, 1, 1, edge, lambda to: whole(gte=to))
        case conditions.PreviousLevel(previous_level=least):
            yield from _previous_level(condition, least)
        case conditions.FreeTextLevel(free_text_level=level):
            for other in Level:
                if other is not level:
                    changed = condition.model_copy(update={"free_text_level": other})
                    edge = f"typed words of level {level}"
                    change = f"{level} -> {other}"
                    yield Move(path=("free_text_level",), change=change, side="other", edge=edge, condition=changed)


def _days(condition: conditions.Days, days: conditions.DayRange) -> Iterator[Move]:
    whole = _nesting(condition, "days", days)
    if days.gte is not None:
        yield from _numbers(("days", "gte"), days.gte, 1, 0, "day {}", lambda to: whole(gte=to))
    if days.lte is not None:
        ends: tuple[tuple[int, Side, int], ...] = (
            (days.lte - 1, "narrower", days.lte),
            (days.lte + 1, "wider", days.lte + 1),
        )
        for to, side, edge in ends:
            moved = whole(lte=to)
            change = f"{days.lte} -> {to}"
            yield Move(path=("days", "lte"), change=change, side=side, edge=f"day {edge}", condition=moved)


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


def _numbers(
    path: Path, at: float, step: float, lowest: float | None, edge: str, whole: Callable[[float], Condition]
) -> Iterator[Move]:
    """A number that must be reached, one step up and one step down."""
    up, down = _rounded(at + step), _rounded(at - step)
    yield Move(path=path, change=f"{at} -> {up}", side="narrower", edge=edge.format(at), condition=whole(up))
    if lowest is None or down >= lowest:
        yield Move(path=path, change=f"{at} -> {down}", side="wider", edge=edge.format(down), condition=whole(down))


def _sets(
    path: Path, chosen: Iterable[str], every: Iterable[str], edge: str, whole: Callable[[tuple[str, ...]], Condition]
) -> Iterator[Move]:
    """One of several: each left out, and each other one added."""
    kept = tuple(chosen)
    for name in kept:
        left = whole(tuple(other for other in kept if other != name))
        yield Move(path=path, change=f"- {name}", side="narrower", edge=edge.format(name), condition=left)
    for name in every:
        if name not in kept:
            more = whole((*kept, name))
            yield Move(path=path, change=f"+ {name}", side="wider", edge=edge.format(name), condition=more)


def _updating(condition: Condition, key: str) -> Callable[[Any], Condition]:
    return lambda value: condition.model_copy(update={key: value})


def _nesting(condition: Condition, key: str, inner: Any) -> Callable[..., Condition]:
    return lambda **update: condition.model_copy(update={key: inner.model_copy(update=update)})


def _options(pathway: Pathway, q: str) -> tuple[str, ...]:
    question = pathway.question(q)
    return tuple(option.id for option in (*question.options, *question.special))


def _step(question: Question) -> float:
    """The smallest difference an answer can show: a tenth on a thermometer, else one."""
    return 0.1 if question.unit == "celsius" else 1


def _rounded(number: float) -> float:
    return number if isinstance(number, int) else round(number, 6)


def _written(condition: Condition) -> str:
    return json.dumps(condition.model_dump(mode="json", by_alias=True, exclude_none=True)).replace('"', "")
