"""From Telegram's JSON to Incoming. `chat_key` tolerates anything; `read` raises on what is no update."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from telegram import Chat, ChatMember, ChatMemberUpdated, Message, MessageReactionUpdated, Update
from telegram import Document as TelegramDocument

from bot.care.inbox import Raw
from bot.chat import tokens
from bot.chat.incoming import Incoming, Kind, Media

ALLOWED = (
    "message",
    "edited_message",
    "channel_post",
    "callback_query",
    "my_chat_member",
    "message_reaction",
)
_FILES = ("document", "voice", "audio", "video", "video_note", "animation", "sticker")
_KINDS = {"audio": "voice", "video_note": "video", "animation": "video"}  # as the schema names them
_BARE = ("location", "contact", "venue", "poll", "dice", "story", "game")  # nothing to download


class Malformed(ValueError):
    """This is no update that Telegram would send."""


def raw(update: Any) -> Raw | None:
    """One element of getUpdates or one webhook body, ready to be stored; None when it has no usable number."""
    if not isinstance(update, dict):
        return None
    number = update.get("update_id")
    if not isinstance(number, int) or isinstance(number, bool) or not -(2**62) < number < 2**62:
        return None
    body = json.dumps(update, separators=(",", ":"), ensure_ascii=True)
    return Raw(update_id=number, chat_key=chat_key(update), body=body)


def chat_key(update: dict[str, Any]) -> int:
    """The Telegram id of the chat this update belongs to; 0 when it says none."""
    for name, inner in update.items():
        if name == "update_id" or not isinstance(inner, dict):
            continue
        places = (inner.get("chat"), _inside(inner, "message", "chat"), inner.get("from"))
        for place in places:
            found = place.get("id") if isinstance(place, dict) else None
            if isinstance(found, int) and not isinstance(found, bool) and -(2**62) < found < 2**62:
                return found
    return 0


def read(body: str, *, secret: bytes, username: str, received_at: datetime) -> Incoming:
    """What somebody did. `username` is the bot's, `received_at` dates what Telegram does not date (taps).

    Raises whatever parsing raises (Malformed, KeyError, TypeError, AttributeError, ValueError) on what is no update.
    """
    value = json.loads(body)
    if not isinstance(value, dict):
        raise Malformed
    update = Update.de_json(value, None)
    if update.callback_query is not None:
        return _tap(update, secret, received_at)
    if update.my_chat_member is not None:
        return _member(update.my_chat_member)
    if update.message_reaction is not None:
        return _reaction(update.message_reaction)
    if update.edited_message is not None:
        return _message(update.edited_message, username, edited=True)
    message = update.message or update.channel_post
    if message is not None:
        return _message(message, username)
    if update.effective_chat is None:
        raise Malformed(f"update of no known kind: {sorted(set(value) - {'update_id'})}")
    chat = update.effective_chat
    return Incoming(kind=Kind.OTHER, chat=chat.id, chat_kind=chat.type, at=received_at, title=chat.title)


def _tap(update: Update, secret: bytes, received_at: datetime) -> Incoming:
    query = update.callback_query
    if query is None or query.message is None:
        raise Malformed("a tap under no message")
    chat = query.message.chat
    return Incoming(
        kind=Kind.TAP,
        chat=chat.id,
        chat_kind=chat.type,
        user=query.from_user.id,
        at=received_at,
        message_id=query.message.message_id,
        action=tokens.decode(query.data or "", chat.id, secret),
        query_id=query.id,
        language=query.from_user.language_code,
        title=chat.title,
        username=query.from_user.username,
        address=_address(chat),
    )


def _message(message: Message, username: str, *, edited: bool = False) -> Incoming:
    moved = _moved(message)
    if moved is not None:
        return moved
    text = message.text if message.text is not None else message.caption or ""
    command, rest = (None, text) if edited else _command(message, username)
    media = _media(message)
    if edited:
        kind = Kind.EDITED
    elif command is not None:
        kind = Kind.COMMAND
    elif media is not None:
        kind = Kind.MEDIA
    else:
        kind = Kind.TEXT if message.text is not None else Kind.OTHER
    person = message.from_user
    return Incoming(
        kind=kind,
        chat=message.chat.id,
        chat_kind=message.chat.type,
        user=person.id if person else None,
        at=(message.edit_date if edited else None) or message.date,
        text=rest,
        command=command,
        message_id=message.message_id,
        media=media,
        reply_to=message.reply_to_message.message_id if message.reply_to_message else None,
        language=person.language_code if person else None,
        title=message.chat.title,
        username=person.username if person else None,
        address=_address(message.chat),
    )


def _moved(message: Message) -> Incoming | None:
    """A group became a supergroup: told once in the old chat, once in the new one."""
    if message.migrate_to_chat_id is not None:
        old, new = message.chat.id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        old, new = message.migrate_from_chat_id, message.chat.id
    else:
        return None
    return Incoming(
        kind=Kind.MIGRATED, chat=old, chat_kind="group", at=message.date, migrated_to=new, title=message.chat.title
    )


def _command(message: Message, username: str) -> tuple[str | None, str]:
    """The command for this bot and what follows it, or no command and the whole text."""
    text = message.text or ""
    entity = next((e for e in message.entities if e.type == "bot_command" and e.offset == 0), None)
    if entity is None:
        return None, text or message.caption or ""
    name, _, addressee = text[1 : entity.length].partition("@")
    if addressee and addressee.casefold() != username.casefold():
        return None, text
    return name.casefold(), text[entity.length :].strip()


def _media(message: Message) -> Media | None:
    if message.photo:
        largest = message.photo[-1]
        return Media(kind="photo", file_id=largest.file_id, size=largest.file_size)
    for name in _FILES:
        found: Any = getattr(message, name)
        if found is not None and not (name == "document" and message.animation):
            own_name = found.file_name if isinstance(found, TelegramDocument) else None
            return Media(
                kind=_KINDS.get(name, name),
                file_id=found.file_id,
                name=own_name,
                mime=getattr(found, "mime_type", None),
                size=found.file_size,
            )
    for name in _BARE:
        if getattr(message, name) is not None:
            return Media(kind=name if name in ("location", "contact") else "other", file_id="")
    return None


def _member(change: ChatMemberUpdated) -> Incoming:
    chat: Chat = change.chat
    return Incoming(
        kind=Kind.MEMBER,
        chat=chat.id,
        chat_kind=chat.type,
        user=change.from_user.id,
        at=change.date,
        membership=change.new_chat_member.status,
        can_post=_can_post(chat, change.new_chat_member),
        language=change.from_user.language_code,
        title=chat.title,
        username=change.from_user.username,
        address=_address(chat),
    )


def _address(chat: Chat) -> str | None:
    """The public name of a group or channel; a person's own name is none."""
    return None if chat.type == "private" else chat.username


def _can_post(chat: Chat, member: ChatMember) -> bool:
    """Whether the bot may write there as what it is now."""
    status = member.status
    if chat.type == "channel":
        return status == "administrator" and bool(getattr(member, "can_post_messages", False))
    if status == "restricted":
        return bool(getattr(member, "can_send_messages", False))
    return status in ("creator", "administrator", "member")


def _reaction(reaction: MessageReactionUpdated) -> Incoming:
    emoji: Sequence[str] = [e for e in (getattr(each, "emoji", None) for each in reaction.new_reaction) if e]
    return Incoming(
        kind=Kind.OTHER,
        chat=reaction.chat.id,
        chat_kind=reaction.chat.type,
        user=reaction.user.id if reaction.user else None,
        at=reaction.date,
        text="".join(emoji),
        message_id=reaction.message_id,
        title=reaction.chat.title,
    )


def _inside(value: dict[str, Any], *names: str) -> Any:
    found: Any = value
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found
