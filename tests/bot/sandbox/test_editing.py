"""Edits, answers to taps, deletions, pins and reactions."""

from __future__ import annotations

from datetime import timedelta

import pytest
import telegram

from bot import clock
from bot.sandbox import actors
from tests.bot.sandbox.raw_calls import Raw

TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
BUTTON = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}


async def test_an_edit_that_changes_nothing_is_refused(raw: Raw, ana: actors.Person) -> None:
    sent = await raw.ok("sendMessage", chat_id=ana.id, text="same", reply_markup=BUTTON)
    same = {"chat_id": ana.id, "message_id": sent["message_id"], "text": "<i></i>same", "parse_mode": "HTML"}
    code, why = await raw.refused("editMessageText", **same, reply_markup=BUTTON)
    assert code == 400
    assert why.startswith("Bad Request: message is not modified: specified new message content and reply markup")
    assert "reply_markup" not in await raw.ok("editMessageText", **same)


async def test_what_is_gone_foreign_or_has_a_reply_keyboard_cannot_be_edited(raw: Raw, ana: actors.Person) -> None:
    own = await ana.says("mine")
    kept = await raw.ok("sendMessage", chat_id=ana.id, text="choose", reply_markup={"keyboard": [[{"text": "A"}]]})
    gone = await raw.ok("sendMessage", chat_id=ana.id, text="gone")
    await raw.ok("deleteMessage", chat_id=ana.id, message_id=gone["message_id"])

    async def edit(number: int) -> tuple[int, str]:
        return await raw.refused("editMessageText", chat_id=ana.id, message_id=number, text="new")

    assert await edit(own["id"]) == (400, "Bad Request: message can't be edited")
    assert await edit(kept["message_id"]) == (400, "Bad Request: message can't be edited")
    assert await edit(gone["message_id"]) == (400, "Bad Request: message to edit not found")
    assert await edit(4711) == (400, "Bad Request: message to edit not found")
    assert await edit(0) == (400, "Bad Request: message identifier is not specified")


async def test_text_and_caption_are_not_confused(bot: telegram.Bot, ana: actors.Person) -> None:
    text = await bot.send_message(ana.id, "text")
    with pytest.raises(telegram.error.BadRequest, match="no caption in the message to edit"):
        await bot.edit_message_caption(ana.id, text.message_id, caption="new")
    file = await bot.send_document(ana.id, b"answers", filename="answers.txt", caption="old")
    with pytest.raises(telegram.error.BadRequest, match="no text in the message to edit"):
        await bot.edit_message_text("new", ana.id, file.message_id)
    edited = await bot.edit_message_caption(ana.id, file.message_id, caption="new")
    assert isinstance(edited, telegram.Message)
    assert edited.caption == "new"


async def test_a_keyboard_can_be_changed_alone(bot: telegram.Bot, ana: actors.Person) -> None:
    sent = await bot.send_message(ana.id, "hi")
    keyboard = telegram.InlineKeyboardMarkup.from_button(telegram.InlineKeyboardButton("Go", callback_data="g"))
    await bot.edit_message_reply_markup(ana.id, sent.message_id, reply_markup=keyboard)
    assert (await ana.last())["keyboard"] == [[{"text": "Go", "data": "g"}]]


async def tapped(raw: Raw, ana: actors.Person) -> str:
    await raw.ok("sendMessage", chat_id=ana.id, text="ready?", reply_markup=BUTTON)
    ana.sandbox.patience_s = 0.05
    return str((await ana.taps("Yes"))["callback_query_id"])


async def test_a_tap_is_answered_once(raw: Raw, ana: actors.Person) -> None:
    query = await tapped(raw, ana)
    assert await raw.refused("answerCallbackQuery", callback_query_id=query, text="x" * 201) == (
        400,
        "Bad Request: MESSAGE_TOO_LONG",
    )
    assert await raw.ok("answerCallbackQuery", callback_query_id=query, text="x" * 200) is True
    assert await raw.refused("answerCallbackQuery", callback_query_id=query) == (400, TOO_OLD)
    assert await raw.refused("answerCallbackQuery", callback_query_id="1") == (400, TOO_OLD)


async def test_a_tap_answered_late_is_too_old(raw: Raw, ana: actors.Person, movable: clock.MovableClock) -> None:
    query = await tapped(raw, ana)
    movable.advance(timedelta(seconds=16))
    assert await raw.refused("answerCallbackQuery", callback_query_id=query) == (400, TOO_OLD)


async def test_messages_older_than_two_days_stay(raw: Raw, ana: actors.Person, movable: clock.MovableClock) -> None:
    sent = await raw.ok("sendMessage", chat_id=ana.id, text="old")
    number = sent["message_id"]
    movable.advance(timedelta(hours=49))
    assert await raw.refused("deleteMessage", chat_id=ana.id, message_id=number) == (
        400,
        "Bad Request: message can't be deleted",
    )
    assert await raw.refused("deleteMessage", chat_id=ana.id, message_id=4711) == (
        400,
        "Bad Request: message to delete not found",
    )


async def test_pinning_in_a_group_needs_an_administrator(
    bot: telegram.Bot, sandbox: actors.Sandbox, lind: actors.Person
) -> None:
    team = await sandbox.group("Team", lind)
    card = await bot.send_message(team.id, "card")
    with pytest.raises(telegram.error.BadRequest, match="ot enough rights to manage pinned messages"):
        await bot.pin_chat_message(team.id, card.message_id)
    await sandbox.post(f"chats/{team.id}/rights", admin=True)
    await bot.pin_chat_message(team.id, card.message_id)
    assert (await team.look()).chat["pinned"] == card.message_id
    chat = await bot.get_chat(team.id)
    assert chat.pinned_message is not None
    assert chat.pinned_message.message_id == card.message_id
    await bot.unpin_chat_message(team.id)
    with pytest.raises(telegram.error.BadRequest, match=r"[Mm]essage to unpin not found"):
        await bot.unpin_chat_message(team.id)


async def test_reactions_go_both_ways(bot: telegram.Bot, ana: actors.Person) -> None:
    await bot.get_updates(allowed_updates=["message_reaction"])
    sent = await bot.send_message(ana.id, "hi")
    await ana.reacts(sent.message_id)
    update = (await bot.get_updates())[-1]
    assert update.message_reaction is not None
    assert update.message_reaction.new_reaction == (telegram.ReactionTypeEmoji("👍"),)
    said = await ana.says("thanks")
    await bot.set_message_reaction(ana.id, said["id"], "🙏")
    assert (await ana.last())["reactions"] == {str(bot.id): ["🙏"]}
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)REACTION_INVALID"):
        await bot.set_message_reaction(ana.id, said["id"], "🩺")
