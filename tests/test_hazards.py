"""The hazard log names only what is there, and no hazard is left without a test or the reason for having none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOG = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")
HAZARDS = tuple(f"H{number:02}" for number in range(1, 46))
FIELDS = ("Cause", "Effect", "Severity and likelihood", "Control", "Left")
FOLDERS = frozenset({"bot", "schedules", "tests", "docs", "deploy", "migrations"})

_HEADING = re.compile(r"^### (H\d\d) .+$", re.MULTILINE)
_TICKED = re.compile(r"`([^`\n]+)`")
_REASON = re.compile(r"^- \*\*No test:\*\* *(\S.{20,})$", re.MULTILINE)


def hazards(log: str) -> dict[str, str]:
    """The part of the log about each hazard, by its id. An id that stands twice counts once."""
    parts = _HEADING.split(log)
    return {name: body.split("\n## ")[0] for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def named(text: str) -> Iterator[tuple[str, str]]:
    """What a text names in backticks: a path, and what in it ("" for the whole file)."""
    for ticked in _TICKED.findall(text):
        path, _, name = ticked.partition("::")
        if path.split("/")[0] in FOLDERS and "/" in path:
            yield path, name


@lru_cache(maxsize=256)
def defined(path: Path) -> dict[str, bool]:
    """Everything that a Python file defines at its top or in a class, and whether it has parameters of pytest."""
    found: dict[str, bool] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for inside, name in _names(node):
            decorators = getattr(inside, "decorator_list", [])
            found[name] = any("parametrize" in ast.unparse(each) for each in decorators)
    return found


def _names(node: ast.stmt) -> Iterator[tuple[ast.stmt, str]]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield node, node.name
        case ast.ClassDef():
            yield node, node.name
            yield from ((each, f"{node.name}::{name}") for inner in node.body for each, name in _names(inner))
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield node, name


def missing(log: str) -> list[str]:
    """Every path, function, class and test that the log names and the repository does not have."""
    return [f"{path}::{name}".removesuffix("::") for path, name in named(log) if not _is_there(path, name)]


def _is_there(path: str, name: str) -> bool:
    file = ROOT / path
    if not name:
        return file.exists()
    if not file.is_file() or file.suffix != ".py":
        return False
    plain, _, case = name.partition("[")
    is_test = path.startswith("tests/") and plain.rpartition("::")[2].startswith("test_")
    there = defined(file)
    return plain in there and (not path.startswith("tests/") or is_test) and (not case or there[plain])


def unverified(log: str) -> list[str]:
    """The hazards that name no test and give no reason for having none."""
    return [
        hazard
        for hazard, text in hazards(log).items()
        if not _REASON.search(text) and not any(path.startswith("tests/") and name for path, name in named(text))
    ]


def test_the_log_holds_every_hazard_once_and_in_order() -> None:
    found = _HEADING.findall(LOG)
    assert tuple(found[: len(HAZARDS)]) == HAZARDS
    assert found == [f"H{number:02}" for number in range(1, len(found) + 1)]


def test_every_path_function_and_test_that_the_log_names_is_there() -> None:
    assert missing(LOG) == [], "correct the name in docs/hazards.md, or write what it names"


def test_every_hazard_has_a_test_or_says_why_it_has_none() -> None:
    assert unverified(LOG) == [], "name a test that verifies the control, or write: - **No test:** and the reason"


@pytest.mark.parametrize("hazard", hazards(LOG))
def test_every_hazard_says_all_there_is_to_say(hazard: str) -> None:
    text = hazards(LOG)[hazard]
    assert [field for field in FIELDS if not re.search(rf"^- \*\*{field}:\*\* \S", text, re.MULTILINE)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        "tests/schedules/test_triage.py::test_that_was_never_written",
        "tests/schedules/test_that_is_not_there.py::test_a_well_patient_is_routine",
        "tests/schedules/test_triage.py::PATHWAY",
        "tests/schedules/test_triage.py::test_the_order_of_history_does_not_matter[one]",
        "schedules/triage.py::no_such_function",
        "schedules/no_such_module.py",
        "bot/care/no_such_folder/",
        "schedules/pathways/lumbar_surgery/pathway.yaml::rules",
    ],
)
def test_a_wrong_name_planted_in_the_log_is_found(wrong: str) -> None:
    assert missing(LOG.replace("### H02 ", f"See `{wrong}`.\n\n### H02 ", 1)) == [wrong]


@pytest.mark.parametrize(
    "right",
    [
        "tests/schedules/test_triage.py::test_a_well_patient_is_routine",
        "tests/schedules/test_triage.py::test_a_well_patient_is_routine[day3-fusion]",
        "schedules/triage.py::evaluate",
        "bot/chat/courier.py::Courier::deliver",
        "bot/care/",
    ],
)
def test_a_right_name_is_left_alone(right: str) -> None:
    assert missing(f"See `{right}`.") == []


def test_a_hazard_that_loses_its_tests_is_found() -> None:
    text = hazards(LOG)["H01"]
    assert unverified(LOG.replace(text, re.sub(r"`tests/[^`]+`", "a test", text))) == ["H01"]


def test_a_reason_stands_in_for_a_test() -> None:
    assert unverified("### H01 A hazard\n\n- **No test:** Only people at the site can check this.\n") == []
    assert unverified("### H01 A hazard\n\n- **No test:** later\n") == ["H01"]


def test_a_hazard_that_is_taken_out_is_found() -> None:
    without = LOG.replace("### H07 ", "### The one about ", 1)
    assert "H07" not in hazards(without)
    assert tuple(_HEADING.findall(without)) != HAZARDS
