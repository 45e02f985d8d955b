"""The condition language: what it accepts, what it refuses, and what holds."""

from __future__ import annotations

from typing import Any

import pytest

from schedules import conditions, predicates
from schedules.levels import Level
from schedules.predicates import Facts

KNOWN: list[dict[str, Any]] = [
    {"q": "bladder", "in": ["leaking"]},
    {"q": "general_symptoms", "has_any": ["fever"]},
    {"q": "leg_pain", "gte": 3},
    {"q": "leg_pain", "lte": 3},
    {"heard": {"said": ["leg_weak"], "rescreen": ["legs"]}},
    {"unanswered": "bladder"},
    {"unreadable": "bladder"},
    {"days": {"gte": 2, "lte": 7}},
    {"procedure": ["fusion"]},
    {"status": ["missed"]},
    {"checkin": ["day3"]},
    {"baseline": {"q": "bladder", "in": ["old_problem"]}},
    {"baseline_not": {"q": "bladder", "in": ["old_problem"]}},
    {"delta": {"q": "leg_pain", "vs": "previous", "gte": 2}},
    {"baseline_value": {"q": "leg_pain", "gte": 4}},
    {"improved_less_than": {"q": "leg_pain", "points": 2}},
    {"best_improved": {"q": "leg_pain", "points": 2}},
    {"count": {"gte": 1, "of": [{"unanswered": "bladder"}]}},
    {"missed_in_row": {"gte": 2}},
    {"previous_level": {"gte": "urgent"}},
    {"free_text_level": "urgent"},
    {"all": [{"unanswered": "bladder"}]},
    {"any": [{"unanswered": "bladder"}]},
]


@pytest.mark.parametrize("written", KNOWN)
def test_every_kind_of_condition_reads_back_as_it_was_written(written: dict[str, Any]) -> None:
    read = conditions.parse(written)
    assert read.model_dump(mode="json", by_alias=True, exclude_none=True) == written
    assert conditions.parse(read) == read


def test_every_telling_key_is_tested_here() -> None:
    assert set(conditions.KEYS) == {key for written in KNOWN for key in written if key != "q"}


def test_one_status_may_stand_without_a_list() -> None:
    assert conditions.parse({"status": "missed"}) == conditions.parse({"status": ["missed"]})


@pytest.mark.parametrize(
    "written",
    [
        {"not": {"q": "bladder", "in": ["leaking"]}},
        {"q": "bladder"},
        {"q": "bladder", "in": ["leaking"], "gte": 2},
        {"q": "bladder", "in": []},
        {"q": "bladder", "in": [True]},
        {"q": "leg_pain", "gte": True},
        {"q": "leg_pain", "gte": "3"},
        {"q": "leg_pain", "lte": True},
        {"heard": {}},
        {"heard": {"said": []}},
        {"days": {}},
        {"days": {"gte": 7, "lte": 2}},
        {"days": {"gte": 1.5}},
        {"status": "asleep"},
        {"status": 3},
        {"delta": {"q": "leg_pain", "vs": "worst", "gte": 1}},
        {"previous_level": {"gte": "dire"}},
        {"count": {"gte": 0, "of": []}},
        {"all": []},
        {"any": {"q": "bladder"}},
        {},
        [],
        "always",
        None,
    ],
)
def test_what_is_no_condition_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="validation error"):
        conditions.parse(written)


def test_the_questions_of_a_condition_are_found_however_deep() -> None:
    deep = conditions.parse({"any": [{"all": [{"count": {"gte": 1, "of": KNOWN[:3]}}]}, *KNOWN[11:17]]})
    assert set(conditions.questions_of(deep)) == {"bladder", "general_symptoms", "leg_pain"}


def facts(**known: Any) -> Facts:
    nothing: dict[str, Any] = {
        "day": 10,
        "procedure": "fusion",
        "status": "completed",
        "checkin": "week2",
        "started": True,
        "chosen": {},
        "numbers": {},
        "unreadable": frozenset(),
        "baseline_chosen": {},
        "baseline_numbers": {},
        "previous": {},
        "best": {},
        "missed_in_row": 0,
        "previous_level": lambda: None,
        "free_text_level": None,
    }
    return Facts(**{**nothing, **known})


