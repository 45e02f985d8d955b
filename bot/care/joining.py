"""What a reported finding does to an escalation (protocol section 5, duplicate handling; hazards H09 and H38). Pure.

A rule not seen in the escalation, or a higher level, alerts anew; so does the same rule at the same level when it is
reported afresh more than a day after it was last. What is below the escalation's level joins without a sound. The same
fact of the same check-in or message, evaluated again after each answer, is nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from schedules.pathway import Level

SAME_WITHIN = timedelta(hours=24)


class Effect(Enum):
    """Nothing new; joins without a sound; alerts anew."""

    KNOWN = "known"
    JOINS = "joins"
    ALERTS = "alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One finding as it came, with the facts that may be kept and where it came from."""

    rule: str
    level: Level
    said: str
    because: Mapping[str, Any]
    within_days: int | None = None
    checkin_id: int | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One finding that an escalation already holds; `at` is when it was last reported, UTC."""

    rule: str
    level: Level
    because: Mapping[str, Any]
    checkin_id: int | None
    message_id: int | None
    at: datetime


def repeats(reported: Reported, attached: Attached) -> bool:
    """Whether this is the very fact that is attached: the same rule, level, source and answers."""
    return (
        (attached.rule, attached.level) == (reported.rule, reported.level)
        and _same_source(reported, attached)
        and dict(attached.because) == dict(reported.because)
    )


def effect(reported: Reported, level: Level, attached: Sequence[Attached], now: datetime) -> Effect:
    """What `reported` does to a live escalation of this level that holds `attached`; `now` is UTC."""
    if any(repeats(reported, one) for one in attached):
        return Effect.KNOWN
    if reported.level < level:
        return Effect.JOINS
    for one in attached:
        if (one.rule, one.level) == (reported.rule, reported.level):
            again = not _same_source(reported, one) and now - one.at >= SAME_WITHIN
            return Effect.ALERTS if again else Effect.JOINS
    return Effect.ALERTS


def _same_source(reported: Reported, attached: Attached) -> bool:
    """Whether both come from one check-in or one message; what belongs to neither is a new event each time."""
    source = (reported.checkin_id, reported.message_id)
    return source != (None, None) and source == (attached.checkin_id, attached.message_id)
