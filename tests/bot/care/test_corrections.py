"""Answers stay open to correction after the end: judged again beside the first, never lowered, never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.care import answers
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward


@pytest.fixture
def ana(ward: Ward) -> Phone:
    one = phone(ward, ward.team("Spine"))
    one.goes_to(3)
    one.taps("Start")
    return one


def corrects(one: Phone, question: str) -> None:
    one.taps("Change an answer")
    one.taps(question)


def test_pausing_a_correction_brings_the_answers_back(ana: Phone) -> None:
    ana.answers()
    corrects(ana, "How is peeing?")
    ana.taps("Pause")
    assert "These are your answers." in ana.sees().text


def test_a_correction_paused_at_its_follow_up_goes_on_there(ana: Phone) -> None:
    ana.answers()
    corrects(ana, "Since your operation")
    ana.taps("Something not right with my wound")
    ana.taps("Done")
    ana.taps("Pause")
    ana.taps("Go on")
    assert "What is it like?" in ana.sees().text


def test_back_while_correcting_shows_the_question_before(ana: Phone) -> None:
    ana.answers()
    corrects(ana, "How is peeing?")
    ana.taps("Back")
    ana.taps("Keep this answer")
    assert "These are your answers." in ana.sees().text


def test_a_red_correction_that_opens_a_question_still_offers_it(ana: Phone) -> None:
    ana.answers()
    corrects(ana, "Since your operation")
    ana.taps("A swollen, hot or sore calf")
    ana.taps("Something not right with my wound")
    ana.taps("Done")
    assert "please go on" in ana.sees().text
    ana.taps("Go on")
    assert "What is it like?" in ana.sees().text


def test_a_correction_left_at_its_follow_up_reaches_a_clinician_after_ten_minutes(ana: Phone) -> None:
    ana.answers()
    corrects(ana, "Since your operation")
    ana.taps("Something not right with my wound")
    ana.taps("Done")
    ana.ward.passes(minutes=11)
    ana.ticks()
    assert "failsafe_detail_missing" in ana.findings()


def test_a_correction_that_nobody_can_read_reaches_a_clinician_after_ten_minutes(ana: Phone) -> None:
    ana.answers()
    corrects(ana, "How is peeing?")
    ana.types("kinda")
    ana.ward.passes(minutes=11)
    ana.ticks()
    assert "failsafe_unreadable_redflag" in ana.findings()


def test_a_typed_correction_stands_beside_the_first_answer(ana: Phone) -> None:
    ana.answers()
    corrects(ana, "How is peeing?")
    ana.types("not sure")
    assert [row.value for row in ana.standing("bladder")] == ["normal", "not_sure"]
    assert ana.checkin().stage == "summary"


def test_a_list_is_corrected_from_the_ticks_that_stand(ana: Phone) -> None:
    ana.answers()
    corrects(ana, "Since your operation")
    assert ana.checkin().picks == ["none"]
    ana.taps("A fall or a bad jolt")
    ana.taps("Done")
    assert [row.value for row in ana.standing("general_symptoms")] == [["none"], ["fall"]]
    assert "fall_any" in ana.findings()


def test_an_old_pause_button_after_the_end_changes_nothing(ana: Phone) -> None:
    ana.answers(until="anything_else")
    old = ana.sees()
    ana.taps("No, that is all")
    ana.taps("Pause", old)
    assert ana.checkin().stage == "summary"


def test_a_crisis_while_correcting_shows_the_crisis_card_and_asks_nothing_more(ward: Ward) -> None:
    ben = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=13))
    ben.goes_to(14)
    ben.taps("Start")
    ben.answers()
    corrects(ben, "How have you felt in yourself?")
    ben.taps("I do not feel safe, or I think of harming myself")
    assert "You matter." in ben.told()[-1]
    assert "You matter." in ben.sees().text
    toast = ben.taps("Change an answer")
    assert toast is not None
    assert "not ask" in toast.text
    assert "You matter." in ben.sees().text


def test_a_check_in_left_in_a_crisis_with_all_answers_given_closes_like_any_other(ward: Ward) -> None:
    ben = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=13))
    ben.goes_to(14)
    ben.taps("Start")
    ben.answers(mood="I do not feel safe, or I think of harming myself")
    answers.record(ben.session, ben.checkin(), "anything_else", "nothing", ben.now, ward.clinic)
    ben.session.commit()
    ben.goes_to(18, "10:00")
    assert ben.checkin().end_reason == "answered"
    corrects(ben, "How is peeing?")
    assert "Your answer now: Normal for me" in ben.sees().text
