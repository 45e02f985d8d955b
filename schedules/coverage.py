"""Whether the examples of a pathway show every rule at work, on both sides of each of its thresholds.

Every rule, and every contradiction, needs an example that names it in `expect.rules` or `expect.only`, and one that
names it in `near_miss_of`. Besides, for each threshold of a rule (`thresholds.py` says what counts as one):

- an example in which the rule fires, and would not if the threshold were one step stricter or the option did not count;
- an example in which it does not fire, and would if the threshold were one step looser or the option next below did.

An example shows this only if it then fails: it must say so by its level or by what it expects of the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schedules import mutants
from schedules.examples import Example
from schedules.pathway import Pathway
from schedules.problems import Flaw


def flaws(pathway: Pathway, shown: Sequence[Example]) -> Iterator[Flaw]:
    """Every rule and threshold that no example shows. An example that fails shows nothing."""
    watching = mutants.watch(pathway, shown)
    fired = {rule for watched in watching for rule in watched.example.rules}
    missed = {rule for watched in watching for rule in watched.example.near_miss_of}
    places = [("rules", index, rule.id) for index, rule in enumerate(pathway.rules)]
    places += [("contradictions", index, other.id) for index, other in enumerate(pathway.contradictions)]
    for section, index, name in places:
        path = (section, index, "id")
        if name not in fired:
            yield _flaw(path, "No example fires this rule.", f"one that fires it, with expect.rules: [{name}]")
        if name not in missed:
            yield _flaw(path, "This rule has no near miss.", f"one just short of it, with near_miss_of: {name}")
    for mutant in mutants.of_rules(pathway):
        if mutant.move is not None and mutant.move.near and mutants.survives(mutant, watching):
            yield _threshold(pathway, mutant, mutant.move)


def _threshold(pathway: Pathway, mutant: mutants.Mutant, move: mutants.Move) -> Flaw:
    rule = getattr(pathway, str(mutant.path[0]))[mutant.path[1]].id
    edge = f"{move.edge} and all else that the rule needs"
    if move.side == "narrower":
        what = f"No example shows that {rule} fires at {move.edge}."
        remedy = f"Add one to examples.yaml: {edge}, with expect.rules: [{rule}]."
    else:
        what = f"No example shows that {rule} does not fire at {move.edge}."
        remedy = f"Add one to examples.yaml: {edge}, with near_miss_of: {rule}. Drop the condition if no case is so."
    return Flaw(path=mutant.path, what=what, remedy=remedy)


def _flaw(path: tuple[str | int, ...], what: str, example: str) -> Flaw:
    return Flaw(path=path, what=what, remedy=f"Add an example to examples.yaml: {example}.")
