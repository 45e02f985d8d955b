"""Telegram's sending limits on the sandbox's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot import clock
from bot.sandbox import actors, server
from tests.bot.sandbox.raw_calls import Raw


@pytest.fixture
async def served(movable: clock.MovableClock) -> AsyncIterator[server.Served]:
    async with server.serve(movable) as running:
        yield running


async def flooded(raw: Raw, chat_id: int) -> int:
    """How many messages go out before a 429 with this retry_after."""
    sent = 0
    while (answer := await raw.client.post("/sendMessage", json={"chat_id": chat_id, "text": "hi"})).is_success:
        sent += 1
    body = answer.json()
    assert body["description"] == f"Too Many Requests: retry after {body['parameters']['retry_after']}"
    raw.client.headers["x-retry-after"] = str(body["parameters"]["retry_after"])
    return sent


async def test_one_chat_takes_a_short_burst_then_one_a_second(
    raw: Raw, ana: actors.Person, movable: clock.MovableClock
) -> None:
    assert await flooded(raw, ana.id) == 5
    assert raw.client.headers["x-retry-after"] == "1"
    movable.advance(timedelta(seconds=1))
    assert await flooded(raw, ana.id) == 1


async def test_a_group_takes_twenty_a_minute(
    raw: Raw, sandbox: actors.Sandbox, lind: actors.Person, movable: clock.MovableClock
) -> None:
    team = await sandbox.group("Team", lind)
    for _ in range(20):
        await raw.ok("sendMessage", chat_id=team.id, text="hi")
        movable.advance(timedelta(seconds=1))
    assert await flooded(raw, team.id) == 0
    assert raw.client.headers["x-retry-after"] == "40"
    movable.advance(timedelta(seconds=40))
    assert await flooded(raw, team.id) == 1


async def test_all_chats_together_take_thirty_a_second(raw: Raw, sandbox: actors.Sandbox) -> None:
    people = [await sandbox.person(f"P{number}") for number in range(8)]
    for person in people:
        await person.start()
    assert sum([await flooded(raw, person.id) for person in people]) == 30


async def test_limits_can_be_turned_off(raw: Raw, sandbox: actors.Sandbox, ana: actors.Person) -> None:
    await sandbox.post("limits", on=False)
    for _ in range(40):
        await raw.ok("sendMessage", chat_id=ana.id, text="hi")
    assert (await sandbox.state())["limits"] is False
