"""Ends the process when what cannot be started again stands still: the event loop, the database's threads, a tick.

A thread of its own looks every two seconds, so that it sees what the event loop cannot. First it says what stands
still; when that goes on it writes every thread's stack (places in the code, no values) and ends the process, non-zero,
so that whoever restarts processes does so. If not even that thread runs, faulthandler's own timer does the same.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TextIO

import structlog

from bot.pulse import Pulse
from bot.systemd import ALIVE, Systemd

log = structlog.get_logger()

LOOK_S = 2.0
LOOP_S = 45.0  # without a turn of the event loop: nothing in it may take a second
GIVE_UP_S = 45.0  # a unit that is only slow may still come to an end
NOTHING_RUNS_S = 60.0  # not one line of Python: one call holds the interpreter
REARM_S = 5.0
EXIT_CODE = 70  # sysexits.h: an internal error

End = Callable[[int], None]


class Guard:
    """Watches `pulses` and the event loop it runs in. `end` ends the process at once, whatever else is under way."""

    def __init__(
        self,
        pulses: Iterable[Pulse] = (),
        *,
        loop_s: float = LOOP_S,
        give_up_s: float = GIVE_UP_S,
        nothing_s: float = NOTHING_RUNS_S,
        look_s: float = LOOK_S,
        end: End = os._exit,
        stacks: TextIO | None = None,
        systemd: Systemd | None = None,
    ) -> None:
        self._loop = Pulse("event loop", loop_s)
        self._pulses = (self._loop, *pulses)
        self._give_up_s = give_up_s
        self._nothing_s = nothing_s
        self._look_s = look_s
        self._end = end
        self._stacks = stacks or sys.__stderr__ or sys.stderr
        self._systemd = systemd or Systemd({})
        self._told: set[str] = set()
        self._stop = threading.Event()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch until the block ends."""
        self._stop.clear()
        self._loop.beat()
        beating = asyncio.create_task(self._beat())
        thread = threading.Thread(target=self._watch, name="guard", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(self._look_s)
            beating.cancel()
            self._loop.rest()
            faulthandler.cancel_dump_traceback_later()

    def standing_still(self) -> list[str]:
        """The names of what shows no progress though it should."""
        return [pulse.name for pulse in self._pulses if pulse.late_s is not None]

    def look(self) -> None:
        """Say what stands still, and end the process if it has for too long."""
        for pulse in self._pulses:
            late_s = pulse.late_s
            if late_s is None:
                self._told.discard(pulse.name)
                continue
            if pulse.name not in self._told:
                self._told.add(pulse.name)
                log.error("stands still", part=pulse.name)
            if late_s > (0 if pulse is self._loop else self._give_up_s):
                self._give_up(pulse)

    async def _beat(self) -> None:
        told = time.monotonic()
        while True:
            self._loop.beat()
            every_s = self._systemd.every_s
            if every_s is not None and time.monotonic() - told >= every_s:
                told = time.monotonic()
                self._systemd.tell(ALIVE)
            await asyncio.sleep(min(self._look_s, every_s or self._look_s))

    def _watch(self) -> None:
        before = armed = time.monotonic()
        self._arm()
        while not self._stop.wait(self._look_s):
            now = time.monotonic()
            if now - before > 5 * self._look_s:  # this thread was stopped as well: a frozen process or machine
                for pulse in self._pulses:
                    pulse.forgive(now - before)
            before = now
            if now - armed > min(REARM_S, self._nothing_s / 4):
                armed = now
                self._arm()
            self.look()

    def _arm(self) -> None:
        faulthandler.dump_traceback_later(self._nothing_s, exit=True, file=self._stacks)

    def _give_up(self, pulse: Pulse) -> None:
        log.critical("ending: it does not move", part=pulse.name)
        faulthandler.dump_traceback(file=self._stacks, all_threads=True)
        self._end(EXIT_CODE)
