"""The control API: state, clock, refusals in words; and the bot's own profile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
import telegram

from bot import clock
from bot.sandbox import actors, client, server
from tests.bot.sandbox.raw_calls import Raw

KEYS = {"rev", "now", "clock", "bot", "users", "chats", "calls", "faults", "limits"}


async def test_the_state_shows_everything_and_waits_for_a_change(sandbox: actors.Sandbox, ana: actors.Person) -> None:
    state = await sandbox.state()
    assert set(state) == KEYS
    assert (state["now"], state["clock"]) == ("2026-03-02T09:00:00+00:00", {"movable": True})
    assert [(u["first_name"], u["role"], u["blocked"]) for u in state["users"]] == [("Ana", "patient", False)]
    waiting = asyncio.create_task(sandbox.get("state", rev=state["rev"]))
    await ana.says("hello")
    later = await asyncio.wait_for(waiting, 5)
    assert later["rev"] > state["rev"]
    assert later["chats"][0]["messages"][-1]["text"] == "hello"


REFUSED = [
    ("users", {"first_name": ""}, "first_name: String should have at least 1 character"),
    ("users", {"first_name": "B", "age": 5}, "age: Extra inputs are not permitted"),
    ("users/4711/text", {"chat_id": 1, "text": "x"}, "no user has the id 4711"),
    ("users/{ana}/fly", {}, "people cannot 'fly' here"),
    ("users/{ana}/start", {"payload": "a b"}, "payload: String should match pattern"),
    ("users/{ana}/text", {"chat_id": 5, "text": "x"}, "no chat has the id 5"),
    ("users/{ana}/text", {"chat_id": "{ana}", "text": "\u200a "}, "text: an empty message cannot be sent"),
    ("users/{ana}/tap", {"chat_id": "{ana}", "message_id": 1}, "name the button: row and col, or data"),
    ("users/{ana}/tap", {"chat_id": "{ana}", "message_id": 1, "row": 0, "col": 0}, "has no button at row 0"),
    ("users/{ana}/tap", {"chat_id": "{ana}", "message_id": 1, "data": "x"}, "no button of this message carries"),
    ("users/{ana}/edit", {"chat_id": "{ana}", "message_id": 99, "text": "x"}, "there is no message 99"),
    ("groups", {"title": "T"}, "someone must be in the chat"),
    ("chats/{ana}/kick", {}, "this is a private chat"),
    ("chats/none/kick", {}, "'none' is no chat id"),
    ("clock", {}, "give one of advance_s, to, next_event"),
    ("clock", {"next_event": True}, "nothing is planned that the clock could move to"),
    ("faults", {"kind": "explode"}, "kind: Input should be"),
    ("updates/restart", {"next_id": 0}, "next_id: Input should be greater than or equal to 1"),
]


@pytest.mark.parametrize(("path", "body", "why"), REFUSED)
async def test_what_cannot_be_done_is_refused_in_words(
    sandbox: actors.Sandbox, ana: actors.Person, path: str, body: dict[str, object], why: str
) -> None:
    filled = {k: ana.id if v == "{ana}" else v for k, v in body.items()}
    with pytest.raises(client.Refused) as refused:
        await sandbox.post(path.replace("{ana}", str(ana.id)), **filled)
    assert why in str(refused.value)


async def test_nobody_types_before_start_or_to_a_blocked_bot(sandbox: actors.Sandbox, ana: actors.Person) -> None:
    ben = await sandbox.person("Ben")
    with pytest.raises(client.Refused, match="Ben has not pressed Start"):
        await ben.says("hi")
    await ana.blocks()
    with pytest.raises(client.Refused, match="Ana has blocked the bot"):
        await ana.says("hi")


async def test_a_forged_tap_and_one_on_a_deleted_message_arrive(
    bot: telegram.Bot, sandbox: actors.Sandbox, ana: actors.Person
) -> None:
    sandbox.patience_s = 0.05
    sent = await bot.send_message(ana.id, "hi")
    await ana.forges("a1:999:stolen", message=sent.message_id)
    await ana.deletes(sent.message_id)
    await ana.forges("a1:1:late", message=sent.message_id)
    taps = [u.callback_query for u in await bot.get_updates() if u.callback_query]
    assert [t.data for t in taps] == ["a1:999:stolen", "a1:1:late"]
    assert taps[1].message is not None
    assert not taps[1].message.is_accessible


async def test_the_oldest_button_with_a_label_can_be_tapped(
    bot: telegram.Bot, sandbox: actors.Sandbox, ana: actors.Person
) -> None:
    sandbox.patience_s = 0.05
    for number in (1, 2):
        button = telegram.InlineKeyboardButton("Done", callback_data=f"d{number}")
        await bot.send_message(ana.id, "?", reply_markup=telegram.InlineKeyboardMarkup.from_button(button))
    await ana.taps_old("Done")
    await ana.taps("Done")
    taps = [u.callback_query.data for u in await bot.get_updates() if u.callback_query]
    assert taps == ["d1", "d2"]


async def test_a_tap_waits_for_its_answer(bot: telegram.Bot, ana: actors.Person) -> None:
    button = telegram.InlineKeyboardButton("10", callback_data="ten")
    one = telegram.InlineKeyboardButton("1", callback_data="one")
    await bot.send_message(ana.id, "0-10?", reply_markup=telegram.InlineKeyboardMarkup([[button, one]]))
    tapping = asyncio.create_task(ana.taps("1"))
    updates: tuple[telegram.Update, ...] = ()
    while not updates or updates[-1].callback_query is None:
        updates = await bot.get_updates(offset=updates[-1].update_id if updates else None, timeout=2)
    assert updates[-1].callback_query.data == "one"
    await updates[-1].callback_query.answer("Noted")
    assert (await tapping)["answer"] == {"text": "Noted", "show_alert": False}


async def test_the_clock_moves_by_seconds_to_an_instant_and_to_the_next_event(
    movable: clock.MovableClock,
) -> None:
    async def next_event() -> datetime:
        return datetime(2026, 3, 5, 9, 0, tzinfo=UTC)

    async with server.serve(movable, next_event=next_event) as served, actors.Sandbox(served.url) as sandbox:
        await sandbox.advance(hours=1)
        assert movable.now() == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
        await sandbox.to_next_event()
        assert movable.now() == datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
        await sandbox.post("clock", to="2026-04-01T00:00:00+02:00")
        assert movable.now() == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)


async def test_the_machines_clock_does_not_move() -> None:
    async with (
        server.serve(clock.SystemClock()) as served,
        httpx.AsyncClient(base_url=served.url, trust_env=False) as client,
    ):
        answer = await client.post("/sandbox/clock", json={"advance_s": 5})
        assert (answer.status_code, "cannot be moved" in answer.json()["error"]) == (409, True)
        assert (await client.get("/sandbox/state?rev=x")).status_code == 400
        assert (await client.get("/")).headers["content-type"].startswith("text/html")


async def test_after_each_act_the_bot_is_brought_to_rest(served: server.Served, bot: telegram.Bot) -> None:
    seen: list[str] = []

    async def settle() -> None:
        for update in await bot.get_updates():
            if update.message and update.message.text and update.message.text not in seen:
                seen.append(update.message.text)

    async with actors.Sandbox(served.url, settle=settle) as sandbox:
        ben = await sandbox.person("Ben")
        await ben.start()
        await ben.says("hello")
    assert seen == ["/start", "hello"]


async def test_the_bot_introduces_itself(bot: telegram.Bot, raw: Raw, ana: actors.Person) -> None:
    commands = [telegram.BotCommand("status", "What is next")]
    spanish = [telegram.BotCommand("status", "Lo que sigue")]
    await bot.set_my_commands(commands)
    await bot.set_my_commands(spanish, scope=telegram.BotCommandScopeChat(ana.id), language_code="es")
    assert await bot.get_my_commands() == tuple(commands)
    assert await bot.get_my_commands(telegram.BotCommandScopeChat(ana.id), "es") == tuple(spanish)
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    await bot.set_my_description("We look after you.")
    assert (await bot.get_my_description()).description == "We look after you."
    await bot.set_my_short_description("Aftercare")
    await bot.set_chat_menu_button(ana.id, telegram.MenuButtonCommands())
    assert isinstance(await bot.get_chat_menu_button(ana.id), telegram.MenuButtonCommands)
    wrong = [{"command": "Status!", "description": "x"}]
    assert await raw.refused("setMyCommands", commands=wrong) == (400, "Bad Request: BOT_COMMAND_INVALID")
