"""`aftercare pathway publish`."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedules import catalog
from tests.bot.commands.conftest import Terminal

OLD, NEW = "offset_days: 14", "offset_days: 10"


@pytest.fixture
def folder(terminal: Terminal) -> Path:
    """The pathway's files, with week 2 on day 10."""
    found = terminal.folder / "edited"
    found.mkdir()
    for name, text in catalog.shipped_files().items():
        (found / name).write_text(text.replace(OLD, NEW, 1), encoding="utf-8")
    return found


def numbers(terminal: Terminal) -> list[int]:
    """The published versions."""
    return [row[0] for row in terminal.rows("SELECT number FROM pathway_versions ORDER BY number")]


def test_a_folder_is_explained_asked_about_and_published(terminal: Terminal, folder: Path) -> None:
    done = terminal.types("pathway", "publish", str(folder), "--for", "all", answer="y\n")
    assert done.exit_code == 0, done.output
    assert "check-in week2, offset days: 14 → 10" in done.stdout
    assert "No patient is in the programme now." in done.stdout
    assert "Version 2 is published." in done.stdout
    assert numbers(terminal) == [1, 2]


def test_a_no_changes_nothing(terminal: Terminal, folder: Path) -> None:
    done = terminal.types("pathway", "publish", str(folder), "--for", "new", answer="n\n")
    assert done.exit_code == 1
    assert "only patients enrolled from now on" in done.stdout
    assert numbers(terminal) == [1]


def test_single_files_take_the_place_of_the_published_ones(terminal: Terminal, folder: Path) -> None:
    done = terminal.types("pathway", "publish", str(folder / "pathway.yaml"), "--for", "new", "--yes")
    assert done.exit_code == 0, done.output
    assert numbers(terminal) == [1, 2]


def test_an_unsound_pathway_is_refused_with_every_problem(terminal: Terminal, folder: Path) -> None:
    file = folder / "pathway.yaml"
    file.write_text(file.read_text().replace(NEW, "offset_days: soon", 1).replace("level: urgent", "level: big", 1))
    done = terminal.types("pathway", "publish", str(folder), "--for", "all", "--yes")
    assert done.exit_code == 1
    assert "pathway.yaml:" in done.stderr
    assert "problems; nothing was changed" in done.stderr
    assert numbers(terminal) == [1]


def test_a_rule_that_breaks_its_examples_is_refused(terminal: Terminal, folder: Path) -> None:
    file = folder / "pathway.yaml"
    file.write_text(file.read_text().replace("level: emergency", "level: review", 1))
    done = terminal.types("pathway", "publish", str(folder), "--for", "all", "--yes")
    assert done.exit_code == 1
    assert "nothing was changed" in done.stderr
    assert numbers(terminal) == [1]


def test_what_is_published_already_is_not_published_again(terminal: Terminal, folder: Path) -> None:
    (folder / "pathway.yaml").write_text(catalog.shipped_files()["pathway.yaml"])
    done = terminal.types("pathway", "publish", str(folder), "--for", "all", "--yes")
    assert done.exit_code == 1
    assert "published already" in done.stderr


def test_paths_that_are_no_files_of_the_pathway_say_so(terminal: Terminal, folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    (folder / "es.yaml").write_bytes(b"\xff")
    empty = terminal.folder / "nothing"
    empty.mkdir()
    for path, says in ((folder / "notes.txt", "Known:"), (folder / "es.yaml", "UTF-8"), (empty, "pathway.yaml")):
        done = terminal.types("pathway", "publish", str(path), "--for", "all", "--yes")
        assert done.exit_code == 1
        assert says in done.stderr
    assert numbers(terminal) == [1]
