"""When check-ins are due, in zones that change their clocks."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import catalog, timeline
from schedules.pathway import LatePolicy, Pathway

ZONES = sorted(available_timezones() - {"localtime"})
PATHWAY = catalog.shipped()
SURGERY = date(2026, 3, 2)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def with_schedule(**changes: object) -> Pathway:
    return PATHWAY.model_copy(update={"schedule": PATHWAY.schedule.model_copy(update=changes)})


def with_late(then: str, send_within_h: int = 48) -> Pathway:
    late = LatePolicy(send_within_h=send_within_h, then=then)  # type: ignore[arg-type]  # "merge" or "phone_task"
    checkins = tuple(spec.model_copy(update={"late": late}) for spec in PATHWAY.schedule.checkins)
    return with_schedule(checkins=checkins)


def fates(slots: tuple[timeline.Slot, ...]) -> dict[str, str]:
    return {slot.checkin: slot.late for slot in slots}


@pytest.mark.parametrize(
    ("day", "clock", "tz", "expected"),
    [
        pytest.param("2026-03-29", "02:30", "Europe/Paris", "2026-03-29T01:30", id="Paris gap: 02:30 becomes 03:30"),
        pytest.param("2026-10-25", "02:30", "Europe/Paris", "2026-10-25T00:30", id="Paris repeated hour: the first"),
        pytest.param("2026-10-25", "01:30", "Europe/London", "2026-10-25T00:30", id="London repeated hour: the first"),
        pytest.param("2026-09-06", "00:00", "America/Santiago", "2026-09-06T04:00", id="Santiago has no midnight"),
        pytest.param("2026-03-29", "00:00", "Asia/Beirut", "2026-03-28T22:00", id="Beirut has no midnight"),
        pytest.param("2026-03-05", "09:30", "America/Bogota", "2026-03-05T14:30", id="Bogota never changes"),
        pytest.param("2028-02-29", "09:30", "Pacific/Auckland", "2028-02-28T20:30", id="leap day in Auckland"),
    ],
)
def test_local_time_becomes_one_instant(day: str, clock: str, tz: str, expected: str) -> None:
    assert timeline.to_utc(date.fromisoformat(day), clock, tz) == utc(expected)


def test_half_past_two_on_29_march_2026_is_half_past_three_in_paris() -> None:
    at = timeline.to_utc(date(2026, 3, 29), "02:30", "Europe/Paris")
    assert at.astimezone(ZoneInfo("Europe/Paris")).strftime("%H:%M") == "03:30"


@pytest.mark.parametrize(("tz", "day"), [("America/Santiago", date(2026, 9, 6)), ("Asia/Beirut", date(2026, 3, 29))])
def test_a_day_without_midnight_begins_at_one(tz: str, day: date) -> None:
    begins = timeline.to_utc(day, "00:00", tz)
    local = begins.astimezone(ZoneInfo(tz))
    assert (local.date(), local.hour) == (day, 1)
    assert timeline.day_number(day, begins, tz) == 0
    assert timeline.day_number(day, begins - timedelta(seconds=1), tz) == -1


def test_an_operation_at_half_past_eleven_at_night_is_day_zero_until_local_midnight() -> None:
    surgery = datetime(2026, 3, 2, 23, 30, tzinfo=ZoneInfo("America/Bogota"))
    assert timeline.day_number(surgery.date(), surgery, "America/Bogota") == 0
    assert timeline.day_number(surgery.date(), surgery + timedelta(minutes=30), "America/Bogota") == 1


@pytest.mark.parametrize("tz", ["Europe/London", "America/Bogota", "Pacific/Auckland"])
def test_day_14_turns_into_day_15_at_local_midnight(tz: str) -> None:
    # From 20 March 2026: London goes forward on the 29th, Auckland back on 5 April.
    surgery = date(2026, 3, 22)
    midnight = timeline.to_utc(surgery + timedelta(days=15), "00:00", tz)
    assert timeline.day_number(surgery, midnight - timedelta(seconds=1), tz) == 14
    assert timeline.day_number(surgery, midnight, tz) == 15


@pytest.mark.parametrize("tz", ["Europe/Pari", "", "../etc/passwd", "Europe", "a\0b", "Mars/Olympus"])
def test_an_unknown_zone_is_named_with_what_to_write_instead(tz: str) -> None:
    with pytest.raises(timeline.UnknownZone, match="Europe/Madrid"):
        timeline.zone(tz)


@pytest.mark.parametrize("clock", ["9.30", "25:00", "", "noon"])
def test_a_bad_time_of_day_is_refused(clock: str) -> None:
    with pytest.raises(timeline.TimelineError, match="HH:MM"):
        timeline.to_utc(SURGERY, clock, "Europe/Paris")


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(timeline.TimelineError, match="no time zone"):
        timeline.day_number(SURGERY, datetime(2026, 3, 2), "Europe/Paris")  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("local", "quiet", "inside"),
    [
        ("20:59", ("21:00", "08:00"), False),
        ("21:00", ("21:00", "08:00"), True),
        ("03:00", ("21:00", "08:00"), True),
        ("08:00", ("21:00", "08:00"), False),
        ("12:00", ("13:00", "15:00"), False),
        ("13:00", ("13:00", "15:00"), True),
        ("15:00", ("13:00", "15:00"), False),
    ],
)
def test_quiet_hours_include_their_start_but_not_their_end(local: str, quiet: tuple[str, str], inside: bool) -> None:
    at = timeline.to_utc(SURGERY, local, "Europe/Madrid")
    assert timeline.in_quiet_hours(at, quiet, "Europe/Madrid") is inside


def test_quiet_hours_without_length_are_refused() -> None:
    with pytest.raises(timeline.TimelineError, match="two different times"):
        timeline.in_quiet_hours(LONG_AGO, ("21:00", "21:00"), "Europe/Madrid")


def test_quiet_hours_that_end_in_a_repeated_hour_end_the_second_time_when_the_first_is_over() -> None:
    second_0210 = utc("2026-10-25T01:10")
    quiet = ("21:00", "02:30")
    assert timeline.in_quiet_hours(second_0210, quiet, "Europe/Paris")
    assert timeline.next_allowed(second_0210, quiet, "Europe/Paris") == utc("2026-10-25T01:30")


def test_an_evening_instant_waits_for_the_morning() -> None:
    at = timeline.next_allowed(utc("2026-03-02T22:00"), ("21:00", "08:00"), "Europe/London")
    assert at == utc("2026-03-03T08:00")


def test_the_course_of_a_patient_in_london() -> None:
    slots = timeline.plan(PATHWAY, SURGERY, "Europe/London", LONG_AGO)
    assert [(slot.checkin, slot.day, slot.due_at) for slot in slots] == [
        ("day3", 3, utc("2026-03-05T09:30")),
        ("week2", 14, utc("2026-03-16T09:30")),
        ("week6", 42, utc("2026-04-13T08:30")),
        ("month3", 90, utc("2026-05-31T08:30")),
    ]
    assert slots[0].reminders == (utc("2026-03-05T15:30"), utc("2026-03-06T09:30"))
    assert slots[0].closes_at == utc("2026-03-07T09:30")
    assert set(fates(slots).values()) == {"on_time"}


@pytest.mark.parametrize(
    ("surgery", "day3"),
    [
        (date(2026, 1, 30), date(2026, 2, 2)),
        (date(2028, 2, 26), date(2028, 2, 29)),
        (date(2027, 12, 31), date(2028, 1, 3)),
    ],
)
def test_days_are_counted_over_month_ends_and_leap_days(surgery: date, day3: date) -> None:
    assert timeline.plan(PATHWAY, surgery, "Europe/Madrid", LONG_AGO)[0].local_date == day3


def test_an_operation_on_29_february_has_a_course_too() -> None:
    slots = timeline.plan(PATHWAY, date(2028, 2, 29), "Europe/Madrid", LONG_AGO)
    assert slots[-1].local_date == date(2028, 5, 29)


def test_reminders_that_fall_together_after_quiet_hours_are_one() -> None:
    spec = PATHWAY.checkin("day3").model_copy(update={"reminders_h": (12, 14, 400, 0)})
    slots = timeline.plan(with_schedule(checkins=(spec,)), SURGERY, "Europe/London", LONG_AGO)
    assert slots[0].reminders == (utc("2026-03-06T08:00"),)


def test_a_check_in_after_the_programmes_end_is_refused() -> None:
    with pytest.raises(timeline.TimelineError, match="month3 is on day 90"):
        timeline.plan(with_schedule(programme_end_day=60), SURGERY, "Europe/London", LONG_AGO)


def test_nothing_closes_after_the_programmes_end() -> None:
    slots = timeline.plan(with_schedule(programme_end_day=92), SURGERY, "Europe/London", LONG_AGO)
    assert slots[-1].closes_at == timeline.programme_ends(with_schedule(programme_end_day=92), SURGERY, "Europe/London")
    assert slots[-1].closes_at == utc("2026-06-02T23:00")


def test_a_check_in_put_on_another_day_takes_its_window_along() -> None:
    slot = timeline.slot_on(PATHWAY, "week2", date(2026, 3, 18), SURGERY, "Europe/London")
    assert (slot.day, slot.due_at, slot.closes_at) == (16, utc("2026-03-18T09:30"), utc("2026-03-22T09:30"))


def test_a_patient_enrolled_an_hour_late_gets_the_check_in_at_once_with_its_whole_window() -> None:
    start = utc("2026-03-05T10:30")
    slots = timeline.plan(PATHWAY, SURGERY, "Europe/London", start)
    assert (slots[0].late, slots[0].due_at) == ("send_late", start)
    assert slots[0].closes_at == start + timedelta(hours=48)
    assert slots[0].local_date == date(2026, 3, 5)


def test_a_late_check_in_waits_for_the_end_of_quiet_hours() -> None:
    slots = timeline.plan(PATHWAY, SURGERY, "Europe/London", utc("2026-03-05T23:00"))
    assert slots[0].due_at == utc("2026-03-06T08:00")


def test_when_several_are_late_only_the_most_recent_is_sent() -> None:
    slots = timeline.plan(with_late("merge", 24 * 30), SURGERY, "Europe/London", utc("2026-03-17T10:00"))
    assert fates(slots) == {"day3": "merge", "week2": "send_late", "week6": "on_time", "month3": "on_time"}


def test_earlier_ones_become_phone_tasks_when_the_pathway_says_so() -> None:
    slots = timeline.plan(with_late("phone_task", 24 * 30), SURGERY, "Europe/London", utc("2026-03-17T10:00"))
    assert fates(slots)["day3"] == "phone_task"
    assert slots[0].reminders == ()


def test_past_its_window_a_check_in_is_merged_into_the_next() -> None:
    slots = timeline.plan(with_late("merge"), SURGERY, "Europe/London", utc("2026-03-09T10:00"))
    assert fates(slots)["day3"] == "merge"


def test_a_late_check_in_is_not_sent_within_a_day_of_the_next() -> None:
    slots = timeline.plan(with_late("merge", 24 * 30), SURGERY, "Europe/London", utc("2026-03-15T12:00"))
    assert fates(slots)["day3"] == "merge"


def test_a_late_check_in_closes_before_the_next_opens() -> None:
    slots = timeline.plan(with_late("merge", 24 * 30), SURGERY, "Europe/London", utc("2026-03-14T12:00"))
    assert slots[0].late == "send_late"
    assert slots[0].closes_at == slots[1].due_at


def test_the_last_check_in_cannot_be_merged_into_nothing() -> None:
    slots = timeline.plan(with_late("merge"), SURGERY, "Europe/London", utc("2026-06-20T10:00"))
    assert set(fates(slots).values()) == {"phone_task"}


def test_after_the_programmes_end_nothing_is_sent_late() -> None:
    slots = timeline.plan(with_late("merge", 24 * 365), SURGERY, "Europe/London", utc("2026-07-02T10:00"))
    assert set(fates(slots).values()) == {"phone_task"}


SURGERIES = st.dates(date(2024, 1, 1), date(2030, 12, 31))
ZONE = st.sampled_from(ZONES)
CLOCKS = st.times().map(lambda at: f"{at:%H:%M}")
BOUNDED = settings(max_examples=150, deadline=None)


@BOUNDED
@given(surgery=SURGERIES, tz=ZONE, days_late=st.integers(-30, 150), hour=st.integers(0, 23))
def test_every_plan_keeps_its_promises(surgery: date, tz: str, days_late: int, hour: int) -> None:
    start = datetime.combine(surgery, datetime.min.time(), UTC) + timedelta(days=days_late, hours=hour)
    slots = timeline.plan(PATHWAY, surgery, tz, start)
    assert [slot.checkin for slot in slots] == ["day3", "week2", "week6", "month3"]
    assert [slot.due_at for slot in slots] == sorted(slot.due_at for slot in slots)
    sent = [slot for slot in slots if slot.late in ("on_time", "send_late")]
    assert sum(slot.late == "send_late" for slot in sent) <= 1
    for slot in sent:
        assert slot.due_at >= start
        assert timeline.day_number(surgery, slot.due_at, tz) >= slot.day
        if slot.late == "on_time":
            assert timeline.day_number(surgery, slot.due_at, tz) == slot.day
        for at in (slot.due_at, *slot.reminders):
            assert not timeline.in_quiet_hours(at, PATHWAY.schedule.quiet_hours, tz)
        assert all(slot.due_at < at < slot.closes_at for at in slot.reminders)
    for slot, following in itertools.pairwise(sent):
        assert slot.closes_at <= following.due_at


@BOUNDED
@given(
    at=st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - zone given
    start=CLOCKS,
    end=CLOCKS,
    tz=ZONE,
)
def test_the_next_allowed_instant_is_never_earlier_and_never_quiet(at: datetime, start: str, end: str, tz: str) -> None:
    if start == end:
        return
    allowed = timeline.next_allowed(at, (start, end), tz)
    assert allowed >= at
    assert not timeline.in_quiet_hours(allowed, (start, end), tz)
    assert timeline.next_allowed(allowed, (start, end), tz) == allowed


@BOUNDED
@given(day=SURGERIES, clock=CLOCKS, tz=ZONE)
def test_a_local_time_is_kept_or_moves_forward_never_back(day: date, clock: str, tz: str) -> None:
    local = timeline.to_utc(day, clock, tz).astimezone(ZoneInfo(tz))
    assert (local.date(), f"{local:%H:%M}") >= (day, clock)
    assert timeline.day_number(day, local, tz) == 0
