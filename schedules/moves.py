"""A condition moved by one step: each threshold and choice in it (`thresholds.py`), and each branch left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from schedules import conditions, thresholds
from schedules.conditions import Condition
from schedules.pathway import Pathway
from schedules.thresholds import Move, Path, Side

__all__ = ["Move", "Path", "of"]


def of(pathway: Pathway, condition: Condition) -> Iterator[Move]:
    """Every move of a condition, outermost first."""
    match condition:
        case conditions.All(all_=parts):
            yield from _parts("all", parts, "wider", lambda moved: condition.model_copy(update={"all_": moved}))
            yield from _within(pathway, condition)
        case conditions.AnyOf(any_=parts):
            yield from _parts("any", parts, "narrower", lambda moved: condition.model_copy(update={"any_": moved}))
            yield from _within(pathway, condition)
        case conditions.Count(count=spec):
            yield from _count(condition, spec)
            yield from _within(pathway, condition)
        case _:
            yield from thresholds.of(pathway, condition)


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
        yield Move(path=(key, index), change="left out", side=side, edge=edge, condition=whole(left), near=False)


def _count(condition: conditions.Count, spec: conditions.CountSpec) -> Iterator[Move]:
    def counted(**update: object) -> Condition:
        return condition.model_copy(update={"count": spec.model_copy(update=update)})

    yield from thresholds.numbers(("count", "gte"), spec.gte, 1, 1, "{} of them", lambda to: counted(gte=to))
    for move in _parts("of", spec.of, "narrower", lambda left: counted(of=left)):
        yield replace(
            move, path=("count", *move.path), edge=f"{_written(spec.of[int(move.path[-1])])} among {spec.gte}"
        )


def _written(condition: Condition) -> str:
    return json.dumps(condition.model_dump(mode="json", by_alias=True, exclude_none=True)).replace('"', "")
