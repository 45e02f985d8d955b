"""A tap whose question has left the screen: what is worse counts, what is not changes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.cards import Card, Toast
from bot.care import retiring
from bot.db.models import Outbox, Surface
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


def copies(ana: Phone) -> dict[int, bool]:
    """The messages that show the check-in, and whether it goes on in each."""
    rows = select(Surface).where(Surface.kind == "checkin", Surface.ref == ana.checkin().id)
    return {row.telegram_message_id: row.current for row in ana.session.scalars(rows)}


def test_a_copy_that_nobody_knew_of_goes_on_when_it_is_tapped_further_down(ana: Phone) -> None:
    old = at(ana, "bladder")
    ana.taps("Normal for me", old, message_id=100)
    ana.taps("Normal for me", old, message_id=205)  # the same question again, further down, answered already
    assert copies(ana) == {100: False, 205: True}


def test_an_unknown_copy_further_up_shows_where_it_goes_on(ana: Phone) -> None:
    old = at(ana, "bladder")
    ana.taps("Normal for me", old, message_id=205)
    ana.taps("Normal for me", old, message_id=100)
    assert copies(ana) == {100: False, 205: True}
    retired = ana.session.scalars(select(Outbox).where(Outbox.purpose == retiring.PURPOSE))
    assert [row.payload["message_id"] for row in retired] == [100]
