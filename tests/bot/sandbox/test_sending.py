"""What Telegram refuses to send, in its own words."""

from __future__ import annotations

import httpx
import pytest
import telegram

from bot.sandbox import actors, client, server
from tests.bot.sandbox.raw_calls import Raw


def inline(data: object, text: str = "Yes") -> dict[str, object]:
    return {"inline_keyboard": [[{"text": text, "callback_data": data}]]}


REFUSED = [
    ({"text": " \n "}, "message text is empty"),
    ({"text": "x" * 4097}, "message is too long"),
    ({"text": "é" * 16_385}, "text is too long"),
    ({"text": "hi", "parse_mode": "Latex"}, "unsupported parse_mode"),
    ({"text": "pain < 4", "parse_mode": "HTML"}, 'can\'t parse entities: Unsupported start tag "" at byte offset 5'),
    ({"text": "hi", "reply_markup": inline("x" * 65)}, "BUTTON_DATA_INVALID"),
    ({"text": "hi", "reply_markup": inline("é" * 33)}, "BUTTON_DATA_INVALID"),
    ({"text": "hi", "reply_markup": inline("")}, "BUTTON_DATA_INVALID"),
    ({"text": "hi", "reply_markup": inline("a", text=" ")}, "BUTTON_TEXT_INVALID"),
    (
        {"text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "Yes"}]]}},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        {"text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "a"}] * 8] * 13}},
        "reply markup is too long",
    ),
    ({"text": "hi", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
]


@pytest.mark.parametrize(("params", "why"), REFUSED)
async def test_a_wrong_message_is_refused(raw: Raw, ana: actors.Person, params: dict[str, object], why: str) -> None:
    before = len(await ana.chat.messages())
    assert await raw.refused("sendMessage", chat_id=ana.id, **params) == (400, f"Bad Request: {why}")
    assert len(await ana.chat.messages()) == before


async def test_4096_characters_are_counted_after_the_markup_is_read(raw: Raw, ana: actors.Person) -> None:
    sent = await raw.ok("sendMessage", chat_id=ana.id, text=f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]


async def test_64_bytes_of_callback_data_are_taken(raw: Raw, ana: actors.Person) -> None:
    assert await raw.ok("sendMessage", chat_id=ana.id, text="hi", reply_markup=inline("x" * 64))


async def test_a_missing_text_and_an_unknown_parameter_are_noted_as_violations(
    served: server.Served, raw: Raw, ana: actors.Person
) -> None:
    assert await raw.refused("sendMessage", chat_id=ana.id) == (400, "Bad Request: message text is empty")
    await raw.ok("sendMessage", chat_id=ana.id, text="hi", reply_to_message=1)
    if not served.desk.violations:
        pytest.skip("the Bot API's description does not lie beside this checkout")
    assert list(map(str, served.violations)) == [
        "sendMessage.text: required parameter is missing",
        "sendMessage.reply_to_message: no such parameter",
    ]
    served.desk.violations.clear()


async def test_nobody_is_written_to_before_they_press_start(raw: Raw, sandbox: actors.Sandbox) -> None:
    ben = await sandbox.person("Ben")
    assert await raw.refused("sendMessage", chat_id=ben.id, text="hi") == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )
    assert await raw.refused("sendMessage", chat_id=12345, text="hi") == (400, "Bad Request: chat not found")


async def test_a_person_who_blocked_the_bot_gets_nothing_until_they_come_back(
    bot: telegram.Bot, ana: actors.Person
) -> None:
    await ana.blocks()
    with pytest.raises(telegram.error.Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ana.id, "hi")
    await ana.start()
    await bot.send_message(ana.id, "hi")
    changes = [u.my_chat_member for u in await bot.get_updates() if u.my_chat_member]
    assert [(c.old_chat_member.status, c.new_chat_member.status) for c in changes] == [
        ("member", "kicked"),
        ("kicked", "member"),
    ]


