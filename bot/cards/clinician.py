"""The escalation as staff see it: level, code, findings with the answers that fired, values, clocks, what to do next.

Made for a group: nothing here has a field for a name, a phone number, a birth date or a patient's words (hazard H25).
Times are shown in the team's zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.cards import Button, Card, bold, button, esc
from bot.db.models import OUTCOMES
from schedules.pathway import Level

SHAPES = {Level.EMERGENCY: "🔴", Level.URGENT: "🔶", Level.REVIEW: "🟦", Level.ROUTINE: "▫️"}
OUTCOME_WORDS = {
    "sent_to_emergency": "Sent to emergency",
    "seen_today": "Seen today",
    "appointment": "Appointment",
    "advice": "Advice given",
    "no_problem_found": "No problem found",
    "could_not_reach": "Could not reach",
}
_FINDINGS_LENGTH = 2200
_FACTS = 5
_LINE = 220
_PAGES_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding: the clinician's line and the answers that fired it. `new` marks what the last raise brought.

    `expected`: a clinician's note that it is known in this patient.
    """

    level: Level
    said: str
    facts: tuple[str, ...]
    new: bool = False
    expected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A score over time: what it is, and each value with when it was given, oldest first."""

    label: str
    points: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One of the three clocks: until when, and when it was met."""

    name: str
    by: datetime
    met_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """Who did something, and when."""

    who: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationView:
    """Everything the card says. `hidden` counts lower findings on questions that a shown one already covers."""

    id: int
    version: int
    code: str
    level: Level
    state: str
    procedure: str
    day: int
    zone: ZoneInfo
    now: datetime
    findings: tuple[FindingLine, ...]
    hidden: int
    changed: str | None
    trends: tuple[Trend, ...]
    clocks: tuple[Clock, ...]
    acknowledged: Did | None
    contacted: Did | None
    closed: Did | None
    outcome: str | None
    pages: tuple[tuple[datetime, str], ...]
    next_page_at: datetime | None
    choosing: bool = False


def escalation(view: EscalationView) -> Card:
    """The card, with the buttons that its state allows."""
    blocks = (
        _head(view),
        _findings(view),
        "\n".join(f"{esc(trend.label)}: {_points(trend)}" for trend in view.trends),
        _clocks(view),
        _state(view),
        _told(view),
        f"<b>Next</b>: {_next(view)}",
        f"<i>As of {moment(view.now, view.now, view.zone)}</i>",
    )
    return Card(
        text="\n\n".join(block for block in blocks if block),
        rows=_outcome_rows(view) if view.choosing else _rows(view),
        silent=view.level is Level.REVIEW or view.state == "closed",
        protect=True,
    )


