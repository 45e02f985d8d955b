"""Typed and tapped answers: whole matches only, in two languages, and never a guess."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import questions
from schedules.questions import Answer, Rejected, Unreadable
from tests.schedules.cases import PATHWAY

TYPED: list[tuple[str, str, str, object]] = [
    ("leg_pain", "8", "en", 8),
    ("leg_pain", " eight ", "en", 8),
    ("leg_pain", "Eight.", "en", 8),
    ("leg_pain", "ocho", "es", 8),
    ("leg_pain", "ocho", "en", 8),
    ("leg_pain", "8/10", "en", 8),
    ("leg_pain", "8 out of 10", "en", 8),
    ("leg_pain", "8 de 10", "es", 8),
    ("leg_pain", "8,0", "es", 8),
    ("leg_pain", "0", "en", 0),
    ("leg_pain", "10", "en", 10),
    ("fever_temp", "38,4 °C", "es", 38.4),
    ("fever_temp", "38.4c", "en", 38.4),
    ("fever_temp", "38.4", "en", 38.4),
    ("fever_temp", "38º", "es", 38.0),
    ("fever_temp", "38 grados", "es", 38.0),
    ("fever_temp", "101 F", "en", 38.3),
    ("fever_temp", "100.4", "en", 38.0),
    ("fever_temp", "37℃", "en", 37.0),
    ("fever_temp", "no thermometer", "en", "none"),
    ("fever_temp", "Sin termómetro", "es", "none"),
    ("fever_temp", "sin termometro", "en", "none"),
    ("saddle_numbness", "no", "en", "absent"),
    ("saddle_numbness", "NOPE!", "en", "absent"),
    ("saddle_numbness", "nada", "es", "absent"),
    ("saddle_numbness", "Yes, it is new or worse", "en", "new_or_worse"),
    ("saddle_numbness", "si, es nuevo o ha empeorado", "es", "new_or_worse"),
    ("saddle_numbness", "don’t know", "en", "not_sure"),
    ("saddle_numbness", "no sé", "es", "not_sure"),
    ("saddle_numbness", "2", "en", "known_same"),
    ("bladder", "I can't pee", "en", "cannot_pee"),
    ("bladder", "no puedo orinar", "es", "cannot_pee"),
    ("fever_unwell", "sí", "es", "present"),
    ("fever_unwell", "yes", "en", "present"),
    ("general_symptoms", "fever and wound", "en", ("fever", "wound")),
    ("general_symptoms", "wound, fever", "en", ("fever", "wound")),
    ("general_symptoms", "fiebre y herida", "es", ("fever", "wound")),
    ("general_symptoms", "2, 4", "en", ("leg_numb_new", "fever")),
    ("general_symptoms", "2 4 4", "en", ("leg_numb_new", "fever")),
    ("general_symptoms", "none", "en", ("none",)),
    ("general_symptoms", "Fever, or feeling hot and shivery", "en", ("fever",)),
    ("pain_meds", "ninguna", "es", "none"),
    ("anything_else", "that's all", "en", "nothing"),
    ("free_text", "  my scar itches ", "en", "my scar itches"),
]


@pytest.mark.parametrize(("question", "raw", "language", "value"), TYPED)
def test_what_is_typed_is_understood(question: str, raw: str, language: str, value: object) -> None:
    assert questions.parse(PATHWAY.question(question), raw, language) == Answer(value)  # type: ignore[arg-type]


NOT_UNDERSTOOD: list[tuple[str, str, str]] = [
    ("saddle_numbness", "yes", "hint_choice"),
    ("saddle_numbness", "sí", "hint_choice"),
    ("saddle_numbness", "kinda", "hint_choice"),
    ("saddle_numbness", "no?", "hint_choice"),
    ("saddle_numbness", "no 😢", "hint_choice"),
    ("saddle_numbness", "👍", "hint_choice"),
    ("saddle_numbness", "", "hint_choice"),
    ("saddle_numbness", "no but a bit new", "hint_choice"),
    ("saddle_numbness", "5", "hint_choice"),
    ("saddle_numbness", "0", "hint_choice"),
    ("saddle_numbness", "1o", "hint_choice"),
    ("bladder", "no", "hint_choice"),
    ("bladder", "can't", "hint_choice"),
    ("leg_weakness", "none", "hint_choice"),
    ("leg_weakness", "both legs", "hint_choice"),
    ("general_symptoms", "none and fever", "hint_multi"),
    ("general_symptoms", "fever and something else", "hint_multi"),
    ("general_symptoms", "1, 3", "hint_multi"),
    ("general_symptoms", "3, 99", "hint_multi"),
    ("general_symptoms", ",", "hint_multi"),
    ("general_symptoms", "no fever", "hint_multi"),
    ("leg_pain", "11", "hint_scale"),
    ("leg_pain", "-1", "hint_scale"),
    ("leg_pain", "7.5", "hint_scale"),
    ("leg_pain", "1o", "hint_scale"),
    ("leg_pain", "8/20", "hint_scale"),
    ("leg_pain", "about 8", "hint_scale"),
    ("leg_pain", "٨", "hint_scale"),
    ("fever_temp", "60", "hint_number"),
    ("fever_temp", "38.4 F", "hint_number"),
    ("fever_temp", "101 C", "hint_number"),
    ("fever_temp", "hot", "hint_number"),
    ("fever_temp", "29.9", "hint_number"),
    ("fever_temp", "113.1", "hint_number"),
    ("free_text", "   ", "hint_text"),
]


@pytest.mark.parametrize(("question", "raw", "hint"), NOT_UNDERSTOOD)
def test_what_is_doubtful_is_asked_again(question: str, raw: str, hint: str) -> None:
    for language in ("en", "es"):
        assert questions.parse(PATHWAY.question(question), raw, language) == Rejected(hint)
    assert hint in PATHWAY.texts


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_option_can_be_typed_as_it_is_written(language: str) -> None:
    for question in PATHWAY.questions:
        for number, option in enumerate(question.options, start=1):
            wanted = Answer((option.id,)) if question.type == "multi" else Answer(option.id)
            assert questions.parse(question, option.text.in_(language), language) == wanted
            assert questions.parse(question, str(number), language) == wanted


def test_the_re_screen_can_be_typed_too() -> None:
    screen = PATHWAY.rescreen
    assert questions.parse_choices(screen.options, screen.exclusive, "none", "en") == Answer(("none",))
    assert questions.parse_choices(screen.options, screen.exclusive, "2,3", "en") == Answer(("saddle", "pee_poo"))


STRUCTURED: list[tuple[str, object, object]] = [
    ("bladder", "leaking", Answer("leaking")),
    ("bladder", "Leaking", Unreadable("Leaking")),
    ("bladder", ["leaking"], Unreadable(["leaking"], ("leaking",))),
    ("bladder", True, Unreadable(True)),
    ("general_symptoms", ["fever", "wound"], Answer(("fever", "wound"))),
    ("general_symptoms", "fever", Answer(("fever",))),
    ("general_symptoms", ["none", "fever"], Answer(("fever",))),
    ("general_symptoms", ["fever", 3], Unreadable(["fever", 3], ("fever",))),
    ("general_symptoms", [], Unreadable([])),
    ("general_symptoms", 11, Unreadable(11)),
    ("leg_pain", 8, Answer(8)),
    ("leg_pain", 8.0, Answer(8)),
    ("leg_pain", "8", Answer(8)),
    ("leg_pain", 8.5, Unreadable(8.5)),
    ("leg_pain", 11, Unreadable(11)),
    ("leg_pain", -1, Unreadable(-1)),
    ("leg_pain", "x", Unreadable("x")),
    ("leg_pain", True, Unreadable(True)),
    ("leg_pain", math.inf, Unreadable(math.inf)),
    ("leg_pain", 10**400, Unreadable(10**400)),
    ("leg_pain", [8], Unreadable([8])),
    ("fever_temp", 38, Answer(38.0)),
    ("fever_temp", 101, Answer(38.3)),
    ("fever_temp", "38,4", Answer(38.4)),
    ("fever_temp", "none", Answer("none")),
    ("fever_temp", "warm", Unreadable("warm")),
    ("fever_temp", 60, Unreadable(60)),
    ("fever_temp", False, Unreadable(False)),
    ("fever_temp", 10**400, Unreadable(10**400)),
    ("free_text", "hello", Answer("hello")),
    ("free_text", 5, Unreadable(5)),
]


@pytest.mark.parametrize(("question", "value", "expected"), STRUCTURED)
def test_a_structured_value_is_an_answer_or_unreadable(question: str, value: object, expected: object) -> None:
    assert questions.validate(PATHWAY.question(question), value) == expected


def test_not_a_number_is_unreadable() -> None:
    assert isinstance(questions.validate(PATHWAY.question("leg_pain"), math.nan), Unreadable)
    assert isinstance(questions.validate(PATHWAY.question("fever_temp"), math.nan), Unreadable)


def test_a_number_without_a_unit_is_taken_as_it_is() -> None:
    steps = PATHWAY.question("fever_temp").model_copy(update={"unit": None, "min": 0.0, "max": 100.0})
    assert questions.parse(steps, "60", "en") == Answer(60.0)
    assert questions.parse(steps, "60 c", "en") == Rejected("hint_number")


@given(st.text(max_size=40))
def test_no_text_crashes_the_reading_of_an_answer(raw: str) -> None:
    for question in PATHWAY.questions:
        assert isinstance(questions.parse(question, raw, "en"), Answer | Rejected)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=5,
    )
)
def test_no_value_crashes_validation(value: object) -> None:
    for question in PATHWAY.questions:
        assert isinstance(questions.validate(question, value), Answer | Unreadable)
