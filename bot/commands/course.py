"""The course of one patient in words for staff, and each check-in in the words the patient reads."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot import texts
from bot.cards import Card, patient, plaintext
from bot.care import assessing, facts, screens
from bot.care.clinic import Clinic
from bot.care.patients import Words
from schedules import condition_text, preview, timeline
from schedules.pathway import DEFAULT_LANGUAGE, SITE_FIELDS, CheckInSpec, LatePolicy

WIDTH = 76
_WIDE = 100
_INDENT = "    "
_LATE = {
    "send_late": "Its day has passed: it is sent late, when the patient joins.",
    "merge": "Its day has passed, and a later check-in asks the same.",
    "phone_task": "Its day has passed: a person asks the questions by phone.",
}
_SEND_TIME = {
    "skipped": "The clocks jump over {wanted} that day, so it comes later by as much.",
    "repeated": "{wanted} comes twice that day; it is sent at the first.",
    "quiet": "{wanted} lies in the quiet hours, so it waits for their end.",
}


def placeholders() -> Clinic:
    """A clinic whose numbers are their own names in brackets: for texts that no site has filled in yet."""
    values = {name: f"[{name.replace('_', ' ')}]" for name in SITE_FIELDS}
    return Clinic(name="[clinic]", timezone="UTC", values=values, bot_username="")


def lines(course: preview.Course, procedure: str) -> Iterator[str]:
    """The whole course, one fact a line."""
    pathway, schedule = course.pathway, course.pathway.schedule
    operation = pathway.procedure_of(procedure).title.in_(DEFAULT_LANGUAGE)
    yield f"{pathway.title.in_(DEFAULT_LANGUAGE)} ({pathway.id} {pathway.version})"
    yield f"{operation}, operated on {course.surgery_date:%A} {course.surgery_date:%d %B %Y}. Times of {course.tz}."
    yield f"Sent at {schedule.send_time}, never between {schedule.quiet_hours[0]} and {schedule.quiet_hours[1]}."
    for planned in course.planned:
        yield ""
        yield from _planned(course, planned)
    for spec in course.on_demand:
        yield ""
        yield from _on_demand(course, spec)
    yield ""
    yield f"After day {schedule.programme_end_day} ({_moment(course, course.ends)}) nothing planned is sent."


def _planned(course: preview.Course, planned: preview.Planned) -> Iterator[str]:
    slot, spec = planned.slot, planned.spec
    yield f"{spec.title.in_(DEFAULT_LANGUAGE)} ({spec.id}), day {slot.day}"
    if slot.late in ("merge", "phone_task"):
        yield _row("not sent", _LATE[slot.late])
        return
    yield _row("sent", _moment(course, slot.due_at))
    if slot.late == "send_late":
        yield _row("", _LATE["send_late"])
    elif planned.send_time != "kept":
        yield _row("", _SEND_TIME[planned.send_time].format(wanted=course.pathway.schedule.send_time))
    for number, at in enumerate(slot.reminders, start=1):
        yield _row(f"reminder {number}", _moment(course, at))
    yield _row("closes", f"{_moment(course, slot.closes_at)}; {_window(course, slot.due_at, slot.closes_at)}")
    yield _row("if late", late_policy(spec.late))
    for change in planned.clock_changes:
        yield _row("clocks", _clock_change(course, planned, change))


def _on_demand(course: preview.Course, spec: CheckInSpec) -> Iterator[str]:
    yield f"{spec.title.in_(DEFAULT_LANGUAGE)} ({spec.id}), without a day"
    yield _row("sent", "at once when the patient says that something has changed")
    if spec.id == course.pathway.schedule.recheck_checkin:
        for rule in course.rechecks:
            yield _row("re-check", f"{rule.recheck_after_h} hours after {condition_text.label(rule.id)} fires")
    reminders = " and ".join(f"{hours} h" for hours in spec.reminders_h)
    yield _row("reminders", f"after {reminders}, outside the quiet hours" if reminders else "none")
    yield _row("closes", f"after {spec.closes_after_h} hours")


def late_policy(late: LatePolicy) -> str:
    """What becomes of a check-in that cannot go out on time."""
    then = "it is merged into the next" if late.then == "merge" else "a person asks by phone"
    return f"sent up to {late.send_within_h} hours late, if the next is a day away; after that {then}"


def _window(course: preview.Course, start: datetime, end: datetime) -> str:
    spans = preview.quiet_spans(course.pathway.schedule.quiet_hours, course.tz, start, end)
    quiet = sum((to - since for since, to in spans), timedelta())
    return f"{_hours(end - start)} hours to answer, {_hours(quiet)} of them quiet"


def _clock_change(course: preview.Course, planned: preview.Planned, change: preview.ClockChange) -> str:
    way = "forward" if change.by > timedelta() else "back"
    said = f"go {way} {_hours(abs(change.by))} h on {texts.date(_local(course, change.at).date(), DEFAULT_LANGUAGE)}"
    if change.at <= planned.slot.due_at:
        return f"{said}, before this check-in: it comes at {_local(course, planned.slot.due_at):%H:%M} all the same"
    return f"{said}, while it is open: hours count as they pass, so later times shift on the clock"


def screen_lines(course: preview.Course, spec: CheckInSpec, procedure: str, words: Words) -> list[str]:
    """One check-in as the patient reads it in the language of `words`; a line before each message says when."""
    pathway = course.pathway
    planned = next((each for each in course.planned if each.spec is spec), None)
    day = planned.slot.day if planned is not None else (course.ends - course.starts).days // 2
    found = preview.asked(pathway, spec.id, day, procedure)
    title = f"{spec.title.in_(words.language)} · {texts.language_name(words.language)} · day {day}"
    if planned is not None and planned.slot.late in ("merge", "phone_task"):
        return [title, "=" * len(title), "", _LATE[planned.slot.late]]
    told = [f"{title}\n{'=' * len(title)}"]
    told += [_message(when, card) for when, card in _openings(words, spec, planned, course)]
    for asked in found:
        name = condition_text.label(asked.question.id)
        only = "" if asked.only_if is None else f", only if {condition_text.describe(pathway, asked.only_if)}"
        told.append(_message(f"{name}{only}", screens.question(words, asked.question, asked.position, asked.total)))
    never = [each.id for each in pathway.questions_for(spec.id) if each not in [asked.question for asked in found]]
    if never:
        told.append(f"Never asked on this day or after this operation: {', '.join(map(condition_text.label, never))}.")
    told += [_message(when, card) for when, card in _endings(words, spec, day, procedure)]
    return "\n\n".join(told).split("\n")


def _openings(
    words: Words, spec: CheckInSpec, planned: preview.Planned | None, course: preview.Course
) -> Iterator[tuple[str, Card]]:
    slot = planned.slot if planned is not None else None
    closes = slot.closes_at if slot is not None else course.starts + timedelta(days=20, hours=spec.closes_after_h)
    moments: Sequence[str] = [f"after {hours} h" for hours in spec.reminders_h]
    if slot is not None:
        moments = [_moment(course, at) for at in slot.reminders]
    for number in range(len(moments) + 1):
        late = slot is not None and slot.late == "send_late"
        view = screens.Opening(
            spec=spec.id, closes_at=closes, reminded=number, reminders=len(moments), late=late and not number
        )
        when = f"reminder {number}, {moments[number - 1]}" if number else "opening"
        if not number and slot is not None:
            when += f", {_moment(course, slot.due_at)}"
        yield when, patient.intro(0, screens.opening(words, view), words.label, begun=False)
    if spec.id == words.pathway.schedule.recheck_checkin:
        view = screens.Opening(spec=spec.id, closes_at=closes, recheck=True)
        yield "opening of a re-check", patient.intro(0, screens.opening(words, view), words.label, begun=False)


def _endings(words: Words, spec: CheckInSpec, day: int, procedure: str) -> Iterator[tuple[str, Card]]:
    """The closing of a calm check-in with its answers, and of one that was never answered."""
    answers, assessment = preview.calm(words.pathway, spec.id, day, procedure)
    said = assessing.closing_cards(words, assessment.findings, assessment.level) or (words.card("card_routine"),)
    summary = [
        patient.Line(
            index=index,
            question=screens.short(question.text.in_(words.language)),
            answer=facts.words(question, answers[question.id], words.language),
        )
        for index, question in enumerate(words.pathway.questions)
        if question.id in answers
    ]
    finished = patient.finished(0, said, words.text("closing_summary"), summary, words.label, changeable=True)
    yield f"end, when all answers are calm ({assessment.level})", finished
    yield (
        "end, when it closes without answers",
        patient.closed((words.card("card_reminder"),), words.label, answer_now=0),
    )


def _message(when: str, card: Card) -> str:
    head = textwrap.wrap(f"-- {when}", _WIDE, subsequent_indent="   ")
    return "\n".join((*head, "", *(f"{_INDENT}{line}".rstrip() for line in plaintext.lines(card, WIDTH))))


def _row(name: str, fact: str) -> str:
    return f"  {name:<11} {fact}"


def _local(course: preview.Course, instant: datetime) -> datetime:
    return instant.astimezone(timeline.zone(course.tz))


def _moment(course: preview.Course, instant: datetime) -> str:
    return texts.moment(instant, DEFAULT_LANGUAGE, course.tz)


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g}"
