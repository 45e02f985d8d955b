"""What admins and coordinators see of pathways and schedules: courses, problems, effects, previews. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import texts
from bot.cards import TEXT_LIMIT, Button, Card, bold, button, esc
from schedules.pathway import CheckInSpec, Pathway
from schedules.problems import Problem

_ROOM = TEXT_LIMIT - 400  # for the heading and what to do next


def pathway_summary(pathway: Pathway, number: int, published: str, files: Sequence[str]) -> Card:
    """The newest version, before its files."""
    asked, rules = len(pathway.questions), len(pathway.rules)
    text = (
        f"{bold(pathway.title.in_('en'))}, version {number} ({esc(pathway.version)}), published {esc(published)}.\n"
        f"{asked} questions, {rules} rules, {len(pathway.schedule.checkins)} check-ins, "
        f"languages: {esc(', '.join(pathway.languages))}.\n\n"
        f"Its files follow: {esc(', '.join(files))}. Next: edit one and send it back here under the same name. "
        "Nothing changes before you have seen the effect and tapped Publish."
    )
    return Card(text=text)


def problems(found: Sequence[Problem], name: str) -> Card:
    """What is wrong with an edited file; nothing was changed."""
    lines, length = [], 0
    for problem in found:
        line = (
            f"• <b>{esc(problem.file)}, line {problem.line}</b>, {esc(problem.field or 'file')}: "
            f"{esc(problem.what)} {esc(problem.remedy)}"
        )
        if length + len(line) > _ROOM:
            lines.append(f"… and {len(found) - len(lines)} more. Mend these, then send the file again.")
            break
        lines.append(line)
        length += len(line) + 1
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    return Card(text=f"<b>{esc(name)}</b> has {count}; nothing was changed.\n\n" + "\n".join(lines))


def draft(name: str, changed: Sequence[str], effect: str, form: int) -> Card:
    """A sound edit: what it would do, and the buttons that do it."""
    what = "\n".join(f"• {esc(line)}" for line in changed) or "• texts or comments only"
    text = (
        f"<b>{esc(name)}</b> is sound. What changes:\n{what}\n\n"
        f"If published for everybody's future check-ins: {esc(effect)}\n"
        "Check-ins that were already sent keep the version they began with.\n\nNext: choose."
    )
    rows = (
        (button("Publish for new patients", "a_publish", form, 0),),
        (button("Publish for future check-ins of all", "a_publish", form, 1),),
        (button("Discard", "a_discard", form),),
    )
    return Card(text=text, rows=rows)


def course(pathway: Pathway, number: int) -> Card:
    """The course of the check-ins as published."""
    schedule = pathway.schedule
    lines = [
        f"<b>Check-ins of version {number}</b>, at {esc(schedule.send_time)} where the patient lives; "
        f"quiet from {esc(schedule.quiet_hours[0])} to {esc(schedule.quiet_hours[1])}.",
        "",
        *(_course_line(spec) for spec in schedule.checkins),
        "",
        f"The programme ends on day {schedule.programme_end_day}; what patients write after that is still read.",
        "Next: /reschedule CODE moves a check-in of one patient; /pathway changes the course.",
    ]
    return Card(text="\n".join(lines))


def _course_line(spec: CheckInSpec) -> str:
    name = bold(spec.title.in_("en"))
    if spec.offset_days is None:
        return f"• {name}: when the patient says that something has changed; open for {spec.closes_after_h} h."
    reminders = " and ".join(f"{hours} h" for hours in spec.reminders_h) or "none"
    then = {"merge": "merged into the next", "phone_task": "a phone task"}[spec.late.then]
    return (
        f"• {name}: day {spec.offset_days}; reminders after {reminders}; closes after {spec.closes_after_h} h; "
        f"more than {spec.late.send_within_h} h late: {then}."
    )


def choose_target(code: str, rows: Sequence[tuple[int, str, datetime]], zone: str, surgery: str) -> Card:
    """Which check-in of this patient moves, or the surgery date. Instants are UTC, shown in the patient's zone."""
    buttons: list[tuple[Button, ...]] = [
        (button(f"{name}: {texts.moment(due, 'en', zone)}", "a_target", target),) for target, name, due in rows
    ]
    buttons += [(button(f"Surgery date: {surgery}", "a_target", 0),), (button("Cancel", "a_cancel"),)]
    text = f"<b>{esc(code)}</b>: what should move? Check-ins that were sent already stay where they are."
    return Card(text=text, rows=tuple(buttons))


def ask_date(code: str, what: str, problem: str | None) -> Card:
    """To which date? Typed."""
    warning = f"⚠️ {esc(problem)}\n\n" if problem else ""
    text = f"{warning}<b>{esc(code)}</b>, {esc(what)}: to which date? Type year-month-day, for example 2026-03-19."
    return Card(text=text, rows=((button("Cancel", "a_cancel"),),))


def moved_lines(lines: Sequence[tuple[str, datetime | None, datetime | None, str]], zone: str) -> list[str]:
    """Each check-in of a preview in words; instants are UTC, shown in the patient's zone."""
    shown = []
    for name, before, after, why in lines:
        old = texts.moment(before, "en", zone) if before else "not planned"
        new = texts.moment(after, "en", zone) if after else "not sent"
        shown.append(f"• {bold(name)}: {esc(old)} → {esc(new)}{f' ({esc(why)})' if why else ''}")
    return shown


def confirm_move(code: str, what: str, lines: Sequence[str], zone: str) -> Card:
    """The preview, and the button that does it."""
    body = "\n".join(lines) or "• nothing changes"
    text = f"<b>{esc(code)}</b>, {esc(what)}. What happens (times in {esc(zone)}):\n{body}\n\nNext: confirm, or cancel."
    return Card(text=text, rows=((button("Confirm", "a_move"), button("Cancel", "a_cancel")),))


def local_day(instant: datetime, zone: str) -> str:
    """An instant as a local date."""
    return instant.astimezone(ZoneInfo(zone)).date().isoformat()
