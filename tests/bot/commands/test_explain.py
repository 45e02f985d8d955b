"""`aftercare pathway explain`: one case in, its grounds out; bad input is refused by name, never by a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot.commands import explain

app = typer.Typer()
app.command()(explain.explain)

CASE: dict[str, Any] = {
    "id": "ana-017",
    "procedure": "laminectomy",
    "surgery_date": "2026-01-05",
    "checkin": "week2",
    "answered_on": "2026-01-25",
    "status": "partial",
    "answers": {"leg_pain": 8, "leg_pain_onset": "sudden_new", "pain_relief": "helps"},
}


def run(content: object, *options: str) -> Any:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return CliRunner().invoke(app, ["-", *options], input=raw)


def test_a_case_is_explained_in_words() -> None:
    done = run(CASE)
    assert done.exit_code == 0
    assert "ana-017: URGENT" in done.stdout
    assert "severe_leg_pain: Leg pain 8/10." in done.stdout
    assert "unless   leg_pain < 8 (is 8)" in done.stdout
    assert "S0: Article on leg pain after back surgery" in done.stdout
    assert "haematoma_pattern (emergency): needs day <= 14 (is 20) and pain_relief no_help (is helps)" in done.stdout


def test_a_case_is_explained_in_json() -> None:
    told = json.loads(run(CASE, "--json").stdout)
    assert (told["id"], told["level"], told["day"]) == ("ana-017", "urgent", 20)
    [severe] = [one for one in told["findings"] if one["rule"] == "severe_leg_pain"]
    assert severe["because"] == {"leg_pain": 8}
    assert severe["unless"] == [[{"about": "leg_pain", "wanted": "< 8", "found": "is 8"}]]
    assert "haematoma_pattern" in [one["rule"] for one in told["near"]]


def test_an_example_is_explained_by_its_id() -> None:
    done = CliRunner().invoke(app, ["well_week2"])
    assert done.exit_code == 0
    assert "well_week2: ROUTINE" in done.stdout
    assert "Why routine: no rule fired." in done.stdout


def test_a_case_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps([CASE]), encoding="utf-8")
    assert "ana-017: URGENT" in CliRunner().invoke(app, [str(file)]).stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "this is no JSON"),
        (b"", "the input is empty"),
        (b"\xff\xfe", "not UTF-8"),
        ([CASE, CASE], "holds 2 cases"),
        ([], "holds 0 cases"),
        ("week2", "this is a text"),
        ({**CASE, "answers": {"bladdre": "normal"}}, "answers.bladdre"),
        ({**CASE, "answered_on": "25/01/2026"}, "YYYY-MM-DD"),
    ],
)
def test_bad_input_is_refused_in_words(content: object, words: str) -> None:
    done = run(content)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output


def test_an_unknown_example_is_refused() -> None:
    done = CliRunner().invoke(app, ["well_weak2"])
    assert done.exit_code == 2
    assert "no example" in done.stderr


def test_an_unknown_pathway_is_refused() -> None:
    done = CliRunner().invoke(app, ["well_week2", "--pathway", "knees"])
    assert done.exit_code == 2
    assert "No such pathway" in done.stderr
