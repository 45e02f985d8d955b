"""What patients may not be told, what they may, and how hard it may be to read."""

from __future__ import annotations

import pytest

from schedules import catalog
from schedules.checks import grade, wording
from schedules.levels import Texts

SHIPPED = catalog.shipped()


def told(language: str, text: str) -> list[str]:
    """What is wrong with a card that says this."""
    card = Texts({**SHIPPED.cards["card_review"].root, language: text})
    edited = SHIPPED.model_copy(update={"cards": {**SHIPPED.cards, "card_review": card}})
    return [flaw.what for flaw in wording.flaws(edited)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "You're fine."),
        ("en", "Everything looks good."),
        ("en", "There is no need to worry."),
        ("en", "This is very common after surgery."),
        ("en", "It should go away on its own."),
        ("en", "That is not serious."),
        ("en", "No warning signs today."),
        ("es", "No es nada grave."),
        ("es", "Tranquila, se le pasará."),
        ("es", "Puede esperar."),
        ("en", "Skip your tablets tonight."),
        ("en", "Take more if it hurts."),
        ("en", "Double the dose."),
        ("en", "You can take ibuprofen."),
        ("en", "Do not stop the blood thinners."),
        ("en", "Take 1 g at night."),
        ("es", "Suba la dosis."),
        ("es", "Suspenda la medicación."),
        ("es", "Tome 400 mg."),
    ],
)
def test_reassurance_and_advice_on_medicines_are_refused(language: str, text: str) -> None:
    assert told(language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Do not stop or change them on your own."),
        ("en", "Ring {team_phone} now, before you take your next medicine."),
        ("en", "Keep it safe: others may read it."),
        ("en", "Type STOP to stop."),
        ("en", "Stop if pain or tingling gets worse."),
        ("es", "No las deje ni las cambie por su cuenta."),
        ("es", "Guárdelo bien: otros pueden leerlo."),
    ],
)
def test_what_sends_people_to_their_team_is_left_alone(language: str, text: str) -> None:
    assert told(language, text) == []


def test_patients_may_call_themselves_normal_and_name_their_medicines() -> None:
    assert "normal" in SHIPPED.question("bladder").option("normal").text.in_("en").casefold()
    assert "morphine" in SHIPPED.question("pain_meds").option("strong").text.in_("en")
    assert list(wording.flaws(SHIPPED)) == []


def test_every_english_text_can_be_read_by_a_child_of_eleven() -> None:
    assert list(grade.flaws(SHIPPED)) == []


def test_a_few_words_have_no_grade() -> None:
    assert grade.grade("Constipation") is None
    assert grade.grade("Is it any worse than it was?") is None


def test_long_words_and_long_sentences_are_hard() -> None:
    easy = grade.grade("How are you today? Did you walk a bit? Tell us how it went.")
    hard = grade.grade(
        "Please describe your current ambulatory capability and any perceived neurological deterioration."
    )
    assert easy is not None
    assert hard is not None
    assert easy < 2
    assert hard > 12


def test_the_names_of_medicines_do_not_count() -> None:
    plain = "Which of these did you take last week? Tap one."
    assert grade.grade(f"{plain} Gabapentin, pregabalin, amitriptyline.") == grade.grade(plain)
