"""Cases as plain values: strict about shape, patient with answers. Examples: what they expect is what comes out."""

from __future__ import annotations

from typing import Any

import pytest

from schedules import casefile, catalog, examples, triage
from schedules.casefile import BadCaseError
from schedules.problems import PathwayError
from tests.schedules.cases import PATHWAY, well

CASE: dict[str, Any] = {
    "id": "ana-017",
    "procedure": "fusion",
    "surgery_date": "2026-01-05",
    "checkin": "week2",
    "answered_on": "2026-01-19",
    "status": "completed",
    "answers": well("week2"),
    "history": [
        {"checkin": "baseline", "answers": {"leg_pain": 7}},
        {"checkin": "day3", "answered_on": "2026-01-08", "status": "partial", "level": "review", "answers": {}},
        {"checkin": "day3", "status": "missed"},
    ],
}


def test_a_case_is_read() -> None:
    case = casefile.read(PATHWAY, CASE)
    assert (case.id, case.day, len(case.history)) == ("ana-017", 14, 3)
    assert case.history[1].level is triage.Level.REVIEW


def test_a_missed_check_in_needs_no_answers_and_history_may_be_left_out() -> None:
    silent = {**CASE, "status": "missed"}
    del silent["answers"], silent["history"]
    assert casefile.read(PATHWAY, silent).answers == {}


def test_an_unknown_operation_is_no_fault() -> None:
    assert casefile.read(PATHWAY, {**CASE, "procedure": "something new"}).procedure == "something new"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"id": None}, "id: give a text or a number; this is missing"),
    ({"id": True}, "id: give a text or a number; this is true or false"),
    ({"id": float("inf")}, "id: give"),
    ({"procedure": 3}, "procedure: give the operation as text"),
    ({"surgery_date": "05/01/2026"}, "surgery_date: write the day as \"YYYY-MM-DD\"; this is '05/01/2026'"),
    ({"surgery_date": "2026-02-30"}, "surgery_date: 2026-02-30 is no day of the calendar"),
    ({"surgery_date": "2026-01-05T00:00"}, "surgery_date: write"),
    ({"surgery_date": 20260105}, "surgery_date: write"),
    ({"answered_on": "2026-01-04"}, "answered_on: 2026-01-04 is before the surgery"),
    ({"status": "asleep"}, "status: 'asleep' is none of completed, partial, missed"),
    ({"status": "open"}, "status: 'open' is none of"),
    ({"status": None}, "status: missing is none of"),
    ({"checkin": "week9"}, "checkin: 'week9' is none of day3"),
    ({"checkin": "baseline"}, "checkin: 'baseline' is none of"),
    ({"answers": None}, "answers: give an object from question to answer; this is missing"),
    ({"answers": ["leaking"]}, "answers: give an object"),
    ({"answers": {"blader": "leaking"}}, "answers.blader: there is no such question"),
    ({"answers": {"x" * 99: 1}}, "x…: there is no such question"),
    ({"answers": {"bladder": {"a": 1}}}, "answers.bladder: give an option"),
    ({"answers": {"bladder": [["leaking"]]}}, "answers.bladder: give an option"),
    ({"anwsers": {}}, "anwsers: there is no such field"),
    ({"history": {}}, "history: give a list of earlier check-ins; this is an object"),
    ({"history": ["day3"]}, "history[0]: give an object"),
    ({"history": [{"checkin": "day3"}]}, "history[0].status: missing is none of"),
    ({"history": [{"checkin": "week9", "status": "missed"}]}, "history[0].checkin: 'week9' is none of baseline"),
    ({"history": [{"checkin": "day3", "status": "missed", "level": "dire"}]}, "history[0].level: 'dire' is none of"),
    ({"history": [{"checkin": "day3", "status": "missed", "why": 1}]}, "history[0].why: there is no such field"),
    (
        {"history": [{"checkin": "day3", "status": "completed", "answered_on": "2026-01-01", "answers": {}}]},
        "history[0].answered_on: 2026-01-01 is before the surgery",
    ),
    ({"history": [{"checkin": "baseline", "answers": {"hair": 1}}]}, "history[0].answers.hair: there is no such"),
    ({"history": [{"checkin": "baseline", "answered_on": "soon", "answers": {}}]}, "history[0].answered_on: write"),
]


@pytest.mark.parametrize(("change", "fault"), BAD)
def test_what_is_no_case_is_refused_by_field_and_reason(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadCaseError) as caught:
        casefile.read(PATHWAY, {**CASE, **change})
    assert any(fault in found for found in caught.value.faults), caught.value.faults


@pytest.mark.parametrize("value", [None, 3, "case", [CASE]])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(BadCaseError, match="a case is an object"):
        casefile.read(PATHWAY, value)


def test_every_fault_of_a_case_is_listed() -> None:
    with pytest.raises(BadCaseError) as caught:
        casefile.read(PATHWAY, {"id": "a"})
    named = {fault.split(":")[0] for fault in caught.value.faults}
    assert named == {"procedure", "surgery_date", "answered_on", "status", "checkin", "answers"}


