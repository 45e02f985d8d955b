"""When each check-in is due: local wall time in the patient's zone, turned into UTC instants.

Day zero is the surgery date in the patient's own zone; a day is a difference of local dates. A local time
that does not exist (clocks go forward) moves forward by the gap, one that exists twice means the first.
Nothing here reads the clock or sends anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schedules import pathway as pathways

Lateness = Literal["on_time", "send_late", "merge", "phone_task"]

# A late check-in this close before the next one would be two sets of questions within a day.
_APART = timedelta(hours=24)


class TimelineError(ValueError):
    """This cannot be placed in time."""


class UnknownZone(TimelineError):
    """The time zone is not in the IANA database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One planned check-in.

    `local_date` is its planned day in the patient's zone and stays the same when it is sent late. `due_at`,
    `reminders` and `closes_at` are UTC. `late` says what to do with it: `on_time` and `send_late` are sent at
    `due_at`; `merge` is not sent because a later check-in asks the same; `phone_task` is done by a person.
    """

    checkin: str
    day: int
    local_date: date
    due_at: datetime
    reminders: tuple[datetime, ...]
    closes_at: datetime
    late: Lateness


def zone(tz: str) -> ZoneInfo:
    """The zone called `tz`. Raises UnknownZone."""
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(
            f"no time zone is called {tz!r}: use an IANA name such as Europe/Madrid or America/Bogota"
        ) from error


def to_utc(local_date: date, clock_time: str, tz: str) -> datetime:
    """The UTC instant of `clock_time` ("HH:MM") on `local_date` in `tz`.

    In a gap the time moves forward by the gap (02:30 becomes 03:30); in an overlap it is the first of the two.
    Raises TimelineError for a bad clock time and UnknownZone for a bad zone.
    """
    return datetime.combine(local_date, _clock(clock_time), zone(tz)).astimezone(UTC)


def day_number(surgery_date: date, now: datetime, tz: str) -> int:
    """The day after surgery in the patient's zone: 0 on the surgery date, negative before it."""
    return (_local(now, tz).date() - surgery_date).days


def in_quiet_hours(instant: datetime, quiet: tuple[str, str], tz: str) -> bool:
    """Whether `instant` lies in the local quiet hours, start included, end not; they may pass midnight.

    Raises TimelineError when start and end are the same: that would mean never or always.
    """
    start, end = _clock(quiet[0]), _clock(quiet[1])
    if start == end:
        raise TimelineError(f"quiet hours from {quiet[0]} to {quiet[1]} have no length: give two different times")
    local = _local(instant, tz).time()
    if start < end:
        return start <= local < end
    return local >= start or local < end


def next_allowed(instant: datetime, quiet: tuple[str, str], tz: str) -> datetime:
    """`instant` itself, or the end of the quiet hours it lies in (UTC)."""
    if not in_quiet_hours(instant, quiet, tz):
        return instant.astimezone(UTC)
    end, where, today = _clock(quiet[1]), zone(tz), _local(instant, tz).date()
    # Both readings of a repeated hour are tried: the first may be over already.
    ends = (
        datetime.combine(today + timedelta(days=day), end, where).replace(fold=fold).astimezone(UTC)
        for day in itertools.count()
        for fold in (0, 1)
    )
    return next(at for at in ends if at > instant and not in_quiet_hours(at, quiet, tz))


def programme_ends(pathway: pathways.Pathway, surgery_date: date, tz: str) -> datetime:
    """The first instant (UTC) at which nothing scheduled may be sent: local midnight after the last day."""
    return to_utc(surgery_date + timedelta(days=pathway.schedule.programme_end_day + 1), "00:00", tz)


def plan(pathway: pathways.Pathway, surgery_date: date, tz: str, start: datetime) -> tuple[Slot, ...]:
    """Every scheduled check-in of a patient who takes part from `start` (UTC), in order of its day.

    A check-in whose time has passed by `start` follows its late policy. At most one is sent late, the most
    recent still in its window, and never within a day of the next one; the others are merged into a check-in
    that will be sent, or become a phone task when the policy says so or none follows.
    Raises UnknownZone, and TimelineError when a check-in lies after the programme's last day.
    """
    specs = sorted(
        (spec for spec in pathway.schedule.checkins if spec.offset_days is not None),
        key=lambda spec: spec.offset_days or 0,
    )
    slots = [_slot(pathway, spec, surgery_date, tz) for spec in specs]
    ahead = [slot for slot in slots if slot.due_at >= start]
    passed = [(slot, spec) for slot, spec in zip(slots, specs, strict=True) if slot.due_at < start]
    return tuple(_late(pathway, passed, ahead, tz, start) + ahead)


