"""Every threshold and choice of a condition, one step away."""

from __future__ import annotations

import pytest

from schedules import catalog, conditions, moves

PATHWAY = catalog.shipped()


def moved(condition: dict[str, object], *, near: bool = False) -> set[tuple[str, str, str]]:
    """The moves of a condition: the change, the side, and the fact that an example needs."""
    found = moves.of(PATHWAY, conditions.parse(condition))
    return {(move.change, move.side, move.edge) for move in found if move.near or not near}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (
            {"q": "leg_pain", "gte": 8},
            {("8 -> 9", "narrower", "leg_pain 8"), ("8 -> 7", "wider", "leg_pain 7")},
        ),
        ({"q": "leg_pain", "gte": 0}, {("0 -> 1", "narrower", "leg_pain 0")}),
        (
            {"q": "fever_temp", "gte": 38.0},
            {("38.0 -> 38.1", "narrower", "fever_temp 38.0"), ("38.0 -> 37.9", "wider", "fever_temp 37.9")},
        ),
        (
            {"days": {"gte": 2, "lte": 7}},
            {
                ("2 -> 3", "narrower", "day 2"),
                ("2 -> 1", "wider", "day 1"),
                ("7 -> 6", "narrower", "day 7"),
                ("7 -> 8", "wider", "day 8"),
            },
        ),
        ({"q": "leg_pain", "lte": 3}, {("3 -> 2", "narrower", "leg_pain 3"), ("3 -> 4", "wider", "leg_pain 4")}),
        (
            {"missed_in_row": {"gte": 2}},
            {
                ("2 -> 3", "narrower", "2 check-ins missed in a row"),
                ("2 -> 1", "wider", "1 check-ins missed in a row"),
            },
        ),
        (
            {"previous_level": {"gte": "urgent"}},
            {
                ("urgent -> emergency", "narrower", "previous level urgent"),
                ("urgent -> review", "wider", "previous level review"),
            },
        ),
        (
            {"baseline_value": {"q": "leg_pain", "gte": 4}},
            {("4 -> 5", "narrower", "baseline leg_pain 4"), ("4 -> 3", "wider", "baseline leg_pain 3")},
        ),
        (
            {"best_improved": {"q": "leg_pain", "points": 2}},
            {("2 -> 3", "narrower", "leg_pain improved by 2"), ("2 -> 1", "wider", "leg_pain improved by 1")},
        ),
        (
            {"delta": {"q": "leg_pain", "vs": "best", "gte": 2}},
            {("2 -> 3", "narrower", "leg_pain 2 above best"), ("2 -> 1", "wider", "leg_pain 1 above best")},
        ),
    ],
)
def test_a_threshold_moves_one_step_each_way(condition: dict[str, object], expected: set[tuple[str, str, str]]) -> None:
    assert moved(condition, near=True) == expected


def test_less_than_so_many_points_is_wider_one_point_up() -> None:
    assert moved({"improved_less_than": {"q": "leg_pain", "points": 2}}) == {
        ("2 -> 3", "wider", "leg_pain improved by 2"),
        ("2 -> 1", "narrower", "leg_pain improved by 1"),
    }


def test_of_the_options_each_that_counts_and_the_one_ranked_next_below_are_near() -> None:
    assert moved({"q": "bowel", "in": ["reduced_feeling", "accident"]}, near=True) == {
        ("- reduced_feeling", "narrower", "bowel: reduced_feeling"),
        ("- accident", "narrower", "bowel: accident"),
        ("+ not_sure", "wider", "bowel: not_sure"),
    }


def test_every_other_option_is_added_too() -> None:
    added = {change for change, side, _ in moved({"q": "mood", "in": ["low_most"]}) if side == "wider"}
    assert added == {"+ ok", "+ low_some", "+ not_safe"}


def test_a_baseline_that_excuses_is_wider_with_less_in_it() -> None:
    assert moved({"baseline_not": {"q": "saddle_numbness", "in": ["known_same"]}}, near=True) == {
        ("- known_same", "wider", "baseline saddle_numbness: known_same"),
        ("+ absent", "narrower", "baseline saddle_numbness: absent"),
    }


def test_the_unknown_operation_satisfies_every_test_and_is_not_added() -> None:
    changes = {change for change, _, _ in moved({"procedure": ["fusion"]})}
    assert changes == {"- fusion", "+ microdiscectomy", "+ laminectomy", "+ interspinous_device"}


def test_words_that_were_heard_are_left_out_and_added_but_never_near() -> None:
    heard = {"heard": {"denied": ["leg_pain"]}}
    assert moved(heard) == {
        ("- leg_pain", "narrower", "denied: leg_pain"),
        ("+ any_pain", "wider", "denied: any_pain"),
    }
    assert moved(heard, near=True) == set()


def test_each_branch_is_left_out() -> None:
    both = [{"unanswered": "bladder"}, {"unanswered": "bowel"}]
    assert {(change, side) for change, side, _ in moved({"any": both})} == {("left out", "narrower")}
    assert {(change, side) for change, side, _ in moved({"all": both})} == {("left out", "wider")}


def test_a_move_keeps_the_rest_of_the_condition_and_says_where_it_is() -> None:
    whole = conditions.parse(
        {"count": {"gte": 2, "of": [{"unanswered": "bowel"}, {"any": [{"q": "leg_pain", "gte": 4}]}]}}
    )
    last = list(moves.of(PATHWAY, whole))[-1]
    assert last.path == ("count", "of", 1, "any", 0, "gte")
    assert last.condition == conditions.parse(
        {"count": {"gte": 2, "of": [{"unanswered": "bowel"}, {"any": [{"q": "leg_pain", "gte": 3}]}]}}
    )
