"""The methods that change, answer, pin or remove what is already there."""

from __future__ import annotations

from typing import Any

from bot.sandbox import access, entities, markup, objects, parameters, refusals, sending, world

Json = dict[str, Any]

DELETABLE_S = 48 * 3600
# Telegram publishes no deadline; users report failures after 10-20 s. The tap itself lives 150 s in the queue.
ANSWERABLE_S = 15
MAX_ANSWER = 200
REACTIONS = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
)


def _own(here: world.World, call: parameters.Parameters) -> tuple[world.Chat, world.Message]:
    if call.text("inline_message_id"):
        raise refusals.bad_request("MESSAGE_ID_INVALID")
    chat = access.target(here, call)
    access.writable(here, chat)
    found = access.message(chat, call, "message to edit")
    if found.sender_id != here.bot.id or found.has_reply_keyboard or found.kind == "service":
        raise refusals.bad_request("message can't be edited")
    return chat, found


def _keyboard(call: parameters.Parameters) -> list[list[Json]] | None:
    keyboard = markup.read(call)
    if keyboard.is_reply_keyboard:
        raise refusals.bad_request("inline keyboard expected")
    return keyboard.inline


def _change(
    here: world.World,
    chat: world.Chat,
    item: world.Message,
    rich: entities.Rich | None,
    keyboard: list[list[Json]] | None,
) -> Json:
    same_words = rich is None or (rich.text, rich.entities) == (item.content, item.entities)
    if same_words and keyboard == item.inline_keyboard:
        raise refusals.bad_request(refusals.NOT_MODIFIED)
    if rich is not None and item.text is not None:
        item.text, item.entities = rich.text, rich.entities
    elif rich is not None:
        item.caption, item.entities = rich.text or None, rich.entities
    item.inline_keyboard = keyboard
    item.edited_at = here.stamp()
    here.changed()
    return objects.message(here, chat, item)


def edit_text(here: world.World, call: parameters.Parameters) -> Json:
    """editMessageText."""
    rich = call.rich("text", "entities")
    if not rich.text:
        raise refusals.bad_request("message text is empty")
    if len(rich.text) > sending.MAX_TEXT:
        raise refusals.bad_request("MESSAGE_TOO_LONG")
    chat, item = _own(here, call)
    if item.text is None:
        raise refusals.bad_request("there is no text in the message to edit")
    return _change(here, chat, item, rich, _keyboard(call))


def edit_caption(here: world.World, call: parameters.Parameters) -> Json:
    """editMessageCaption."""
    rich = sending.caption(call)
    chat, item = _own(here, call)
    if item.text is not None:
        raise refusals.bad_request("there is no caption in the message to edit")
    return _change(here, chat, item, rich, _keyboard(call))


def edit_reply_markup(here: world.World, call: parameters.Parameters) -> Json:
    """editMessageReplyMarkup."""
    chat, item = _own(here, call)
    return _change(here, chat, item, None, _keyboard(call))


def answer_callback_query(here: world.World, call: parameters.Parameters) -> bool:
    """answerCallbackQuery: once, and soon."""
    query = here.queries.get(call.text("callback_query_id"))
    text = call.text("text")
    if len(text) > MAX_ANSWER:
        raise refusals.bad_request("MESSAGE_TOO_LONG")
    if query is None or query.answer is not None or here.stamp() - query.date > ANSWERABLE_S:
        raise refusals.bad_request(refusals.TOO_OLD)
    query.answer = {"text": text, "show_alert": call.flag("show_alert")}
    here.changed()
    return True


def delete_message(here: world.World, call: parameters.Parameters) -> bool:
    """deleteMessage: within 48 h; other people's in a group only as an administrator."""
    chat = access.target(here, call)
    access.readable(here, chat)
    item = access.message(chat, call, "message to delete")
    foreign = item.sender_id != here.bot.id and chat.user_id is None and chat.bot != "administrator"
    timeless = chat.type in ("supergroup", "channel") and chat.bot == "administrator"
    if foreign or (here.stamp() - item.date > DELETABLE_S and not timeless):
        raise refusals.bad_request("message can't be deleted")
    item.deleted = True
    if chat.pinned == item.id:
        chat.pinned = None
    here.changed()
    return True


def pin(here: world.World, call: parameters.Parameters) -> bool:
    """pinChatMessage."""
    chat = access.target(here, call)
    access.writable(here, chat)
    access.administrable(chat, "manage pinned messages in the chat")
    item = access.message(chat, call, "message to pin")
    if chat.pinned != item.id:
        chat.pinned = item.id
        pinned = {"pinned_message": objects.message(here, chat, item, nested=True)}
        here.post(chat, here.bot.id, kind="service", media=pinned)
    return True


def unpin(here: world.World, call: parameters.Parameters) -> bool:
    """unpinChatMessage: the named message, or the newest pinned one."""
    chat = access.target(here, call)
    access.writable(here, chat)
    access.administrable(chat, "manage pinned messages in the chat")
    if call.integer("message_id") not in (0, chat.pinned) or chat.pinned is None:
        raise refusals.bad_request("message to unpin not found")
    chat.pinned = None
    here.changed()
    return True


def react(here: world.World, call: parameters.Parameters) -> bool:
    """setMessageReaction: at most one of the common emoji."""
    chat = access.target(here, call)
    access.writable(here, chat)
    item = access.message(chat, call, "message to react")
    wanted = call.structure("reaction", "reaction types") or []
    if not isinstance(wanted, list) or any(not isinstance(r, dict) or "type" not in r for r in wanted):
        raise refusals.bad_request("can't parse reaction types JSON object")
    emoji = [str(r.get("emoji", "")).removesuffix("\ufe0f") for r in wanted]
    if len(emoji) > 1:
        raise refusals.bad_request("REACTIONS_TOO_MANY")
    if any(r["type"] != "emoji" for r in wanted) or not REACTIONS.issuperset(emoji):
        raise refusals.bad_request("REACTION_INVALID")
    item.reactions[here.bot.id] = emoji
    here.changed()
    return True


METHODS: dict[str, sending.Method] = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageReplyMarkup": edit_reply_markup,
    "answerCallbackQuery": answer_callback_query,
    "deleteMessage": delete_message,
    "pinChatMessage": pin,
    "unpinChatMessage": unpin,
    "setMessageReaction": react,
}
