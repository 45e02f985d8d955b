"""A change of the pathway that no example notices is found, and those that change nothing are explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedules import catalog, examples, mutants
from tests.schedules import small

FILES = small.FILES | {"examples.yaml": small.EXAMPLES}
PATHWAY = catalog.load_files(FILES)
NOT_HEARD = {
    "freetext.categories[crisis].level: emergency -> routine",
    "freetext.categories[crisis].level: emergency -> review",
    "freetext.categories[crisis].level: emergency -> urgent",
    "freetext.categories[crisis].card: card_crisis -> card_routine",
}
ALWAYS_SO = "rules[pain].when.all[2]: left out"


def survivors(text: str) -> set[str]:
    """The mutants of the small pathway that these examples do not notice."""
    shown = examples.read(PATHWAY, {"examples.yaml": text})
    return set(mutants.report(PATHWAY, shown, {}).survivors)


def without(name: str) -> str:
    """The small pathway's examples but one."""
    items = small.EXAMPLES.split("\n- ")
    return "\n- ".join(item for item in items if f"id: {name}," not in item)


def test_what_no_case_can_show_is_all_that_survives_good_examples() -> None:
    assert survivors(small.EXAMPLES) == NOT_HEARD | {ALWAYS_SO}


@pytest.mark.parametrize(
    ("example", "survivor"),
    [
        ("pain_4", "rules[pain].when.all[0].gte: 5 -> 4"),
        ("no_thermometer", "rules[leaks].when.any[1]: left out"),
        ("pain_5_leaking_before", "rules[pain].when.all[1].baseline_not.in: - leaking"),
        ("pain_5_normal_before", "rules[pain].when.all[1].baseline_not.in: + normal"),
        ("fever_asked", "questions[fever_temp].ask_if.has_any: - fever"),
        ("fever_not_asked", "questions[fever_temp].ask_if.has_any: + none"),
        ("chest", "rescreen.options[chest].level: emergency -> urgent"),
        ("nothing_now", "rescreen.options[none].level: routine -> review"),
    ],
)
def test_without_the_example_that_notices_it_a_change_survives(example: str, survivor: str) -> None:
    assert survivor in survivors(without(example))


@pytest.mark.parametrize(
    ("expected", "survivor"),
    [
        (", within_days: 1", "rules[pain].within_days: 1 -> 2"),
        (", cards: [card_review]", "rules[pain].tell_patient: card_review -> card_routine"),
        (", unanswered: [fever_temp]", "questions[fever_temp].ask_if.has_any: - fever"),
    ],
)
def test_an_example_notices_only_what_it_expects(expected: str, survivor: str) -> None:
    assert expected in small.EXAMPLES
    assert survivor in survivors(small.EXAMPLES.replace(expected, ""))


def test_an_example_that_fails_already_notices_nothing() -> None:
    wrong = small.EXAMPLES.replace("{level: emergency, rules: [leaks], cards", "{level: urgent, rules: [leaks], cards")
    assert "rules[leaks].when.any[0]: left out" in survivors(wrong)


def test_the_level_of_an_earlier_check_in_that_was_worked_out_counts_too() -> None:
    """The level that day follows from the rules, so a change of one shows in what comes of silence later."""
    pathway = catalog.shipped()
    shown = examples.read(pathway, {"examples.yaml": SILENCE})
    watching = mutants.watch(pathway, shown)
    moved = {mutant.id: mutant for mutant in mutants.of_rules(pathway)}
    assert not mutants.survives(moved["rules[severe_leg_pain].when.gte: 8 -> 9"], watching)
    assert mutants.survives(moved["rules[severe_leg_pain].when.gte: 8 -> 7"], watching)


SILENCE = """\
- id: silent
  case:
    {procedure: fusion, surgery_date: "2026-01-05", checkin: week2, answered_on: "2026-01-22", status: missed,
    history: [{checkin: day3, answered_on: "2026-01-08", status: completed, answers: {leg_pain: 8}}]}
  expect: {level: urgent, rules: [silent_after_flag]}
"""


def test_a_survivor_may_be_explained_and_a_needless_explanation_is_named() -> None:
    section = f"## Mutants\n\nWords.\n\n- `{ALWAYS_SO}`: there is no other operation.\n- `gone`: why.\n"
    explained = mutants.explanations(f"# Sources\n\n{section}\n## More\n\n- `elsewhere`: not in the section\n")
    assert explained == {ALWAYS_SO: "there is no other operation.", "gone": "why."}
    report = mutants.report(PATHWAY, examples.read(PATHWAY, FILES), explained)
    assert set(report.survivors) == NOT_HEARD
    assert report.equivalent == {ALWAYS_SO: "there is no other operation."}
    assert report.stale == ("gone",)
    assert report.killed == report.made - len(NOT_HEARD) - 1


def test_no_explanation_is_found_where_there_is_no_section() -> None:
    assert mutants.explanations("# Sources\n") == {}


def test_no_two_mutants_have_the_same_name() -> None:
    made = [mutant.id for mutant in mutants.every(catalog.shipped())]
    assert len(made) == len(set(made)) > 1_000


def test_every_change_of_the_shipped_pathway_makes_an_example_fail_or_is_explained() -> None:
    pathway, files = catalog.shipped(), catalog.shipped_files()
    folder = Path(catalog.__file__).parent / "pathways" / "lumbar_surgery"
    explained = mutants.explanations(catalog.sources(folder))
    report = mutants.report(pathway, examples.read(pathway, files), explained)
    assert report.survivors == ()
    assert report.stale == ()
