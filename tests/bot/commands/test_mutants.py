"""`aftercare pathway check --mutants`, run as a person or a script runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from bot.commands import mutants as command
from schedules import catalog
from tests.schedules.test_mutants import ALWAYS_SO, FILES, NOT_HEARD

ALL = (*NOT_HEARD, ALWAYS_SO)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def check(folder: Path) -> Result:
    app = typer.Typer()
    files = catalog.read_folder(folder)
    app.command()(lambda: command.check(catalog.load_files(files), files, folder))
    return CliRunner().invoke(app, [])


def explain(folder: Path, *names: str) -> None:
    lines = "".join(f"- `{name}`: no case can show it.\n" for name in names)
    (folder / "SOURCES.md").write_text(f"# Sources\n\n## Mutants\n\n{lines}", encoding="utf-8")


def test_survivors_that_are_explained_are_in_order(folder: Path) -> None:
    explain(folder, *ALL)
    done = check(folder)
    assert done.exit_code == 0
    assert "0 survive, 5 change nothing (SOURCES.md says why)." in done.stdout


def test_a_survivor_that_is_not_explained_is_printed_and_fails(folder: Path) -> None:
    explain(folder, *NOT_HEARD)
    done = check(folder)
    assert done.exit_code == 1
    assert f"No example fails: {ALWAYS_SO}" in done.stdout
    assert "Write an example that fails" in done.stderr


def test_without_a_sources_file_nothing_is_explained(folder: Path) -> None:
    done = check(folder)
    assert done.exit_code == 1
    assert "5 survive, 0 change nothing" in done.stdout


def test_an_explanation_of_what_an_example_notices_fails_too(folder: Path) -> None:
    explain(folder, *ALL, "rules[pain].when.all[0].gte: 5 -> 4")
    done = check(folder)
    assert done.exit_code == 1
    assert "no longer survives: rules[pain].when.all[0].gte: 5 -> 4" in done.stdout


def test_a_sources_file_that_cannot_be_read_is_an_error_in_words(folder: Path) -> None:
    (folder / "SOURCES.md").write_bytes(b"\xff\xfe\x00")
    done = check(folder)
    assert done.exit_code == 1
    assert "Save it as UTF-8 text" in done.stderr
