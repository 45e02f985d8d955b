"""The search against triage itself: the same rules fire, in any order of answers; answering only raises the level."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from schedules import triage
from schedules.case import Case
from schedules.levels import Level
from schedules.problems import Flaw
from schedules.proof import concrete, partial
from schedules.proof.space import Space
from schedules.proof.variables import Known

_REMEDY = "This is a fault of the program, not of the pathway: report it with this pathway."


def flaws(space: Space, sample: Iterable[Known]) -> Iterator[Flaw]:
    """Every sampled case on which triage and the search differ, or on which the order of answers matters."""
    for known in sample:
        whole = concrete.completed(space, known)
        case = concrete.case(space, whole)
        facts = partial.facts(space, whole, whole=True)
        found = {rule.id for rule in space.pathway.all_rules if rule.predicate.holds(facts)}
        judged = _judged(space, case)
        wrong = []
        if judged[1] != found:
            wrong.append(f"The search and triage differ on {', '.join(sorted(judged[1] ^ found))}")
        if any(_judged(space, turned) != judged for turned in _orders(case)):
            wrong.append("The order of answers changes the level")
        if not _only_rises(space, case):
            wrong.append("The level falls while the questions are answered")
        yield from (Flaw(path=("rules",), what=f"{what}: {case}.", remedy=_REMEDY) for what in wrong)


def _judged(space: Space, case: Case) -> tuple[Level, frozenset[str]]:
    assessment = triage.evaluate(space.pathway, case)
    return assessment.level, frozenset(finding.rule for finding in assessment.findings)


def _orders(case: Case) -> Iterator[Case]:
    """The case with its answers, and the options within an answer, the other way round; and by the alphabet."""
    items = [(name, value[::-1] if isinstance(value, tuple) else value) for name, value in case.answers.items()]
    for order in (items[::-1], sorted(items, key=lambda item: item[0])):
        yield dataclasses.replace(case, answers=dict(order))


def _only_rises(space: Space, case: Case) -> bool:
    """Whether the level never falls as the answers come in, one by one, before the check-in ends."""
    levels = []
    for count in range(len(case.answers) + 1):
        so_far = dict(list(case.answers.items())[:count])
        fired = triage.fired(space.pathway, dataclasses.replace(case, answers=so_far, status="open"))
        levels.append(max(fired.values(), default=Level.ROUTINE))
    return levels == sorted(levels)
