"""`aftercare pathway simulate --script`: a scripted patient, transcript out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.commands import simulate
from schedules.pathway import SITE_FIELDS
from tests.schedules.scripted import checkins, written

app = typer.Typer()
app.command()(simulate.simulate)
NO_SITE = {name.upper(): "" for name in SITE_FIELDS}
SAMPLES = Path(__file__).parents[3] / "docs" / "simulations"


@pytest.fixture(autouse=True)
def _no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(file: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["--script", str(file), *options], env=NO_SITE)


def script(folder: Path, **changes: Any) -> Path:
    (folder / "script.yaml").write_text(written(**changes), encoding="utf-8")
    return folder / "script.yaml"


def told(name: str) -> dict[str, Any]:
    done = run(SAMPLES / name, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_sample_of_a_well_patient_is_routine_to_the_end() -> None:
    transcript = told("well.yaml")
    assert transcript["level"] == "routine"
    assert [(end["checkin"], end["reason"]) for end in transcript["checkins"]] == [
        ("day3", "answered"),
        ("week2", "answered"),
        ("week6", "answered"),
        ("month3", "answered"),
    ]


def test_the_sample_of_a_relapse_is_silent_in_week_2_and_found_in_week_6() -> None:
    transcript = told("relapse.yaml")
    ends = {end["checkin"]: (end["reason"], end["level"]) for end in transcript["checkins"]}
    assert (ends["week2"], ends["week6"]) == (("no_answer", "review"), ("answered", "review"))
    found = {each["rule"] for event in transcript["events"] for each in event.get("findings", ())}
    assert {"missed_early", "relapse_after_improvement"} <= found
    assert transcript["level"] == "emergency"


def test_the_samples_ask_for_nothing_the_course_does_not_allow() -> None:
    for file in SAMPLES.glob("*.yaml"):
        noted = [event["note"] for event in told(file.name)["events"] if event["kind"] == "noted"]
        assert noted == [], file.name


def test_events_stand_in_order_of_time_with_the_local_day() -> None:
    events = told("relapse.yaml")["events"]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert next(event for event in events if event.get("checkin") == "week6")["day"] == 42


def test_the_transcript_reads_day_by_day(tmp_path: Path) -> None:
    file = script(tmp_path, checkins=checkins(day3={"answers": {"bladder": "cannot_pee"}}, week2="silent"))
    said = " ".join(run(file).stdout.split())
    assert "Day 3, Thursday 08 January 2026 09:30 day3 sent" in said
    assert "bladder: I can't pee (6 hours or more) 10:30 day3 level emergency emergency ces_bladder:" in said
    assert "the patient reads card_emergency: What you told us can be a sign of a serious problem." in said
    assert "closed: no_answer, urgent" in said
    assert "Highest level: emergency" in said


def test_cards_are_in_the_patients_language(tmp_path: Path) -> None:
    file = script(tmp_path, language="es", checkins=checkins(day3={"answers": {"bladder": "cannot_pee"}}))
    assert "Vaya a urgencias ahora" in " ".join(run(file).stdout.split())


def test_a_fault_in_the_script_ends_with_code_2_and_its_line(tmp_path: Path) -> None:
    done = run(script(tmp_path, checkins=checkins(day3={"answers": {"bladder": "kinda"}})))
    assert done.exit_code == 2
    assert "script.yaml:" in done.stderr
    assert "kinda is no answer to bladder. Use normal," in done.stderr


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"a" * 1_100_000, "has over 1,000,000 bytes"),
        (b"", "The file is empty."),
        (b"{" * 5000, "nested too deeply"),
    ],
)
def test_noise_is_refused_in_words(tmp_path: Path, raw: bytes, why: str) -> None:
    (tmp_path / "noise.yaml").write_bytes(raw)
    done = run(tmp_path / "noise.yaml")
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(tmp_path / "nothing.yaml")
    assert done.exit_code == 2
    assert "nothing.yaml cannot be read: No such file or directory." in done.stderr
