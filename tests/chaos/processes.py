"""The bot as a real process: our composition root, unmodified, on a clock that it shares with the sandbox.

Processes are forked from a server that has everything imported, so that one more costs a fraction of a second.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bot import app as composition
from bot import log
from bot.settings import Settings
from tests.chaos.clock import Anchor, PacedClock

GONE_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one process is to be. `parts` empty: everything."""

    settings: Settings
    key: str
    anchor: Anchor
    output: Path
    parts: tuple[str, ...] = ()


@dataclass(kw_only=True)
class BotProcess:
    """One process and its fate."""

    plan: Plan
    process: BaseProcess | None = None
    started: int = 0
    ended_by_itself: list[int] = field(default_factory=list)
    _said: int = 0

    @property
    def up(self) -> bool:
        """Whether it has begun to serve since it was started last."""
        return self.alive and any(event["event"] == "running" for event in self.events())

    def leads(self, what: str) -> bool:
        """Whether it polls, or sends, as far as it says itself; `what` is "poller" or "sender"."""
        if self.plan.settings.sqlite_file is not None:
            return self.up
        said = [event["event"] for event in self.events() if str(event.get("of", "")).startswith(what)]
        return self.alive and said[-1:] == ["leading"]

    def events(self) -> list[dict[str, Any]]:
        """What it has logged since it was started last."""
        if not self.plan.output.exists():
            return []
        with self.plan.output.open("rb") as output:
            output.seek(self._said)
            lines = output.read().splitlines()
        return [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]

    @property
    def pid(self) -> int:
        """The id of the process that runs now."""
        assert self.process is not None
        assert self.process.pid is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.is_alive()

    def start(self) -> None:
        """Start it, or start it again."""
        self._said = self.plan.output.stat().st_size if self.plan.output.exists() else 0
        with _main_left_alone():
            self.process = CONTEXT.Process(target=serve, args=(self.plan,), daemon=True)
            self.process.start()
        self.started += 1

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As a service manager stops it."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it stand still, as a machine that swaps or a virtual machine that is moved."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it was."""
        os.kill(self.pid, signal.SIGCONT)

    def keep_up(self) -> bool:
        """What a service manager does: start it again when it ended by itself. Returns whether it had."""
        if self.alive or self.process is None:
            return False
        self.ended_by_itself.append(self.process.exitcode or 0)
        self.start()
        return True

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.is_alive():
            os.kill(self.pid, how)
        self.process.join(GONE_WITHIN_S)
        assert not self.process.is_alive(), f"did not end within {GONE_WITHIN_S:g} s of {how.name}"


def free_address() -> str:
    """An address on this machine that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{sock.getsockname()[1]}"


def serve(plan: Plan) -> None:
    """The body of the process; the same as `aftercare run`, but for the clock."""
    output = os.open(plan.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    log.configure("INFO", json_lines=True, stream=sys.stderr)
    asyncio.run(_serve(plan))


async def _serve(plan: Plan) -> None:
    more = {"parts": plan.parts} if plan.parts else {}
    clock = PacedClock.like(plan.anchor)
    async with composition.build(plan.settings, [plan.key], clock, pace=plan.anchor.pace, **more) as aftercare:
        running = asyncio.create_task(aftercare.run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        try:
            await running
        except asyncio.CancelledError:
            return


def warm() -> None:
    """Let the server import everything now, so that the first process is as quick as the others."""
    with _main_left_alone():
        first = CONTEXT.Process(target=_nothing, daemon=True)
        first.start()
    first.join()


def _nothing() -> None:
    """What a process does that is only started."""


@contextmanager
def _main_left_alone() -> Iterator[None]:
    """A child would import the program that started us again, pytest for example, only to forget it."""
    names = vars(sys.modules["__main__"])
    kept = dict(names)
    names.pop("__file__", None)
    names["__spec__"] = None
    try:
        yield
    finally:
        names.update(kept)


CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])
