"""Conditions that only a contradiction may use: a low score, and what was heard beside the answers.

A rule may not look at a low answer, since a worse answer must never lower a level. A contradiction sets such an answer
against something else that the patient said.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt, StrictStr, model_validator

from schedules.levels import Content

Number = StrictInt | StrictFloat
Ids = Annotated[tuple[StrictStr, ...], Field(min_length=1)]


class AnswerAtMost(Content):
    """`{q, lte}`: the number or score is at most this."""

    q: StrictStr
    lte: Number


class HeardSpec(Content):
    """What the patient typed or tapped beside the questions: one of any of these.

    `said`: categories of the free-text net; `denied`: denials of the word lists; `rescreen`: answers to the re-screen.
    """

    said: Ids | None = None
    denied: Ids | None = None
    rescreen: Ids | None = None

    @model_validator(mode="after")
    def _names_something(self) -> HeardSpec:
        if self.said is None and self.denied is None and self.rescreen is None:
            raise ValueError("give said, denied or rescreen")
        return self


class Heard(Content):
    """`{heard: {said, denied, rescreen}}`: one of these was typed, or chosen in the re-screen, in this check-in."""

    heard: HeardSpec
