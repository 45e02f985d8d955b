"""A pathway proves itself: it passes as shipped, and every planted fault is named with its file, line and remedy."""

from __future__ import annotations

import re

import pytest

from schedules import catalog, lint
from schedules.problems import PathwayError
from tests.schedules.faults import ALL, MAIN, Fault

FILES = catalog.shipped_files()


def item(name: str, text: str) -> int:
    """Where the item called `name` begins."""
    found = re.search(rf"^ *(?:- \{{?id: {name}\b|{name}:)", text, re.MULTILINE)
    assert found is not None, name
    return found.start()


def planted(fault: Fault) -> tuple[dict[str, str], int]:
    """The files with the fault, and the line that was edited."""
    text = FILES[fault.file]
    place = text.index(fault.old, item(fault.within, text))
    files = {**FILES, fault.file: text[:place] + fault.new + text[place + len(fault.old) :]}
    return files, text.count("\n", 0, place) + 1


def line_of(field: str, text: str) -> int:
    """The line of a field such as `rules[fall_any].when`, found by eye: each part stands after the one before."""
    place = 0
    for name, key in re.findall(r"\[(\w+)\]|(\w+)", field):
        found = re.compile(rf"\bid: {name}\b" if name else rf"(?<!\w){key}:").search(text, place)
        if found is not None:
            place = found.start()
    return text.count("\n", 0, place) + 1


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: f"{fault.kind or 'shape'}-{fault.field}-{fault.says[:30]}")
def test_a_fault_planted_in_the_shipped_pathway_is_named(fault: Fault) -> None:
    files, edited = planted(fault)
    report = lint.check(files, [fault.kind] if fault.kind else [])
    said = [str(problem) for problem in report.problems]
    named = [problem for problem in report.problems if fault.says in problem.what and problem.field == fault.field]
    assert named, said
    assert {problem.file for problem in named} == {fault.file}
    assert named[0].line in {edited, line_of(fault.field, files[fault.file])}
    assert all(problem.remedy for problem in report.problems)


def test_the_pathway_as_shipped_has_no_problem() -> None:
    report = lint.check(FILES)
    assert report.problems == ()
    assert report.pathway == catalog.shipped()


def test_files_that_are_no_pathway_are_refused_before_anything_is_searched() -> None:
    report = lint.check({MAIN: "id: small"})
    assert report.pathway is None
    assert report.problems
    assert report.searched == ()
    with pytest.raises(PathwayError):
        lint.sound({MAIN: "id: small"})


def test_every_kind_of_fault_is_planted_often() -> None:
    kinds = [fault.kind for fault in ALL]
    assert len(kinds) >= 60
    assert min(kinds.count(kind) for kind in (None, "meaning", "safety", "words")) >= 20
