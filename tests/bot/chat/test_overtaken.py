"""A tap whose question has left the screen: what is worse counts, what is not changes nothing."""

from __future__ import annotations

import pytest

from bot.cards import Card, Toast
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward


@pytest.fixture
def ana(ward: Ward) -> Phone:
    """Ana, day 3, at the first question."""
    one = phone(ward, ward.team("Spine"))
    one.goes_to(3)
    one.taps("Start")
    return one


def at(ana: Phone, question: str) -> Card:
    """Answer well up to this question. Its screen."""
    ana.answers(until=question)
    return ana.sees()


def values(ana: Phone, question: str) -> list[object]:
    return [row.value for row in ana.standing(question)]


def test_a_red_tap_that_arrives_after_typed_words_counts_and_pages(ana: Phone) -> None:
    old = at(ana, "bladder")
    ana.types("normal for me")
    assert ana.taps("I can't pee", old) is None
    assert values(ana, "bladder") == ["normal", "cannot_pee"]
    assert ana.level() == "emergency"
    case = ana.escalation()
    assert case is not None
    assert case.level == "emergency"


def test_a_better_answer_that_arrives_late_changes_nothing(ana: Phone) -> None:
    old = at(ana, "bladder")
    ana.taps("Not sure")
    ana.taps("Go on")
    said = ana.taps("Normal for me", old)
    assert isinstance(said, Toast)
    assert said.text
    assert values(ana, "bladder") == ["not_sure"]


def test_a_tick_that_arrives_after_done_joins_what_was_ticked(ana: Phone) -> None:
    old = at(ana, "general_symptoms")
    ana.taps("A swollen, hot or sore calf")
    ana.taps("Done")
    ana.taps("Chest pain", old)
    assert values(ana, "general_symptoms") == [["calf"], ["calf", "chest_pain"]]
    assert ana.level() == "emergency"


def test_a_tick_that_arrives_after_none_of_these_takes_its_place(ana: Phone) -> None:
    old = at(ana, "general_symptoms")
    ana.taps("None of these")
    ana.taps("Done")
    ana.taps("A swollen, hot or sore calf", old)
    assert values(ana, "general_symptoms") == [["none"], ["calf"]]
    assert ana.level() == "urgent"


def test_none_of_these_that_arrives_late_takes_nothing_back(ana: Phone) -> None:
    old = at(ana, "general_symptoms")
    ana.taps("A swollen, hot or sore calf")
    ana.taps("Done")
    ana.taps("None of these", old)
    assert values(ana, "general_symptoms") == [["calf"]]


def test_a_worse_answer_after_the_end_is_judged_beside_the_first(ana: Phone) -> None:
    old = at(ana, "bladder")
    ana.answers()
    ana.taps("I can't pee", old)
    assert values(ana, "bladder") == ["normal", "cannot_pee"]
    assert ana.level() == "emergency"
