"""A card for a terminal or a text file: the words as they are, buttons in brackets, one line for each row."""

from __future__ import annotations

import html
import re
import textwrap

from bot.cards import Card

_TAG = re.compile(r"</?\w+>")


def lines(card: Card, width: int = 76) -> list[str]:
    """What is read, wrapped to `width` characters, then the buttons."""
    text = html.unescape(_TAG.sub("", card.text))
    said = [part for line in text.split("\n") for part in textwrap.wrap(line, width) or [""]]
    rows = ["  ".join(f"[ {button.label} ]" for button in row) for row in card.rows if row]
    return [*said, *([""] if rows else []), *rows]
