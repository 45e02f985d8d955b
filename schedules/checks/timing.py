"""Times: the schedule is in order, and every level has deadlines and a ladder that can be followed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schedules.documents import Path
from schedules.pathway import CheckInSpec, Level, LevelSpec, Pathway
from schedules.problems import Flaw

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_HOURS = re.compile(r"(always|working_hours|([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)")


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Flaws of the schedule and the levels."""
    yield from _schedule(pathway)
    yield from _checkins(pathway)
    for level in Level:
        if level not in pathway.levels:
            remedy = "Describe all four: routine, review, urgent, emergency."
            yield Flaw(path=("levels",), what=f"The level {level} is missing.", remedy=remedy)
        else:
            yield from _level(level, pathway.levels[level])


def _clock(path: Path, text: str) -> Iterator[Flaw]:
    if not _CLOCK.fullmatch(text):
        yield Flaw(path=path, what=f"{text!r} is no time of day.", remedy='Write "HH:MM" in quotes, e.g. "09:30".')


def _schedule(pathway: Pathway) -> Iterator[Flaw]:
    schedule = pathway.schedule
    start, end = schedule.quiet_hours
    yield from _clock(("schedule", "send_time"), schedule.send_time)
    yield from _clock(("schedule", "quiet_hours", 0), start)
    yield from _clock(("schedule", "quiet_hours", 1), end)
    if start == end:
        what = "Quiet hours from and to the same time never end."
        yield Flaw(path=("schedule", "quiet_hours"), what=what, remedy="Give two different times.")
    quiet = start <= schedule.send_time < end if start < end else not end <= schedule.send_time < start
    if quiet and start != end:
        what = "The send time lies in the quiet hours."
        yield Flaw(path=("schedule", "send_time"), what=what, remedy="Move one of them.")
    asked = {checkin.id: checkin for checkin in schedule.checkins}.get(schedule.recheck_checkin)
    if asked is None or asked.offset_days is not None:
        what = f"{schedule.recheck_checkin} is no check-in without a day of its own."
        remedy = "Name the check-in that is sent only when asked for."
        yield Flaw(path=("schedule", "recheck_checkin"), what=what, remedy=remedy)


def _checkins(pathway: Pathway) -> Iterator[Flaw]:
    planned: list[CheckInSpec] = []
    for index, checkin in enumerate(pathway.schedule.checkins):
        path: Path = ("schedule", "checkins", index)
        hours = list(checkin.reminders_h)
        if hours != sorted(set(hours)) or any(not 0 < hour < checkin.closes_after_h for hour in hours):
            remedy = "List rising hours, all before closes_after_h."
            yield Flaw(path=(*path, "reminders_h"), what="The reminders are not in order.", remedy=remedy)
        if checkin.closes_after_h <= 0:
            yield Flaw(path=(*path, "closes_after_h"), what="It closes before it opens.", remedy="Use 1 or more.")
        if checkin.late.send_within_h < 0:
            yield Flaw(path=(*path, "late"), what="Hours cannot be negative.", remedy="Use 0 or more.")
        if checkin.offset_days is None:
            continue
        if checkin.offset_days < 0 or (planned and checkin.offset_days <= (planned[-1].offset_days or 0)):
            remedy = "List the check-ins by day, each day once."
            yield Flaw(path=(*path, "offset_days"), what="The days do not rise.", remedy=remedy)
        planned.append(checkin)
    if not planned:
        yield Flaw(path=("schedule", "checkins"), what="No check-in has a day.", remedy="Give one offset_days.")
        return
    last = planned[-1]
    index = pathway.schedule.checkins.index(last)
    if pathway.schedule.programme_end_day < (last.offset_days or 0):
        what = f"The programme ends before {last.id}."
        yield Flaw(path=("schedule", "programme_end_day"), what=what, remedy="Make it later.")
    if last.late.then == "merge":
        what = f"After {last.id} there is nothing to merge into."
        yield Flaw(path=("schedule", "checkins", index, "late"), what=what, remedy="Use phone_task.")


def _level(level: Level, spec: LevelSpec) -> Iterator[Flaw]:
    path: Path = ("levels", level.value)
    if not _HOURS.fullmatch(spec.ack_hours):
        remedy = 'Use always, working_hours or "08:00-20:00".'
        yield Flaw(path=(*path, "ack_hours"), what=f"{spec.ack_hours!r} are no hours.", remedy=remedy)
    if spec.cutoff is not None:
        yield from _clock((*path, "cutoff"), spec.cutoff)
    clocks = {
        "ack": (spec.ack_within_min, spec.ack_within_working_days),
        "contact": (spec.contact_within_min, spec.contact_within_working_days),
        "resolve": (spec.resolve_within_min, spec.resolve_within_working_days),
    }
    for name, (minutes, days) in clocks.items():
        given = [value for value in (minutes, days) if value is not None]
        if len(given) != (0 if level is Level.ROUTINE else 1) or any(value <= 0 for value in given):
            remedy = "Routine has none; every other level has one of the two, above 0."
            what = f"{name}_within_min and {name}_within_working_days do not fit."
            yield Flaw(path=path, what=what, remedy=remedy)
    yield from _ladder(level, spec, (*path, "ladder"))


def _ladder(level: Level, spec: LevelSpec, path: Path) -> Iterator[Flaw]:
    minutes = [rung.after_min for rung in spec.ladder]
    if minutes and (minutes[0] != 0 or minutes != sorted(set(minutes))):
        remedy = "Begin at 0 and list rising minutes."
        yield Flaw(path=path, what="The rungs are not in order.", remedy=remedy)
    if any(not rung.tell for rung in spec.ladder):
        yield Flaw(path=path, what="A rung tells nobody.", remedy="Name team, on_call, second_on_call or manager.")
    if minutes and (spec.repeat_every_min is None or spec.repeat_every_min <= 0):
        remedy = "Add repeat_every_min: paging never just ends."
        yield Flaw(path=path, what="The ladder has an end.", remedy=remedy)
    if level >= Level.URGENT and not minutes:
        yield Flaw(path=path, what=f"{level} pages nobody.", remedy="Add a ladder.")
