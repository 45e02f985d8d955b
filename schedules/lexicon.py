"""The words the free-text net looks for: data only. `freetext.py` does the looking."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from schedules.classifier import Classifier
from schedules.levels import Content, Level


class FreeTextCategory(Content):
    """What a match means. The order of categories is the priority of the name shown; the level decides.

    `span`: the words of one `near` list must stand in one clause, or anywhere in one message.
    `card`: shown instead of the card of the rule that reports the level.
    """

    id: str
    level: Level
    span: Literal["clause", "message"] = "clause"
    card: str | None = None


class FreeTextPatterns(Content):
    """Where a category lies in one language: names of word lists.

    A clause matches when every list of one `near` entry occurs, each within `FreeText.near_within` words of the
    next, or when one phrase of an `alone` list occurs.
    """

    near: tuple[tuple[str, ...], ...] = ()
    alone: tuple[str, ...] = ()


class Denial(Content):
    """Ways to say that something is not there. A phrase that is part of an `unless` phrase does not count."""

    phrases: tuple[str, ...]
    unless: tuple[str, ...] = ()


class FreeTextLanguage(Content):
    """The words of one language. Whole words, lower case, with or without accents.

    In every phrase `word*` takes any ending, `a|b` means either, `..` up to three words in between.

    Spelling: `typos` and `apostrophes` put one word for another (accents kept on the left), `equivalents` do so
    for runs of words; `skip` words may stand between the words of a phrase; `not_typos` are true words that only
    look like a slip of one in the lexicon.
    Scope: `clause_breaks` begin a new thought; `negation_before` cancels what follows in the clause, up to a
    `negation_ends` phrase, unless it is part of a `pseudo_negation`; `negation_after` cancels what came before
    in the sentence. `calm` words keep clauses parted by a comma from being read as one.
    Time: `resolved` says it is over, unless part of `not_resolved`; `improving` cancels review level only.
    Questions: `hypothetical` (or, in a question, `hypothetical_if_asked`) is not a report, unless the sentence
    also has a `happening` phrase.
    People: `other_subject` (family) and `other_subject_never` (animals, people who are no patient here) mean
    someone else until a `first_person` word, unless the message has a `carer_is_patient` phrase. For family the
    highest level is only cancelled next to a `past` phrase: the writer may be a carer.
    `idioms` are never symptoms. `greetings`: messages made only of these words need no re-screen. `commands`:
    typed words that act like a button, by command (`stop`, `help`). `denials`: what is said not to be there, by id;
    they never lower a level, and only show which answers they contradict.
    """

    apostrophes: dict[str, str] = Field(default_factory=dict)
    typos: dict[str, str] = Field(default_factory=dict)
    equivalents: dict[str, str] = Field(default_factory=dict)
    skip: tuple[str, ...] = ()
    not_typos: tuple[str, ...] = ()
    lexicon: dict[str, tuple[str, ...]]
    patterns: dict[str, FreeTextPatterns]
    clause_breaks: tuple[str, ...] = ()
    negation_before: tuple[str, ...] = ()
    negation_ends: tuple[str, ...] = ()
    negation_after: tuple[str, ...] = ()
    pseudo_negation: tuple[str, ...] = ()
    calm: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    not_resolved: tuple[str, ...] = ()
    improving: tuple[str, ...] = ()
    hypothetical: tuple[str, ...] = ()
    hypothetical_if_asked: tuple[str, ...] = ()
    happening: tuple[str, ...] = ()
    idioms: tuple[str, ...] = ()
    other_subject: tuple[str, ...] = ()
    other_subject_never: tuple[str, ...] = ()
    first_person: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    carer_is_patient: tuple[str, ...] = ()
    greetings: tuple[str, ...] = ()
    commands: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    denials: dict[str, Denial] = Field(default_factory=dict)


class FreeText(Content):
    """The red-flag net for anything a patient types. Distances are in words; without a classifier the lists are all."""

    near_within: int = 7
    negation_within: int = 5
    categories: tuple[FreeTextCategory, ...]
    languages: dict[str, FreeTextLanguage]
    classifier: Classifier | None = None

    @cached_property
    def levels(self) -> dict[str, Level]:
        """The level of each category."""
        return {category.id: category.level for category in self.categories}
