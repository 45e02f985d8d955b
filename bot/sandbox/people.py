"""What people do in the sandbox, and the updates the bot gets for it. Raises Impossible in words."""

from __future__ import annotations

from typing import Any

from bot.sandbox import acts, entities, objects, refusals, world

Json = dict[str, Any]

# The webhook queue of taps is another than that of messages: no order holds between them.
TAP_LANE = 3 << 33


def enter(here: world.World, act: acts.NewUser) -> world.User:
    """A new person, with a private chat that is not started."""
    user_id = act.id or here.new_user_id()
    if user_id in here.users or user_id == here.bot.id:
        raise refusals.Impossible(f"the id {user_id} is taken")
    person = world.User(**(act.model_dump(exclude={"id"}) | {"id": user_id}))
    here.users[user_id] = person
    here.chats[user_id] = world.Chat(id=user_id, type="private", user_id=user_id, members=[user_id])
    here.changed()
    return person


def _seat(here: world.World, person: world.User, chat_id: int) -> world.Chat:
    """The chat, if this person can act in it."""
    chat = here.chat(chat_id)
    name = person.first_name
    if person.deactivated:
        raise refusals.Impossible(f"{name}'s account is deactivated")
    if person.id not in chat.members:
        raise refusals.Impossible(f"{name} is not in the chat {chat.title or chat_id}")
    if chat.migrated_to is not None:
        raise refusals.Impossible(f"{chat.title} became a supergroup: use the chat {chat.migrated_to}")
    if chat.dissolved:
        raise refusals.Impossible(f"{chat.title} was deleted")
    if chat.user_id is not None and not chat.started:
        raise refusals.Impossible(f"{name} has not pressed Start")
    if chat.blocked:
        raise refusals.Impossible(f"{name} has blocked the bot: unblock it first")
    return chat


def writer(here: world.World, person: world.User, chat_id: int) -> world.Chat:
    """The chat, if this person can write in it. Raises Impossible."""
    chat = _seat(here, person, chat_id)
    if chat.type == "channel" and person.id not in chat.admins:
        raise refusals.Impossible(f"only administrators post in the channel {chat.title}")
    return chat


def _addressed(here: world.World, chat: world.Chat, item: world.Message) -> bool:
    """Whether a bot in privacy mode is shown a group message: commands, mentions, replies, service."""
    if chat.type in ("private", "channel") or chat.bot == "administrator" or item.kind == "service":
        return True
    me = f"@{here.bot.username.lower()}"
    words = item.content.lower()
    replied = chat.messages.get(item.reply_to or 0)
    if replied is not None and replied.sender_id == here.bot.id:
        return True
    command = words.split()[0] if words.startswith("/") else ""
    return command.endswith(me) or (bool(command) and "@" not in command) or me in words


def deliver(here: world.World, chat: world.Chat, item: world.Message, kind: str = "message") -> None:
    """Make the update for a message a person wrote or edited, if the bot is there to see it."""
    if chat.type != "private" and chat.bot not in ("member", "administrator"):
        return
    if chat.type == "channel":
        kind = {"message": "channel_post", "edited_message": "edited_channel_post"}[kind]
    if _addressed(here, chat, item):
        here.updates.add(kind, objects.message(here, chat, item), lane=str(chat.id))


def start(here: world.World, person: world.User, act: acts.Start) -> world.Message:
    """Press Start: unblocks the bot, opens the chat, sends /start with the payload."""
    chat = here.chats[person.id]
    if chat.blocked:
        unblock(here, person)
    chat.started = True
    return say(here, person, acts.Text(chat_id=chat.id, text=f"/start {act.payload}" if act.payload else "/start"))


def say(here: world.World, person: world.User, act: acts.Text) -> world.Message:
    """Type and send a text."""
    chat = writer(here, person, act.chat_id)
    rich = entities.plain(act.text)
    if not rich.text:
        raise refusals.Impossible("text: an empty message cannot be sent")
    _replied_to(chat, act.reply_to)
    if act.thread_id is not None and act.thread_id not in chat.topics:
        raise refusals.Impossible(f"{chat.title} has no topic {act.thread_id}")
    item = here.post(
        chat,
        person.id,
        text=rich.text,
        entities=rich.entities,
        reply_to=act.reply_to,
        thread_id=act.thread_id,
    )
    deliver(here, chat, item)
    return item


def _replied_to(chat: world.Chat, message_id: int | None) -> None:
    if message_id is not None:
        _standing(chat, message_id)


def _standing(chat: world.Chat, message_id: int) -> world.Message:
    item = chat.messages.get(message_id)
    if item is None or item.deleted:
        raise refusals.Impossible(f"there is no message {message_id} in this chat", status=404)
    return item


