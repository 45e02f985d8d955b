"""Scripted failures as a bot meets them: before, after and instead of the call."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import telegram
from telegram.request import HTTPXRequest

from bot.sandbox import actors, server
from tests.bot.sandbox.raw_calls import Raw


async def words(ana: actors.Person) -> list[str]:
    return [m["text"] for m in await ana.chat.messages() if m["from_bot"]]


async def test_an_error_is_answered_as_told_and_only_so_often(
    raw: Raw, sandbox: actors.Sandbox, ana: actors.Person
) -> None:
    why = "Too Many Requests: retry after 7"
    await sandbox.fails("http", method="sendMessage", times=2, code=429, description=why, parameters={"retry_after": 7})
    for _ in range(2):
        answer = await raw.client.post("/sendMessage", json={"chat_id": ana.id, "text": "hi"})
        assert (answer.status_code, answer.json()["parameters"]) == (429, {"retry_after": 7})
    await raw.ok("sendMessage", chat_id=ana.id, text="hi")
    assert await words(ana) == ["hi"]


async def test_a_failure_meant_for_one_chat_leaves_the_others_alone(
    bot: telegram.Bot, sandbox: actors.Sandbox, ana: actors.Person
) -> None:
    ben = await sandbox.person("Ben")
    await ben.start()
    await sandbox.fails("http", method="sendMessage", chat_id=ana.id, code=500, description="restart")
    await bot.send_message(ben.id, "hi")
    with pytest.raises(telegram.error.NetworkError):
        await bot.send_message(ana.id, "hi")


@pytest.mark.parametrize(("kind", "arrived"), [("reset_before", []), ("reset_after", ["hi"])])
async def test_a_cut_connection_leaves_the_bot_in_doubt(
    bot: telegram.Bot, sandbox: actors.Sandbox, ana: actors.Person, kind: str, arrived: list[str]
) -> None:
    await sandbox.fails(kind, method="sendMessage")
    with pytest.raises(telegram.error.NetworkError) as failed:
        await bot.send_message(ana.id, "hi")
    assert isinstance(failed.value.__cause__, httpx.ReadError)
    assert await words(ana) == arrived
    (call,) = await sandbox.calls("sendMessage")
    assert (call["code"], call["fault"]) == (0, kind)


async def test_a_garbled_answer_comes_after_the_message_went_out(
    bot: telegram.Bot, sandbox: actors.Sandbox, ana: actors.Person
) -> None:
    await sandbox.fails("garble_after", method="sendMessage")
    with pytest.raises(telegram.error.TelegramError):
        await bot.send_message(ana.id, "hi")
    assert await words(ana) == ["hi"]


async def test_silence_after_acceptance_times_out(
    served: server.Served, sandbox: actors.Sandbox, ana: actors.Person
) -> None:
    await sandbox.fails("hang_after", method="sendMessage", seconds=30)
    hasty = HTTPXRequest(read_timeout=0.2, httpx_kwargs={"trust_env": False})
    async with telegram.Bot(served.token, base_url=served.api_url, request=hasty) as bot:
        with pytest.raises(telegram.error.TimedOut):
            await bot.send_message(ana.id, "hi")
    assert await words(ana) == ["hi"]


async def test_a_delayed_call_is_carried_out_in_the_end(raw: Raw, sandbox: actors.Sandbox, ana: actors.Person) -> None:
    await sandbox.fails("delay", method="sendMessage", seconds=0.05)
    await raw.ok("sendMessage", chat_id=ana.id, text="hi")
    (call,) = await sandbox.calls("sendMessage")
    assert call["ms"] >= 50


async def test_a_page_instead_of_an_answer_looks_like_a_wrong_token(bot: telegram.Bot, sandbox: actors.Sandbox) -> None:
    await sandbox.fails("html_404", method="getMe")
    with pytest.raises(telegram.error.InvalidToken):
        await bot.get_me()


async def test_an_outage_stops_everything_until_it_is_over(
    served: server.Served, raw: Raw, sandbox: actors.Sandbox, ana: actors.Person
) -> None:
    last = (await raw.ok("getUpdates"))[-1]["update_id"]
    waiting = asyncio.create_task(raw.client.post("/getUpdates", json={"offset": last + 1, "timeout": 30}))
    while not served.desk.polling.waiting:
        await raw.ok("getMe")
    await sandbox.fails("outage")
    await ana.says("is anyone there?")
    assert (await asyncio.wait_for(waiting, 5)).status_code == 502
    assert (await raw.client.post("/getMe")).status_code == 502
    await sandbox.mends()
    assert (await raw.ok("getUpdates", offset=last + 1))[0]["message"]["text"] == "is anyone there?"


async def test_an_outage_with_an_end_passes_by_itself(raw: Raw, sandbox: actors.Sandbox) -> None:
    await sandbox.fails("outage", seconds=60)
    assert (await raw.client.post("/getMe")).status_code == 502
    await sandbox.advance(seconds=61)
    assert await raw.ok("getMe")


async def test_a_hanging_call_does_not_hold_up_the_end(sandbox: actors.Sandbox, raw: Raw, ana: actors.Person) -> None:
    await sandbox.fails("hang_after", method="sendMessage", seconds=600)
    hanging = asyncio.create_task(raw.client.post("/sendMessage", json={"chat_id": ana.id, "text": "hi"}))
    await ana.sees("hi")
    hanging.cancel()
