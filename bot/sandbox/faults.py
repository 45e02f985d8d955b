"""Scripted failures: what to do wrong, with which calls, how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["http", "reset_before", "reset_after", "hang_after", "garble_after", "outage", "html_404", "delay"]

AFTER = frozenset({"reset_after", "hang_after", "garble_after"})


@dataclass(slots=True, kw_only=True)
class Fault:
    """One scripted failure. `times` left; `seconds` of real time for hang and delay, of the sandbox's clock
    for an outage (which ends by itself only when they are given).
    """

    method: str
    kind: Kind
    chat_id: int | None = None
    times: int = 1
    code: int = 500
    description: str = "Internal Server Error"
    parameters: Json = field(default_factory=dict)
    seconds: float | None = None
    until: datetime | None = None

    def view(self) -> Json:
        """As the control API shows it."""
        shown: Json = {"method": self.method, "kind": self.kind, "times": self.times}
        if self.chat_id is not None:
            shown["chat_id"] = self.chat_id
        if self.kind == "http":
            shown |= {"code": self.code, "description": self.description, "parameters": self.parameters}
        if self.seconds is not None:
            shown["seconds"] = self.seconds
        return shown


class Faults:
    """The failures still to come, in the order they were asked for."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def plan(self, fault: Fault, now: datetime) -> None:
        """Add one."""
        if fault.kind == "outage" and fault.seconds is not None:
            fault.until = now + timedelta(seconds=fault.seconds)
        self._planned.append(fault)

    def clear(self) -> None:
        """Let everything work again."""
        self._planned = []

    def view(self) -> list[Json]:
        """What is still planned."""
        return [fault.view() for fault in self._planned]

    def outage(self, now: datetime) -> bool:
        """Whether nothing at all gets through now."""
        self._planned = [f for f in self._planned if f.until is None or f.until > now]
        return any(fault.kind == "outage" for fault in self._planned)

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The first failure meant for this call, used up once."""
        for fault in self._planned:
            if fault.kind == "outage" or fault.method not in ("*", method):
                continue
            if fault.chat_id is not None and fault.chat_id != chat_id:
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._planned.remove(fault)
            return fault
        return None
