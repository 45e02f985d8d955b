"""May the bot do this here? Telegram's checks of chats, topics and messages, in Telegram's words."""

from __future__ import annotations

from bot.sandbox import parameters, refusals, world

RIGHT_TO_SEND = {"text": "text messages", "photo": "photos", "document": "documents", "voice": "voice notes"}


def target(where: world.World, call: parameters.Parameters, name: str = "chat_id") -> world.Chat:
    """The chat a call names. Raises Refusal."""
    given = call.text(name)
    if not given:
        raise refusals.bad_request(f"{name} is empty")
    chat = where.chats.get(call.integer(name))
    if call.integer(name) == where.bot.id:
        raise refusals.forbidden("the bot can't send messages to the bot")
    if chat is None or (chat.dissolved and chat.type != "group"):
        raise refusals.bad_request("chat not found")
    return chat


def readable(where: world.World, chat: world.Chat) -> None:
    """Refuse when the bot has no part in the chat."""
    if chat.user_id is not None:
        if not chat.started:
            raise refusals.bad_request("chat not found")
        return
    if chat.migrated_to is not None:
        raise refusals.upgraded(chat.migrated_to)
    if chat.dissolved:
        raise refusals.forbidden("the group chat was deleted")
    if chat.bot == "kicked":
        raise refusals.forbidden(f"bot was kicked from the {chat.type} chat")
    if chat.bot == "left":
        raise refusals.forbidden(f"bot is not a member of the {chat.type} chat")


def writable(where: world.World, chat: world.Chat, kind: str = "text") -> None:
    """Refuse when the bot may not write `kind` in the chat."""
    if chat.user_id is not None:
        if where.users[chat.user_id].deactivated:
            raise refusals.forbidden("user is deactivated")
        if not chat.started:
            raise refusals.forbidden("bot can't initiate conversation with a user")
        if chat.blocked:
            raise refusals.forbidden("bot was blocked by the user")
        return
    readable(where, chat)
    if chat.type == "channel" and (chat.bot != "administrator" or not chat.can_post):
        raise refusals.bad_request("need administrator rights in the channel chat")
    if not chat.can_post:
        raise refusals.bad_request(f"not enough rights to send {RIGHT_TO_SEND[kind]} to the chat")


def administrable(chat: world.Chat, to: str) -> None:
    """Refuse what only an administrator may do in a group or channel."""
    if chat.user_id is None and chat.bot != "administrator":
        raise refusals.bad_request(f"not enough rights to {to}")


def thread(chat: world.Chat, call: parameters.Parameters) -> int | None:
    """The topic a call names; ignored outside forums. Raises Refusal."""
    number = call.integer("message_thread_id")
    if not chat.forum or number == 0:
        return None
    topic = chat.topics.get(number)
    if topic is None:
        raise refusals.bad_request("message thread not found")
    # Telegram lets administrators of topics write into closed ones; refusing always is the stricter rehearsal.
    if topic.closed:
        raise refusals.bad_request("TOPIC_CLOSED")
    return number


def message(chat: world.Chat, call: parameters.Parameters, what: str) -> world.Message:
    """The message a call names, for `what` ("message to edit" …). Raises Refusal."""
    number = call.integer("message_id")
    if number == 0:
        raise refusals.bad_request("message identifier is not specified")
    found = chat.messages.get(number)
    if found is None or found.deleted:
        raise refusals.bad_request(f"{what} not found")
    return found


def replied(chat: world.Chat, call: parameters.Parameters) -> int | None:
    """The message a call replies to. Raises Refusal."""
    given = call.structure("reply_parameters", "reply parameters") or {}
    number = given.get("message_id", 0) or call.integer("reply_to_message_id")
    if not number:
        return None
    found = chat.messages.get(int(number))
    if found is not None and not found.deleted:
        return found.id
    if given.get("allow_sending_without_reply") or call.flag("allow_sending_without_reply"):
        return None
    raise refusals.bad_request("message to be replied not found")