EXAMPLE = """\
- id: well
  case: {procedure: fusion, surgery_date: "2026-01-05", checkin: day3, answered_on: "2026-01-08", status: partial,
    answers: {bladder: normal}}
  expect: {level: review, rules: [failsafe_redflag_missing]}
- id: leaks
  like: well
  near_miss_of: ces_bowel
  case: {answers: {bladder: leaking, bowel: null}}
  expect: {level: emergency, rules: [ces_bladder]}
"""


def test_an_example_holds_only_what_differs_from_the_one_it_is_like() -> None:
    found = examples.read(PATHWAY, {"examples.yaml": EXAMPLE})
    assert found[1].case.answers == {"bladder": "leaking"}
    assert found[1].case.procedure == "fusion"
    assert examples.check(PATHWAY, {"examples.yaml": EXAMPLE}) == ()


def test_an_example_may_take_away_every_answer_of_the_one_it_is_like() -> None:
    text = EXAMPLE.replace("{answers: {bladder: leaking, bowel: null}}", "{status: missed, answers: null}")
    assert examples.read(PATHWAY, {"examples.yaml": text})[1].case.answers == {}


def test_a_pathway_without_examples_has_none() -> None:
    assert examples.read(PATHWAY, {}) == ()


def test_an_example_that_does_not_hold_says_what_came_out() -> None:
    wrong = EXAMPLE.replace("level: emergency, rules: [ces_bladder]", "level: urgent, rules: [ces_bowel]")
    wrong = wrong.replace("near_miss_of: ces_bowel", "near_miss_of: ces_bladder")
    found = [str(problem) for problem in examples.check(PATHWAY, {"examples.yaml": wrong})]
    assert len(found) == 3
    assert found[0].startswith("examples.yaml:5: [leaks]: The level is emergency, not urgent.")


def expecting(outcome: str) -> list[str]:
    """What is wrong when the second example expects this outcome as well."""
    text = EXAMPLE.replace("rules: [ces_bladder]", f"rules: [ces_bladder], {outcome}")
    return [problem.what for problem in examples.check(PATHWAY, {"examples.yaml": text})]


@pytest.mark.parametrize(
    ("holds", "wrong", "what"),
    [
        (
            "only: [failsafe_redflag_missing, ces_bladder_uncertain, ces_bladder]",
            "only: [ces_bladder]",
            "only is ",
        ),
        ("within_days: null", "within_days: 1", "within_days is None, not 1."),
        ("cards: [card_emergency]", "cards: []", "cards is ['card_emergency'], not []."),
        ("cards: {card_emergency: null}", "cards: {card_emergency: 1}", "cards is {'card_emergency': None}, not "),
        ("recheck_after_h: null", "recheck_after_h: 48", "recheck_after_h is None, not 48."),
        (
            "unanswered: [saddle_numbness, bowel, leg_weakness, general_symptoms, leg_pain, back_pain, pain_meds, "
            "activity, anything_else]",
            "unanswered: [bowel]",
            "unanswered is ",
        ),
    ],
)
def test_an_example_may_expect_what_follows_from_the_level(holds: str, wrong: str, what: str) -> None:
    assert expecting(holds) == []
    assert [found.startswith(what) for found in expecting(wrong)] == [True]


def test_an_example_may_expect_the_level_of_a_rule() -> None:
    text = EXAMPLE.replace("rules: [ces_bladder]", "rules: {ces_bladder_uncertain: review, ces_bladder: emergency}")
    found = [problem.what for problem in examples.check(PATHWAY, {"examples.yaml": text})]
    assert found == ["ces_bladder_uncertain fired at level urgent, not review."]


def test_an_example_may_be_the_near_miss_of_several_rules() -> None:
    text = EXAMPLE.replace("near_miss_of: ces_bowel", "near_miss_of: [ces_bowel, ces_bladder_uncertain]")
    assert [problem.what for problem in examples.check(PATHWAY, {"examples.yaml": text})] == [
        "ces_bladder_uncertain fired."
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("rules: [ces_bladder]", "rules: {ces_bladder: dire}", "dire is no level"),
        ("rules: [ces_bladder]", "card: card_emergency", "not known"),
        ("rules: [ces_bladder]", "cards: card_emergency", "no list of ids"),
        ("rules: [ces_bladder]", "within_days: soon", "no whole number"),
        ("level: review", "level: dire", "dire is no level"),
        ("[ces_bladder]", "[ces_blader]", "no rule ces_blader"),
        ("near_miss_of: ces_bowel", "near_miss_of: ces_bowl", "no rule ces_bowl"),
        ("like: well", "like: ill", "no example ill"),
        ("like: well", "likes: well", "not known"),
        ("id: leaks", "id: well", "twice"),
        ("checkin: day3", "checkin: day9", "checkin: 'day9' is none of"),
        ("- id: well", "- ids: well", "no example"),
        ("- id: well", "- 7\n- id: well", "no example"),
        (EXAMPLE, "a: 1", "not a list"),
        (EXAMPLE, "[", "not YAML"),
    ],
)
def test_a_fault_in_an_example_is_named(old: str, new: str, what: str) -> None:
    with pytest.raises(PathwayError, match=what):
        examples.read(PATHWAY, {"examples.yaml": EXAMPLE.replace(old, new, 1)})


def test_the_shipped_examples_are_many() -> None:
    assert len(examples.read(PATHWAY, catalog.shipped_files())) > 200
