"""The order of questions: skip logic, progress, Back."""

from __future__ import annotations

import dataclasses

import pytest

from schedules import questionnaire
from schedules.case import Case
from tests.schedules.cases import PATHWAY, before, case, past, well


def opened(checkin: str = "week2", **answers: object) -> Case:
    """A check-in with only these answers."""
    return dataclasses.replace(case(checkin, status="open"), answers=answers)


def asked(subject: Case) -> list[str]:
    return [question.id for question in questionnaire.applicable(PATHWAY, subject)]


def test_the_nerve_questions_come_first() -> None:
    assert asked(opened())[:5] == ["saddle_numbness", "bladder", "bowel", "leg_weakness", "general_symptoms"]
    first = questionnaire.next_question(PATHWAY, opened())
    assert first is not None
    assert first.id == "saddle_numbness"


@pytest.mark.parametrize(("checkin", "taps"), [("day3", 10), ("week2", 11), ("week6", 12), ("month3", 12)])
def test_a_well_patient_has_few_questions(checkin: str, taps: int) -> None:
    assert len(asked(case(checkin))) == taps
    assert questionnaire.done(PATHWAY, case(checkin))


def test_a_symptom_opens_its_details() -> None:
    fever = asked(opened(general_symptoms=["fever", "wound", "headache"]))
    assert {"fever_unwell", "fever_temp", "wound_signs", "headache_detail"} <= set(fever)
    assert "fever_temp" not in asked(opened(general_symptoms=["none"]))


def test_pain_and_history_open_the_questions_about_pain() -> None:
    assert "leg_pain_side" in asked(opened(leg_pain=3))
    assert "leg_pain_onset" not in asked(opened(leg_pain=3))
    rose = dataclasses.replace(opened(leg_pain=3), history=(before(), past("day3", leg_pain=1)))
    assert "leg_pain_onset" in asked(rose)
    assert "pain_relief" in asked(opened(back_pain=7))


def test_medicines_open_their_questions_by_the_day() -> None:
    assert "med_frequency" in asked(opened("week6", pain_meds="strong"))
    assert "med_frequency" not in asked(opened("week2", pain_meds="strong"))
    assert "opioid_control" in asked(opened("week2", pain_meds="strong"))
    assert "opioid_control" not in asked(opened("week2", pain_meds="simple"))


def test_an_answer_nobody_can_read_is_asked_again() -> None:
    garbled = opened(saddle_numbness="kinda", bladder="normal")
    waiting = questionnaire.next_question(PATHWAY, garbled)
    assert waiting is not None
    assert waiting.id == "saddle_numbness"
    assert not questionnaire.done(PATHWAY, garbled)


def test_progress_counts_what_applies_now() -> None:
    assert questionnaire.progress(PATHWAY, opened()) == questionnaire.Progress(position=1, total=11)
    two = opened(saddle_numbness="absent", bladder="normal")
    assert questionnaire.progress(PATHWAY, two) == questionnaire.Progress(position=3, total=11)
    assert questionnaire.progress(PATHWAY, case()) == questionnaire.Progress(position=11, total=11)


def test_back_goes_to_the_question_before() -> None:
    assert questionnaire.previous_question(PATHWAY, opened()) is None
    one = questionnaire.previous_question(PATHWAY, opened(saddle_numbness="absent"))
    assert one is not None
    assert one.id == "saddle_numbness"
    named = questionnaire.previous_question(PATHWAY, case(), "bowel")
    assert named is not None
    assert named.id == "bladder"
    last = questionnaire.previous_question(PATHWAY, case())
    assert last is not None
    assert last.id == "anything_else"


def test_every_question_can_be_reached() -> None:
    everything = {
        "general_symptoms": ["fever", "wound", "headache"],
        "leg_pain": 8,
        "pain_meds": "strong",
        "anything_else": "write",
    }
    reached = set(asked(dataclasses.replace(opened("week6"), answers={**well("week6"), **everything})))
    assert reached == {question.id for question in PATHWAY.questions_for("week6")}
    assert {question.id for question in PATHWAY.questions} == reached
