"""What can differ between two cases, and the values it can have."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal[
    "answer", "baseline", "previous", "best", "day", "procedure", "status", "checkin", "started", "missed_in_row",
    "previous_level", "free_text_level", "said", "denied", "rescreen",
]  # fmt: skip


class Variable(NamedTuple):
    """One thing that can differ between cases; `name`: the question of an answer, or what was heard."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a variable. `raw`: as a case holds it, None when there is none.

    For answers, what was read of it: options in `chosen` (of a multiple choice only those that matter), or the
    `number`, or that it is `unreadable`.
    """

    raw: Hashable
    chosen: tuple[str, ...] = ()
    number: float | None = None
    unreadable: bool = False


Known = dict[Variable, Value]
"""A case of which some variables are known."""

MISSING = Value(None)
DAY, PROCEDURE, STATUS, CHECKIN = Variable("day"), Variable("procedure"), Variable("status"), Variable("checkin")
STARTED, MISSED_IN_ROW = Variable("started"), Variable("missed_in_row")
PREVIOUS_LEVEL, FREE_TEXT_LEVEL = Variable("previous_level"), Variable("free_text_level")


def answer(question_id: str) -> Variable:
    """The answer to a question."""
    return Variable("answer", question_id)
