"""The queue of updates: who may see what, when it expires, and what an offset confirms.

Facts: messages and member changes live 24 h, taps 150 s; `allowed_updates` is stored here and applied when an
update is made; an offset more than 10 beyond the tail is ignored; a negative offset forgets all but the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

DAY_S = 86_400
LIFETIME_S = {"callback_query": 150, "inline_query": 30}
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
TAIL_TOLERANCE = 10
CAPACITY = 100_000
FIRST_ID = 731_204_001


@dataclass(slots=True, kw_only=True)
class Pending:
    """One update nobody has confirmed. `lane` is the webhook's queue id: order holds within a lane only."""

    number: int
    body: Json
    expires: int
    lane: str


class Queue:
    """Updates in the order they were made."""

    def __init__(self, stamp: Callable[[], int]) -> None:
        self._stamp = stamp
        self._pending: list[Pending] = []
        self._next = FIRST_ID
        self.allowed: tuple[str, ...] = ()
        self.listener: Callable[[], None] = lambda: None
        self.inspector: Callable[[Json], None] = lambda _: None

    def allow(self, kinds: Sequence[str]) -> None:
        """Store `allowed_updates`; an empty list means everything but what must be asked for."""
        self.allowed = tuple(kinds)

    def wants(self, kind: str) -> bool:
        """Whether an update of this kind is made at all."""
        return kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT

    def add(self, kind: str, payload: Json, *, lane: str) -> None:
        """Make an update, unless the bot did not ask for its kind or the queue is full."""
        if self.wants(kind) and len(self._pending) < CAPACITY:
            lifetime = LIFETIME_S.get(kind, DAY_S)
            self._append({kind: payload}, lane=lane, lifetime=lifetime, genuine=True)

    def add_raw(self, body: Json) -> None:
        """Put in any object at all, forged or malformed; it gets an update_id unless it brings one."""
        self._append(body, lane="raw", lifetime=DAY_S, genuine=False)

    def _append(self, body: Json, *, lane: str, lifetime: int, genuine: bool) -> None:
        number = self._next
        self._next += 1
        whole = {"update_id": number, **body}
        if genuine:
            self.inspector(whole)
        self._pending.append(Pending(number=number, body=whole, expires=self._stamp() + lifetime, lane=lane))
        self.listener()

    def restart(self, next_id: int) -> None:
        """Go on from `next_id`, lower or higher, as Telegram does after an idle week. What waits is renumbered."""
        self._next = next_id
        for pending in self._pending:
            if pending.body.get("update_id") == pending.number:
                pending.body["update_id"] = self._next
            pending.number = self._next
            self._next += 1
        self.listener()

    def waiting(self) -> list[Pending]:
        """What nobody has confirmed and has not expired."""
        now = self._stamp()
        if any(pending.expires <= now for pending in self._pending):
            self._pending = [pending for pending in self._pending if pending.expires > now]
        return self._pending

    def confirm(self, offset: int) -> None:
        """Forget what the offset confirms, by getUpdates' rules."""
        waiting = self.waiting()
        if offset < 0:
            self._pending = waiting[offset:]
        elif 0 < offset <= self._next + TAIL_TOLERANCE:
            self._pending = [pending for pending in waiting if pending.number >= offset]

    def take(self, limit: int) -> list[Json]:
        """The oldest updates, at most `limit`; they stay until confirmed."""
        return [pending.body for pending in self.waiting()[:limit]]

    def done(self, delivered: Pending) -> None:
        """A webhook took this one."""
        self._pending = [pending for pending in self._pending if pending is not delivered]

    def clear(self) -> None:
        """Forget everything (drop_pending_updates)."""
        self._pending = []