A = {"unreadable": "a"}
HEARD = {"heard": {"said": ["leg_weak"], "denied": ["any_pain"], "rescreen": ["legs"]}}
FLAGGED = {"previous_level": {"gte": "urgent"}}
SCORES = {"numbers": {"leg_pain": 5}, "baseline_numbers": {"leg_pain": 6}, "best": {"leg_pain": 2}}
HOLDING: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]] = [
    ({"q": "a", "in": ["x"]}, {"chosen": {"a": ("x",)}}, {"a": "x"}),
    ({"q": "a", "in": ["x"]}, {"chosen": {"a": ("y",)}}, None),
    ({"q": "a", "has_any": ["x", "y"]}, {"chosen": {"a": ("y", "z")}}, {"a": ["y"]}),
    ({"q": "a", "gte": 3}, {"numbers": {"a": 3}}, {"a": 3}),
    ({"q": "a", "gte": 3}, {}, None),
    ({"q": "a", "lte": 3}, {"numbers": {"a": 3}}, {"a": 3}),
    ({"q": "a", "lte": 3}, {"numbers": {"a": 4}}, None),
    ({"q": "a", "lte": 3}, {}, None),
    (HEARD, {"said": frozenset({"leg_weak", "fever"})}, {"said": ["leg_weak"]}),
    (HEARD, {"denied": frozenset({"any_pain"})}, {"denied": ["any_pain"]}),
    (HEARD, {"rescreen": frozenset({"legs"}), "said": frozenset({"fever"})}, {"rescreen": ["legs"]}),
    (HEARD, {"said": frozenset({"fever"})}, None),
    ({"unanswered": "a"}, {"unanswered": frozenset("a")}, {"unanswered": ["a"]}),
    ({"unreadable": "a"}, {"unreadable": frozenset("a")}, {"unreadable": ["a"]}),
    ({"days": {"gte": 10}}, {}, {"days": 10}),
    ({"days": {"lte": 9}}, {}, None),
    ({"procedure": ["fusion"]}, {}, {"procedure": "fusion"}),
    ({"procedure": ["fusion"]}, {"procedure": "other"}, {"procedure": "other"}),
    ({"procedure": ["laminectomy"]}, {}, None),
    ({"status": "completed"}, {}, {"status": "completed"}),
    ({"checkin": ["week2"]}, {}, {"checkin": "week2"}),
    ({"baseline": {"q": "a", "in": ["x"]}}, {"baseline_chosen": {"a": ("x",)}}, {"baseline.a": "x"}),
    ({"baseline": {"q": "a", "in": ["x"]}}, {}, None),
    ({"baseline_not": {"q": "a", "in": ["x"]}}, {"baseline_chosen": {"a": ("y",)}}, {"baseline.a": "y"}),
    ({"baseline_not": {"q": "a", "in": ["x"]}}, {}, {"baseline.a": None}),
    ({"baseline_not": {"q": "a", "in": ["x"]}}, {"baseline_chosen": {"a": ("x",)}}, None),
    ({"delta": {"q": "leg_pain", "vs": "best", "gte": 3}}, SCORES, {"leg_pain": 5, "best.leg_pain": 2}),
    ({"delta": {"q": "leg_pain", "vs": "previous", "gte": 0}}, SCORES, None),
    ({"delta": {"q": "leg_pain", "vs": "baseline", "gte": 0}}, SCORES, None),
    ({"baseline_value": {"q": "leg_pain", "gte": 6}}, SCORES, {"baseline.leg_pain": 6}),
    ({"improved_less_than": {"q": "leg_pain", "points": 2}}, SCORES, {"leg_pain": 5, "baseline.leg_pain": 6}),
    ({"improved_less_than": {"q": "leg_pain", "points": 1}}, SCORES, None),
    ({"best_improved": {"q": "leg_pain", "points": 4}}, SCORES, {"best.leg_pain": 2, "baseline.leg_pain": 6}),
    ({"best_improved": {"q": "leg_pain", "points": 4}}, {}, None),
    ({"missed_in_row": {"gte": 2}}, {"missed_in_row": 2}, {"missed_in_row": 2}),
    (FLAGGED, {"previous_level": lambda: Level.URGENT}, {"previous_level": "urgent"}),
    (FLAGGED, {}, None),
    ({"free_text_level": "urgent"}, {"free_text_level": Level.URGENT}, {"free_text_level": "urgent"}),
    (
        {"count": {"gte": 2, "of": [{"unreadable": "a"}, {"unreadable": "b"}, {"unreadable": "c"}]}},
        {"unreadable": frozenset("ab")},
        {"unreadable": ["a", "b"]},
    ),
    ({"all": [A, {"days": {"gte": 1}}]}, {"unreadable": frozenset("a")}, {"unreadable": ["a"], "days": 10}),
    ({"all": [{"unreadable": "a"}, {"days": {"gte": 11}}]}, {"unreadable": frozenset("a")}, None),
    ({"any": [{"unreadable": "a"}, {"days": {"gte": 11}}]}, {"unreadable": frozenset("a")}, {"unreadable": ["a"]}),
    ({"any": [{"unreadable": "a"}]}, {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "known", "reasons"), HOLDING)
def test_a_condition_holds_and_says_why(
    written: dict[str, Any], known: dict[str, Any], reasons: dict[str, Any] | None
) -> None:
    predicate = predicates.compile(conditions.parse(written))
    given = facts(**known)
    assert predicate.holds(given) is (reasons is not None)
    if reasons is not None:
        assert predicate.because(given) == reasons
