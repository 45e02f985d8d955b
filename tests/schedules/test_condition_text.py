"""Conditions in words, for whoever reads a preview."""

from __future__ import annotations

from typing import Any

import pytest

from schedules import catalog, condition_text, conditions

PATHWAY = catalog.shipped()


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"q": "bladder", "in": ["leaking"]}, "bladder is “I leak or wet myself - new”"),
        ({"q": "general_symptoms", "has_any": ["headache"]}, "“A bad headache” is ticked at general symptoms"),
        ({"q": "leg_pain", "gte": 3}, "leg pain is 3 or more"),
        (
            {"all": [{"days": {"gte": 42}}, {"any": [{"q": "leg_pain", "gte": 7}, {"q": "back_pain", "gte": 7}]}]},
            "it is day 42 or later and (leg pain is 7 or more or back pain is 7 or more)",
        ),
        ({"days": {"gte": 3, "lte": 9}}, "it is day 3 to 9"),
        ({"days": {"lte": 9}}, "it is day 9 or earlier"),
        ({"procedure": ["fusion"]}, "the operation is fusion or other operation"),
        (
            {"delta": {"q": "leg_pain", "vs": "previous", "gte": 2}},
            "leg pain is up by 2 or more since the check-in before",
        ),
        ({"unanswered": "bladder"}, "bladder has no answer"),
    ],
)
def test_a_condition_reads_as_the_end_of_a_sentence(condition: dict[str, Any], words: str) -> None:
    assert condition_text.describe(PATHWAY, conditions.parse(condition)) == words


def test_every_condition_of_the_shipped_pathway_has_words() -> None:
    written = [question.ask_if for question in PATHWAY.questions if question.ask_if is not None]
    for condition in [*written, *(rule.when for rule in PATHWAY.rules)]:
        assert condition_text.describe(PATHWAY, condition)
