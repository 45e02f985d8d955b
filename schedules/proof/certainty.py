"""What is certain of a partly known case: whether it reaches a level whatever everything else is."""

from __future__ import annotations

import itertools
import math

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
    """Whether a rule of at least this level fires, whatever is not known. `first`: the rule to try first."""
    facts = partial.facts(space, known)
    if first is not None and first.level >= least and _fires(first, known, facts):
        return True
    return any(rule.level >= least and _fires(rule, known, facts) for rule in space.pathway.rules)


def _fires(rule: Rule, known: Known, facts: Facts) -> bool:
    return rule.predicate.holds(facts) and partial.trusted(rule) <= known.keys()


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
    return _tried(space, known, least, standing, depth)


def _tried(space: Space, known: Known, least: Level, standing: list[Rule], depth: int) -> Known | None:
    """`below` with the values of everything else that the simplest of these rules looks at."""
    unknown = {rule.id: [place for place in space.of([rule.when]) if place not in known] for rule in standing}
    rule = min(standing, key=lambda rule: len(unknown[rule.id]))
    named = space.named(itertools.chain.from_iterable(terms.of(rule.when)))
    domains = [space.domain(place, named) for place in unknown[rule.id]]
    if math.prod(map(len, domains)) > _MOST_CASES:
        raise UnprovenError
    for values in itertools.product(*domains):
        more = {**known, **dict(zip(unknown[rule.id], values, strict=True))}
        found = below(space, more, least, depth - 1) if search.consistent(more) else None
        if found is not None:
            return found
    return None
