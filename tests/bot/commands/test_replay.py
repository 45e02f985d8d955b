"""`aftercare pathway replay`, run as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from bot.care.clinic import Clinic
from bot.commands import replay
from schedules import catalog, examples
from tests.bot.commands.conftest import Terminal
from tests.bot.ward import Ward
from tests.conftest import NOW

app = typer.Typer()
app.command()(replay.replay)
SHIPPED = "lumbar_surgery"
CASE: dict[str, Any] = {
    "id": "ana-017",
    "procedure": "laminectomy",
    "surgery_date": "2026-01-05",
    "checkin": "day3",
    "answered_on": "2026-01-08",
    "status": "partial",
    "answers": {"bladder": "leaking"},
}


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The shipped pathway with a calmer bladder rule."""
    folder = tmp_path / "changed"
    folder.mkdir()
    for name, text in catalog.shipped_files().items():
        head, rule, tail = text.partition("- id: ces_bladder\n")
        (folder / name).write_text(head + rule + tail.replace("level: emergency", "level: review", 1) if rule else text)
    return folder


def run(*words: object, given: object = None) -> Result:
    raw = given if isinstance(given, bytes | None) else json.dumps(given).encode()
    return CliRunner().invoke(app, [str(word) for word in words], input=raw)


def data(*words: object, given: object = None) -> Any:
    done = run(*words, "--json", given=given)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_examples_of_the_old_pathway_are_the_cases_unless_told(changed: Path) -> None:
    found = data(SHIPPED, changed)
    assert found["cases"] == len(examples.read(catalog.shipped(), catalog.shipped_files()))
    assert found["lower"] > 0
    assert found["higher"] == 0
    moved = [difference for difference in found["differences"] if "ces_bladder" in difference["moved"]]
    assert moved[0]["moved"]["ces_bladder"] == ["emergency", "review"]


def test_a_pathway_against_itself_says_so() -> None:
    assert "No alert is gained, lost or moved." in run(SHIPPED, SHIPPED).stdout


def test_cases_come_from_a_file_or_standard_input(changed: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([CASE]))
    from_file = data(SHIPPED, changed, "--cases", file)
    assert from_file == data(SHIPPED, changed, "--cases", "-", given=CASE)
    assert [each["case"] for each in from_file["differences"]] == ["ana-017"]


def test_a_person_reads_counts_levels_and_cases(changed: Path) -> None:
    said = run(SHIPPED, changed, "--cases", "-", given=CASE).stdout
    assert "1 case. Lower: 1. Higher: 0." in said
    assert "Come to a LOWER level:" in said
    assert "ana-017: emergency ->" in said
    assert "Moved: ces_bladder in 1: ana-017" in said


def test_a_question_that_the_new_pathway_lacks_is_named(tmp_path: Path) -> None:
    case = {**CASE, "checkin": "week6", "answers": {"sexual_function": "no_change"}}
    folder = tmp_path / "smaller"
    folder.mkdir()
    for name, text in catalog.shipped_files().items():
        (folder / name).write_text(text.replace("sexual_function", "intimacy"))
    said = run(SHIPPED, folder, "--cases", "-", given=case).stdout
    assert "Answers left out where a pathway lacks the question: sexual_function." in said


@pytest.mark.parametrize(
    ("words", "given", "why"),
    [
        ((SHIPPED, "nowhere"), None, "No such pathway."),
        ((SHIPPED, SHIPPED, "--cases", "nothing.json"), None, "nothing.json cannot be read"),
        ((SHIPPED, SHIPPED, "--cases", "-"), b"{", "line 1, column 2: this is no JSON"),
        (
            (SHIPPED, SHIPPED, "--cases", "-"),
            [CASE, {**CASE, "checkin": "week9"}],
            "case 2: checkin: 'week9' is none of",
        ),
        ((SHIPPED, SHIPPED, "--cases", "-", "--stored"), None, "Choose one: --cases FILE or --stored."),
    ],
)
def test_bad_input_is_named_and_ends_with_code_2(words: tuple[str, ...], given: object, why: str) -> None:
    done = run(*words, given=given)
    assert done.exit_code == 2
    assert why in done.stderr


def recorded(terminal: Terminal, clinic: Clinic) -> None:
    """A check-in that ended with answers, one in silence, one still open, and the record from before surgery."""
    database = terminal.database()
    with Session(database.engine, expire_on_commit=False) as session:
        ward = Ward(session=session, clinic=clinic, now=NOW)
        patient = ward.patient("Ann", ward.team("Spine"), "AC-1")
        ward.checkin(patient, "baseline", 0, bladder="normal")
        ends = {"day3": ("answered", {"bladder": "leaking"}), "week2": ("no_answer", {}), "week6": (None, {})}
        for name, (reason, answers) in ends.items():
            ward.passes(days=1)
            row = ward.checkin(patient, name, {"day3": 3, "week2": 14, "week6": 42}[name], **answers)
            if reason is not None:
                row.state, row.end_reason, row.ended_at = "ended", reason, ward.now
                session.commit()
    database.close()


def test_the_check_ins_recorded_here_are_replayed(terminal: Terminal, clinic: Clinic, changed: Path) -> None:
    recorded(terminal, clinic)
    done = terminal.types("pathway", "replay", "published", str(changed), "--stored", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["cases"] == 2
    assert [each["moved"] for each in found["differences"] if each["moved"]] == [
        {"ces_bladder": ["emergency", "review"]}
    ]
    assert "Ann" not in done.stdout


def test_what_is_published_is_compared_by_its_own_examples(terminal: Terminal, changed: Path) -> None:
    done = terminal.types("pathway", "replay", "published", str(changed), "--json")
    assert json.loads(done.stdout)["cases"] == len(examples.read(catalog.shipped(), catalog.shipped_files()))
