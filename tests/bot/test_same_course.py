"""The time machine and the bot make the same of a scripted patient: one without rows, one tap by tap."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bot.care import planning
from schedules import script, simulation
from schedules.pathway import Level
from tests.bot.script_player import Player
from tests.bot.ward import Ward
from tests.schedules.cases import PATHWAY
from tests.schedules.scripted import checkins, written

SAMPLES = Path(__file__).parents[2] / "docs" / "simulations"
EARLY_RELAPSE = {
    "leg_pain": 5,
    "leg_pain_side": "one",
    "leg_pain_onset": "sudden_after_better",
    "leg_pain_type": ["dull_ache"],
}
FEVER = {"general_symptoms": ["fever", "wound"], "fever_unwell": "absent", "fever_temp": 38.6, "wound_signs": ["open"]}
COURSES: dict[str, dict[str, Any]] = {
    "silent": {"checkins": dict.fromkeys(("day3", "week2", "week6", "month3"), "silent")},
    "half way": {"checkins": checkins(day3={"answers": {"bowel": None}}, week6={"answers": {"mood": None}})},
    "emergency": {"checkins": checkins(week2={"answers": {"bladder": "cannot_pee", "saddle_numbness": "not_sure"}})},
    "follow-ups": {"checkins": checkins(day3={"answers": FEVER})},
    "re-check": {"checkins": checkins(day3={"after_h": 13, "answers": EARLY_RELAPSE}), "rechecks": [{"after_h": 2}]},
    "re-check in silence": {"checkins": checkins(day3={"answers": EARLY_RELAPSE})},
    "crisis": {"checkins": checkins(week2={"answers": {"mood": "not_safe"}})},
    "late": {"checkins": checkins(day3={"after_h": 60, "answers": {"leg_pain": 9}}, week2={"after_h": 120})},
    "too late": {"checkins": checkins(day3={"after_h": 300})},
    "joined late": {"joined": "2026-01-21"},
    "joined too late for one": {"joined": "2026-02-12", "checkins": checkins(week6="silent")},
    "extra": {"something_changed": [{"day": 30, "at": "10:00", "answers": {"leg_pain": 8, "leg_pain_side": None}}]},
    "extra while one waits": {
        "checkins": checkins(week2="silent"),
        "something_changed": [{"day": 14, "at": "12:00", "answers": {"bladder": "leaking"}}],
    },
    "extra before the next": {"something_changed": [{"day": 14, "at": "07:00", "answers": {"bowel": None}}]},
    "messages": {
        "messages": [
            {"day": 8, "at": "10:00", "text": "I can't pee at all since this morning"},
            {"day": 20, "at": "10:00", "text": "The new chair came today.", "rescreen": ["calf_wound_fever"]},
            {"day": 25, "at": "10:00", "text": "The new chair came today.", "rescreen": ["none"]},
            {"day": 30, "at": "10:00", "text": "The new chair came today."},
        ],
        "checkins": checkins(month3="silent"),
    },
    "summer time": {"surgery_date": "2026-03-13", "timezone": "Europe/Madrid", "checkins": checkins(week2="silent")},
    "fusion far away": {"procedure": "fusion", "timezone": "Pacific/Auckland", "checkins": checkins(week6="silent")},
}


def by_time(ends: Iterable[tuple[str, str, str, Level | None]]) -> list[tuple[str, str, str, Level | None]]:
    return sorted(ends, key=lambda end: end[:3])


def compare(ward: Ward, text: str) -> None:
    patient = script.read(PATHWAY, "script.yaml", text)
    told = simulation.run(PATHWAY, patient)
    player = Player.on(ward, patient)
    player.plays()
    assert by_time((end.checkin, f"{end.due_at:%F %H}", end.reason, end.level) for end in told.checkins) == by_time(
        (
            planning.spec_id(row),
            f"{row.due_at:%F %H}",
            row.end_reason or "open",
            Level(row.level) if row.level else None,
        )
        for row in player.rows()
    )
    judged = {found.rule for event in told.events if event.kind == "judged" for found in event.findings}
    kept = {found["rule"] for row in player.one.assessments() for found in row.findings}
    assert judged <= kept
    urgent = sorted(event.card or "" for event in told.events if event.kind == "shown")
    extra = ("card_warning_signs", "card_not_monitored")
    assert [card for card in urgent if card not in extra] == player.cards()


@pytest.mark.parametrize("name", COURSES)
def test_a_course_ends_alike(ward: Ward, name: str) -> None:
    compare(ward, written(**COURSES[name]))


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.yaml")), ids=lambda file: str(file.stem))
def test_a_sample_ends_alike(ward: Ward, file: Path) -> None:
    compare(ward, file.read_text(encoding="utf-8"))
