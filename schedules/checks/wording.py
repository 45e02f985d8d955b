"""What patients are told: no dose, no advice on medicines, no reassurance (hazards H21, H32), in their language.

Not part of every load: run before a pathway is published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from schedules.checks import wordlists
from schedules.checks.texts import BUTTONS
from schedules.checks.wordlists import Banned
from schedules.documents import Path
from schedules.pathway import DEFAULT_LANGUAGE, Pathway, Texts
from schedules.problems import Flaw

_WORDS_ALIKE = 3
"""Texts of more words than this are never the same in two languages."""


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Flaws of the words in everything a patient reads."""
    for path, texts in told(pathway):
        yield from _found(path, texts, wordlists.DOSES, "It speaks of a dose", "Send them to their team instead.")
        yield from _found(path, texts, wordlists.MEDICINES, "It names a medicine", "Say: your medicine.")
        yield from _found(path, texts, wordlists.ADVICE, "It advises on medicines", "Send them to their team instead.")
        yield from _found(path, texts, wordlists.REASSURANCE, "It reassures", "Say what to do, or leave it out.")
        yield from _ticks(path, texts)
    for path, texts in asked(pathway):
        yield from _found(path, texts, wordlists.DOSES, "It speaks of a dose", "Ask without it.")
        yield from _found(path, texts, wordlists.ADVICE, "It advises on medicines", "Ask, do not advise.")
        yield from _ticks(path, texts)
    for path, texts in answers(pathway):
        yield from _found(path, texts, wordlists.DOSES, "It speaks of a dose", "Describe the answer without it.")
    for path, texts in (*told(pathway), *asked(pathway), *answers(pathway)):
        yield from _untranslated(path, texts)


def told(pathway: Pathway) -> Iterator[tuple[Path, Texts]]:
    """Texts that tell a patient something, with their paths."""
    for section in ("cards", "selfcare", "texts"):
        found: Mapping[str, Texts] = getattr(pathway, section)
        yield from (((section, key), text) for key, text in found.items() if key not in BUTTONS)
    yield ("consent", "text"), pathway.consent.text


def asked(pathway: Pathway) -> Iterator[tuple[Path, Texts]]:
    """Questions, with their paths."""
    for index, question in enumerate(pathway.questions):
        yield ("questions", index, "text"), question.text
        if question.again is not None:
            yield ("questions", index, "again"), question.again
    yield ("rescreen", "text"), pathway.rescreen.text


def answers(pathway: Pathway) -> Iterator[tuple[Path, Texts]]:
    """Answers to choose from, with their paths: what patients say themselves."""
    for index, question in enumerate(pathway.questions):
        for kind, options in (("options", question.options), ("special", question.special)):
            for place, option in enumerate(options):
                yield ("questions", index, kind, place, "text"), option.text
    for place, answer in enumerate(pathway.rescreen.options):
        yield ("rescreen", "options", place, "text"), answer.text


def _found(path: Path, texts: Texts, banned: Mapping[str, Sequence[Banned]], what: str, remedy: str) -> Iterator[Flaw]:
    for language, text in texts.root.items():
        for entry in banned.get(language, ()):
            if match := entry.pattern.search(text.casefold()):
                yield Flaw(path=(*path, language), what=f"{what}: {match[0].strip()!r}. {entry.why}", remedy=remedy)


def _ticks(path: Path, texts: Texts) -> Iterator[Flaw]:
    for language, text in texts.root.items():
        for sign in sorted(set(text) & set(wordlists.TICKS)):
            what = f"It reassures: {sign!r}. {wordlists.TICK_REASON}"
            yield Flaw(path=(*path, language), what=what, remedy="Leave it out.")


def _untranslated(path: Path, texts: Texts) -> Iterator[Flaw]:
    english = texts.in_(DEFAULT_LANGUAGE)
    for language, text in texts.root.items():
        if language != DEFAULT_LANGUAGE and text == english and len(text.split()) > _WORDS_ALIKE:
            yield Flaw(path=(*path, language), what="It is the English text.", remedy="Translate it.")
