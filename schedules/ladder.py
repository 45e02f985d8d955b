"""Who is told next while nobody has acknowledged, and by when each clock of an escalation must stop.

Working days are Monday to Friday, 09:00 to 17:00, in the zone that is passed; public holidays are not known
here, so a deadline may fall on one: that is early, never late. The numbers come from the pathway's levels.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schedules import levels, timeline

_WORKING_HOURS = ("09:00", "17:00")
_SATURDAY = 5
# A ladder without an end of its own must still not fall silent.
_REPEAT_EVERY_MIN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One page: when it is due (UTC), whom to tell, and the count of steps taken once it is done."""

    at: datetime
    tell: tuple[str, ...]
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """UTC instants by which an escalation is acknowledged, the patient contacted, the case resolved.

    None where the level sets no such clock.
    """

    ack_by: datetime | None
    contact_by: datetime | None
    resolve_by: datetime | None


def next_step(
    spec: levels.LevelSpec, paging_since: datetime, steps_taken: int, now: datetime, *, tz: str | None = None
) -> Step | None:
    """The step after `steps_taken` steps, all instants UTC; None only for a level with an empty ladder.

    After the last rung everyone on the ladder is told again every `repeat_every_min`, without end. Steps that
    all came due during a stand-still are one step, telling everyone they name, due when the last of them was.
    The first step also tells `off_hours_tell` when paging began outside `ack_hours` in `tz`, or `tz` is unknown.
    """
    if not spec.ladder:
        return None
    told: tuple[str, ...] = ()
    for number in itertools.count(steps_taken):
        at, tell = _rung(spec, paging_since, number)
        if number == 0 and not _team_answers(spec, paging_since, tz):
            tell += spec.off_hours_tell
        told = tuple(dict.fromkeys(told + tell))
        if _rung(spec, paging_since, number + 1)[0] > now:
            break
    return Step(at=at, tell=told, number=number + 1)


def deadlines(spec: levels.LevelSpec, opened_at: datetime, tz: str, within_days: int | None = None) -> Deadlines:
    """The deadlines of an escalation opened at `opened_at` (UTC); local hours are those of `tz`.

    `within_days` of a rule counts calendar days, weekends included, to the same local time of day; 0 is until the
    local day ends. It replaces the level's working days; where the level gives minutes, the earlier holds.
    """
    return Deadlines(
        ack_by=_acknowledge_by(spec, opened_at, tz),
        contact_by=_contact_by(spec, opened_at, tz, within_days),
        resolve_by=_earliest(
            _after(opened_at, spec.resolve_within_min),
            _working_days_later(opened_at, tz, spec.resolve_within_working_days),
        ),
    )


def _rung(spec: levels.LevelSpec, paging_since: datetime, number: int) -> tuple[datetime, tuple[str, ...]]:
    if number < len(spec.ladder):
        rung = spec.ladder[number]
        return paging_since + timedelta(minutes=rung.after_min), rung.tell
    rounds = number - len(spec.ladder) + 1
    minutes = spec.ladder[-1].after_min + rounds * (spec.repeat_every_min or _REPEAT_EVERY_MIN)
    everyone = tuple(dict.fromkeys(who for rung in spec.ladder for who in rung.tell))
    return paging_since + timedelta(minutes=minutes), everyone


def _team_answers(spec: levels.LevelSpec, instant: datetime, tz: str | None) -> bool:
    if spec.ack_hours == "always":
        return True
    if tz is None:
        return False
    opens, closes = next(_windows(spec.ack_hours, instant, tz))
    return opens <= instant < closes


def _acknowledge_by(spec: levels.LevelSpec, opened_at: datetime, tz: str) -> datetime | None:
    """Minutes run on while someone answers: always, or off hours too when `off_hours_tell` names them."""
    in_days = _working_days_later(opened_at, tz, spec.ack_within_working_days)
    if spec.ack_within_min is None or spec.ack_hours == "always" or spec.off_hours_tell:
        return _earliest(in_days, _after(opened_at, spec.ack_within_min))
    left = timedelta(minutes=spec.ack_within_min)
    windows = _windows(spec.ack_hours, opened_at, tz)
    while True:
        opens, closes = next(windows)
        begins = max(opens, opened_at)
        if begins + left <= closes:
            return _earliest(in_days, begins + left)
        left -= max(closes - begins, timedelta(0))


def _contact_by(spec: levels.LevelSpec, opened_at: datetime, tz: str, within_days: int | None) -> datetime | None:
    in_minutes = _after(opened_at, spec.contact_within_min)
    if within_days is None:
        return _earliest(in_minutes, _working_days_later(opened_at, tz, spec.contact_within_working_days))
    local = opened_at.astimezone(timeline.zone(tz))
    if within_days == 0:
        return _earliest(in_minutes, timeline.to_utc(local.date() + timedelta(days=1), "00:00", tz))
    # Adding to an aware local time keeps the wall time across a clock change.
    return _earliest(in_minutes, (local + timedelta(days=within_days)).astimezone(UTC))


def _working_days_later(opened_at: datetime, tz: str, days: int | None) -> datetime | None:
    """The end of working hours on the `days`-th working day after the local date of `opened_at`."""
    if days is None:
        return None
    today = opened_at.astimezone(timeline.zone(tz)).date()
    later = (today + timedelta(days=count) for count in itertools.count(1))
    working = (day for day in later if day.weekday() < _SATURDAY)
    return timeline.to_utc(next(itertools.islice(working, days - 1, None)), _WORKING_HOURS[1], tz)


def _windows(hours: str, opened_at: datetime, tz: str) -> Iterator[tuple[datetime, datetime]]:
    """The daily windows (UTC) from the local day of `opened_at` on, without end."""
    working = hours == "working_hours"
    start, end = _WORKING_HOURS if working else _parse(hours)
    today = opened_at.astimezone(timeline.zone(tz)).date()
    for count in itertools.count():
        day = today + timedelta(days=count)
        if not working or day.weekday() < _SATURDAY:
            yield timeline.to_utc(day, start, tz), timeline.to_utc(day, end, tz)


def _parse(hours: str) -> tuple[str, str]:
    start, dash, end = hours.partition("-")
    if not dash or start >= end:
        raise ValueError(f"{hours!r} are no acknowledgement hours: use always, working_hours or 08:00-20:00")
    return start, end


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _after(instant: datetime, minutes: int | None) -> datetime | None:
    return None if minutes is None else instant + timedelta(minutes=minutes)
