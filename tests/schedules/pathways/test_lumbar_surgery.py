"""The shipped pathway keeps the promises of the hazard log that are matters of content."""

from __future__ import annotations

import re
from typing import Any

import pytest

from schedules.pathway import Level
from tests.schedules.cases import DAYS, PATHWAY, before, case, fired, level

LOUD = (Level.URGENT, Level.EMERGENCY)
LANGUAGES = ("en", "es")
NUMBER = re.compile(r"\{(?:team_phone|emergency_number|out_of_hours|crisis_line)\}")
WAIT = {
    "en": re.compile(r"(?<!not )\b(?:wait for us|wait for our|we will (?:ring|call) you)", re.IGNORECASE),
    "es": re.compile(r"(?<!no )\b(?:espere|le llamaremos)", re.IGNORECASE),
}
SIGNS = {
    "en": ("numb between the legs", "pee", "bowel", "weak leg", "chest pain", "breath"),
    "es": ("entre las piernas", "orinar", "vientre", "pierna", "pecho", "aire"),
}
"""The six warning signs, by the words that tell them."""


def cards_of(*levels: Level) -> list[str]:
    """Every card that a rule, a category of typed words or an answer of the re-screen sends at these levels."""
    sent = {rule.tell_patient for rule in PATHWAY.all_rules if rule.level in levels}
    sent |= {category.card for category in PATHWAY.freetext.categories if category.level in levels and category.card}
    sent |= {
        answer.tell_patient for answer in PATHWAY.rescreen.options if answer.level in levels and answer.tell_patient
    }
    return sorted(sent & PATHWAY.cards.keys())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("card", cards_of(*LOUD))
def test_an_urgent_or_emergency_card_gives_a_number_to_ring_and_never_says_to_wait(card: str, language: str) -> None:
    words = PATHWAY.cards[card].in_(language)
    assert NUMBER.search(words)
    assert not WAIT[language].search(words)


@pytest.mark.parametrize(("language", "words"), [("en", "Please wait for our call."), ("es", "Espere a que llamemos.")])
def test_a_card_that_says_to_wait_would_be_noticed(language: str, words: str) -> None:
    assert WAIT[language].search(words)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("card", ["card_routine", "card_warning_signs"])
def test_the_card_after_a_calm_check_in_lists_all_six_warning_signs(card: str, language: str) -> None:
    words = PATHWAY.cards[card].in_(language).casefold()
    assert [sign for sign in SIGNS[language] if sign not in words] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_consent_says_what_the_chat_is_not(language: str) -> None:
    words = PATHWAY.consent.text.in_(language)
    assert "{emergency_number}" in words
    assert "Telegram" in words
    assert "STOP" in words


@pytest.mark.parametrize("checkin", DAYS)
@pytest.mark.parametrize("question", ["saddle_numbness", "bladder", "bowel", "leg_weakness"])
def test_not_sure_about_a_nerve_question_is_urgent_at_every_check_in(question: str, checkin: str) -> None:
    doubt: dict[str, Any] = {question: "not_sure"}
    assert level(case(checkin, **doubt)) >= Level.URGENT


@pytest.mark.parametrize("checkin", DAYS)
def test_a_call_can_be_asked_for_at_every_check_in(checkin: str) -> None:
    assert "wants_contact" in fired(case(checkin, anything_else="call_me"))


@pytest.mark.parametrize(
    ("question", "answer", "baseline"),
    [
        ("bladder", "slow_improving", "normal"),
        ("bladder", "old_problem", "old_problem"),
        ("bowel", "constipated", "normal"),
        ("bowel", "old_problem", "old_problem"),
        ("saddle_numbness", "known_same", "known_same"),
        ("leg_weakness", "known_same_or_better", "known_same_or_better"),
    ],
)
def test_a_soft_or_an_old_sign_alone_is_no_emergency(question: str, answer: str, baseline: str) -> None:
    given: dict[str, Any] = {question: answer}
    assert level(case(history=(before(**{question: baseline}),), **given)) < Level.EMERGENCY


def test_advice_on_ice_heat_and_driving_has_its_limits() -> None:
    ice, driving = (PATHWAY.selfcare[name].in_("en") for name in ("ice_heat", "driving"))
    assert all(words in ice for words in ("15 to 20 minutes", "cloth", "not use it on numb skin or on the wound"))
    assert "Do not drive until your team says you can" in driving


def test_no_rule_sends_self_care() -> None:
    told = {rule.tell_patient for rule in PATHWAY.all_rules}
    assert told & PATHWAY.selfcare.keys() == set()
