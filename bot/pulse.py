"""Signs of progress inside the process: what must move says so, and who looks can tell when it stands still."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pulse:
    """The progress of one part. After `beat` the next is due `within_s` seconds later; at rest none is due.

    Safe to read from another thread.
    """

    def __init__(self, name: str, within_s: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._within_s = within_s
        self._now = now
        self._due: float | None = None

    def beat(self, within_s: float | None = None) -> None:
        """There is progress. The next is due in `within_s` seconds, if not in the usual time."""
        self._due = self._now() + (self._within_s if within_s is None else within_s)

    def rest(self) -> None:
        """Nothing is expected until the next beat."""
        self._due = None

    def forgive(self, seconds: float) -> None:
        """The whole process stood still for so long; that was nobody's fault."""
        if (due := self._due) is not None:
            self._due = due + seconds

    @property
    def late_s(self) -> float | None:
        """By how many seconds the next beat is late, or None when it is not."""
        due = self._due
        late = self._now() - due if due is not None else 0.0
        return late if late > 0 else None
