"""Keyboards and introductions Telegram does not take."""

from __future__ import annotations

import pytest

from bot.sandbox import actors, server
from tests.bot.sandbox.raw_calls import Raw

KEYBOARDS = [
    ("[", "can't parse reply keyboard markup JSON object"),
    ([1], "object expected as reply markup"),
    ({"inline_keyboard": 5}, 'field "inline_keyboard" of the ReplyKeyboardMarkup must be an Array of Arrays'),
    ({"inline_keyboard": [5]}, 'field "inline_keyboard" must be an Array of Arrays'),
    (
        {"inline_keyboard": [[5]]},
        "can't parse inline keyboard button: InlineKeyboardButton must be an Object",
    ),
    ({"inline_keyboard": [[{}]]}, "can't parse inline keyboard button: Can't find field \"text\""),
    (
        {"inline_keyboard": [[{"text": "Go", "url": "file:///etc"}]]},
        "inline keyboard button URL 'file:///etc' is invalid: Unsupported URL protocol",
    ),
    ({"keyboard": [[{"label": "x"}]]}, "can't parse keyboard button: KeyboardButton must be a String or an Object"),
    (
        {"inline_keyboard": [[{"text": "x" * 9000, "url": "https://a.org/" + "x" * 1000}]]},
        "reply markup is too long",
    ),
]


@pytest.mark.parametrize(("markup", "why"), KEYBOARDS)
async def test_a_broken_keyboard_is_refused(
    served: server.Served, raw: Raw, ana: actors.Person, markup: object, why: str
) -> None:
    assert await raw.refused("sendMessage", chat_id=ana.id, text="hi", reply_markup=markup) == (
        400,
        f"Bad Request: {why}",
    )
    served.desk.violations.clear()


async def test_an_edit_takes_no_reply_keyboard(raw: Raw, ana: actors.Person, served: server.Served) -> None:
    sent = await raw.ok("sendMessage", chat_id=ana.id, text="hi")
    keyboard = {"keyboard": [[{"text": "A"}]]}
    where = {"chat_id": ana.id, "message_id": sent["message_id"]}
    assert await raw.refused("editMessageText", **where, text="x", reply_markup=keyboard) == (
        400,
        "Bad Request: inline keyboard expected",
    )
    served.desk.violations.clear()


async def test_a_forced_reply_asks_in_the_text_field(raw: Raw, ana: actors.Person) -> None:
    forced = {"force_reply": True, "input_field_placeholder": "Your year of birth"}
    sent = await raw.ok("sendMessage", chat_id=ana.id, text="When were you born?", reply_markup=forced)
    assert (await ana.chat.look()).chat["placeholder"] == "Your year of birth"
    replied = await ana.says("1961", reply_to=sent["message_id"])
    update = (await raw.ok("getUpdates"))[-1]["message"]
    assert (update["message_id"], update["reply_to_message"]["text"]) == (replied["id"], "When were you born?")


PROFILE = [
    ("setMyCommands", {"commands": "x"}, "can't parse commands JSON object"),
    ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
    ("setMyCommands", {"commands": [{"command": "a", "description": "a"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
    ("setMyCommands", {"commands": [], "scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
    ("getMyCommands", {"scope": [1]}, "can't parse BotCommandScope: expected an Object with a type"),
    ("setMyDescription", {"description": "x" * 513}, "description is too long"),
    (
        "setChatMenuButton",
        {"menu_button": {"type": "red"}},
        "can't parse menu button: Invalid menu button type specified",
    ),
    ("sendChatAction", {"chat_id": 7_000_000_001, "action": "dancing"}, "wrong parameter action in request"),
    ("sendMessage", {"text": "x"}, "chat_id is empty"),
    ("sendDocument", {"chat_id": "ana", "document": "x"}, "chat not found"),
    ("editMessageText", {"inline_message_id": "x", "text": "x"}, "MESSAGE_ID_INVALID"),
    ("editMessageText", {"text": ""}, "message text is empty"),
    ("editMessageText", {"text": "x" * 4097}, "MESSAGE_TOO_LONG"),
]


@pytest.mark.parametrize(("method", "params", "why"), PROFILE)
async def test_arguments_telegram_does_not_take_are_refused(
    served: server.Served, raw: Raw, method: str, params: dict[str, object], why: str
) -> None:
    assert await raw.refused(method, **params) == (400, f"Bad Request: {why}")
    served.desk.violations.clear()


async def test_the_bot_cannot_write_to_itself(raw: Raw) -> None:
    assert await raw.refused("sendMessage", chat_id=7_000_000_001, text="x") == (
        403,
        "Forbidden: the bot can't send messages to the bot",
    )


async def test_in_a_private_chat_there_is_nothing_to_administer(raw: Raw, ana: actors.Person) -> None:
    assert await raw.refused("getChatAdministrators", chat_id=ana.id) == (
        400,
        "Bad Request: there are no administrators in the private chat",
    )
    assert await raw.refused("leaveChat", chat_id=ana.id) == (
        400,
        "Bad Request: chat member status can't be changed in private chats",
    )
    assert await raw.refused("createForumTopic", chat_id=ana.id, name="x") == (
        400,
        "Bad Request: the chat is not a forum",
    )
    assert await raw.ok("getChatMemberCount", chat_id=ana.id) == 2
