"""Plays several people's stories in one time: the clock jumps from event to event, and nobody waits for real.

Each story is a coroutine that says when it goes on (`await theatre.until(instant)`). Only one story acts at a time, so
a run is the same every time. Between two acts the clock visits every instant at which the bot has something due.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from bot.clock import MovableClock

Settle = Callable[[], Awaitable[None]]
NextEvent = Callable[[], Awaitable[datetime | None]]


class CutShort(AssertionError):
    """Another story failed before this one came to its end."""

    def __init__(self) -> None:
        super().__init__(CutShort.__doc__)


class Theatre:
    """Moves the clock for stories. `settle` brings the bot to rest; `next_event` says when it has something to do."""

    def __init__(self, clock: MovableClock, settle: Settle, next_event: NextEvent) -> None:
        self.clock = clock
        self._settle = settle
        self._next_event = next_event
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._acting = 0
        self._playing = False
        self._still = asyncio.Event()

    async def until(self, instant: datetime) -> None:
        """Go on at `instant` (UTC), or at once when it is over. Outside a play the time just passes."""
        if instant <= self.clock.now():
            return
        if not self._playing:
            await self.advance(instant)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (instant, next(self._order), future))
        self._rests()
        await future

    async def play(self, stories: Sequence[Coroutine[Any, Any, None]], end: datetime) -> list[BaseException | None]:
        """Play all stories, then run on to `end`. Returns for each story what ended it early, or None.

        The first story that fails ends the play: what it leaves behind would only drown the others.
        """
        self._playing = True
        tasks: list[asyncio.Task[None]] = []
        for story in stories:  # one after the other, so that even the first acts have an order
            self._acting += 1
            self._still.clear()
            tasks.append(asyncio.create_task(story))
            tasks[-1].add_done_callback(lambda _: self._rests())
            await self._still.wait()
        while self._waiting and not any(task.done() and task.exception() for task in tasks):
            instant, _, future = heapq.heappop(self._waiting)
            await self.advance(instant)
            self._acting += 1
            self._still.clear()
            future.set_result(None)
            await self._still.wait()
        self._playing = False
        cut = [task for task in tasks if task.cancel()]
        await asyncio.gather(*cut, return_exceptions=True)
        if not cut:
            await self.advance(end)
        return [CutShort() if task in cut else task.exception() for task in tasks]

    async def advance(self, instant: datetime) -> None:
        """Move to `instant`, stopping wherever the bot has something due on the way."""
        while (event := await self._next_event()) is not None and event < instant:
            self.clock.move_to(event)
            await self._settle()
        if instant > self.clock.now():
            self.clock.move_to(instant)
            await self._settle()

    def _rests(self) -> None:
        self._acting -= 1
        if self._acting <= 0:
            self._still.set()
