"""Three months of one clinic: eight patients, and the people who look after them. Each storyline says what must happen.

They act over the wire only, through phones in the sandbox; a storyline holds when it plays to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.sandbox.storylines import quiet, worrying
from bot.sandbox.storylines.cast import Stage

Play = Callable[[Stage, date], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Storyline:
    """One patient's three months. `play` is given the stage and the surgery date."""

    name: str
    title: str
    play: Play


STORYLINES = (
    Storyline("well", "Margaret recovers as hoped", quiet.well),
    Storyline("wound_infection", "Tom's wound turns red in week 2", worrying.wound_infection),
    Storyline("bladder_half_way", "Grace cannot feel the pee coming on day 3, and stops half-way", worrying.bladder),
    Storyline("sudden_pain", "Ivan's leg pain is back at week 6", worrying.sudden_pain),
    Storyline("silent", "Walter never answers", quiet.silent),
    Storyline("typist", "Priya types instead of tapping", quiet.typist),
    Storyline("spanish", "Carmen answers in Spanish", worrying.spanish),
    Storyline("blocker", "Leo blocks the bot", quiet.blocker),
    Storyline("rounds", "Ada Okoro works what is left, every working day", quiet.rounds),
)
