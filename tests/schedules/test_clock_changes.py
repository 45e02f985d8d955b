"""Every zone of the world, over every change of its clocks within a year, and over a leap day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from schedules import catalog, timeline

PATHWAY = catalog.shipped()
QUIET = PATHWAY.schedule.quiet_hours
ZONES = sorted(available_timezones() - {"localtime"})
CHECKINS = [spec.offset_days for spec in PATHWAY.schedule.checkins if spec.offset_days is not None]
YEAR = 2026


def changes(zone: str) -> list[date]:
    """The local days of this year on which the clocks change."""
    place = ZoneInfo(zone)
    noons = [datetime(YEAR, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
    offsets = [(noon, noon.astimezone(place).utcoffset()) for noon in noons]
    return [later.astimezone(place).date() for (_, before), (later, after) in pairwise(offsets) if before != after]


def keeps_its_promises(surgery: date, zone: str, start: datetime) -> None:
    """Each check-in on its own local day, none in quiet hours, reminders after it, all before the next."""
    slots = timeline.plan(PATHWAY, surgery, zone, start)
    for slot in slots:
        local = slot.due_at.astimezone(ZoneInfo(zone))
        assert local.date() == slot.local_date == surgery + timedelta(days=slot.day)
        assert f"{local:%H:%M}" == PATHWAY.schedule.send_time
        for at in (slot.due_at, *slot.reminders):
            assert not timeline.in_quiet_hours(at, QUIET, zone)
        assert all(slot.due_at < at < slot.closes_at for at in slot.reminders)
    assert all(slot.closes_at <= following.due_at for slot, following in pairwise(slots))


def test_most_of_the_world_changes_its_clocks_twice_or_never() -> None:
    counts = [len(changes(zone)) for zone in ZONES]
    assert counts.count(2) > 100
    assert counts.count(0) > 100


@pytest.mark.parametrize("which", [0, 1], ids=["the first change", "the second change"])
def test_check_ins_due_round_a_change_of_the_clocks_come_at_their_hour_in_every_zone(which: int) -> None:
    tried = 0
    for zone in ZONES:
        for day in changes(zone)[which : which + 1]:
            for offset in CHECKINS:
                for near in (-1, 0, 1):
                    surgery = day + timedelta(days=near - offset)
                    keeps_its_promises(surgery, zone, datetime(YEAR - 1, 1, 1, tzinfo=UTC))
                    tried += 1
    assert tried > 1000


def test_quiet_hours_hold_through_the_night_of_every_change_in_every_zone() -> None:
    for zone in ZONES:
        for day in changes(zone):
            for minutes in range(-12 * 60, 24 * 60, 45):
                at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
                allowed = timeline.next_allowed(at, QUIET, zone)
                assert at <= allowed <= at + timedelta(hours=13)
                assert not timeline.in_quiet_hours(allowed, QUIET, zone)


@pytest.mark.parametrize("offset", CHECKINS)
def test_a_check_in_on_a_leap_day_comes_in_every_zone(offset: int) -> None:
    surgery = date(2028, 2, 29) - timedelta(days=offset)
    for zone in ZONES:
        keeps_its_promises(surgery, zone, datetime(2027, 1, 1, tzinfo=UTC))
