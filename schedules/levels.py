"""How urgent something is, and who hears of it when. Texts in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, RootModel

DEFAULT_LANGUAGE = "en"


class Content(BaseModel):
    """One published piece of a pathway: never changes, knows no field it was not given."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values; what was worked out from the old ones is not kept."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Level(StrEnum):
    """The four levels of urgency. Compared by rank, not by letters."""

    ROUTINE = "routine"
    REVIEW = "review"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @property
    def rank(self) -> int:
        """0 for routine to 3 for emergency."""
        return _RANKS[self.value]

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Level):
            return NotImplemented
        return self.rank < other.rank

    def __le__(self, other: object) -> bool:
        return self < other or self == other

    def __gt__(self, other: object) -> bool:
        return not self <= other

    def __ge__(self, other: object) -> bool:
        return not self < other


_RANKS = {"routine": 0, "review": 1, "urgent": 2, "emergency": 3}


class Texts(RootModel[dict[str, str]]):
    """One text in every language of the pathway, by language code."""

    model_config = ConfigDict(frozen=True)

    def in_(self, language: str) -> str:
        """The text in `language`, or in English when that language is not there."""
        return self.root.get(language) or self.root[DEFAULT_LANGUAGE]


Role = Literal["team", "on_call", "second_on_call", "manager"]


class Rung(Content):
    """One step of a ladder: whom to tell, so many minutes after paging began."""

    after_min: int
    tell: tuple[Role, ...]


class LevelSpec(Content):
    """What one level demands of the team.

    Exactly one of the minutes and the working-days form of each deadline is set; neither is set for a level that
    demands nothing. `ack_hours` is when the team itself answers: "always", "HH:MM-HH:MM" local every day, or
    "working_hours". `off_hours_tell` are told with the first rung when paging begins outside `ack_hours`.
    After the last rung everyone named in the ladder is told again every `repeat_every_min`, without end; an empty
    ladder never pages. `remind_overdue` reminds the team each working day while a deadline is past.
    `cutoff` ("HH:MM" local): from then on the patient is told to ring the out-of-hours line at once.
    """

    alert: Literal["none", "worklist", "push", "page"]
    ack_within_min: int | None = None
    ack_within_working_days: int | None = None
    ack_hours: str = "always"
    contact_within_min: int | None = None
    contact_within_working_days: int | None = None
    resolve_within_min: int | None = None
    resolve_within_working_days: int | None = None
    ladder: tuple[Rung, ...] = ()
    off_hours_tell: tuple[Role, ...] = ()
    repeat_every_min: int | None = None
    remind_overdue: bool = False
    cutoff: str | None = None
