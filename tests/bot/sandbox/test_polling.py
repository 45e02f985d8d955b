"""getUpdates: offsets, expiry, what is asked for, and two pollers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot import clock
from bot.sandbox import actors
from tests.bot.sandbox.raw_calls import Raw


async def texts(raw: Raw, **params: object) -> list[str]:
    return [update["message"]["text"] for update in await raw.ok("getUpdates", **params)]


async def test_updates_stay_until_an_offset_confirms_them(raw: Raw, ana: actors.Person) -> None:
    await ana.says("one")
    await ana.says("two")
    updates = await raw.ok("getUpdates")
    assert await texts(raw) == ["/start", "one", "two"]
    assert await texts(raw, offset=updates[1]["update_id"]) == ["one", "two"]
    assert await texts(raw, limit=1) == ["one"]
    assert await texts(raw, offset=updates[2]["update_id"] + 1) == []
    assert await texts(raw) == []


async def test_the_same_offset_at_once_gives_one_update_only(raw: Raw, ana: actors.Person) -> None:
    await ana.says("one")
    first = (await raw.ok("getUpdates"))[0]["update_id"]
    assert await texts(raw, offset=first) == ["/start", "one"]
    assert await texts(raw, offset=first) == ["/start"]


async def test_a_negative_offset_forgets_all_but_the_last(raw: Raw, ana: actors.Person) -> None:
    await ana.says("one")
    await ana.says("two")
    assert await texts(raw, offset=-1) == ["two"]
    assert await texts(raw) == ["two"]


async def test_ids_may_start_again_lower_and_an_offset_from_before_is_ignored(
    raw: Raw, sandbox: actors.Sandbox, ana: actors.Person
) -> None:
    last = (await raw.ok("getUpdates"))[-1]["update_id"]
    await raw.ok("getUpdates", offset=last + 1)
    await sandbox.post("updates/restart", next_id=500)
    await ana.says("after")
    (update,) = await raw.ok("getUpdates", offset=last + 1)
    assert update["update_id"] == 500
    assert await texts(raw, offset=501) == []


async def test_a_long_poll_returns_as_soon_as_something_happens(raw: Raw, ana: actors.Person) -> None:
    last = (await raw.ok("getUpdates"))[-1]["update_id"]
    waiting = asyncio.create_task(texts(raw, offset=last + 1, timeout=30))
    await ana.says("now")
    assert await asyncio.wait_for(waiting, 5) == ["now"]


async def test_a_second_poller_sends_the_first_away(raw: Raw, sandbox: actors.Sandbox) -> None:
    first = asyncio.create_task(raw.refused("getUpdates", timeout=30))
    second: list[Any] = []
    while not first.done():
        second = await raw.ok("getUpdates", timeout=0)
    assert second == []
    assert await first == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )


async def test_a_tap_lives_150_seconds_and_a_text_a_day(
    raw: Raw, sandbox: actors.Sandbox, ana: actors.Person, movable: clock.MovableClock
) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    await raw.ok("sendMessage", chat_id=ana.id, text="?", reply_markup=keyboard)
    sandbox.patience_s = 0.05
    await ana.taps("Yes")
    movable.advance(timedelta(seconds=149))
    assert [sorted(u)[0] for u in await raw.ok("getUpdates")] == ["message", "callback_query"]
    movable.advance(timedelta(seconds=1))
    assert [sorted(u)[0] for u in await raw.ok("getUpdates")] == ["message"]
    movable.advance(timedelta(hours=24))
    assert await raw.ok("getUpdates") == []


async def test_what_is_asked_for_counts_when_the_update_is_made_and_is_remembered(raw: Raw, ana: actors.Person) -> None:
    await raw.ok("getUpdates", offset=-1, allowed_updates=["my_chat_member"])
    await ana.says("unseen")
    await raw.ok("getUpdates", allowed_updates=["message"])
    await ana.says("seen")
    await ana.blocks()
    assert await texts(raw) == ["/start", "seen"]
    await raw.ok("getUpdates", allowed_updates=[])
    await ana.unblocks()
    assert "my_chat_member" in (await raw.ok("getUpdates"))[-1]


async def test_edits_and_raw_updates_arrive(raw: Raw, sandbox: actors.Sandbox, ana: actors.Person) -> None:
    said = await ana.says("bettr")
    await ana.edits(said["id"], "better")
    await sandbox.post("updates/raw", update={"message": {"nonsense": True}})
    await sandbox.post("updates/raw", update={"update_id": "twelve"})
    *_, edited, forged, mad = await raw.ok("getUpdates")
    assert edited["edited_message"]["text"] == "better"
    assert edited["edited_message"]["edit_date"] >= edited["edited_message"]["date"]
    assert forged["message"] == {"nonsense": True}
    assert mad == {"update_id": "twelve"}


@pytest.mark.parametrize("given", ["[", {"a": 1}, [1]])
async def test_a_list_of_kinds_that_is_none_is_refused(raw: Raw, served: Any, given: object) -> None:
    code, why = await raw.refused("getUpdates", allowed_updates=given)
    assert (code, why.split(" updates")[0]) == (400, "Bad Request: can't parse allowed")
    served.desk.violations.clear()
