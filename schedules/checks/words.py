"""The free-text net: its categories, patterns and word lists belong together, in every language."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.pathway import FreeTextLanguage, Level, Pathway
from schedules.problems import Flaw
from schedules.sentences import CALM


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Flaws of the word lists."""
    freetext = pathway.freetext
    categories = {category.id for category in freetext.categories}
    for index, category in enumerate(freetext.categories):
        if category.level is Level.ROUTINE:
            remedy = "Use review, urgent or emergency."
            yield Flaw(path=("freetext", "categories", index), what="A routine category says nothing.", remedy=remedy)
    strangers = set(freetext.classifier.labels if freetext.classifier else ()) - categories
    for label in sorted(label for label in strangers if not label.startswith(CALM)):
        what = f"The classifier knows {label}, which is no category."
        yield Flaw(path=("freetext", "classifier"), what=what, remedy="Train it again, or keep the category.")
    for language in pathway.languages:
        if language in freetext.languages:
            yield from _language(language, freetext.languages[language], categories)
    for name in ("near_within", "negation_within"):
        if getattr(freetext, name) < 1:
            yield Flaw(path=("freetext", name), what="Words this close cannot exist.", remedy="Use 1 or more.")


def _language(language: str, words: FreeTextLanguage, categories: set[str]) -> Iterator[Flaw]:
    root = ("freetext", "languages", language)
    for name in sorted(categories - set(words.patterns)):
        remedy = "Add the words, or the category is blind in this language."
        yield Flaw(path=(*root, "patterns"), what=f"The category {name} has no pattern.", remedy=remedy)
    for name, pattern in words.patterns.items():
        path = (*root, "patterns", name)
        if name not in categories:
            remedy = "Add it to the categories in pathway.yaml, or correct it."
            yield Flaw(path=path, what=f"There is no category {name}.", remedy=remedy)
        for listed in {*pattern.alone, *(part for parts in pattern.near for part in parts)} - set(words.lexicon):
            yield Flaw(path=path, what=f"There is no word list {listed}.", remedy="Add it to the lexicon.")
        if not pattern.alone and not pattern.near:
            yield Flaw(path=path, what="The pattern is empty.", remedy="Name word lists under near or alone.")
    for name, phrases in words.lexicon.items():
        if not phrases or any(not phrase.strip(" *") for phrase in phrases):
            path = (*root, "lexicon", name)
            yield Flaw(path=path, what="The list or a phrase in it is empty.", remedy="Write the words, or delete it.")
