"""What cannot be started again and stands still ends the process, with the stacks of its threads and a code for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import TextIO

import pytest

from bot.guard import EXIT_CODE, Guard
from bot.pulse import Pulse
from bot.systemd import Systemd
from tests.bot.test_pulse import Seconds

HANGING = """
import asyncio, re, sys, threading
from bot.guard import Guard

def stuck_here():
    {how}

async def main():
    async with Guard(loop_s=0.2, nothing_s={nothing_s}, look_s=0.05).watching():
        await asyncio.sleep(0.2)
        stuck_here()

asyncio.run(main())
"""


@pytest.fixture
def stacks() -> Iterator[TextIO]:
    with tempfile.TemporaryFile("w+") as file:
        yield file


def hangs(how: str, nothing_s: float = 30) -> subprocess.CompletedProcess[str]:
    """Run a program that hangs, for at most half a minute."""
    program = HANGING.format(how=how, nothing_s=nothing_s)
    return subprocess.run(  # noqa: S603 - a fixed program
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=30
    )


def test_a_hung_event_loop_ends_the_process_and_shows_where_it_hangs() -> None:
    ended = hangs("threading.Event().wait()")
    assert ended.returncode == EXIT_CODE
    assert "in stuck_here" in ended.stderr
    assert "stands still" in ended.stdout + ended.stderr


def test_a_call_that_lets_no_other_thread_run_ends_the_process_as_well() -> None:
    ended = hangs("re.match('(a+)+b', 'a' * 60)", nothing_s=1)
    assert ended.returncode == 1
    assert "in stuck_here" in ended.stderr


def test_a_tick_that_hangs_is_said_first_and_ends_the_process_when_it_goes_on(stacks: TextIO) -> None:
    seconds, ended = Seconds(), []
    tick = Pulse("tick: pages", 45, now=seconds)
    watch = Guard([tick], give_up_s=45, end=ended.append, stacks=stacks)
    tick.beat()
    seconds.at = 50
    watch.look()
    assert (watch.standing_still(), ended) == (["tick: pages"], [])
    seconds.at = 91
    watch.look()
    assert ended == [EXIT_CODE]
    stacks.seek(0)
    assert "test_a_tick_that_hangs" in stacks.read()


def test_a_tick_that_was_only_slow_ends_nothing(stacks: TextIO) -> None:
    seconds, ended = Seconds(), []
    tick = Pulse("tick: pages", 45, now=seconds)
    watch = Guard([tick], end=ended.append, stacks=stacks)
    tick.beat()
    seconds.at = 60
    watch.look()
    tick.beat()
    watch.look()
    assert (watch.standing_still(), ended) == ([], [])


async def test_after_the_block_nothing_is_watched_any_more(stacks: TextIO) -> None:
    async with Guard(stacks=stacks).watching():
        assert "guard" in [thread.name for thread in threading.enumerate()]
    assert "guard" not in [thread.name for thread in threading.enumerate()]


async def test_systemd_hears_that_the_event_loop_turns(stacks: TextIO) -> None:
    heard = asyncio.Event()

    class Listening(Systemd):
        def tell(self, message: str) -> None:
            assert message == "WATCHDOG=1"
            heard.set()

    systemd = Listening({"WATCHDOG_USEC": "30000"})
    async with Guard(look_s=0.01, stacks=stacks, systemd=systemd).watching():
        await asyncio.wait_for(heard.wait(), 10)


def test_the_stacks_hold_places_and_no_values(stacks: TextIO) -> None:
    seconds = Seconds()
    tick = Pulse("tick: pages", 1, now=seconds)
    secret = "my leg is numb"  # noqa: F841 - what must not appear
    tick.beat()
    seconds.at = 1000
    Guard([tick], end=lambda code: None, stacks=stacks).look()
    stacks.seek(0)
    assert "my leg is numb" not in stacks.read()