def slot_on(pathway: pathways.Pathway, checkin: str, local_date: date, surgery_date: date, tz: str) -> Slot:
    """The scheduled check-in `checkin` on another local date, with its reminders and its closing time.

    Raises KeyError for an unknown check-in, UnknownZone, and TimelineError past the programme's last day.
    """
    return _slot(pathway, pathway.checkin(checkin), surgery_date, tz, (local_date - surgery_date).days)


def slot_at(pathway: pathways.Pathway, checkin: str, due_at: datetime, surgery_date: date, tz: str) -> Slot:
    """A check-in outside the plan at this instant: asked for by the patient, or by a rule that wants to ask again.

    Raises KeyError for an unknown check-in, and UnknownZone.
    """
    spec = pathway.checkin(checkin)
    local_date = _local(due_at, tz).date()
    closes_at = due_at + timedelta(hours=spec.closes_after_h)
    return Slot(
        checkin=checkin,
        day=(local_date - surgery_date).days,
        local_date=local_date,
        due_at=due_at,
        reminders=_reminders(spec, due_at, closes_at, pathway.schedule.quiet_hours, tz),
        closes_at=closes_at,
        late="on_time",
    )


def _slot(
    pathway: pathways.Pathway, spec: pathways.CheckInSpec, surgery_date: date, tz: str, on: int | None = None
) -> Slot:
    schedule = pathway.schedule
    day = on if on is not None else spec.offset_days or 0
    if day > schedule.programme_end_day:
        raise TimelineError(
            f"check-in {spec.id} is on day {day}, after the programme's last day "
            f"{schedule.programme_end_day}: move one of them"
        )
    local_date = surgery_date + timedelta(days=day)
    due_at = next_allowed(to_utc(local_date, schedule.send_time, tz), schedule.quiet_hours, tz)
    closes_at = min(due_at + timedelta(hours=spec.closes_after_h), programme_ends(pathway, surgery_date, tz))
    return Slot(
        checkin=spec.id,
        day=day,
        local_date=local_date,
        due_at=due_at,
        reminders=_reminders(spec, due_at, closes_at, schedule.quiet_hours, tz),
        closes_at=closes_at,
        late="on_time",
    )


def _reminders(
    spec: pathways.CheckInSpec, due_at: datetime, closes_at: datetime, quiet: tuple[str, str], tz: str
) -> tuple[datetime, ...]:
    """Outside quiet hours, after the check-in and before it closes; two that fall together are one."""
    moved = {next_allowed(due_at + timedelta(hours=hours), quiet, tz) for hours in spec.reminders_h}
    return tuple(sorted(at for at in moved if due_at < at < closes_at))


def _late(
    pathway: pathways.Pathway,
    passed: Sequence[tuple[Slot, pathways.CheckInSpec]],
    ahead: Sequence[Slot],
    tz: str,
    start: datetime,
) -> list[Slot]:
    """The slots whose time has passed, each with what its late policy makes of it."""
    send_at = next_allowed(start, pathway.schedule.quiet_hours, tz)
    following = ahead[0].due_at if ahead else None
    sent_late, decided = False, []
    for slot, spec in reversed(passed):
        last_chance = slot.due_at + timedelta(hours=spec.late.send_within_h)
        open_still = send_at <= last_chance and send_at < programme_ends(pathway, _surgery_date(slot), tz)
        alone = not sent_late and (following is None or send_at + _APART <= following)
        if open_still and alone:
            decided.append(_sent_late(pathway, slot, spec, send_at, following, tz))
            sent_late = True
        elif spec.late.then == "merge" and (sent_late or following is not None):
            decided.append(replace(slot, reminders=(), late="merge"))
        else:
            decided.append(replace(slot, reminders=(), late="phone_task"))
    return decided[::-1]


def _sent_late(
    pathway: pathways.Pathway,
    slot: Slot,
    spec: pathways.CheckInSpec,
    send_at: datetime,
    following: datetime | None,
    tz: str,
) -> Slot:
    """Gives the patient the whole answering time again, but never past the next check-in or the end."""
    ends = programme_ends(pathway, _surgery_date(slot), tz)
    closes_at = min(send_at + timedelta(hours=spec.closes_after_h), ends)
    if following is not None:
        closes_at = min(closes_at, following)
    reminders = _reminders(spec, send_at, closes_at, pathway.schedule.quiet_hours, tz)
    return replace(slot, due_at=send_at, reminders=reminders, closes_at=closes_at, late="send_late")


def _surgery_date(slot: Slot) -> date:
    return slot.local_date - timedelta(days=slot.day)


def _clock(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a wall-clock time has no zone yet
    except ValueError as error:
        raise TimelineError(f"{text!r} is no time of day: write it as HH:MM, for example 09:30") from error


def _local(instant: datetime, tz: str) -> datetime:
    if instant.tzinfo is None:
        raise TimelineError(f"{instant.isoformat()} has no time zone: pass an aware UTC instant")
    return instant.astimezone(zone(tz))
