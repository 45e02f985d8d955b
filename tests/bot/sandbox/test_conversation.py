"""A real python-telegram-bot Bot and a person talk through the sandbox."""

from __future__ import annotations

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.sandbox import actors

YES_NO = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton("✅ Yes, it is new", callback_data="a1:1:yes"),
            InlineKeyboardButton("No", callback_data="a1:1:no"),
        ]
    ]
)


async def test_a_bot_learns_who_it_is(bot: telegram.Bot) -> None:
    me = await bot.get_me()
    assert (me.username, me.is_bot) == ("aftercare_sandbox_bot", True)


async def test_start_with_a_payload_arrives_as_a_command(bot: telegram.Bot, sandbox: actors.Sandbox) -> None:
    ana = await sandbox.person("Ana", language_code="es")
    await ana.start("https://t.me/aftercare_sandbox_bot?start=tok-1")
    (update,) = await bot.get_updates(timeout=1)
    assert update.message is not None
    assert update.message.text == "/start tok-1"
    assert update.message.entities[0].type == "bot_command"
    assert update.effective_user is not None
    assert update.effective_user.language_code == "es"


async def test_a_tap_reaches_the_bot_and_its_answer_reaches_the_person(
    bot: telegram.Bot, sandbox: actors.Sandbox
) -> None:
    ana = await sandbox.person("Ana")
    await ana.start()
    sent = await bot.send_message(ana.id, "<b>Leg pain</b>?", parse_mode="HTML", reply_markup=YES_NO)
    sandbox.patience_s = 0.05
    tap = await ana.taps("yes, it is")
    updates = await bot.get_updates()
    query = updates[-1].callback_query
    assert query is not None
    assert (query.data, query.id) == ("a1:1:yes", tap["callback_query_id"])
    assert query.message is not None
    assert query.message.message_id == sent.message_id
    await query.answer("Noted", show_alert=True)
    answered = await sandbox.get(f"queries/{query.id}")
    assert answered["answer"] == {"text": "Noted", "show_alert": True}


async def test_an_edit_changes_the_message_in_place(bot: telegram.Bot, sandbox: actors.Sandbox) -> None:
    ana = await sandbox.person("Ana")
    await ana.start()
    sent = await bot.send_message(ana.id, "1 of 3", reply_markup=YES_NO)
    edited = await bot.edit_message_text("2 of 3", chat_id=ana.id, message_id=sent.message_id)
    assert isinstance(edited, telegram.Message)
    assert edited.edit_date is not None
    shown = await ana.last()
    assert (shown["text"], shown["edited"], shown["keyboard"]) == ("2 of 3", True, None)


async def test_a_label_nobody_offers_fails_with_the_buttons_there_are(
    bot: telegram.Bot, sandbox: actors.Sandbox
) -> None:
    ana = await sandbox.person("Ana")
    await ana.start()
    await bot.send_message(ana.id, "New?", reply_markup=YES_NO)
    sandbox.patience_s = 0.05
    with pytest.raises(AssertionError, match="buttons here: '✅ Yes, it is new', 'No'"):
        await ana.taps("Maybe")


async def test_seeing_waits_for_what_the_bot_sends_later(bot: telegram.Bot, sandbox: actors.Sandbox) -> None:
    ana = await sandbox.person("Ana")
    await ana.start()
    await bot.send_message(ana.id, "Good morning")
    assert (await ana.sees("good", "morning"))["from_bot"] is True
    assert await ana.chat.text() == f"{ana.id}: /start\nbot: Good morning"
