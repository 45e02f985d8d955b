"""Shape checks of an assembled pathway: ids, references, texts, times. Meaning and safety are not judged here."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.checks import contradictions, identity, references, texts, timing, words
from schedules.checks import questions as question_checks
from schedules.pathway import Pathway
from schedules.problems import Flaw


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Every flaw found, in no special order."""
    for subject in (contradictions, identity, question_checks, references, texts, timing, words):
        yield from subject.flaws(pathway)
