"""What is certain of a partly known case: whether it reaches a level whatever everything else is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from schedules import triage
from schedules.levels import Level
from schedules.pathway import Rule
from schedules.predicates import Facts
from schedules.proof import concrete, partial, search, terms
from schedules.proof.space import Space
from schedules.proof.variables import Known

_MOST_DEPTH = 3
_MOST_CASES = 20_000


class UnprovenError(Exception):
    """Too much would have to be tried to be certain."""


def reaches(space: Space, known: Known, least: Level, first: Rule | None = None) -> bool:
    """Whether a rule of at least this level fires, whatever is not known. `first`: one of them, to be tried first."""
    facts = partial.facts(space, known)
    if first is not None and _holds(space, first, known, facts):
        return True
    return any(_holds(space, rule, known, facts) for rule in space.pathway.rules if rule.level >= least)


def fires(space: Space, rule: Rule, known: Known) -> bool:
    """Whether this rule fires, whatever is not known."""
    return _holds(space, rule, known, partial.facts(space, known))


def _holds(space: Space, rule: Rule, known: Known, facts: Facts) -> bool:
    return rule.predicate.holds(facts) and space.trusted[rule.id] <= known.keys()


def below(space: Space, known: Known, least: Level, depth: int = _MOST_DEPTH) -> Known | None:
    """A whole case that agrees with `known` and stays below this level; None when there is none.

    When no single rule is certain, what the rules at hand look at is tried out as well. Raises UnprovenError.
    """
    if reaches(space, known, least):
        return None
    whole = concrete.completed(space, known)
    if triage.evaluate(space.pathway, concrete.case(space, whole)).level < least:
        return whole
    facts = partial.facts(space, whole, whole=True)
    standing = [rule for rule in space.pathway.rules if rule.level >= least and rule.predicate.holds(facts)]
    if not standing or not depth:
        raise UnprovenError
    simplest = min(standing, key=lambda rule: len([place for place in space.of([rule.when]) if place not in known]))
    tried = (below(space, more, least, depth - 1) for more in extended(space, known, simplest))
    return next((found for found in tried if found is not None), None)


def extended(space: Space, known: Known, rule: Rule) -> Iterator[Known]:
    """The case with every value of everything else that a rule looks at. Raises UnprovenError when that is too much."""
    unknown = [place for place in space.of([rule.when]) if place not in known]
    named = space.named(itertools.chain.from_iterable(terms.of(rule.when)))
    domains = [space.domain(place, named) for place in unknown]
    if math.prod(map(len, domains)) > _MOST_CASES:
        raise UnprovenError
    for values in itertools.product(*domains):
        more = {**known, **dict(zip(unknown, values, strict=True))}
        if search.consistent(more):
            yield more
