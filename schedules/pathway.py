"""A pathway: the published clinical document. What is asked, when, in which words, and what it means.

Frozen. Canonical JSON and its fingerprint identify a version: the same content has the same fingerprint whatever
files, order of keys or comments it came from. `catalog.py` reads and checks the files.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Literal

from schedules.content import (
    SITE_FIELDS,
    Consent,
    Contradiction,
    Operational,
    Option,
    Question,
    QuestionType,
    Rescreen,
    RescreenOption,
    Rule,
)
from schedules.levels import DEFAULT_LANGUAGE, Content, Level, LevelSpec, Role, Rung, Texts
from schedules.lexicon import FreeText, FreeTextCategory, FreeTextLanguage, FreeTextPatterns
from schedules.predicates import OTHER_PROCEDURE

__all__ = [
    "DEFAULT_LANGUAGE",
    "OTHER_PROCEDURE",
    "SITE_FIELDS",
    "CheckInSpec",
    "Consent",
    "Contradiction",
    "FreeText",
    "FreeTextCategory",
    "FreeTextLanguage",
    "FreeTextPatterns",
    "LatePolicy",
    "Level",
    "LevelSpec",
    "Operational",
    "Option",
    "Pathway",
    "Procedure",
    "Question",
    "QuestionType",
    "Rescreen",
    "RescreenOption",
    "Role",
    "Rule",
    "Rung",
    "Schedule",
    "Texts",
]


class Procedure(Content):
    """One operation and the names it goes by. `implant`: hardware was left in."""

    id: str
    title: Texts
    aliases: tuple[str, ...] = ()
    implant: bool


class LatePolicy(Content):
    """What becomes of a check-in that could not be sent on time: sent up to `send_within_h` hours late, `then` else."""

    send_within_h: int
    then: Literal["merge", "phone_task"]


class CheckInSpec(Content):
    """One planned contact. `offset_days` counts local calendar days from surgery; None is sent only when asked for.

    Reminders and closing are hours after it was due. Answers after closing are taken and marked late.
    """

    id: str
    title: Texts
    offset_days: int | None = None
    reminders_h: tuple[int, ...] = ()
    closes_after_h: int
    late: LatePolicy


class Schedule(Content):
    """When the check-ins go out, in the patient's local time ("HH:MM").

    No patient hears from the bot in `quiet_hours` (from, to) except in answer, or to save a life. After
    `programme_end_day` nothing is scheduled; what the patient sends is still taken and screened.
    `recheck_checkin` is the check-in sent for a rule's `recheck_after_h`.
    """

    send_time: str
    quiet_hours: tuple[str, str]
    programme_end_day: int
    recheck_checkin: str
    checkins: tuple[CheckInSpec, ...]


class Pathway(Content):
    """The whole document. Look things up with `question`, `checkin`, `rule`, `procedure_of`."""

    id: str
    version: str
    title: Texts
    languages: tuple[str, ...]
    levels: dict[Level, LevelSpec]
    procedures: tuple[Procedure, ...]
    schedule: Schedule
    baseline_fields: tuple[str, ...]
    questions: tuple[Question, ...]
    rules: tuple[Rule, ...]
    contradictions: tuple[Contradiction, ...] = ()
    operational: tuple[Operational, ...]
    cards: dict[str, Texts]
    selfcare: dict[str, Texts]
    texts: dict[str, Texts]
    consent: Consent
    rescreen: Rescreen
    freetext: FreeText
    source_tags: dict[str, str]

    def canonical_json(self) -> str:
        """The content as JSON: sorted keys, no spaces, nothing that is not set."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Pathway:
        """The pathway written by `canonical_json`. Raises pydantic.ValidationError on anything else."""
        return cls.model_validate_json(text)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON, in hex."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()

    @cached_property
    def _questions(self) -> dict[str, Question]:
        return {question.id: question for question in self.questions}

    @cached_property
    def _checkins(self) -> dict[str, CheckInSpec]:
        return {checkin.id: checkin for checkin in self.schedule.checkins}

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _procedures(self) -> dict[str, Procedure]:
        return {
            name.strip().casefold(): procedure
            for procedure in self.procedures
            for name in (*procedure.aliases, *procedure.title.root.values(), procedure.id)
        }

    @cached_property
    def all_rules(self) -> tuple[Rule | Contradiction, ...]:
        """The rules and the contradictions, which fire like rules."""
        return (*self.rules, *self.contradictions)

    def question(self, id: str) -> Question:  # noqa: A002 - an id is called id everywhere in a pathway
        """The question with this id. Raises KeyError."""
        return self._questions[id]

    def find_question(self, id: str) -> Question | None:  # noqa: A002 - as above
        """The question with this id, if there is one."""
        return self._questions.get(id)

    def checkin(self, id: str) -> CheckInSpec:  # noqa: A002 - as above
        """The check-in with this id. Raises KeyError."""
        return self._checkins[id]

    def rule(self, id: str) -> Rule:  # noqa: A002 - as above
        """The rule with this id. Raises KeyError."""
        return self._rules[id]

    def procedure_of(self, name: str) -> Procedure:
        """The operation called `name` (id, title or alias; letter case does not matter), else the unknown one."""
        known = self._procedures
        return known.get(name.strip().casefold()) or known[OTHER_PROCEDURE]

    @cached_property
    def offsets(self) -> dict[str, int | None]:
        """The day of each check-in after surgery; None for one that is sent only when asked for."""
        return {checkin.id: checkin.offset_days for checkin in self.schedule.checkins}

    @cached_property
    def _by_checkin(self) -> dict[str, tuple[Question, ...]]:
        return {
            checkin: tuple(question for question in self.questions if checkin in question.checkins)
            for checkin in {name for question in self.questions for name in question.checkins}
        }

    def questions_for(self, checkin_id: str) -> tuple[Question, ...]:
        """The questions that may be asked at a check-in, in order; skip logic is not applied here."""
        return self._by_checkin.get(checkin_id, ())
