"""What runs on until it is cancelled ends when it is, even at the very moment that something woke it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.orm import Session

from bot.db import engine
from tests.bot.chat.conftest import Line

STOPS_WITHIN_S = 10


def _nothing(_session: Session) -> None:
    return None


def _wakes_both(session: Session) -> None:
    engine.wake(session, "inbox")
    engine.wake(session, "outbox")


@pytest.mark.parametrize("part", ["sender", "intake"])
@pytest.mark.parametrize("steps", range(6))
async def test_a_part_that_is_woken_and_stopped_at_once_stops(line: Line, part: str, steps: int) -> None:
    running = asyncio.create_task(line.sender.run() if part == "sender" else line.intake.run())
    for _ in range(10):  # meanwhile it has looked, found nothing and waits
        await line.db.read(_nothing)
    await line.db.write(_wakes_both)
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running}, timeout=STOPS_WITHIN_S)
    assert running.cancelled()
