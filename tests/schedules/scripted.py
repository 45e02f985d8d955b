"""Scripted patients for the tests: a well one, changed by one thing at a time."""

from __future__ import annotations

import json
from typing import Any

from schedules import script, simulation
from schedules.transcript import Event, Kind, Transcript
from tests.schedules.cases import BASELINE, PATHWAY

CALM: dict[str, Any] = {
    "saddle_numbness": "absent",
    "bladder": "normal",
    "bowel": "normal",
    "leg_weakness": "none",
    "general_symptoms": ["none"],
    "leg_pain": 1,
    "back_pain": 1,
    "pain_meds": "none",
    "activity": "going_well",
    "mood": "ok",
    "anything_else": "nothing",
}
WELL: dict[str, Any] = {
    "patient": "Well",
    "procedure": "microdiscectomy",
    "surgery_date": "2026-01-05",
    "timezone": "Europe/London",
    "baseline": BASELINE,
    "usual": CALM,
    "checkins": {"day3": {}, "week2": {}, "week6": {}, "month3": {}},
}


def written(**changes: Any) -> str:
    """A script as YAML text: the well patient with other keys, or without those that are None. JSON is YAML too."""
    content = {key: value for key, value in {**WELL, **changes}.items() if value is not None}
    return json.dumps(content, indent=1, ensure_ascii=False)


def checkins(**replies: Any) -> dict[str, Any]:
    """How the check-ins go: as usual, but for these."""
    return {**WELL["checkins"], **replies}


def play(**changes: Any) -> Transcript:
    """What happens to the well patient with these changes."""
    return simulation.run(PATHWAY, script.read(PATHWAY, "script.yaml", written(**changes)))


def of_kind(transcript: Transcript, kind: Kind) -> list[Event]:
    """The events of one kind."""
    return [event for event in transcript.events if event.kind == kind]


def ends(transcript: Transcript) -> dict[str, tuple[str, str | None]]:
    """How each check-in ended: reason and level."""
    return {end.checkin: (end.reason, end.level and end.level.value) for end in transcript.checkins}
