"""A clock that runs faster than the machine's, and the same in every process of this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import MovableClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """At `since` of the machine's monotonic clock (which its processes share) it was `at`, UTC."""

    at: datetime
    since: float
    pace: float


class PacedClock(MovableClock):
    """Stands still until `runs`; from then on `pace` seconds pass in each second of real time."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.anchor: Anchor | None = None

    @classmethod
    def like(cls, anchor: Anchor) -> PacedClock:
        """The clock of another process."""
        clock = cls(anchor.at)
        clock.anchor = anchor
        return clock

    def now(self) -> datetime:
        """The present instant on this clock, UTC."""
        if self.anchor is None:
            return super().now()
        return self.anchor.at + timedelta(seconds=(time.monotonic() - self.anchor.since) * self.anchor.pace)

    def runs(self, pace: float) -> Anchor:
        """Let time pass from now on. Returns what other processes need to agree."""
        self.anchor = Anchor(at=self.now(), since=time.monotonic(), pace=pace)
        return self.anchor
