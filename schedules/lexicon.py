"""The words the free-text net looks for: data only. `freetext.py` does the looking."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

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


class FreeTextLanguage(Content):
    """The words of one language. Lower case, accent-free; `*` stands for any ending; whole words only.

    `greetings`: messages made only of these words need no re-screen. `commands`: typed words that act like a
    button, by command (`stop`, `help`).
    """

    apostrophes: dict[str, str] = Field(default_factory=dict)
    typos: dict[str, str] = Field(default_factory=dict)
    lexicon: dict[str, tuple[str, ...]]
    patterns: dict[str, FreeTextPatterns]
    clause_breaks: tuple[str, ...] = ()
    negation_before: tuple[str, ...] = ()
    negation_after: tuple[str, ...] = ()
    pseudo_negation: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    improving: tuple[str, ...] = ()
    hypothetical: tuple[str, ...] = ()
    idioms: tuple[str, ...] = ()
    other_subject: tuple[str, ...] = ()
    carer_is_patient: tuple[str, ...] = ()
    greetings: tuple[str, ...] = ()
    commands: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class FreeText(Content):
    """The red-flag net for anything a patient types. Distances are in words."""

    near_within: int = 7
    negation_within: int = 5
    categories: tuple[FreeTextCategory, ...]
    languages: dict[str, FreeTextLanguage]
