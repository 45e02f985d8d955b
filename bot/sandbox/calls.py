"""The log of Bot API calls, for the page and for tests. Bounded; files are named, not kept."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox import parameters

Json = dict[str, Any]

KEPT = 20_000


@dataclass(slots=True, kw_only=True)
class Call:
    """One call and how it ended. `code` 0: the connection was cut before an answer. `ms` is real time."""

    seq: int
    at: datetime
    method: str
    params: Json
    ok: bool = False
    code: int = 0
    description: str | None = None
    fault: str | None = None
    ms: float = 0
    result: Any = field(default=None, repr=False)

    def view(self) -> Json:
        """As the control API shows it; the result only by its message id."""
        shown: Json = {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "method": self.method,
            "params": self.params,
            "ok": self.ok,
            "code": self.code,
            "description": self.description,
            "fault": self.fault,
            "ms": round(self.ms, 1),
        }
        if isinstance(self.result, dict) and "message_id" in self.result:
            shown["message_id"] = self.result["message_id"]
        return shown


class Log:
    """The newest calls. Empty polls are not worth a line."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._next = 1

    def open(self, method: str, given: parameters.Parameters, at: datetime) -> Call:
        """Note a call as it comes in."""
        params = {**given.values}
        for name, upload in given.files.items():
            params[name] = f"<{upload.name}, {len(upload.content)} bytes>"
        call = Call(seq=self._next, at=at, method=method, params=params)
        self._next += 1
        return call

    def close(self, call: Call) -> bool:
        """Keep a call that ended; returns whether it was worth keeping."""
        if call.method == "getUpdates" and call.ok and not call.result:
            return False
        self._calls.append(call)
        return True

    def after(self, seq: int) -> list[Call]:
        """The calls kept whose number is above `seq`, by the order they came in."""
        return sorted((call for call in self._calls if call.seq > seq), key=lambda call: call.seq)

    def last(self, count: int) -> Sequence[Call]:
        """The newest `count` calls."""
        return list(itertools.islice(self._calls, max(0, len(self._calls) - count), None))
