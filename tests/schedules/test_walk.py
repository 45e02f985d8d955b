"""A check-in answer by answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schedules import triage, walk
from schedules.pathway import Level
from schedules.questions import Value
from tests.schedules.cases import PATHWAY, case, well


def begun(checkin: str = "week2", **answers: object) -> walk.Walk:
    """A check-in with these answers and nothing judged yet."""
    return walk.Walk(pathway=PATHWAY, case=replace(case(checkin, status="open"), answers=answers))


def answered(answers: Mapping[str, object]) -> walk.Walk:
    """The same, with all the answers of one mapping."""
    here = begun()
    return replace(here, case=replace(here.case, answers=answers))


def take(here: walk.Walk, name: str, value: Value | None) -> walk.Step:
    return walk.answer(here, PATHWAY.question(name), value)


def test_questions_come_in_the_order_of_the_pathway_until_none_is_left() -> None:
    here, asked = begun(), []
    calm: dict[str, Value] = {**well("week2"), "general_symptoms": ("none",)}  # type: ignore[dict-item]  # option ids
    while (question := walk.next_question(here)) is not None:
        asked.append(question.id)
        here = take(here, question.id, calm[question.id]).walk
    assert asked == [question.id for question in PATHWAY.questions if question.id in calm]
    assert walk.finish(here).assessment.level is Level.ROUTINE


def test_a_card_is_told_once_however_often_its_rule_fires() -> None:
    first = take(begun(), "saddle_numbness", "new_or_worse")
    second = take(first.walk, "bladder", "cannot_pee")
    assert (first.cards, second.cards) == (("card_emergency",), ())


def test_a_review_shows_no_card_at_once() -> None:
    step = take(begun(), "general_symptoms", ("leg_numb_new",))
    assert (step.assessment.level, step.cards) == (Level.REVIEW, ())


def test_a_better_answer_takes_the_finding_away_but_not_the_highest_level() -> None:
    worse = take(begun(), "saddle_numbness", "new_or_worse")
    better = take(worse.walk, "saddle_numbness", "absent")
    assert "ces_saddle_new" in better.gone
    assert (better.assessment.level, better.walk.level) == (Level.ROUTINE, Level.EMERGENCY)
    assert "ces_saddle_new" in better.walk.found


def test_the_crisis_card_stops_the_check_in_and_comes_first() -> None:
    step = take(begun(saddle_numbness="new_or_worse"), "mood", "not_safe")
    assert step.walk.crisis
    assert step.cards == ("card_crisis", "card_emergency")


def test_a_skipped_question_is_not_asked_again_and_not_missed() -> None:
    optional = next(question for question in PATHWAY.questions if question.optional)
    step = take(begun("week6"), optional.id, None)
    assert optional.id in step.walk.skipped
    assert optional.id not in step.walk.case.answers


def test_words_beside_the_answers_raise_the_level_and_leave_the_answers_alone() -> None:
    screening, step = walk.say(begun(bladder="normal"), "I can't pee at all", answering=False)
    assert screening.level is step.walk.level is Level.EMERGENCY
    assert step.walk.case.answers == {"bladder": "normal"}
    assert step.cards == ("card_emergency",)


def test_words_that_are_an_answer_share_its_card() -> None:
    here = take(begun(), "bladder", "cannot_pee").walk
    assert walk.say(here, "I can't pee at all", answering=True)[1].cards == ()
    assert walk.say(here, "I can't pee at all", answering=False)[1].cards == ("card_emergency",)


def test_the_end_is_missed_partial_or_completed() -> None:
    def level_and_rules(here: walk.Walk) -> set[str]:
        return {finding.rule for finding in walk.finish(here).assessment.findings}

    assert "missed_early" in level_and_rules(begun("day3"))
    assert "failsafe_redflag_missing" in level_and_rules(begun(saddle_numbness="absent"))
    assert level_and_rules(answered(well("week2"))) == set()


def test_words_that_were_never_read_as_an_answer_count_as_unreadable_in_the_end() -> None:
    here = walk.not_understood(begun(saddle_numbness="absent"), PATHWAY.question("bladder"))
    assert walk.finish(here).assessment.unreadable == ("bladder",)
    mended = take(here, "bladder", "normal").walk
    assert walk.finish(mended).assessment.unreadable == ()


@given(st.data())
def test_a_walk_judges_as_triage_does(data: st.DataObject) -> None:
    here = begun(data.draw(st.sampled_from(["day3", "week2", "week6"])))
    for _ in range(data.draw(st.integers(1, 12))):
        question = walk.next_question(here)
        if question is None or question.type in ("text", "number"):
            break
        ids = [option.id for option in question.options]
        option = data.draw(st.sampled_from(ids or ["-"]))
        values: dict[str, Value] = {"scale": data.draw(st.integers(0, 10)), "multi": (option,), "choice": option}
        step = walk.answer(here, question, values[question.type])
        assert step.assessment == triage.evaluate(PATHWAY, step.walk.case)
        here = step.walk
