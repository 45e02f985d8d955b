"""The sandbox's state as the page and the Python client read it."""

from __future__ import annotations

from typing import Any

from bot.clock import MovableClock
from bot.sandbox import dispatch, rendering, world

Json = dict[str, Any]

CALLS_SHOWN = 200


def user(here: world.World, person: world.User) -> Json:
    """A User of the control API."""
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.username,
        "language_code": person.language_code,
        "role": person.role,
        "blocked": here.chats[person.id].blocked,
        "started": here.chats[person.id].started,
        "deactivated": person.deactivated,
    }


def message(here: world.World, item: world.Message) -> Json:
    """A Message of the control API."""
    shown = item.kind in ("text", "photo", "document", "sticker", "voice")
    text = item.text if shown else _in_words(here, item)
    marks = item.entities
    return {
        "id": item.id,
        "from_id": item.sender_id,
        "from_bot": item.sender_id == here.bot.id,
        "date": item.date,
        "edited": item.edited_at is not None,
        "deleted": item.deleted,
        "text": text,
        "html": rendering.to_html(text if text is not None else item.caption or "", marks),
        "kind": "text" if item.kind == "contact" else item.kind,
        "file": _file(item),
        "caption": item.caption,
        "keyboard": _keyboard(item),
        "reply_to": item.reply_to,
        "thread_id": item.thread_id,
        "reactions": {str(who): emoji for who, emoji in item.reactions.items() if emoji},
    }


def _file(item: world.Message) -> Json | None:
    if item.file is None:
        return None
    stored = item.file
    url = f"/sandbox/files/{stored.file_id}"
    return {"id": stored.file_id, "name": stored.name, "mime": stored.mime, "url": url}


def _keyboard(item: world.Message) -> list[list[Json]] | None:
    if not item.inline_keyboard:
        return None
    return [
        [
            {
                "text": button["text"],
                **({"data": button["callback_data"]} if "callback_data" in button else {}),
                **({"url": button["url"]} if "url" in button else {}),
            }
            for button in row
        ]
        for row in item.inline_keyboard
    ]


def _in_words(here: world.World, item: world.Message) -> str:
    """What a service message or a contact says on a screen."""
    media = item.media
    name = here.bot.first_name if item.sender_id == here.bot.id else _name(here, item.sender_id)
    if "contact" in media:
        return f"{media['contact']['first_name']} {media['contact']['phone_number']}"
    if "new_chat_members" in media:
        return f"{name} added " + ", ".join(m["first_name"] for m in media["new_chat_members"])
    if "left_chat_member" in media:
        return f"{media['left_chat_member']['first_name']} left"
    if "pinned_message" in media:
        return f"{name} pinned a message"
    if "migrate_to_chat_id" in media:
        return f"This group became the supergroup {media['migrate_to_chat_id']}"
    if "migrate_from_chat_id" in media:
        return f"This supergroup was the group {media['migrate_from_chat_id']}"
    if "forum_topic_created" in media:
        return f"{name} opened the topic {media['forum_topic_created']['name']}"
    return f"{name} closed the topic" if "forum_topic_closed" in media else f"{name} reopened the topic"


def _name(here: world.World, user_id: int | None) -> str:
    return here.users[user_id].first_name if user_id in here.users else "Someone"


def chat(here: world.World, where: world.Chat) -> Json:
    """A Chat of the control API, with all its messages."""
    rows = (where.reply_keyboard or {}).get("keyboard", [])
    return {
        "id": where.id,
        "type": where.type,
        "title": where.title or _name(here, where.user_id),
        "user_id": where.user_id,
        "members": where.members,
        "messages": [message(here, item) for item in where.messages.values()],
        "reply_keyboard": [[button["text"] for button in row] for row in rows] or None,
        "placeholder": where.placeholder,
        "typing": where.typing_until is not None and where.typing_until > here.clock.now(),
        "pinned": where.pinned,
        "bot": where.bot if where.user_id is None else None,
        "can_post": where.can_post,
        "migrated_to": where.migrated_to,
        "deleted": where.dissolved,
        "topics": [{"id": t.id, "name": t.name, "closed": t.closed} for t in where.topics.values()],
    }


def state(desk: dispatch.Dispatch, storyline: str | None) -> Json:
    """Everything the page shows."""
    here = desk.world
    shown: Json = {
        "rev": here.revision.number,
        "now": here.clock.now().isoformat(),
        "clock": {"movable": isinstance(here.clock, MovableClock)},
        "bot": {"id": here.bot.id, "username": here.bot.username, "first_name": here.bot.first_name},
        "users": [user(here, person) for person in here.users.values()],
        "chats": [chat(here, where) for where in here.chats.values()],
        "calls": [call.view() for call in desk.log.last(CALLS_SHOWN)],
        "faults": desk.faults.view(),
        "limits": desk.limits.on,
    }
    if storyline is not None:
        shown["storyline"] = storyline
    return shown
