"""The examples must show every rule at work, on both sides of each of its thresholds."""

from __future__ import annotations

import pytest

from schedules import catalog, coverage, examples
from tests.schedules import small
from tests.schedules.test_mutants import FILES, PATHWAY, without


def flaws(text: str) -> list[str]:
    """What the examples of the small pathway leave out."""
    shown = examples.read(PATHWAY, {"examples.yaml": text})
    return [flaw.what for flaw in coverage.flaws(PATHWAY, shown)]


def test_good_examples_leave_out_nothing() -> None:
    assert flaws(small.EXAMPLES) == []


def test_the_shipped_examples_leave_out_nothing() -> None:
    pathway = catalog.shipped()
    assert list(coverage.flaws(pathway, examples.read(pathway, catalog.shipped_files()))) == []


@pytest.mark.parametrize(
    ("example", "what"),
    [
        ("pain_4", "No example shows that pain does not fire at leg_pain 4."),
        ("no_thermometer", "No example shows that leaks fires at fever_temp: none."),
        ("pain_5_leaking_before", "No example shows that pain does not fire at baseline bladder: leaking."),
        ("pain_5_normal_before", "No example shows that pain fires at baseline bladder: normal."),
    ],
)
def test_a_threshold_that_no_example_watches_is_named(example: str, what: str) -> None:
    assert what in flaws(without(example))


def test_a_rule_without_an_example_or_a_near_miss_is_named() -> None:
    text = small.EXAMPLES.replace("rules: [leaks]", "rules: []").replace("near_miss_of: leaks", "near_miss_of: []")
    assert {"No example fires this rule.", "This rule has no near miss."} <= set(flaws(text))


def test_the_remedy_says_which_example_to_write_and_the_place_is_the_threshold() -> None:
    shown = examples.read(PATHWAY, {"examples.yaml": without("pain_4")})
    found = [flaw for flaw in coverage.flaws(PATHWAY, shown) if "leg_pain 4" in flaw.what]
    (problem,) = catalog.traced(FILES, found)
    assert problem.file == "pathway.yaml"
    assert problem.field == "rules[pain].when.all[0].gte"
    assert "near_miss_of: pain" in problem.remedy
