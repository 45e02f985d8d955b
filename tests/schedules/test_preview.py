"""The course of one patient as data: the same slots that production sends, and what stands around them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import catalog, preview, timeline
from schedules.levels import Level

PATHWAY = catalog.shipped()
ZONES = ("Europe/London", "America/Bogota", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "UTC")


def named(found: tuple[preview.Asked, ...]) -> dict[str, preview.Asked]:
    return {asked.question.id: asked for asked in found}


@given(day=st.dates(date(2020, 1, 1), date(2035, 1, 1)), tz=st.sampled_from(ZONES), after=st.integers(0, 60))
def test_the_course_is_what_the_timeline_plans(day: date, tz: str, after: int) -> None:
    joined = day + timedelta(days=after)
    course = preview.course(PATHWAY, day, tz, joined)
    planned = timeline.plan(PATHWAY, day, tz, timeline.to_utc(joined, "00:00", tz))
    assert tuple(each.slot for each in course.planned) == planned


def test_what_has_no_day_stands_apart() -> None:
    course = preview.course(PATHWAY, date(2026, 1, 5), "UTC")
    assert [spec.id for spec in course.on_demand] == ["adhoc"]
    assert {rule.id for rule in course.rechecks} == {"early_window_relapse"}


@pytest.mark.parametrize(
    ("tz", "year", "changes"),
    [
        ("Europe/Madrid", 2026, [("2026-03-29T01:00", 60), ("2026-10-25T01:00", -60)]),
        ("Australia/Lord_Howe", 2026, [("2026-04-04T15:00", -30), ("2026-10-03T15:30", 30)]),
        ("America/Bogota", 2026, []),
    ],
)
def test_the_clocks_change_at_their_minute(tz: str, year: int, changes: list[tuple[str, int]]) -> None:
    start = datetime(year, 1, 1, 7, 13, tzinfo=UTC)
    found = [
        (f"{change.at:%Y-%m-%dT%H:%M}", change.by / timedelta(minutes=1))
        for change in preview.clock_changes(tz, start, start + timedelta(days=360))
    ]
    assert found == changes


def test_a_change_of_the_clocks_stands_with_the_check_in_it_comes_before() -> None:
    course = preview.course(PATHWAY, date(2026, 3, 10), "Europe/Madrid")
    assert [len(planned.clock_changes) for planned in course.planned] == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("send_time", "quiet", "zone", "surgery", "became"),
    [
        ("09:30", ("21:00", "08:00"), "Europe/Madrid", date(2026, 3, 26), "kept"),
        ("02:30", ("21:00", "01:00"), "Europe/Madrid", date(2026, 3, 26), "skipped"),
        ("02:30", ("21:00", "01:00"), "Europe/Madrid", date(2026, 10, 22), "repeated"),
        ("07:00", ("21:00", "08:00"), "Europe/Madrid", date(2026, 3, 26), "quiet"),
    ],
)
def test_what_becomes_of_the_send_time_is_said(
    send_time: str, quiet: tuple[str, str], zone: str, surgery: date, became: str
) -> None:
    schedule = PATHWAY.schedule.model_copy(update={"send_time": send_time, "quiet_hours": quiet})
    course = preview.course(PATHWAY.model_copy(update={"schedule": schedule}), surgery, zone)
    assert course.planned[0].send_time == became


@given(
    day=st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    tz=st.sampled_from(ZONES),
    hours=st.integers(1, 200),
    quiet=st.sampled_from([("21:00", "08:00"), ("12:00", "14:30"), ("00:00", "06:00")]),
)
def test_the_quiet_spans_hold_exactly_the_quiet_instants(
    day: date, tz: str, hours: int, quiet: tuple[str, str]
) -> None:
    start = timeline.to_utc(day, "09:30", tz)
    end = start + timedelta(hours=hours)
    spans = preview.quiet_spans(quiet, tz, start, end)
    for minutes in range(0, hours * 60, 37):
        at = start + timedelta(minutes=minutes)
        assert any(since <= at < to for since, to in spans) == timeline.in_quiet_hours(at, quiet, tz)


def test_a_follow_up_comes_with_the_answer_that_opens_it() -> None:
    found = named(preview.asked(PATHWAY, "day3", 3, "fusion"))
    assert found["bladder"].only_if is None
    assert found["fever_temp"].only_if == PATHWAY.question("fever_temp").ask_if
    assert (found["fever_temp"].position, found["fever_temp"].total) == (6, found["bladder"].total + 1)


def test_a_follow_up_of_later_weeks_is_not_shown_in_the_first_days() -> None:
    assert "opioid_control" not in named(preview.asked(PATHWAY, "adhoc", 9, "fusion"))
    assert "opioid_control" in named(preview.asked(PATHWAY, "adhoc", 10, "fusion"))


@pytest.mark.parametrize("checkin", [spec.id for spec in PATHWAY.schedule.checkins])
def test_a_calm_check_in_answers_all_and_is_routine(checkin: str) -> None:
    answers, assessment = preview.calm(PATHWAY, checkin, PATHWAY.offsets[checkin] or 20, "other")
    assert assessment.level is Level.ROUTINE
    assert not assessment.unanswered
    assert answers["general_symptoms"] == ("none",)


def test_the_calm_answers_are_asked_by_the_same_skip_logic() -> None:
    answers, _ = preview.calm(PATHWAY, "week6", 42, "fusion")
    always = {name for name, asked in named(preview.asked(PATHWAY, "week6", 42, "fusion")).items() if not asked.only_if}
    assert set(answers) == always