async def test_a_deactivated_account_is_refused(raw: Raw, sandbox: actors.Sandbox, ana: actors.Person) -> None:
    await sandbox.post(f"users/{ana.id}/deactivate")
    assert await raw.refused("sendMessage", chat_id=ana.id, text="hi") == (
        403,
        "Forbidden: user is deactivated",
    )


async def test_a_reply_keyboard_is_shown_pressed_and_taken_away(bot: telegram.Bot, ana: actors.Person) -> None:
    keyboard = telegram.ReplyKeyboardMarkup([["Better", "Worse"]], input_field_placeholder="How is it?")
    await bot.send_message(ana.id, "How is the pain?", reply_markup=keyboard)
    shown = (await ana.chat.look()).chat
    assert (shown["reply_keyboard"], shown["placeholder"]) == ([["Better", "Worse"]], "How is it?")
    await ana.presses("Worse")
    message = (await bot.get_updates())[-1].message
    assert message is not None
    assert message.text == "Worse"
    with pytest.raises(client.Refused, match="buttons here: 'Better', 'Worse'"):
        await ana.presses("Same")
    await bot.send_message(ana.id, "Thank you", reply_markup=telegram.ReplyKeyboardRemove())
    assert (await ana.chat.look()).chat["reply_keyboard"] is None


async def test_copies_and_forwards_carry_the_content(
    bot: telegram.Bot, sandbox: actors.Sandbox, ana: actors.Person, lind: actors.Person
) -> None:
    team = await sandbox.group("Team", lind)
    said = await ana.says("my calf is swollen")
    forwarded = await bot.forward_message(team.id, from_chat_id=ana.id, message_id=said["id"])
    assert isinstance(forwarded.forward_origin, telegram.MessageOriginUser)
    assert forwarded.forward_origin.sender_user.id == ana.id
    copied = await bot.copy_message(team.id, from_chat_id=ana.id, message_id=said["id"])
    shown = await team.last()
    assert (shown["id"], shown["text"]) == (copied.message_id, "my calf is swollen")
    with pytest.raises(telegram.error.BadRequest, match=r"[Mm]essage to copy not found"):
        await bot.copy_message(team.id, from_chat_id=ana.id, message_id=999)


async def test_typing_shows_until_the_message_comes(bot: telegram.Bot, ana: actors.Person) -> None:
    await bot.send_chat_action(ana.id, telegram.constants.ChatAction.TYPING)
    assert (await ana.chat.look()).chat["typing"] is True
    await bot.send_message(ana.id, "Hello")
    assert (await ana.chat.look()).chat["typing"] is False


@pytest.mark.parametrize("how", ["query", "form", "json", "multipart"])
async def test_arguments_may_come_in_any_form(http: httpx.AsyncClient, ana: actors.Person, how: str) -> None:
    fields = {"chat_id": str(ana.id), "text": f"by {how}"}
    if how == "query":
        answer = await http.get("/sendMessage", params=fields)
    elif how == "form":
        answer = await http.post("/SENDMESSAGE", data=fields)
    elif how == "json":
        answer = await http.post("/sendMessage", json=fields)
    else:
        answer = await http.post("/sendMessage", files={k: (None, v) for k, v in fields.items()})
    assert answer.json()["result"]["text"] == f"by {how}"


async def test_a_wrong_token_and_an_unknown_method_are_refused(served: server.Served, raw: Raw) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        foreign = await client.get(f"{served.api_url}7000000002:{'A' * 35}/getMe")
        assert (foreign.status_code, foreign.json()["description"]) == (401, "Unauthorized")
        shapeless = await client.get(f"{served.api_url}nonsense/getMe")
        assert (shapeless.status_code, shapeless.json()["description"]) == (404, "Not Found")
    assert await raw.refused("sendTelepathy") == (404, "Not Found: method not found")
    served.desk.violations.clear()
