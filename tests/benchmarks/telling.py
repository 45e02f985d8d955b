"""How long red answers waited until somebody was told, of a side that may not have told them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.benchmarks import clinic
from tests.benchmarks.rows import percentile
from tests.benchmarks.sandbox_server import PATIENTS_FROM

Call = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds from each tap to the first message about it, and for the taps never told, to the end of the watching."""

    told: Sequence[float]
    untold: Sequence[float]

    def at_least(self, share: float) -> float:
        """The percentile, or when some were never told, what it is above. Raises IndexError when nobody tapped."""
        return percentile([*self.told, *self.untold], share)

    def words(self, share: float) -> str:
        """The same in words: "3.9 s", or "> 112.0 s" when some were never told."""
        return f"{'> ' if self.untold else ''}{self.at_least(share):.2f} s"

    @property
    def counted(self) -> str:
        """How many were told of how many."""
        return f"{len(self.told)} of {len(self.told) + len(self.untold)} told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a side called, when patients (by number) tapped a red answer, and when the watching ended.

    Instants are the sandbox's.
    """

    calls: Sequence[Call]
    tapped: Mapping[int, datetime]
    ended: datetime

    @property
    def refused(self) -> int:
        """How many calls were answered 429."""
        return sum(call["code"] == 429 for call in self.calls)

    def waits(self) -> Waits:
        """Until the first message to a group or clinician about each patient who tapped was accepted."""
        first: dict[int, datetime] = {}
        for number, call in about(self.calls, self.tapped):
            if call["ok"]:
                first[number] = min(accepted(call), first.get(number, self.ended))
        return Waits(
            told=[(at - self.tapped[number]).total_seconds() for number, at in first.items()],
            untold=[(self.ended - at).total_seconds() for number, at in self.tapped.items() if number not in first],
        )


def about(calls: Sequence[Call], numbers: Mapping[int, datetime]) -> list[tuple[int, Call]]:
    """The calls, accepted or refused, that tell staff of one of these patients, each with the patient's number."""
    codes = {number: clinic.code(number) for number in numbers}
    staff = [call for call in calls if call["method"] == "sendMessage" and not to_patient(call)]
    return [(number, call) for call in staff for number, code in codes.items() if code in call["params"]["text"]]


def accepted(call: Call) -> datetime:
    """When the sandbox answered it."""
    return datetime.fromisoformat(call["at"]) + timedelta(milliseconds=call["ms"])


def to_patient(call: Call) -> bool:
    """Whether it goes to a patient's chat, not to staff."""
    return int(call["params"].get("chat_id", 0)) >= PATIENTS_FROM
