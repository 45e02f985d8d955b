"""What admins and coordinators see of pathways and schedules: courses, problems, effects, previews. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot import texts
from bot.cards import TEXT_LIMIT, Button, Card, bold, button, esc
from schedules.pathway import CheckInSpec, Pathway
from schedules.problems import Problem

_ROOM = TEXT_LIMIT - 800  # for the heading and what to do next
_LONGEST = 300  # characters of one line


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


def problems(found: Sequence[Problem], name: str, form: int | None = None) -> Card:
    """What is wrong with an edited file; nothing was changed. `form` is the token of the draft that keeps it."""
    lines = [_problem(problem) for problem in found]
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    text = (
        f"<b>{esc(name[:_LONGEST])}</b> has {count}; nothing was changed.\n\n{_fitting(lines)}\n\n"
        "Next: mend and send it again."
    )
    if form is None:
        return Card(text=text)
    text += " Does the change need another file as well? Send that one: this one is kept until you discard it."
    return Card(text=text, rows=((button("Discard", "a_discard", form),),))


def draft(name: str, changed: Sequence[str], effect: str, form: int) -> Card:
    """A sound edit: what it would do, and the buttons that do it. `form` is the draft's token."""
    what = _fitting([f"• {esc(line[:_LONGEST])}" for line in changed]) or "• texts or comments only"
    text = (
        f"<b>{esc(name[:_LONGEST])}</b> is sound. What changes:\n{what}\n\n"
        f"If published for everybody's future check-ins: {esc(effect)}\n"
        "Check-ins that were already sent keep the version they began with.\n\nNext: choose."
    )
    rows = (
        (button("Publish for new patients", "a_publish", form, 0),),
        (button("Publish for future check-ins of all", "a_publish", form, 1),),
        (button("Discard", "a_discard", form),),
    )
    return Card(text=text, rows=rows)


def _problem(problem: Problem) -> str:
    said = f"{problem.what} {problem.remedy}"
    where = f"<b>{esc(problem.file[:_LONGEST])}, line {problem.line}</b>, {esc((problem.field or 'file')[:_LONGEST])}"
    return f"• {where}: {esc(said[: 2 * _LONGEST])}"


def _fitting(lines: Sequence[str]) -> str:
    """As many whole lines as one message holds, and how many more there are."""
    shown: list[str] = []
    length = 0
    for line in lines:
        length += len(line) + 1
        if length > _ROOM:
            shown.append(f"… and {len(lines) - len(shown)} more.")
            break
        shown.append(line)
    return "\n".join(shown)


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


def choose_target(code: str, rows: Sequence[tuple[int, str, datetime]], zone: str, surgery: str, form: int) -> Card:
    """Which check-in of this patient moves, or the surgery date. Instants are UTC, shown in the patient's zone.

    `form` is the form's token, which every button carries.
    """
    buttons: list[tuple[Button, ...]] = [
        (button(f"{name}: {texts.moment(due, 'en', zone)}", "a_target", form, target),) for target, name, due in rows
    ]
    buttons += [(button(f"Surgery date: {surgery}", "a_target", form, 0),), (button("Cancel", "a_cancel", form),)]
    text = f"<b>{esc(code)}</b>: what should move? Check-ins that were sent already stay where they are."
    return Card(text=text, rows=tuple(buttons))


def ask_date(code: str, what: str, problem: str | None, form: int) -> Card:
    """To which date? Typed."""
    warning = f"⚠️ {esc(problem)}\n\n" if problem else ""
    text = f"{warning}<b>{esc(code)}</b>, {esc(what)}: to which date? Type year-month-day, for example 2026-03-19."
    return Card(text=text, rows=((button("Cancel", "a_cancel", form),),))


def moved_lines(lines: Sequence[tuple[str, datetime | None, datetime | None, str]], zone: str) -> list[str]:
    """Each check-in of a preview in words; instants are UTC, shown in the patient's zone."""
    shown = []
    for name, before, after, why in lines:
        old = texts.moment(before, "en", zone) if before else "not planned"
        new = texts.moment(after, "en", zone) if after else "not sent"
        shown.append(f"• {bold(name)}: {esc(old)} → {esc(new)}{f' ({esc(why)})' if why else ''}")
    return shown


def confirm_move(code: str, what: str, lines: Sequence[str], zone: str, form: int) -> Card:
    """The preview, and the button that does it."""
    body = "\n".join(lines) or "• no planned check-in moves"
    text = f"<b>{esc(code)}</b>, {esc(what)}. What happens (times in {esc(zone)}):\n{body}\n\nNext: confirm, or cancel."
    return Card(text=text, rows=((button("Confirm", "a_move", form), button("Cancel", "a_cancel", form)),))
