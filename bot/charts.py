"""Pictures of a patient's course. Pure: a state in, the bytes of a picture out; drawn off the screen."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from schedules import preview, timeline
from schedules.pathway import DEFAULT_LANGUAGE

_WIDE = 5.4  # inches; at _DPI as many pixels as a phone has across
_DPI = 200
_INK, _QUIET, _WINDOW, _SENT, _REMINDER, _CLOSES = "#1f2933", "#d5dbe3", "#cfe8dc", "#0b6e4f", "#c77700", "#9b1c31"
_HOUR = timedelta(hours=1)
_LABEL, _STEP = 9, 13  # points above a mark, and between two lines of names
_CLOCK = 16


def course(course: preview.Course, operation: str, kind: str) -> bytes:
    """The timeline of one patient as a "png" or "svg": the whole programme, then each check-in by the hour.

    Local times. Bands are quiet hours, the green bar the time to answer; sent, reminders and closing are marked.
    """
    sent = [planned for planned in course.planned if planned.slot.late in ("on_time", "send_late")]
    heights = [0.9, *(1.1 for _ in sent)]
    layout = ConstrainedLayoutEngine(hspace=0.08)
    with rc_context(
        {"font.size": 10, "text.color": _INK, "xtick.color": _INK, "svg.hashsalt": "1", "svg.fonttype": "none"}
    ):
        figure = Figure(figsize=(_WIDE, 1.6 + sum(heights) * 1.4), dpi=_DPI, layout=layout, facecolor="white")
        axes = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
        figure.suptitle(_title(course, operation), fontsize=11.5, x=0.01, ha="left", weight="bold")
        _programme(axes[0], course)
        for place, planned in zip(axes[1:], sent, strict=True):
            _check_in(place, course, planned)
        figure.supxlabel(_legend(course), fontsize=10, x=0.01, ha="left")
        drawn = io.BytesIO()
        figure.savefig(drawn, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return drawn.getvalue()


def _title(course: preview.Course, operation: str) -> str:
    return f"{operation}\nOperated on {course.surgery_date:%d %B %Y}. Times of {course.tz}"


def _legend(course: preview.Course) -> str:
    since, to = course.pathway.schedule.quiet_hours
    return (
        f"▼ sent   ● reminder   ■ closes\nGreen: time to answer. Grey: quiet hours, {since} to {to}, nothing is sent."
    )


def _programme(place: Axes, course: preview.Course) -> None:
    """Days after surgery, with the day of each check-in."""
    last = course.pathway.schedule.programme_end_day
    place.set_title("The programme, in days after surgery", loc="left", fontsize=11, weight="bold")
    place.plot([0, last], [0, 0], color="#9aa5b1", linewidth=2, zorder=1)
    for number, planned in enumerate(course.planned):
        goes = planned.slot.late in ("on_time", "send_late")
        day = timeline.day_number(course.surgery_date, planned.slot.due_at, course.tz) if goes else planned.slot.day
        colour = _SENT if goes else _CLOSES
        place.plot([day], [0], marker="v" if goes else "x", markersize=10, color=colour, zorder=2)
        title = planned.spec.title.in_(DEFAULT_LANGUAGE)
        missed = {"merge": "\nnot sent", "phone_task": "\nby phone"}.get(planned.slot.late, "")
        above = _LABEL + _STEP * (number % 2)  # neighbours may be close: every second name stands higher
        place.annotate(title + missed, (day, 0), (0, above), textcoords="offset points", ha="center", fontsize=10)
    days = sorted({0, last, *(planned.slot.day for planned in course.planned)})
    place.set_xticks(days, [str(day) for day in days])
    place.set_xlim(-6, last + 6)
    place.set_ylim(-0.4, 1.5)
    _bare(place)


def _check_in(place: Axes, course: preview.Course, planned: preview.Planned) -> None:
    """One check-in in the hours since it was sent; labels in local time."""
    slot, where = planned.slot, timeline.zone(course.tz)

    def hours(at: datetime) -> float:
        return (at - slot.due_at) / _HOUR

    margin = max(8 * _HOUR, (slot.closes_at - slot.due_at) / 12)
    start, end = slot.due_at - margin, slot.closes_at + margin
    for since, to in preview.quiet_spans(course.pathway.schedule.quiet_hours, course.tz, start, end):
        place.axvspan(hours(since), hours(to), color=_QUIET, linewidth=0, zorder=0)
    place.barh(0, hours(slot.closes_at), height=0.5, color=_WINDOW, zorder=1)
    marks = [
        (slot.due_at, "v", _SENT),
        *((at, "o", _REMINDER) for at in slot.reminders),
        (slot.closes_at, "s", _CLOSES),
    ]
    for at, shape, colour in marks:
        place.plot([hours(at)], [0], marker=shape, markersize=9, color=colour, zorder=3)
        clock = f"{at.astimezone(where):%H:%M}"
        place.annotate(
            clock, (hours(at), 0), (0, _CLOCK), textcoords="offset points", ha="center", fontsize=10, zorder=4
        )
    late = ", sent late" if slot.late == "send_late" else ""
    day = f"day {timeline.day_number(course.surgery_date, slot.due_at, course.tz)}"
    title = f"{planned.spec.title.in_(DEFAULT_LANGUAGE)}{late}: {day}, {hours(slot.closes_at):g} hours to answer"
    place.set_title(title, loc="left", fontsize=11, weight="bold")
    dates = [slot.due_at.astimezone(where).date() + timedelta(days=n) for n in range(-1, int(hours(end)) // 24 + 2)]
    midnights = [(date, timeline.to_utc(date, "00:00", course.tz)) for date in dates]
    for _, at in midnights:
        place.axvline(hours(at), color="#9aa5b1", linewidth=0.8, zorder=0)
    noons = [(date, hours(at) + 12) for date, at in midnights if hours(start) < hours(at) + 12 < hours(end)]
    place.set_xticks([x for _, x in noons], [f"{date:%a}\n{date.day} {date:%b}" for date, _ in noons])
    place.set_xlim(hours(start), hours(end))
    place.set_ylim(-0.5, 1.0)
    _bare(place)


def _bare(place: Axes) -> None:
    place.set_yticks([])
    place.tick_params(axis="x", length=0, labelsize=10)
    for side in ("left", "right", "top", "bottom"):
        place.spines[side].set_visible(False)
