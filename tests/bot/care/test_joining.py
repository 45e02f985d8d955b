"""What a reported finding does to an escalation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.care import joining
from bot.care.joining import Attached, Effect, Reported
from schedules.pathway import Level

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def reported(
    rule: str = "leg_pain_jump",
    level: Level = Level.URGENT,
    *,
    checkin: int | None = 1,
    message: int | None = None,
    leg_pain: int = 8,
) -> Reported:
    return Reported(
        rule=rule,
        level=level,
        said="",
        because={"leg_pain": leg_pain},
        checkin_id=checkin,
        message_id=message,
    )


def attached(
    rule: str = "leg_pain_jump", level: Level = Level.URGENT, *, checkin: int | None = 1, hours_ago: float = 1
) -> Attached:
    return Attached(
        rule=rule,
        level=level,
        because={"leg_pain": 8},
        checkin_id=checkin,
        message_id=None,
        at=NOW - timedelta(hours=hours_ago),
    )


def test_the_same_fact_evaluated_again_is_nothing_new() -> None:
    assert joining.effect(reported(), Level.URGENT, [attached()], NOW) is Effect.KNOWN


def test_another_answer_under_the_same_rule_joins_without_a_sound() -> None:
    assert joining.effect(reported(leg_pain=9), Level.URGENT, [attached()], NOW) is Effect.JOINS


def test_a_rule_not_seen_before_at_the_same_level_alerts() -> None:
    assert joining.effect(reported("dvt_suspected"), Level.URGENT, [attached()], NOW) is Effect.ALERTS


def test_a_higher_level_alerts() -> None:
    assert joining.effect(reported("ces", Level.EMERGENCY), Level.URGENT, [attached()], NOW) is Effect.ALERTS


def test_the_same_rule_at_a_higher_level_alerts() -> None:
    assert joining.effect(reported(level=Level.EMERGENCY), Level.URGENT, [attached()], NOW) is Effect.ALERTS


def test_a_lesser_rule_joins_without_a_sound() -> None:
    assert joining.effect(reported("fall_any", Level.REVIEW), Level.URGENT, [attached()], NOW) is Effect.JOINS


@pytest.mark.parametrize(("hours", "effect"), [(23.9, Effect.JOINS), (24, Effect.ALERTS), (72, Effect.ALERTS)])
def test_the_same_rule_from_another_check_in_alerts_again_after_a_day(hours: float, effect: Effect) -> None:
    again = reported(checkin=2)
    assert joining.effect(again, Level.URGENT, [attached(hours_ago=hours)], NOW) is effect


def test_a_correction_days_later_in_the_same_check_in_does_not_alert_again() -> None:
    assert joining.effect(reported(leg_pain=9), Level.URGENT, [attached(hours_ago=60)], NOW) is Effect.JOINS


def test_what_comes_from_no_check_in_and_no_message_is_a_new_event_each_time() -> None:
    blocked = reported(checkin=None)
    assert not joining.repeats(blocked, attached(checkin=None))
    assert joining.effect(blocked, Level.URGENT, [attached(checkin=None, hours_ago=30)], NOW) is Effect.ALERTS


@given(
    level=st.sampled_from([Level.REVIEW, Level.URGENT, Level.EMERGENCY]),
    found=st.sampled_from([Level.REVIEW, Level.URGENT, Level.EMERGENCY]),
    hours=st.floats(0, 500),
    checkin=st.sampled_from([1, 2, None]),
)
def test_nothing_worse_ever_joins_in_silence(level: Level, found: Level, hours: float, checkin: int | None) -> None:
    held = [attached(level=level, hours_ago=hours)]
    effect = joining.effect(reported("new_rule", found, checkin=checkin), level, held, NOW)
    assert (effect is Effect.ALERTS) == (found >= level)
