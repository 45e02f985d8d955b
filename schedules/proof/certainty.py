"""What is certain of a partly known case: whether it reaches a level whatever everything else is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator

from schedules import predicates, triage
from schedules.levels import Level
from schedules.pathway import Contradiction, Rule
from schedules.predicates import Facts
from schedules.proof import concrete, partial, search, terms
from schedules.proof.space import Space
from schedules.proof.terms import Term
from schedules.proof.variables import Known, Variable

_MOST_DEPTH = 3
_MOST_CASES = 20_000


class UnprovenError(Exception):
    """Too much would have to be tried to be certain."""


def reaches(space: Space, known: Known, least: Level, first: Rule | Contradiction | None = None) -> bool:
    """Whether a rule of at least this level fires, whatever is not known. `first`: one of them, to be tried first."""
    facts = partial.facts(space, known)
    if first is not None and _holds(space, first, known, facts):
        return True
    return any(_holds(space, rule, known, facts) for rule in space.pathway.all_rules if rule.level >= least)


def fires(space: Space, rule: Rule | Contradiction, known: Known) -> bool:
    """Whether this rule fires, whatever is not known."""
    return _holds(space, rule, known, partial.facts(space, known))


def _holds(space: Space, rule: Rule | Contradiction, known: Known, facts: Facts) -> bool:
    return rule.predicate.holds(facts) and space.trusted[rule.id] <= known.keys()


def below(space: Space, known: Known, least: Level, depth: int = _MOST_DEPTH) -> Known | None:
    """A whole case that agrees with `known` and stays below this level; None when there is none.

    When no single rule is certain, what else the rules at hand look at is tried out. Raises UnprovenError.
    """
    if reaches(space, known, least):
        return None
    whole = concrete.completed(space, known)
    if triage.evaluate(space.pathway, concrete.case(space, whole)).level < least:
        return whole
    if not depth:
        raise UnprovenError
    standing = [rule for rule in space.pathway.all_rules if rule.level >= least]
    tried = (below(space, more, least, depth - 1) for more in extended(space, known, whole, standing))
    return next((found for found in tried if found is not None), None)


def extended(
    space: Space, known: Known, whole: Known, rules: Iterable[Rule | Contradiction], most: int = _MOST_CASES
) -> Iterator[Known]:
    """The case with every value of something else that one of these rules looks at.

    It is the least in `whole` that is not known of the case and makes a rule fire. Raises UnprovenError when nothing
    does, or when that is too much.
    """
    facts = partial.facts(space, whole, whole=True)
    ways = [way for rule in rules if rule.predicate.holds(facts) for way in terms.of(rule.when)]
    ways = [way for way in ways if all(predicates.compile(part).holds(facts) for part in way)]
    unknown = [[place for place in space.of(way) if place not in known] for way in ways]
    if not any(unknown):
        raise UnprovenError
    places, way = min(((places, way) for places, way in zip(unknown, ways, strict=True) if places), key=_length)
    domains = [space.domain(place, space.named(way)) for place in places]
    if math.prod(map(len, domains)) > most:
        raise UnprovenError
    for values in itertools.product(*domains):
        more = {**known, **dict(zip(places, values, strict=True))}
        if search.consistent(more):
            yield more


def _length(found: tuple[list[Variable], Term]) -> int:
    return len(found[0])
