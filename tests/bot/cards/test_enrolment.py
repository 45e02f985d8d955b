"""What a coordinator and the bedside see while enrolling."""

from __future__ import annotations

from datetime import date

import pytest

from bot.cards import CAPTION_LIMIT, TEXT_LIMIT, Card
from bot.cards import enrolment as cards
from schedules import catalog

PATHWAY = catalog.shipped()
STEPS = (*cards.STEPS, *PATHWAY.baseline_fields, "team")


def labels(card: Card) -> list[str]:
    """The words on its buttons."""
    return [one.label for row in card.rows for one in row]


@pytest.mark.parametrize("step", STEPS)
def test_each_question_says_where_it_stands_and_how_to_leave(step: str) -> None:
    card = cards.step_card(step, PATHWAY, form=7, choices=("One", "Two"), steps=STEPS, problem="Mend <this>.")
    assert f"{STEPS.index(step) + 1} of {len(STEPS)}" in card.text
    assert "⚠️ Mend &lt;this&gt;." in card.text
    assert labels(card)[:2] == ["One", "Two"]
    assert labels(card)[-1] == "Cancel"
    assert ("Back" in labels(card)) == (step != "name")
    assert ("Skip" in labels(card)) == (step.startswith("kin") or step in PATHWAY.baseline_fields)


def test_every_button_carries_the_form_it_belongs_to() -> None:
    shown = [
        cards.step_card("kin_name", PATHWAY, form=7, choices=("One",), steps=STEPS, problem=None),
        cards.confirm_date("2026-01-01", date(2026, 3, 2), 7, 16),
        cards.read_back({}, PATHWAY, 7, 17),
    ]
    actions = [one.action for card in shown for row in card.rows for one in row]
    assert all(action is not None and action.args[0] == 7 for action in actions)


def test_the_read_back_holds_everything_and_warns_of_a_missing_baseline() -> None:
    card = cards.read_back({"name": "Ana <Ruiz>", "leg_pain": "7", "problem": "Already here"}, PATHWAY, 1, 2)
    assert "Ana &lt;Ruiz&gt;" in card.text
    assert "leg pain: 7" in card.text
    assert "⚠️ Already here" in card.text
    assert "Nothing recorded of the state before surgery" in cards.read_back({}, PATHWAY, 1, 2).text
    assert card.protect, "names are not to be forwarded"


def test_the_longest_read_back_fits_a_message() -> None:
    fields = dict.fromkeys((*cards.STEPS, "team", *PATHWAY.baseline_fields), "x" * 100)
    assert len(cards.read_back(fields, PATHWAY, 1, 2).text) < TEXT_LIMIT


@pytest.mark.parametrize(("day", "when"), [("2026-01-01", "60 days ago"), ("2026-03-05", "in 3 days")])
def test_an_unusual_date_is_said_in_days(day: str, when: str) -> None:
    assert when in cards.confirm_date(day, date(2026, 3, 2), 1, 2).text


def test_the_bedside_card_is_a_picture_that_can_be_passed_on() -> None:
    card = cards.bedside("K7Q2M", "https://t.me/aftercare_bot?start=i" + "x" * 43)
    assert card.file is not None
    assert card.file.content.startswith(b"\x89PNG")
    assert len(card.text) < CAPTION_LIMIT
    assert not card.protect, "the link is meant to be sent to the patient"
    assert "/invite K7Q2M" in card.text


@pytest.mark.parametrize("what", sorted(cards.TROUBLE))
def test_every_trouble_says_what_to_do_next(what: str) -> None:
    text = cards.trouble("K7Q2M", what).text
    assert "K7Q2M" in text
    assert "\nNext: " in text
    assert "{" not in text


def test_scales_and_options_become_buttons() -> None:
    assert cards.option_labels(PATHWAY.question("leg_pain")) == tuple(str(number) for number in range(11))
    assert len(cards.option_labels(PATHWAY.question("bladder"))) == len(PATHWAY.question("bladder").options)
