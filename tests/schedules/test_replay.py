"""A changed pathway over the same cases: alerts gained, lost and moved."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

from schedules import catalog, examples, triage
from schedules.levels import Level
from schedules.pathway import Pathway
from schedules.replay import replay
from tests.schedules.cases import PATHWAY, case, past

FLAGGED = replace(case(bladder="leaking"), id="flagged")
CALM = replace(case(), id="calm")
SORE = replace(case("week6", leg_pain=3, leg_pain_side="one"), id="sore")
FELL = replace(case(general_symptoms=["fall"]), id="fell")
LOW = replace(case(mood="low_most"), id="low")


def with_rules(**levels: Level | None) -> Pathway:
    """The shipped pathway with these rules at another level, or without them when None."""
    changed = [
        rule.model_copy(update={"level": levels.get(rule.id, rule.level)})
        for rule in PATHWAY.rules
        if levels.get(rule.id, rule.level) is not None
    ]
    return PATHWAY.model_copy(update={"rules": tuple(changed)})


def without(question: str) -> Pathway:
    """The shipped pathway that never had this question."""
    kept = tuple(each for each in PATHWAY.questions if each.id != question)
    return PATHWAY.model_copy(update={"questions": kept})


def test_the_same_pathway_changes_nothing() -> None:
    result = replay(PATHWAY, PATHWAY, [FLAGGED, CALM, FELL])
    assert (result.cases, result.differences, result.unknown) == (3, (), ())
    assert result.before == result.after
    assert (result.before[Level.ROUTINE], result.before[Level.EMERGENCY]) == (1, 1)


def test_an_alert_that_no_rule_raises_any_more_is_lost() -> None:
    result = replay(PATHWAY, with_rules(fall_any=None), [FELL, CALM])
    assert [difference.case for difference in result.lowered] == ["fell"]
    assert result.rules("lost") == {"fall_any": ["fell"]}
    assert (result.before[Level.REVIEW], result.after[Level.REVIEW]) == (1, 0)


def test_an_alert_of_a_new_rule_is_gained() -> None:
    result = replay(with_rules(fall_any=None), PATHWAY, [FELL, CALM])
    assert [(each.before, each.after) for each in result.raised] == [(Level.ROUTINE, Level.REVIEW)]
    assert result.rules("gained") == {"fall_any": ["fell"]}


def test_an_alert_at_another_level_is_moved() -> None:
    result = replay(PATHWAY, with_rules(fall_any=Level.URGENT), [FELL])
    assert result.differences[0].moved == {"fall_any": (Level.REVIEW, Level.URGENT)}
    assert (result.differences[0].gained, result.differences[0].lost) == ({}, {})


def test_a_rule_lost_beneath_a_higher_one_differs_without_changing_the_level() -> None:
    both = replace(case(bladder="leaking", general_symptoms=["fall"]), id="both")
    result = replay(PATHWAY, with_rules(fall_any=None), [both])
    assert (result.lowered, result.raised) == ((), ())
    assert result.rules("lost") == {"fall_any": ["both"]}


def test_cases_that_fall_stand_first_and_the_worst_of_them_on_top() -> None:
    new = with_rules(ces_bladder=None, fall_any=None, mood_low=Level.EMERGENCY)
    order = [difference.case for difference in replay(PATHWAY, new, [LOW, FELL, CALM, FLAGGED]).differences]
    assert order == ["flagged", "fell", "low"]


def test_an_answer_to_a_question_that_one_pathway_lacks_is_left_out_there_and_named() -> None:
    pathway = with_rules(fall_any=None)
    small = pathway.model_copy(update={"questions": without("sexual_function").questions})
    result = replay(small, PATHWAY, [replace(case("week6"), id="asked")])
    assert result.unknown == ("sexual_function",)
    assert result.cases == 1


def test_an_earlier_level_is_worked_out_anew_by_each_pathway() -> None:
    silent = replace(
        case(status="missed", history=(past("day3", bladder="leaking", general_symptoms=["none"]),)), id="silent"
    )
    calmer = with_rules(**{rule.id: None for rule in PATHWAY.rules if rule.id.startswith(("ces_", "failsafe_"))})
    assert replay(PATHWAY, calmer, [silent]).rules("lost") == {"silent_after_flag": ["silent"]}


def test_levels_agree_with_a_full_evaluation() -> None:
    cases = [example.case for example in examples.read(PATHWAY, catalog.shipped_files())]
    result = replay(PATHWAY, PATHWAY, cases)
    for level in Level:
        assert result.before[level] == sum(triage.evaluate(PATHWAY, each).level is level for each in cases)


def test_thousands_of_assessments_take_a_second_of_one_core() -> None:
    cases = [example.case for example in examples.read(PATHWAY, catalog.shipped_files())]
    replay(PATHWAY, PATHWAY, cases)  # what is compiled once is compiled now
    many = list(itertools.islice(itertools.cycle(cases), 4000))
    started = time.process_time()
    replay(PATHWAY, PATHWAY, many)
    assert 2 * len(many) / (time.process_time() - started) > 2000
