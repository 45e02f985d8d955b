"""Every way a condition can hold: a list of terms, each a list of simple conditions that must all hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from schedules import claims, conditions
from schedules.conditions import Condition

Term = tuple[Condition, ...]

MOST_TERMS = 2_000
"""A condition with more ways to hold is refused: nobody could review it either."""


class TooManyWaysError(ValueError):
    """A condition can hold in more ways than can be searched."""


def of(condition: Condition) -> tuple[Term, ...]:
    """The terms of a condition; it holds exactly when one of them does. Raises TooManyWaysError."""
    match condition:
        case conditions.All(all_=parts):
            return _together(of(part) for part in parts)
        case conditions.AnyOf(any_=parts):
            return _bounded(itertools.chain.from_iterable(of(part) for part in parts))
        case conditions.Count(count=spec):
            chosen = itertools.combinations([of(part) for part in spec.of], spec.gte)
            return _bounded(itertools.chain.from_iterable(_together(some) for some in chosen))
        case claims.Heard(heard=spec):
            alone = [{kind: (name,)} for kind, names in spec.model_dump().items() for name in names or ()]
            return tuple((claims.Heard(heard=claims.HeardSpec.model_validate(one)),) for one in alone)
        case _:
            return ((condition,),)


def _together(parts: Iterable[tuple[Term, ...]]) -> tuple[Term, ...]:
    """The terms in which one of each holds; what is said twice stands once."""
    ways = itertools.product(*parts)
    return _bounded(tuple(dict.fromkeys(itertools.chain.from_iterable(way))) for way in ways)


def _bounded(found: Iterable[Term]) -> tuple[Term, ...]:
    terms = tuple(itertools.islice(found, MOST_TERMS + 1))
    if len(terms) > MOST_TERMS:
        raise TooManyWaysError(f"it can hold in more than {MOST_TERMS} ways")
    return tuple(dict.fromkeys(terms))


def named_options(parts: Iterable[Condition]) -> Iterator[tuple[str, str]]:
    """Question and option of every multiple choice that these conditions name."""
    for part in parts:
        for inner in conditions.walk(part):
            if isinstance(inner, conditions.AnswerHasAny):
                for option in inner.has_any:
                    yield inner.q, option
