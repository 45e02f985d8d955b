"""The transcript of a scripted patient: in order of time, for a person or a program."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from bot.care import facts
from bot.care.patients import Words
from bot.commands import preview, site
from schedules import condition_text, script, simulation, timeline
from schedules.pathway import DEFAULT_LANGUAGE, Pathway
from schedules.script import Script
from schedules.transcript import CheckInEnd, Event, Transcript

LARGEST = 1_000_000  # bytes of a script
_WIDTH = 84


def tell(pathway: Pathway, file: Path, *, as_json: bool) -> None:
    """Run the script in `file` and write its transcript; a script that cannot be run ends the command with code 2."""
    try:
        patient = script.read(pathway, file.name, _read(file))
        transcript = simulation.run(pathway, patient)
    except (script.ScriptError, timeline.TimelineError) as error:
        site.fail(str(error), site.BAD_INPUT)
    if as_json:
        typer.echo(json.dumps(as_data(patient, transcript), indent=2, ensure_ascii=False))
        return
    words = Words(pathway=pathway, language=patient.language, clinic=preview.clinic(), timezone=patient.timezone)
    typer.echo("\n".join(lines(patient, transcript, words)))


def lines(patient: Script, transcript: Transcript, words: Words) -> Iterator[str]:
    """The transcript for a person."""
    yield f"{patient.patient}"
    yield f"{patient.procedure}, operated on {patient.surgery_date}, times of {patient.timezone}"
    seen = None
    for event in transcript.events:
        local = event.at.astimezone(timeline.zone(patient.timezone))
        if local.date() != seen:
            seen = local.date()
            yield ""
            yield f"Day {(seen - patient.surgery_date).days}, {seen:%A %d %B %Y}"
        head = f"  {local:%H:%M}  {event.checkin or '':<8} "
        first, *more = _said(event, words)
        yield f"{head}{first}"
        for each in more:
            yield from textwrap.wrap(each, _WIDTH, initial_indent=" " * len(head), subsequent_indent=" " * len(head))
    yield ""
    yield f"Highest level: {transcript.level}"
    for end in transcript.checkins:
        due = end.due_at.astimezone(timeline.zone(patient.timezone))
        yield f"  {due:%d %b %H:%M}  {end.checkin:<8} {end.reason}{f', {end.level}' if end.level else ''}"


def _said(event: Event, words: Words) -> list[str]:
    """What happened, in a first line and details below it."""
    note = f" ({event.note})" if event.note else ""
    match event.kind:
        case "answered":
            return [f"{condition_text.label(event.question or '')}: {_answer(event, words)}{note}"]
        case "judged" | "told":
            level = f"level {event.level}" if event.kind == "judged" else f"for the team: {event.level}"
            return [level, *(f"{found.level} {found.rule}: {found.text}" for found in event.findings)]
        case "shown":
            return [f"the patient reads {event.card}:", words.card(event.card or "", days_text=words.days(0))]
        case "typed":
            return [f"the patient types: {event.text}", f"{event.note} ({event.level})"]
        case "closed":
            return [f"closed: {event.note}{f', {event.level}' if event.level else ''}"]
        case "reminded":
            return [f"reminder {event.note}"]
        case "rescreened" | "noted" | "booked":
            return [event.note or ""]
        case "sent":
            return [f"sent{note}"]


def _answer(event: Event, words: Words) -> str:
    question = words.pathway.question(event.question or "")
    if event.value is None:
        return "skipped"
    return str(event.value) if question.type == "text" else facts.words(question, event.value, DEFAULT_LANGUAGE)


def as_data(patient: Script, transcript: Transcript) -> dict[str, Any]:
    """The transcript for a program. Instants are local to the patient, with their offset."""
    return {
        "patient": patient.patient,
        "procedure": patient.procedure,
        "surgery_date": patient.surgery_date.isoformat(),
        "timezone": patient.timezone,
        "level": transcript.level.value,
        "checkins": [_end(patient, end) for end in transcript.checkins],
        "events": [_event(patient, event) for event in transcript.events],
    }


def _end(patient: Script, end: CheckInEnd) -> dict[str, Any]:
    return {
        "checkin": end.checkin,
        "due": _local(patient, end.due_at),
        "reason": end.reason,
        "level": end.level and end.level.value,
    }


def _event(patient: Script, event: Event) -> dict[str, Any]:
    local = event.at.astimezone(timeline.zone(patient.timezone))
    found = [{"rule": each.rule, "level": each.level.value, "text": each.text} for each in event.findings]
    full = {
        "at": _local(patient, event.at),
        "day": (local.date() - patient.surgery_date).days,
        "kind": event.kind,
        "checkin": event.checkin,
        "question": event.question,
        "value": event.value,
        "level": event.level and event.level.value,
        "findings": found or None,
        "card": event.card,
        "text": event.text,
        "note": event.note,
    }
    return {key: value for key, value in full.items() if value is not None}


def _local(patient: Script, instant: datetime) -> str:
    return instant.astimezone(timeline.zone(patient.timezone)).isoformat(timespec="seconds")


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        site.fail(f"{file} cannot be read: {error.strerror}.", site.BAD_INPUT)
    if len(raw) > LARGEST:
        site.fail(f"{file} has over {LARGEST:,} bytes: a script is far shorter.", site.BAD_INPUT)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        site.fail(f"{file} is not UTF-8 text: save it as UTF-8.", site.BAD_INPUT)
