"""What the steps of a check-in say."""

from __future__ import annotations

import pytest

from bot.care import screens


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("How is peeing?", "How is peeing?"),
        ("Do you feel numb? For example, it feels odd.", "Do you feel numb?"),
        ("You may skip this. Has sex changed?", "Has sex changed?"),
        ("You may skip this. Has sex changed? Tap one.", "Has sex changed?"),
        ("Write it here. We may not read it at once.", "Write it here."),
        ("Anything else", "Anything else"),
    ],
)
def test_the_list_of_answers_names_what_was_asked(text: str, wanted: str) -> None:
    assert screens.short(text) == wanted
