"""One check-in of one patient, as triage sees it. Dates are the patient's local dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from schedules.levels import Level

BASELINE = "baseline"
"""The name, in a history, of what staff recorded before surgery."""

PastStatus = Literal["completed", "partial", "missed"]
Status = Literal["completed", "partial", "missed", "open"]
Answers = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCheckIn:
    """An earlier check-in, or the baseline. A missing `level` is worked out when a rule needs it."""

    checkin: str
    answered_on: date | None
    status: PastStatus
    level: Level | None = None
    answers: Answers = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the patient typed or tapped beside the questions of a check-in, while it was answered.

    It was judged by itself; here it only shows which answers it contradicts. `said`: categories of the free-text net;
    `denied`: denials of the word lists; `rescreen`: answers to the re-screen.
    """

    said: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    rescreen: frozenset[str] = frozenset()


NOTHING_HEARD = Heard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is asked of triage. `open`: the patient is still answering, so silence means nothing yet.

    `answers`: question id to a structured value; what cannot be read is triaged as unreadable. `rescreen` holds the
    options chosen in the re-screen; they may also stand in `answers`. `free_text_level` and
    `free_text_categories` report other typed messages; free text in `answers` is screened by triage itself.
    """

    id: str
    procedure: str
    surgery_date: date
    checkin: str
    answered_on: date
    status: Status
    answers: Answers = field(default_factory=dict)
    history: tuple[PastCheckIn, ...] = ()
    free_text_level: Level | None = None
    free_text_categories: tuple[str, ...] = ()
    rescreen: tuple[str, ...] = ()
    heard: Heard = NOTHING_HEARD

    @property
    def day(self) -> int:
        """Local calendar days since surgery."""
        return (self.answered_on - self.surgery_date).days
