"""getUpdates: the long poll, and what happens when two bots poll."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import parameters, refusals, webhook, world

Json = dict[str, Any]

MAX_TIMEOUT_S = 50
MAX_BATCH = 100
SAME_OFFSET_S = 0.5
SECOND_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"
HOOKED = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


@dataclass(slots=True)
class _Turn:
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended_by: str | None = None


class Polling:
    """At most one poller waits at a time."""

    def __init__(self, here: world.World, hook: webhook.Webhook) -> None:
        self._world = here
        self._hook = hook
        self._turn: _Turn | None = None
        self._last = (0, float("-inf"))
        self._closed = False

    @property
    def waiting(self) -> bool:
        """Whether a poller waits now."""
        return self._turn is not None

    @property
    def asked_at(self) -> float:
        """When updates were asked for last, on the event loop's clock."""
        return self._last[1]

    def wake(self) -> None:
        """Look at the queue again."""
        if self._turn is not None:
            self._turn.wake.set()

    def close(self) -> None:
        """Send every poller home with nothing, now and from now on."""
        self._closed = True
        self.wake()

    def end(self, reason: str) -> None:
        """Send the waiting poller away with a 409."""
        if self._turn is not None:
            self._turn.ended_by = reason
            self._turn.wake.set()

    async def get_updates(self, call: parameters.Parameters) -> list[Json]:
        """getUpdates. Raises Refusal 409 when another poller takes over or a webhook is set."""
        if self._hook.url:
            raise refusals.conflict(HOOKED)
        self.end(SECOND_POLLER)
        turn = self._turn = _Turn()
        offset = call.integer("offset")
        self._allow(call)
        self._world.updates.confirm(offset)
        try:
            return await self._wait(turn, self._limit(offset, call.integer("limit")), call.integer("timeout"))
        finally:
            if self._turn is turn:
                self._turn = None

    def _allow(self, call: parameters.Parameters) -> None:
        kinds = call.structure("allowed_updates", "allowed updates")
        if kinds is not None:
            webhook.allow(self._world, kinds)

    def _limit(self, offset: int, wanted: int) -> int:
        now = asyncio.get_running_loop().time()
        previous, started = self._last
        self._last = (offset, now)
        if offset and offset == previous and now - started < SAME_OFFSET_S:
            return 1
        return wanted if 1 <= wanted <= MAX_BATCH else MAX_BATCH

    async def _wait(self, turn: _Turn, limit: int, wait_s: int) -> list[Json]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(max(wait_s, 0), MAX_TIMEOUT_S)
        while True:
            if turn.ended_by is not None:
                raise refusals.conflict(turn.ended_by)
            batch = self._world.updates.take(limit)
            remaining = deadline - loop.time()
            if batch or remaining <= 0 or self._closed:
                return batch
            turn.wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(remaining):
                    await turn.wake.wait()
