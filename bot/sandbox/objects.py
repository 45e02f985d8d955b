"""Users, chats, messages and memberships as the Bot API writes them."""

from __future__ import annotations

from typing import Any

from bot.sandbox import world as worlds

Json = dict[str, Any]

ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def user(person: worlds.User) -> Json:
    """A `User`."""
    optional = {
        "last_name": person.last_name,
        "username": person.username,
        "language_code": person.language_code,
    }
    present = {name: value for name, value in optional.items() if value}
    return {"id": person.id, "is_bot": False, "first_name": person.first_name, **present}


def bot(world: worlds.World) -> Json:
    """The bot as a `User`, as other objects carry it."""
    me = world.bot
    return {"id": me.id, "is_bot": True, "first_name": me.first_name, "username": me.username}


def account(world: worlds.World, account_id: int) -> Json:
    """A person or the bot as a `User`."""
    return bot(world) if account_id == world.bot.id else user(world.users[account_id])


def chat(world: worlds.World, where: worlds.Chat) -> Json:
    """A `Chat`."""
    if where.user_id is not None:
        person = user(world.users[where.user_id])
        names: Json = {key: person[key] for key in ("first_name", "last_name", "username") if key in person}
        return {"id": where.id, "type": "private", **names}
    forum = {"is_forum": True} if where.forum else {}
    return {"id": where.id, "type": where.type, "title": where.title, **forum}


def message(world: worlds.World, where: worlds.Chat, item: worlds.Message, *, nested: bool = False) -> Json:
    """A `Message`; a nested one (in a reply) carries no further reply."""
    rendered: Json = {"message_id": item.id, "date": item.date, "chat": chat(world, where)}
    if item.sender_id is not None and where.type != "channel":
        rendered["from"] = account(world, item.sender_id)
    if where.type == "channel":
        rendered["sender_chat"] = chat(world, where)
    if item.thread_id is not None:
        rendered |= {"message_thread_id": item.thread_id, "is_topic_message": True}
    if item.reply_to in where.messages and not nested:
        replied = where.messages[item.reply_to]
        if not replied.deleted:
            rendered["reply_to_message"] = message(world, where, replied, nested=True)
    if item.edited_at is not None:
        rendered["edit_date"] = item.edited_at
    rendered |= item.media
    if item.text is not None:
        rendered["text"] = item.text
    if item.caption:
        rendered["caption"] = item.caption
    if item.entities:
        rendered["entities" if item.text is not None else "caption_entities"] = item.entities
    if item.inline_keyboard:
        rendered["reply_markup"] = {"inline_keyboard": item.inline_keyboard}
    return rendered


def member(world: worlds.World, status: str, account_id: int) -> Json:
    """A `ChatMember` in the given status."""
    who = account(world, account_id)
    is_bot = account_id == world.bot.id
    if status == "creator":
        return {"status": status, "user": who, "is_anonymous": False}
    if status == "administrator":
        rights: Json = dict.fromkeys(ADMIN_RIGHTS, True)
        more = {"can_post_messages": True, "can_edit_messages": True, "can_pin_messages": True}
        return {
            "status": status,
            "user": who,
            "can_be_edited": not is_bot,
            "is_anonymous": False,
            **rights,
            **more,
            "can_manage_topics": True,
        }
    if status == "kicked":
        return {"status": status, "user": who, "until_date": 0}
    if status == "restricted":
        return {"status": status, "user": who, **_restricted()}
    return {"status": status, "user": who}


def _restricted() -> Json:
    refused = (
        "can_send_messages",
        "can_send_audios",
        "can_send_documents",
        "can_send_photos",
        "can_send_videos",
        "can_send_video_notes",
        "can_send_voice_notes",
        "can_send_polls",
        "can_send_other_messages",
        "can_add_web_page_previews",
        "can_react_to_messages",
        "can_edit_tag",
        "can_change_info",
        "can_invite_users",
        "can_pin_messages",
        "can_manage_topics",
    )
    return {"is_member": True, **dict.fromkeys(refused, False), "until_date": 0}


def status_of(world: worlds.World, where: worlds.Chat, account_id: int) -> str:
    """The member status of a person or the bot in a chat."""
    if account_id == world.bot.id:
        if where.type == "private":
            return "kicked" if where.blocked else "member"
        if where.bot == "member" and not where.can_post:
            return "restricted" if where.type == "supergroup" else "member"
        return where.bot
    if account_id not in where.members:
        return "left"
    if where.type == "private" or account_id not in where.admins:
        return "member"
    return "creator" if where.admins[0] == account_id else "administrator"


def member_changed(
    world: worlds.World, where: worlds.Chat, *, by: int, old: str, new: str, account_id: int | None = None
) -> Json:
    """A `ChatMemberUpdated` about the bot, or about `account_id`."""
    whom = world.bot.id if account_id is None else account_id
    return {
        "chat": chat(world, where),
        "from": account(world, by),
        "date": world.stamp(),
        "old_chat_member": member(world, old, whom),
        "new_chat_member": member(world, new, whom),
    }