def press(here: world.World, person: world.User, act: acts.Press) -> world.Message:
    """Press a button of the reply keyboard: its text is sent, or the contact it asks for."""
    chat = writer(here, person, act.chat_id)
    rows = (chat.reply_keyboard or {}).get("keyboard", [])
    button = next((b for row in rows for b in row if b["text"] == act.text), None)
    if button is None:
        present = ", ".join(repr(b["text"]) for row in rows for b in row) or "none"
        raise refusals.Impossible(f"no reply button says {act.text!r}; buttons here: {present}")
    if (chat.reply_keyboard or {}).get("one_time_keyboard"):
        chat.reply_keyboard = None
    if button.get("request_contact"):
        return share_contact(here, person, acts.SendContact(chat_id=chat.id))
    return say(here, person, acts.Text(chat_id=chat.id, text=act.text))


def tap(here: world.World, person: world.User, act: acts.Tap) -> world.Query:
    """Tap an inline button; makes a callback query unless the button opens a link."""
    chat = _seat(here, person, act.chat_id)
    item = chat.messages.get(act.message_id)
    if not act.forge:
        item = _standing(chat, act.message_id)
    data = act.data if act.forge and act.data is not None else _button(item, act).get("callback_data")
    query = world.Query(id=here.new_query_id(), user_id=person.id, data=data or "", date=here.stamp())
    if data is None:
        return query
    here.queries[query.id] = query
    gone: Json = {"chat": objects.chat(here, chat), "message_id": act.message_id, "date": 0}
    shown = gone if item is None or item.deleted else objects.message(here, chat, item)
    payload = {
        "id": query.id,
        "from": objects.user(person),
        "message": shown,
        "chat_instance": chat.instance,
        "data": data,
    }
    here.updates.add("callback_query", payload, lane=str(person.id + TAP_LANE))
    here.changed()
    return query


def _button(item: world.Message | None, act: acts.Tap) -> Json:
    rows = (item.inline_keyboard if item else None) or []
    if act.data is not None:
        found = next((b for row in rows for b in row if b.get("callback_data") == act.data), None)
        if found is None:
            raise refusals.Impossible("no button of this message carries that data; set forge to send it anyway")
        return found
    row, col = act.row or 0, act.col or 0
    if row >= len(rows) or col >= len(rows[row]):
        raise refusals.Impossible(f"message {act.message_id} has no button at row {row}, column {col}")
    return rows[row][col]


def edit(here: world.World, person: world.User, act: acts.Edit) -> world.Message:
    """Change the text or caption of one's own message."""
    chat = writer(here, person, act.chat_id)
    item = _standing(chat, act.message_id)
    if item.sender_id != person.id or item.kind == "service":
        raise refusals.Impossible(f"{person.first_name} did not write message {act.message_id}")
    rich = entities.plain(act.text)
    if item.text is not None:
        item.text = rich.text
    else:
        item.caption = rich.text
    item.entities, item.edited_at = rich.entities, here.stamp()
    deliver(here, chat, item, "edited_message")
    here.changed()
    return item


def erase(here: world.World, person: world.User, act: acts.Erase) -> None:
    """Delete a message; the bot is not told."""
    chat = _seat(here, person, act.chat_id)
    _standing(chat, act.message_id).deleted = True
    here.changed()


def share_contact(here: world.World, person: world.User, act: acts.SendContact) -> world.Message:
    """Share one's own phone number."""
    chat = writer(here, person, act.chat_id)
    phone = person.phone or f"+1555{person.id % 10_000_000:07d}"
    contact = {"phone_number": phone, "first_name": person.first_name, "user_id": person.id}
    item = here.post(chat, person.id, kind="contact", media={"contact": contact})
    deliver(here, chat, item)
    return item


def react(here: world.World, person: world.User, act: acts.React) -> None:
    """Set or remove a reaction; in groups the bot sees it only as an administrator."""
    chat = _seat(here, person, act.chat_id)
    item = _standing(chat, act.message_id)
    old, new = item.reactions.get(person.id, []), [act.emoji] if act.emoji else []
    item.reactions[person.id] = new
    payload = {
        "chat": objects.chat(here, chat),
        "message_id": item.id,
        "user": objects.user(person),
        "date": here.stamp(),
        "old_reaction": [{"type": "emoji", "emoji": emoji} for emoji in old],
        "new_reaction": [{"type": "emoji", "emoji": emoji} for emoji in new],
    }
    if chat.user_id is not None or chat.bot == "administrator":
        here.updates.add("message_reaction", payload, lane=str(chat.id))
    here.changed()


def block(here: world.World, person: world.User) -> None:
    """Stop the bot; it is told with my_chat_member."""
    _set_blocked(here, person, blocked=True)


def unblock(here: world.World, person: world.User) -> None:
    """Let the bot write again; it is told with my_chat_member."""
    _set_blocked(here, person, blocked=False)


def _set_blocked(here: world.World, person: world.User, *, blocked: bool) -> None:
    chat = here.chats[person.id]
    if chat.blocked == blocked:
        return
    chat.blocked = blocked
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    change = objects.member_changed(here, chat, by=person.id, old=old, new=new)
    here.updates.add("my_chat_member", change, lane=str(chat.id))
    here.changed()


def deactivate(here: world.World, person: world.User) -> None:
    """Delete the account; the bot is not told."""
    person.deactivated = True
    here.changed()
