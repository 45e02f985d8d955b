"""What happened to a scripted patient, in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schedules.pathway import Level
from schedules.questions import Value

Kind = Literal[
    "sent",  # a check-in went out; `note`: late, re-check, asked for
    "reminded",
    "answered",  # one question, with its value; None is skipped
    "judged",  # the level or the findings changed
    "shown",  # a card to the patient
    "booked",  # an extra check-in that a rule asks for; `note`: when, and which rules
    "closed",  # the end of a check-in; `note`: its reason
    "typed",  # words of the patient; `note`: what the net found in them
    "rescreened",  # the re-screen was asked, answered or left alone
    "told",  # something a clinician must act on that is no answer
    "noted",  # what the script wanted and the course did not allow
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding that came up: rule, level, and the line for the clinician."""

    rule: str
    level: Level
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing at one instant (UTC). Fields that do not belong to its kind are empty."""

    at: datetime
    kind: Kind
    checkin: str | None = None
    question: str | None = None
    value: Value | None = None
    level: Level | None = None
    findings: tuple[Found, ...] = ()
    card: str | None = None
    text: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInEnd:
    """One check-in of the course: how it ended, and its level; None when nothing was judged."""

    checkin: str
    due_at: datetime
    reason: str
    level: Level | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Everything that happened, and how each check-in ended."""

    events: tuple[Event, ...]
    checkins: tuple[CheckInEnd, ...]

    @property
    def level(self) -> Level:
        """The highest level of all."""
        return max((event.level for event in self.events if event.level is not None), default=Level.ROUTINE)
