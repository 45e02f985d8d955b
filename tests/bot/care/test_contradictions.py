"""Two things a patient said that cannot both be right: a clinician hears of it, and the question is asked once more."""

from __future__ import annotations

import pytest

from bot.db.models import Answer
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward

SURE = "We want to be sure we understood."
TRIPS = "my left toes catch on the carpet and I trip"
STRONG, WEAKER = "Strong, no problem", "A bit weaker, new or worse"


@pytest.fixture
def ana(ward: Ward) -> Phone:
    one = phone(ward, ward.team("Spine"))
    one.goes_to(3)
    one.taps("Start")
    return one


def asks(one: Phone) -> str | None:
    row = one.checkin()
    return row.question if row.stage == "asking" else None


def contradicts(one: Phone) -> None:
    """Strong legs, and in the end a foot that catches, told in words."""
    one.answers(until="anything_else")
    one.taps("I want to write something")
    one.types(TRIPS)


def values(given: list[Answer]) -> list[object]:
    return [row.value for row in given]


def test_words_that_contradict_an_answer_have_it_asked_again_in_other_words(ana: Phone) -> None:
    contradicts(ana)
    assert "strong_legs_yet_weak" in ana.findings()
    ana.taps("Go on")
    assert asks(ana) == "leg_weakness"
    assert SURE in ana.sees().text
    assert "lifting your toes off the floor" in ana.sees().text


def test_the_answer_in_doubt_is_not_held_out_to_be_kept(ana: Phone) -> None:
    contradicts(ana)
    ana.taps("Go on")
    assert "Your answer now" not in ana.sees().text
    assert "Keep this answer" not in [button.label for row in ana.sees().rows for button in row]


def test_the_new_answer_stands_beside_the_first_and_ends_the_check_in(ana: Phone) -> None:
    contradicts(ana)
    ana.taps("Go on")
    ana.ward.passes(seconds=20)
    ana.taps(WEAKER)
    first, second = ana.standing("leg_weakness")
    assert (first.value, second.value, second.corrects_id) == ("none", "weaker", first.id)
    assert ana.checkin().end_reason == "answered"
    assert "leg_weakness_new" in ana.findings()


def test_the_same_answer_again_is_an_answer_and_is_not_asked_a_third_time(ana: Phone) -> None:
    contradicts(ana)
    ana.taps("Go on")
    ana.ward.passes(seconds=20)
    ana.taps(STRONG)
    assert values(ana.standing("leg_weakness")) == ["none", "none"]
    assert asks(ana) is None
    assert ana.checkin().end_reason == "answered"


def test_a_milder_answer_the_second_time_lowers_nothing(ana: Phone) -> None:
    ana.answers(until="leg_weakness")
    ana.taps("foot, or it slaps")
    ana.taps("Go on")
    ana.answers(until="activity")
    ana.taps("Well, a bit more each week")
    assert "weak_legs_yet_walks_well" in ana.findings()
    assert asks(ana) == "leg_weakness"
    ana.ward.passes(seconds=20)
    ana.taps(STRONG)
    case = ana.escalation()
    assert case is not None
    assert (ana.level(), case.level, case.state) == ("emergency", "emergency", "open")


def test_a_double_tap_does_not_answer_the_question_in_its_other_words(ana: Phone) -> None:
    ana.types(TRIPS)
    ana.taps("Go on")
    ana.answers(until="leg_weakness")
    ana.taps(STRONG)
    assert SURE in ana.sees().text
    ana.taps(STRONG)
    assert values(ana.standing("leg_weakness")) == ["none"]
    assert asks(ana) == "leg_weakness"


def test_words_before_the_question_contradict_it_as_soon_as_it_is_answered(ana: Phone) -> None:
    ana.types(TRIPS)
    ana.taps("Go on")
    ana.answers(until="leg_weakness")
    assert SURE not in ana.sees().text
    ana.taps(STRONG)
    assert asks(ana) == "leg_weakness"
    assert SURE in ana.sees().text


def test_the_re_screen_contradicts_an_answer_of_a_check_in_just_finished(ana: Phone) -> None:
    ana.answers()
    ana.ward.passes(minutes=20)
    ana.types("hello there, a question about my shoes")
    ana.taps("New weak leg or foot", ana.rescreen())
    ana.taps("Done", ana.rescreen())
    assert {"rescreen_legs", "strong_legs_yet_weak"} <= ana.findings()
    assert "please go on" in ana.sees().text
    ana.taps("Go on")
    assert SURE in ana.sees().text
    ana.taps(WEAKER)
    assert "These are your answers." in ana.sees().text


def test_words_after_the_end_are_followed_by_the_action_card_and_then_the_offer(ana: Phone) -> None:
    ana.answers()
    ana.ward.passes(minutes=20)
    ana.types(TRIPS)
    assert any("Go to A&amp;E now" in text for text in ana.told())
    assert ana.checkin().stage == "action"
    ana.taps("Go on")
    assert SURE in ana.sees().text


def test_other_words_beside_the_question_are_a_message_and_no_attempt_at_it(ana: Phone) -> None:
    ana.answers()
    ana.ward.passes(minutes=20)
    ana.types(TRIPS)
    ana.taps("Go on")
    ana.types("when is my next visit please")
    assert values(ana.standing("leg_weakness")) == ["none"]
    assert ana.messages()[-1].rescreen == "asked"
    ana.ward.passes(minutes=11)
    ana.ticks()
    assert "failsafe_unreadable_redflag" not in ana.findings()


def test_one_question_at_a_time_while_the_re_screen_waits(ana: Phone) -> None:
    ana.answers()
    ana.ward.passes(minutes=20)
    ana.types("I have been feeling so low and hopeless")
    assert ana.messages()[-1].rescreen == "asked"
    assert asks(ana) is None


def test_what_is_said_hours_after_the_end_is_a_change_and_no_contradiction(ana: Phone) -> None:
    ana.answers()
    ana.ward.passes(hours=3)
    ana.types(TRIPS)
    assert "free_text_emergency" in ana.findings()
    assert "strong_legs_yet_weak" not in ana.findings()
    assert asks(ana) is None


def test_after_the_crisis_card_nothing_is_asked_again_that_day(ward: Ward) -> None:
    one = phone(ward, ward.team("Spine"))
    one.goes_to(14)
    one.taps("Start")
    one.answers()
    ward.passes(minutes=5)
    one.types("I want to end my life")
    assert "mood_ok_yet_low" in one.findings()
    assert asks(one) is None


def test_a_check_in_that_closes_before_the_second_answer_counts_as_answered(ana: Phone) -> None:
    contradicts(ana)
    ana.ward.passes(days=3)
    ana.ticks()
    assert ana.checkin("day3").end_reason == "answered"
    assert "failsafe_redflag_missing" not in ana.findings()


def test_a_contradiction_is_one_review_item_that_joins_the_case(ana: Phone) -> None:
    contradicts(ana)
    case = ana.escalation()
    assert case is not None
    assert case.level == "emergency"
    found = [finding for finding in ana.assessments()[-1].findings if finding["rule"] == "strong_legs_yet_weak"]
    assert [(one["level"], one["within_days"]) for one in found] == [("review", 1)]


def test_the_second_wording_is_in_the_patients_language(ward: Ward) -> None:
    one = phone(ward, ward.team("Spine"), language="es")
    one.goes_to(3)
    one.taps("Empezar")
    one.types("arrastro el pie y tropiezo")
    one.taps("Seguir")
    for words in ("No", "Normal", "Normal", "Bien, sin problema"):
        one.taps(words)
    assert "Queremos estar seguros de haberle entendido bien." in one.sees().text
