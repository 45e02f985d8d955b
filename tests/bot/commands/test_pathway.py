"""`aftercare pathway check`: what was searched when all is well, and every problem when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from schedules import catalog


def folder_with(folder: Path, old: str, new: str) -> Path:
    for name, text in catalog.shipped_files().items():
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_the_shipped_pathway_passes_and_says_what_was_searched() -> None:
    done = CliRunner().invoke(app, ["pathway", "check"])
    assert done.exit_code == 0, done.output
    for said in ("Words: ", "Meaning: ", "Safety: ", "Nothing was assumed", "Triage itself agreed", "Examples: "):
        assert said in done.stdout
    assert "rules, no problem. Fingerprint" in done.stdout


def test_an_unsafe_edit_is_refused_with_its_counter_example(tmp_path: Path) -> None:
    line = "{q: anything_else, in: [call_me]}"
    folder = folder_with(tmp_path, line, "{q: activity, in: [some]}")
    done = CliRunner().invoke(app, ["pathway", "check", str(folder)])
    assert done.exit_code == 1
    assert "rules[wants_contact].when: A worse answer lowers the level: " in done.stdout
    assert "activity some is review (wants_contact); with activity hardly it is routine (nothing fires)" in done.stdout
    assert "problems in" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Thank you. A team member will look", "You are fine. A team member will look", "It reassures: 'you are fine'"),
        ("ask_if: {q: leg_pain, gte: 3}", "ask_if: {q: leg_pian, gte: 3}", "no question leg_pian"),
    ],
)
def test_an_edit_is_refused_in_words(tmp_path: Path, old: str, new: str, says: str) -> None:
    done = CliRunner().invoke(app, ["pathway", "check", str(folder_with(tmp_path, old, new))])
    assert done.exit_code == 1
    assert says in done.stdout


def test_a_pathway_that_is_not_there_is_a_problem() -> None:
    done = CliRunner().invoke(app, ["pathway", "check", "knee"])
    assert done.exit_code == 1
    assert "No such pathway" in done.stdout
