"""How hard the English texts are to read: the Flesch-Kincaid grade, at most 6 (a reading age of about 11).

The grade is that of `readability`, which counts words, sentences and syllables with no word list to download. A colon
or semicolon ends a sentence, as in Flesch's own instructions. Of a few words no grade can be told (one long word in
three is grade 15), so short answers are read with their question, one on a line, as the patient reads them. Names of
medicines are left out: patients read them off the box.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import readability

from schedules.checks import wording, wordlists
from schedules.documents import Path
from schedules.pathway import DEFAULT_LANGUAGE, Pathway
from schedules.problems import Flaw

MOST = 6.0
FEWEST_WORDS = 8
"""Texts with fewer words have no grade of their own."""

_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PLACEHOLDER = re.compile(r"\{\w+\}")


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Every English question, answer, card and message that is too hard."""
    for path, texts in (*wording.told(pathway), *wording.asked(pathway), *wording.answers(pathway)):
        yield from _hard(path, texts.in_(DEFAULT_LANGUAGE))
    for index, question in enumerate(pathway.questions):
        options = [option.text.in_(DEFAULT_LANGUAGE) for option in question.options]
        yield from _hard(("questions", index, "text"), "\n".join([question.text.in_(DEFAULT_LANGUAGE), *options]))


def grade(text: str) -> float | None:
    """The US school grade a text needs; None when it has too few words to tell."""
    spoken = _PLACEHOLDER.sub("them", text)
    for entry in wordlists.MEDICINES[DEFAULT_LANGUAGE]:
        spoken = re.sub(entry.pattern.pattern, "", spoken, flags=re.IGNORECASE)
    sentences = [words for words in (_WORD.findall(part) for part in _SENTENCE.split(spoken)) if words]
    if sum(map(len, sentences)) < FEWEST_WORDS:
        return None
    measured = readability.getmeasures([" ".join(words) for words in sentences], lang="en")
    return float(measured["readability grades"]["Kincaid"])


def _hard(path: Path, text: str) -> Iterator[Flaw]:
    found = grade(text)
    if found is not None and found > MOST:
        what = f"It needs school grade {found:.1f}; {MOST:.0f} is the most."
        yield Flaw(path=(*path, DEFAULT_LANGUAGE), what=what, remedy="Use shorter words and shorter sentences.")