def moment(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A time in the team's zone, with its day unless that is today."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def distance(instant: datetime, now: datetime) -> str:
    """How far away an instant is: "in 12 min", "overdue by 3 h 5 min"."""
    minutes = int((instant - now).total_seconds() // 60)
    if minutes < 0:
        return f"overdue by {_span(-minutes)}"
    return f"in {_span(minutes)}"


def title(level: Level, code: str) -> str:
    """Level as shape and word, and the case code."""
    return f"{SHAPES[level]} {bold(level.value.upper())} · <code>{esc(code)}</code>"


def _span(minutes: int) -> str:
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def _head(view: EscalationView) -> str:
    lines = [title(view.level, view.code), f"{esc(view.procedure)}, day {view.day} after surgery"]
    if view.state == "closed":
        lines[0] = f"▫️ <b>CLOSED</b> · <code>{esc(view.code)}</code> (was {view.level.value})"
    if view.changed and view.state != "closed":
        lines.append(f"<b>What changed</b>: {esc(view.changed)}")
    return "\n".join(lines)


def _findings(view: EscalationView) -> str:
    lines: list[str] = []
    length, left_out = 0, view.hidden
    for finding in view.findings:
        block = list(_finding(finding))
        length += sum(len(line) for line in block)
        if lines and length > _FINDINGS_LENGTH:
            left_out += 1
        else:
            lines += block
    if left_out:
        lines.append(f"… and {left_out} more of the same or lower level: see Details")
    return "\n".join(lines)


def _finding(finding: FindingLine) -> Iterator[str]:
    new = "<b>NEW</b> " if finding.new else ""
    yield f"{SHAPES[finding.level]} {new}{esc(_short(finding.said))}"
    for fact in finding.facts[:_FACTS]:
        yield f"   {esc(_short(fact))}"
    if finding.expected is not None:
        yield f"   📌 <i>{esc(finding.expected)}</i>"


def _short(text: str) -> str:
    return text if len(text) <= _LINE else text[: _LINE - 1].rstrip() + "…"


def _points(trend: Trend) -> str:
    return " → ".join(f"<b>{esc(value)}</b> ({esc(when)})" for when, value in trend.points)


def _clocks(view: EscalationView) -> str:
    if view.state == "closed":
        return ""
    return "\n".join(_clock(clock, view) for clock in view.clocks)


def _clock(clock: Clock, view: EscalationView) -> str:
    if clock.met_at is not None:
        late = " (late)" if clock.met_at > clock.by else ""
        return f"☑ {clock.name}: {moment(clock.met_at, view.now, view.zone)}{late}"
    away = distance(clock.by, view.now)
    by = f"{clock.name} by {moment(clock.by, view.now, view.zone)}"
    return f"⚠️ {by}, <b>{away}</b>" if clock.by < view.now else f"⏱ {by}, {away}"


def _state(view: EscalationView) -> str:
    steps = (
        ("Acknowledged", view.acknowledged),
        ("Patient reached", view.contacted),
        (f"Closed ({OUTCOME_WORDS.get(view.outcome or '', '')})", view.closed),
    )
    said = [
        f"{what} by {esc(did.who)}, {moment(did.at, view.now, view.zone)}" for what, did in steps if did is not None
    ]
    return "\n".join(said) or "<b>Nobody has acknowledged yet.</b>"


def _told(view: EscalationView) -> str:
    if not view.pages or view.state == "closed":
        return ""
    shown = view.pages[-_PAGES_SHOWN:]
    earlier = len(view.pages) - len(shown)
    lines = [f"Told {len(view.pages)}×" + (f", the last {len(shown)}:" if earlier else ":")]
    lines += [f"   {moment(at, view.now, view.zone)} {esc(_short(who))}" for at, who in shown]
    if view.next_page_at is not None:
        lines.append(f"   next at {moment(view.next_page_at, view.now, view.zone)} unless somebody acknowledges")
    return "\n".join(lines)


def _next(view: EscalationView) -> str:
    if view.choosing:
        return "choose how it ended."
    if view.state == "open":
        return "tap Acknowledge if you take this, then ring the patient. Details gives you the number in private."
    if view.state == "acknowledged":
        who = esc(view.acknowledged.who) if view.acknowledged else "you"
        return f"{who} rings the patient, then the next of kin (Details), and taps Reached patient."
    if view.state == "contacted":
        return "close with an outcome when it is settled."
    return "nothing. A new finding opens a new case."


def _rows(view: EscalationView) -> tuple[tuple[Button, ...], ...]:
    at = (view.id, view.version)
    first = []
    if view.state == "open":
        first.append(button("Acknowledge", "c_ack", *at))
    if view.state in ("open", "acknowledged"):
        first.append(button("Reached patient", "c_reach", *at))
    second = [button("Details", "c_details", view.id), button("Why", "c_why", view.id)]
    if view.state != "closed":
        second.insert(0, button("Close", "c_close", *at))
    return tuple(tuple(row) for row in (first, second) if row)


def _outcome_rows(view: EscalationView) -> tuple[tuple[Button, ...], ...]:
    choices = [
        button(OUTCOME_WORDS[outcome], "c_outcome", view.id, view.version, index)
        for index, outcome in enumerate(OUTCOMES)
    ]
    pairs = tuple(tuple(choices[at : at + 2]) for at in range(0, len(choices), 2))
    return (*pairs, (button("Back", "c_back", view.id),))
