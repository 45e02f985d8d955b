"""Who is told next, and by when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import catalog, ladder
from schedules.pathway import Level, LevelSpec, Rung

LEVELS = catalog.shipped().levels
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LADDER = LevelSpec(
    alert="page",
    ladder=(
        Rung(after_min=0, tell=("team",)),
        Rung(after_min=5, tell=("team", "on_call")),
        Rung(after_min=15, tell=("manager",)),
    ),
    repeat_every_min=10,
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spec(**changes: object) -> LevelSpec:
    return LevelSpec.model_validate({"alert": "push", **changes})


def test_the_first_step_is_due_at_once() -> None:
    step = ladder.next_step(LADDER, MONDAY, 0, MONDAY)
    assert step == ladder.Step(at=MONDAY, tell=("team",), number=1)


def test_the_next_rung_follows_after_its_minutes() -> None:
    step = ladder.next_step(LADDER, MONDAY, 1, MONDAY + timedelta(minutes=1))
    assert step == ladder.Step(at=MONDAY + timedelta(minutes=5), tell=("team", "on_call"), number=2)


def test_after_the_last_rung_everyone_is_told_again_without_end() -> None:
    step = ladder.next_step(LADDER, MONDAY, 103, MONDAY)
    assert step is not None
    assert step.at == MONDAY + timedelta(minutes=15 + 101 * 10)
    assert step.tell == ("team", "on_call", "manager")


def test_steps_missed_in_a_stand_still_are_one_page_to_everyone_they_name() -> None:
    step = ladder.next_step(LADDER, MONDAY, 0, MONDAY + timedelta(minutes=7))
    assert step == ladder.Step(at=MONDAY + timedelta(minutes=5), tell=("team", "on_call"), number=2)


def test_an_empty_ladder_never_pages() -> None:
    assert ladder.next_step(spec(), MONDAY, 0, MONDAY) is None


def test_a_ladder_without_a_repeat_still_does_not_fall_silent() -> None:
    step = ladder.next_step(spec(ladder=[{"after_min": 0, "tell": ["team"]}]), MONDAY, 1, MONDAY)
    assert step is not None
    assert step.at > MONDAY


@pytest.mark.parametrize(
    ("hour", "tz", "told"),
    [
        (9, "Europe/London", ("team",)),
        (20, "Europe/London", ("team", "on_call")),
        (7, "Europe/London", ("team", "on_call")),
        (7, "Europe/Athens", ("team",)),
        (9, None, ("team", "on_call")),
    ],
)
def test_outside_the_teams_hours_the_first_page_also_goes_to_who_is_on_call(
    hour: int, tz: str | None, told: tuple[str, ...]
) -> None:
    since = MONDAY.replace(hour=hour)
    step = ladder.next_step(LEVELS[Level.URGENT], since, 0, since, tz=tz)
    assert step is not None
    assert step.tell == told


@given(taken=st.integers(0, 300), late_min=st.integers(-60, 3000))
def test_steps_go_on_for_ever_and_each_is_later_than_the_one_before(taken: int, late_min: int) -> None:
    emergency = LEVELS[Level.EMERGENCY]
    now = MONDAY + timedelta(minutes=late_min)
    step = ladder.next_step(emergency, MONDAY, taken, now)
    assert step is not None
    assert step.number > taken
    following = ladder.next_step(emergency, MONDAY, step.number, now)
    assert following is not None
    assert following.at > max(step.at, now)


def test_the_clocks_of_an_emergency_run_day_and_night() -> None:
    by = ladder.deadlines(LEVELS[Level.EMERGENCY], MONDAY.replace(hour=3), "Europe/London", None)
    assert by == ladder.Deadlines(
        ack_by=utc("2026-03-02T03:15"), contact_by=utc("2026-03-02T03:30"), resolve_by=utc("2026-03-03T03:00")
    )


def test_a_level_that_demands_nothing_has_no_deadlines() -> None:
    by = ladder.deadlines(LEVELS[Level.ROUTINE], MONDAY, "Europe/London")
    assert by == ladder.Deadlines(ack_by=None, contact_by=None, resolve_by=None)


def test_minutes_run_on_at_night_when_someone_on_call_answers() -> None:
    by = ladder.deadlines(LEVELS[Level.URGENT], utc("2026-03-02T22:00"), "Europe/London")
    assert by.ack_by == utc("2026-03-02T23:00")


@pytest.mark.parametrize(
    ("hours", "opened", "ack_by"),
    [
        pytest.param("08:00-20:00", "2026-03-02T10:00", "2026-03-02T11:00", id="inside"),
        pytest.param("08:00-20:00", "2026-03-02T19:30", "2026-03-03T08:30", id="over the night"),
        pytest.param("08:00-20:00", "2026-03-02T23:00", "2026-03-03T09:00", id="after closing"),
        pytest.param("08:00-20:00", "2026-03-02T06:00", "2026-03-02T09:00", id="before opening"),
        pytest.param("working_hours", "2026-03-06T16:30", "2026-03-09T09:30", id="over the weekend"),
        pytest.param("working_hours", "2026-03-07T12:00", "2026-03-09T10:00", id="on a Saturday"),
        pytest.param("08:00-20:00", "2026-03-28T19:30", "2026-03-29T07:30", id="over the clock change"),
    ],
)
def test_minutes_to_acknowledge_count_only_while_the_team_answers(hours: str, opened: str, ack_by: str) -> None:
    level = spec(ack_within_min=60, ack_hours=hours)
    assert ladder.deadlines(level, utc(opened), "Europe/London").ack_by == utc(ack_by)


def test_working_days_are_those_of_the_zone() -> None:
    # Friday 23:30 in London is Saturday in Auckland.
    opened = utc("2026-03-06T23:30")
    review = LEVELS[Level.REVIEW]
    assert ladder.deadlines(review, opened, "Europe/London").ack_by == utc("2026-03-09T17:00")
    assert ladder.deadlines(review, opened, "Pacific/Auckland").ack_by == utc("2026-03-09T04:00")


def test_three_working_days_from_friday_are_wednesday() -> None:
    by = ladder.deadlines(LEVELS[Level.REVIEW], utc("2026-03-06T10:00"), "Europe/London")
    assert by.contact_by == utc("2026-03-11T17:00")


def test_within_days_counts_calendar_days_weekends_included() -> None:
    by = ladder.deadlines(LEVELS[Level.REVIEW], utc("2026-03-06T10:00"), "Europe/London", 2)
    assert by.contact_by == utc("2026-03-08T10:00")


def test_within_a_day_keeps_the_local_time_across_a_clock_change() -> None:
    by = ladder.deadlines(LEVELS[Level.REVIEW], utc("2026-03-28T10:00"), "Europe/London", 1)
    assert by.contact_by == utc("2026-03-29T09:00")


def test_within_no_days_is_until_the_local_day_ends() -> None:
    by = ladder.deadlines(LEVELS[Level.REVIEW], utc("2026-03-06T10:00"), "America/Bogota", 0)
    assert by.contact_by == utc("2026-03-07T05:00")


def test_within_days_never_lengthens_the_levels_minutes() -> None:
    by = ladder.deadlines(LEVELS[Level.URGENT], MONDAY, "Europe/London", 1)
    assert by.contact_by == MONDAY + timedelta(hours=4)


@pytest.mark.parametrize("hours", ["sometimes", "20:00-08:00", "08:00"])
def test_hours_that_cannot_be_read_are_named(hours: str) -> None:
    with pytest.raises(ValueError, match="working_hours"):
        ladder.deadlines(spec(ack_within_min=60, ack_hours=hours), MONDAY, "Europe/London")
