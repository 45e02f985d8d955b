"""What patients are asked and told, and what the answers mean: questions, rules, cards, consent, re-screen."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field

from schedules import conditions, predicates
from schedules.conditions import Condition
from schedules.levels import Content, Level, Texts

QuestionType = Literal["choice", "multi", "scale", "number", "text"]

SITE_FIELDS = ("team_phone", "emergency_number", "out_of_hours", "crisis_line")
"""Placeholders that the site must fill before the bot may start."""


class Option(Content):
    """One answer of a choice. `rank` rises with concern. `synonyms`: other ways to type it, by language."""

    id: str
    rank: int
    text: Texts
    synonyms: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Question(Content):
    """One question. A missing answer to a `red_flag` question never counts as "no".

    `exclusive`: options of a multiple choice that stand alone. `special`: answers of a number question that are no
    number, e.g. no thermometer; they are options with a text and synonyms too. `unit`: "celsius" for a temperature,
    where Fahrenheit is converted. `min`, `max`: what is possible, in that unit, both included. `again`: the same
    question in other words, for when the answer contradicts something else that the patient said.
    """

    id: str
    type: QuestionType
    red_flag: bool = False
    optional: bool = False
    checkins: tuple[str, ...]
    ask_if: Condition | None = None
    text: Texts
    again: Texts | None = None
    options: tuple[Option, ...] = ()
    exclusive: tuple[str, ...] = ()
    special: tuple[Option, ...] = ()
    min: float | None = None
    max: float | None = None
    unit: Literal["celsius"] | None = None

    @cached_property
    def asked_when(self) -> predicates.Test | None:
        """The test of `ask_if`; None when the question is always asked."""
        return None if self.ask_if is None else predicates.compile(self.ask_if).holds

    @cached_property
    def option_ids(self) -> frozenset[str]:
        """The ids of the options, without special answers."""
        return frozenset(option.id for option in self.options)

    def option(self, id: str) -> Option:  # noqa: A002 - an id is called id everywhere in a pathway
        """The option or special answer with this id. Raises KeyError."""
        for option in (*self.options, *self.special):
            if option.id == id:
                return option
        raise KeyError(id)


class Rule(Content):
    """One triage rule. The level of a case is the highest level of the rules that fire; no rule lowers another.

    `within_days`: calendar days, weekends included, in which a person must reach the patient; 0 is the same local
    day. Without it the level's own deadline stands. `recheck_after_h`: ask again so many hours later.
    `tell_clinician` may hold {days}, {checkin}, {category}, {previous}, {best}, {baseline}, {list} and question ids.
    `tell_patient` names a card.
    """

    id: str
    level: Level
    when: Condition
    within_days: int | None = None
    recheck_after_h: int | None = None
    rationale: str
    sources: tuple[str, ...]
    tell_clinician: str
    tell_patient: str

    @cached_property
    def predicate(self) -> predicates.Predicate:
        """`when`, ready to be tested."""
        return predicates.compile(self.when)

    @cached_property
    def hears_free_text(self) -> bool:
        """Whether it reports what the free-text net found."""
        return any(isinstance(part, conditions.FreeTextLevel) for part in conditions.walk(self.when))


class Contradiction(Content):
    """Two things a patient said that cannot both be right. A review finding, due within a day.

    The question `ask_again` is asked once more in the same check-in, in its other wording. The new answer is kept
    beside the first and lowers nothing. `when` may also use the conditions of `claims.py`. `tell_clinician` and
    `tell_patient` as in `Rule`.
    """

    level: ClassVar[Level] = Level.REVIEW
    within_days: ClassVar[int] = 1
    hears_free_text: ClassVar[bool] = False

    id: str
    when: Condition
    ask_again: str
    rationale: str
    sources: tuple[str, ...]
    tell_clinician: str
    tell_patient: str

    @cached_property
    def predicate(self) -> predicates.Predicate:
        """`when`, ready to be tested."""
        return predicates.compile(self.when)


class Operational(Content):
    """Something that happened to the messages, not in the answers, which a clinician must act on.

    `within_days` as in `Rule`.
    """

    id: str
    level: Level
    within_days: int | None = None
    text: str


class Consent(Content):
    """What the patient agrees to. A changed text needs a new version, and then the patient's consent again."""

    version: str
    text: Texts


class RescreenOption(Content):
    """One answer of the re-screen, and the finding it makes. A routine option makes none."""

    id: str
    level: Level
    text: Texts
    synonyms: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    tell_clinician: str | None = None
    tell_patient: str | None = None


class Rescreen(Content):
    """The closed question after any typed message: several may be chosen, `exclusive` alone."""

    text: Texts
    options: tuple[RescreenOption, ...]
    exclusive: tuple[str, ...] = ("none",)
    reminder_min: int
    human_read_h: int
