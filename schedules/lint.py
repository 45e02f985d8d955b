"""A pathway proves itself: everything that is checked before it may be published.

- `shape`: keys, ids, references, translations, lengths, placeholders, times. Always checked: without it there is none.
- `words`: no dose, no advice on medicines, no reassurance, English that a child of eleven reads.
- `meaning`: no question that is never asked, no rule that never fires or never matters, no card that nobody sends.
- `safety`: a worse answer never lowers the level, and the other promises of `proof.steps`, by search.
- `examples`: every example comes to what it expects.
- `coverage`: the examples show every rule at work, on both sides of each of its thresholds.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from schedules import catalog, coverage, examples
from schedules.checks import grade, wording
from schedules.pathway import Pathway
from schedules.problems import Flaw, PathwayError, Problem
from schedules.proof import agreement, meaning, safety
from schedules.proof.space import Space

Kind = Literal["words", "meaning", "safety", "examples", "coverage"]
KINDS: frozenset[Kind] = frozenset(("words", "meaning", "safety", "examples", "coverage"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check found. `searched`: what was looked at, in sentences. `pathway` is None when the shape is wrong."""

    pathway: Pathway | None
    problems: tuple[Problem, ...]
    searched: tuple[str, ...] = ()


def check(files: Mapping[str, str], kinds: Collection[Kind] = KINDS) -> Report:
    """Everything wrong with the pathway written in `files`. `kinds`: only these, and the shape."""
    return _check(tuple(sorted(files.items())), frozenset(kinds))


def sound(files: Mapping[str, str]) -> Pathway:
    """The pathway of these files, proven in every way. Raises PathwayError with every problem."""
    report = check(files)
    if report.problems or report.pathway is None:
        raise PathwayError(report.problems)
    return report.pathway


@functools.lru_cache(maxsize=4)  # an edit is checked when it is sent, and again when it is published
def _check(content: tuple[tuple[str, str], ...], kinds: frozenset[Kind]) -> Report:
    files = dict(content)
    try:
        pathway = catalog.load_files(files)
    except PathwayError as error:
        return Report(pathway=None, problems=error.problems)
    searched: list[str] = []
    flaws = list(_flaws(pathway, kinds, searched))
    problems = catalog.traced(files, flaws)
    if not kinds.isdisjoint({"examples", "coverage"}):
        problems += _examples(pathway, files, kinds, searched)
    return Report(pathway=pathway, problems=problems, searched=tuple(searched))


def _flaws(pathway: Pathway, kinds: frozenset[Kind], searched: list[str]) -> Iterator[Flaw]:
    space = Space(pathway)
    if "words" in kinds:
        yield from wording.flaws(pathway)
        yield from grade.flaws(pathway)
        searched.append(f"Words: every text in {', '.join(pathway.languages)}; reading grade at most {grade.MOST:.0f}.")
    if "meaning" in kinds:
        yield from meaning.flaws(space)
        searched.append("Meaning: a case for every question at each of its check-ins, and for every rule.")
    if "safety" in kinds:
        tally = safety.Tally()
        broken = list(safety.flaws(space, tally))
        yield from broken or agreement.flaws(space, tally.sample)
        searched += safety.searched(space, tally)
        searched.append(
            f"Triage itself agreed on {len(tally.sample)} of these cases, in three orders of their answers."
        )


def _examples(
    pathway: Pathway, files: Mapping[str, str], kinds: frozenset[Kind], searched: list[str]
) -> tuple[Problem, ...]:
    try:
        found = examples.read(pathway, files)
    except PathwayError as error:
        return error.problems
    problems: tuple[Problem, ...] = ()
    if "examples" in kinds:
        problems += tuple(problem for example in found for problem in examples.failures(pathway, example))
        searched.append(f"Examples: {len(found)} hold.")
    if "coverage" in kinds:
        problems += catalog.traced(files, tuple(coverage.flaws(pathway, found)))
        searched.append("Coverage: an example on either side of every threshold of every rule.")
    return problems
