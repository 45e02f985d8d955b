"""What of a finding may be kept and shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.care import facts
from schedules import catalog

PATHWAY = catalog.shipped()
QUESTIONS = [question.id for question in PATHWAY.questions]
KEYS = [
    *QUESTIONS,
    "baseline.bladder",
    "best.leg_pain",
    "status",
    "category",
    "list",
    "days",
    "previous",
    "free_text",
    "rescreen",
    "anything",
]


@pytest.mark.parametrize(
    ("question", "value", "said"),
    [
        ("saddle_numbness", "new_or_worse", "Saddle numbness: Yes, it is new or worse"),
        ("leg_pain", 8, "Leg pain: 8/10"),
        ("fever_temp", 38.4, "Fever temp: 38.4 °C"),
        ("fever_temp", "none", "Fever temp: No thermometer"),
        ("general_symptoms", ["fever", "wound"], None),
        ("bladder", None, "Bladder: could not be read"),
        ("bladder", "Ana Ruiz cannot pee", "Bladder: could not be read"),
        ("bladder", {"Ana": 1}, "Bladder: could not be read"),
        ("leg_pain", True, "Leg pain: could not be read"),
        ("previous", 3, "Previous: 3"),
        ("baseline.leg_pain", 7, "Leg pain before surgery: 7/10"),
        ("previous.leg_pain", 2, "Leg pain at the check-in before: 2/10"),
        ("baseline.bladder", None, "Bladder before surgery: not recorded"),
        ("checkin", "day3", "Check-in: Day 3"),
        ("message", 12, None),
        ("procedure", "fusion", None),
        ("flag", True, None),
        ("anything", "Ana Ruiz", None),
        ("category", "mood_crisis", "Category: mood crisis"),
        ("unanswered", ["bladder", "bowel"], "Unanswered: bladder, bowel"),
        ("rescreen", ["saddle", "unheard_of"], None),
    ],
)
def test_a_fact_is_said_in_plain_words(question: str, value: Any, said: str | None) -> None:
    lines = facts.lines(PATHWAY, {question: value})
    if said is not None:
        assert lines == (said,)
    elif lines:
        assert "_" not in lines[0]


def test_a_list_of_ticks_is_said_by_its_options() -> None:
    (line,) = facts.lines(PATHWAY, {"general_symptoms": ("fever", "wound")})
    assert "Fever" in line
    assert "wound" in line


def test_the_re_screen_is_said_by_its_options() -> None:
    (line,) = facts.lines(PATHWAY, {"rescreen": ["saddle"]})
    assert "Numb between the legs" in line


def test_an_empty_choice_is_no_answer() -> None:
    assert facts.words(PATHWAY.question("general_symptoms"), []) == facts.UNANSWERED
    assert facts.words(PATHWAY.question("general_symptoms"), None) == facts.UNANSWERED


@given(
    st.dictionaries(
        st.sampled_from(KEYS),
        st.one_of(
            st.just("Rosalind Quimby"),
            st.just(["Rosalind Quimby", "fever"]),
            st.just({"name": "Rosalind Quimby"}),
            st.just(["saddle", {"x": "Rosalind Quimby"}]),
            st.integers(),
            st.none(),
        ),
    )
)
def test_what_a_patient_wrote_is_neither_kept_nor_shown(because: dict[str, Any]) -> None:
    kept = facts.kept(PATHWAY, because)
    assert "Quimby" not in repr(kept)
    assert "Quimby" not in repr(facts.lines(PATHWAY, kept))
    assert "Quimby" not in repr(facts.lines(PATHWAY, because))
