"""The methods that ask about chats, or change the bot's place in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.sandbox import access, objects, parameters, refusals, sending, world

Json = dict[str, Any]

TYPING = timedelta(seconds=5)
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
ICON_COLOR = 0x6FB9F0


def _known(here: world.World, call: parameters.Parameters) -> world.Chat:
    chat = access.target(here, call)
    access.readable(here, chat)
    return chat


def get_chat(here: world.World, call: parameters.Parameters) -> Json:
    """getChat."""
    chat = _known(here, call)
    full = {
        **objects.chat(here, chat),
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }
    if chat.pinned is not None:
        full["pinned_message"] = objects.message(here, chat, chat.messages[chat.pinned], nested=True)
    return full


def get_chat_member(here: world.World, call: parameters.Parameters) -> Json:
    """getChatMember."""
    chat = _known(here, call)
    account = call.integer("user_id")
    if account != here.bot.id and account not in here.users:
        raise refusals.bad_request("invalid user_id specified" if account <= 0 else "member not found")
    return objects.member(here, objects.status_of(here, chat, account), account)


def _group(here: world.World, call: parameters.Parameters) -> world.Chat:
    chat = _known(here, call)
    if chat.user_id is not None:
        raise refusals.bad_request("there are no administrators in the private chat")
    return chat


def get_chat_administrators(here: world.World, call: parameters.Parameters) -> list[Json]:
    """getChatAdministrators."""
    chat = _group(here, call)
    accounts = [*chat.admins, *([here.bot.id] if chat.bot == "administrator" else [])]
    return [objects.member(here, objects.status_of(here, chat, account), account) for account in accounts]


def get_chat_member_count(here: world.World, call: parameters.Parameters) -> int:
    """getChatMemberCount: people and the bot."""
    chat = _known(here, call)
    return 2 if chat.user_id is not None else len(chat.members) + 1


def send_chat_action(here: world.World, call: parameters.Parameters) -> bool:
    """sendChatAction: shows for five seconds or until the next message."""
    if call.text("action") not in ACTIONS:
        raise refusals.bad_request("wrong parameter action in request")
    chat = access.target(here, call)
    access.writable(here, chat)
    chat.typing_until = here.clock.now() + TYPING
    here.changed()
    return True


def leave_chat(here: world.World, call: parameters.Parameters) -> bool:
    """leaveChat."""
    chat = access.target(here, call)
    if chat.user_id is not None:
        raise refusals.bad_request("chat member status can't be changed in private chats")
    access.readable(here, chat)
    old = objects.status_of(here, chat, here.bot.id)
    chat.bot = "left"
    gone = objects.member_changed(here, chat, by=here.bot.id, old=old, new="left")
    here.updates.add("my_chat_member", gone, lane=str(chat.id))
    here.changed()
    return True


def _forum(here: world.World, call: parameters.Parameters, to: str) -> world.Chat:
    chat = access.target(here, call)
    access.writable(here, chat)
    if not chat.forum:
        raise refusals.bad_request("the chat is not a forum")
    access.administrable(chat, to)
    return chat


def create_forum_topic(here: world.World, call: parameters.Parameters) -> Json:
    """createForumTopic."""
    chat = _forum(here, call, "create a topic")
    name = call.text("name").strip()
    if not name:
        raise refusals.bad_request("TOPIC_TITLE_EMPTY")
    created = {"forum_topic_created": {"name": name, "icon_color": ICON_COLOR}}
    message = here.post(chat, here.bot.id, kind="service", media=created)
    message.thread_id = message.id
    chat.topics[message.id] = world.Topic(id=message.id, name=name)
    return {"message_thread_id": message.id, "name": name, "icon_color": ICON_COLOR}


def close_forum_topic(here: world.World, call: parameters.Parameters) -> bool:
    """closeForumTopic."""
    chat = _forum(here, call, "close the topic")
    topic = chat.topics.get(call.integer("message_thread_id"))
    if topic is None:
        raise refusals.bad_request("message thread not found")
    if topic.closed:
        raise refusals.bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = True
    here.post(chat, here.bot.id, kind="service", media={"forum_topic_closed": {}}, thread_id=topic.id)
    return True


METHODS: dict[str, sending.Method] = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "sendChatAction": send_chat_action,
    "leaveChat": leave_chat,
    "createForumTopic": create_forum_topic,
    "closeForumTopic": close_forum_topic,
}
