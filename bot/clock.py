"""The only reader of the wall clock. Everything that decides takes `now` as an argument.

Two clocks: the machine's own, and one that can be moved, for rehearsals and tests. Both speak UTC.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the shell needs of a clock."""

    def now(self) -> datetime:
        """The present instant, timezone-aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, timezone-aware, UTC."""
        return datetime.now(UTC)


class MovableClock:
    """A clock a person or a test can move. With `running` it also flows at the speed of real time."""

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError("start must be timezone-aware: pass a datetime with tzinfo=UTC")
        self._anchor = start.astimezone(UTC)
        self._since = time.monotonic()
        self._running = running
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """The present instant on this clock, UTC."""
        if not self._running:
            return self._anchor
        return self._anchor + timedelta(seconds=time.monotonic() - self._since)

    def move_to(self, instant: datetime) -> None:
        """Set the clock to `instant`, forwards or backwards, and tell whoever waits on it."""
        self._anchor = instant.astimezone(UTC)
        self._since = time.monotonic()
        for listener in self._listeners:
            listener()

    def advance(self, by: timedelta) -> None:
        """Move the clock by `by`."""
        self.move_to(self.now() + by)

    def flow(self) -> None:
        """From now on the clock also flows at the speed of real time."""
        self._anchor, self._since, self._running = self.now(), time.monotonic(), True

    def on_move(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every move, so that sleepers look at the time again."""
        self._listeners.append(listener)
