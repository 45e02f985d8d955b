"""Cards of a check-in: large plain buttons, words beside every sign, and nothing from outside unescaped."""

from __future__ import annotations

import pytest

from bot.cards import TEXT_LIMIT, patient
from bot.cards.patient import Asking, Line
from bot.chat import tokens
from schedules import catalog
from schedules.pathway import Question

PATHWAY = catalog.shipped()


def label(key: str) -> str:
    return PATHWAY.texts[key].in_("en")


def asking(name: str, language: str = "en", **more: object) -> Asking:
    question = PATHWAY.question(name)
    return Asking(
        checkin=8412,
        index=PATHWAY.questions.index(question),
        question=question,
        text=question.text.in_(language),
        language=language,
        position=3,
        total=11,
        **more,  # type: ignore[arg-type]  # the fields a test is about
    )


def labels(card: patient.Card) -> list[list[str]]:
    return [[one.label for one in row] for row in card.rows]


def test_progress_and_one_question_stand_in_one_message() -> None:
    card = patient.asking(asking("bladder"), label)
    assert card.text.startswith("<i>3 of 11</i>\n\n<b>How is peeing?</b>")


def test_long_options_are_written_out_and_numbered_one_to_a_row() -> None:
    card = patient.asking(asking("bladder"), label)
    assert "8. I can't pee (6 hours or more)" in card.text
    assert labels(card)[0] == ["1. Normal for me"]
    assert all(len(row) == 1 for row in card.rows[:8])


def test_short_options_share_a_row() -> None:
    assert labels(patient.asking(asking("fever_unwell"), label))[:2] == [["1. No", "2. Not sure"], ["3. Yes"]]


def test_a_scale_has_two_rows_and_words_for_its_ends() -> None:
    card = patient.asking(asking("back_pain"), label)
    assert "0 means none." not in patient.asking(asking("leg_pain"), label).text
    assert labels(card)[:2] == [["0", "1", "2", "3", "4", "5"], ["6", "7", "8", "9", "10"]]
    assert "0 means none. 10 means the worst." in card.text


def test_ticks_are_said_in_words_too() -> None:
    card = patient.asking(asking("general_symptoms", picks=("fever",)), label)
    assert "Ticked: Fever, or feeling hot and shivery" in card.text
    assert labels(card)[3] == ["☑ 4. Fever, or feeling hot and shivery"]
    assert labels(card)[0] == ["☐ 1. None of these"]
    assert labels(card)[-2:] == [["Done"], ["Pause"]]


def test_a_number_has_its_special_answer_as_a_button() -> None:
    assert labels(patient.asking(asking("fever_temp"), label))[0] == ["No thermometer"]


def test_an_optional_question_may_be_skipped() -> None:
    assert ["Skip this question"] in labels(patient.asking(asking("sexual_function"), label))


def test_back_and_the_answer_that_stands_are_shown_when_there_is_one() -> None:
    card = patient.asking(asking("bladder", back=True, given="Normal for me"), label)
    assert labels(card)[-2:] == [["Keep this answer"], ["Back", "Pause"]]
    assert "Your answer now: Normal for me" in card.text


def test_hints_and_notices_are_said_and_escaped() -> None:
    card = patient.asking(asking("free_text", hint="a < b", notice="x & y", below="1 > 0"), label)
    assert "<b>a &lt; b</b>" in card.text
    assert card.text.startswith("x &amp; y")
    assert card.text.endswith("1 &gt; 0")


@pytest.mark.parametrize("question", PATHWAY.questions, ids=lambda question: question.id)
@pytest.mark.parametrize("language", PATHWAY.languages)
def test_every_question_fits_into_telegram(question: Question, language: str) -> None:
    picks = tuple(option.id for option in question.options)
    view = asking(question.id, language, picks=picks, back=True, given="x")
    card = patient.asking(view, lambda key: PATHWAY.texts[key].in_(language))
    assert len(card.text) <= TEXT_LIMIT
    for row in card.rows:
        for one in row:
            assert one.action is not None
            assert len(tokens.encode(one.action, -1001234567890, b"secret")) <= tokens.LIMIT_BYTES


def test_a_long_summary_is_shortened_and_still_names_every_question() -> None:
    lines = [Line(index=n, question=f"Question {n} " + "long " * 20, answer="answer " * 20) for n in range(24)]
    card = patient.finished(1, ("Thank you.",), "Your answers", lines, label, changeable=True)
    assert len(card.text) <= TEXT_LIMIT
    assert all(f"Question {n} " in card.text for n in range(24))


def test_answers_in_own_words_are_escaped() -> None:
    lines = [Line(index=0, question="Anything else?", answer="<b>no</b>")]
    card = patient.finished(1, (), "", lines, label, changeable=True)
    assert "<b>&lt;b&gt;no&lt;/b&gt;</b>" in card.text


def test_a_check_in_that_may_still_be_answered_offers_to_begin() -> None:
    assert labels(patient.closed(("Over.",), label, answer_now=4)) == [["Start"], ["Something has changed"]]
    assert labels(patient.closed(("Over.",), label)) == [["Something has changed"]]


def test_an_emergency_stands_out_in_bold() -> None:
    assert patient.action("Go & ring", emergency=True).text == "<b>Go &amp; ring</b>"
    assert patient.action("Ring", emergency=False).text == "Ring"


def test_the_rescreen_ticks_like_any_list() -> None:
    question = PATHWAY.rescreen
    text = question.text.in_("es")
    card = patient.rescreen(7, text, question.options, ("legs",), "es", lambda key: PATHWAY.texts[key].in_("es"))
    assert labels(card)[3] == [f"☑ 4. {question.options[3].text.in_('es')}"]
    assert card.rows[3][0].action == patient.button("", "p_rs", 7, 3, 0).action
    assert labels(card)[-1] == ["Listo"]
    hinted = patient.rescreen(7, text, question.options, (), "en", label, hint="Choose <one>")
    assert "<b>Choose &lt;one&gt;</b>" in hinted.text
