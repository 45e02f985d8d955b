"""The methods that put a new message into a chat."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from bot.sandbox import access, entities, files, markup, objects, parameters, refusals, world

Json = dict[str, Any]
Method = Callable[[world.World, parameters.Parameters], Any]

MAX_TEXT = 4096
MAX_CAPTION = 1024


def caption(call: parameters.Parameters) -> entities.Rich:
    """The caption of a call. Raises Refusal."""
    rich = call.rich("caption", "caption_entities")
    if len(rich.text) > MAX_CAPTION:
        raise refusals.bad_request("message caption is too long")
    return rich


def _post(here: world.World, call: parameters.Parameters, chat: world.Chat, **content: Any) -> world.Message:
    keyboard = markup.read(call)
    message = here.post(
        chat,
        here.bot.id,
        inline_keyboard=keyboard.inline,
        has_reply_keyboard=keyboard.is_reply_keyboard,
        reply_to=access.replied(chat, call),
        thread_id=access.thread(chat, call),
        **content,
    )
    if keyboard.keyboard is not None:
        chat.reply_keyboard = keyboard.keyboard
        chat.placeholder = keyboard.keyboard.get("input_field_placeholder")
    if keyboard.force_reply is not None:
        chat.placeholder = keyboard.force_reply.get("input_field_placeholder")
    if keyboard.remove:
        chat.reply_keyboard, chat.placeholder = None, None
    return message


def send_message(here: world.World, call: parameters.Parameters) -> Json:
    """sendMessage."""
    chat = access.target(here, call)
    rich = call.rich("text", "entities")
    if not rich.text:
        raise refusals.bad_request("message text is empty")
    if len(rich.text) > MAX_TEXT:
        raise refusals.bad_request("message is too long")
    access.writable(here, chat)
    return objects.message(here, chat, _post(here, call, chat, text=rich.text, entities=rich.entities))


def _send_file(kind: str, describe: Callable[[world.StoredFile], Json]) -> Method:
    def send(here: world.World, call: parameters.Parameters) -> Json:
        chat = access.target(here, call)
        rich = caption(call)
        access.writable(here, chat, kind)
        stored = files.receive(here, call, kind)
        message = _post(
            here,
            call,
            chat,
            kind=kind,
            file=stored,
            media=describe(stored),
            caption=rich.text or None,
            entities=rich.entities,
        )
        return objects.message(here, chat, message)

    return send


def _original(here: world.World, call: parameters.Parameters, what: str) -> tuple[world.Chat, world.Message]:
    origin = access.target(here, call, "from_chat_id")
    access.readable(here, origin)
    found = access.message(origin, call, f"message to {what}")
    if found.kind == "service":
        raise refusals.bad_request(f"message can't be {'copied' if what == 'copy' else 'forwarded'}")
    return origin, found


def copy_message(here: world.World, call: parameters.Parameters) -> Json:
    """copyMessage: the content anew, without a link to the original."""
    chat = access.target(here, call)
    access.writable(here, chat)
    _, original = _original(here, call, "copy")
    content = _content(original)
    if call.values.get("caption") is not None and original.text is None:
        rich = caption(call)
        content |= {"caption": rich.text or None, "entities": rich.entities}
    return {"message_id": _post(here, call, chat, **content).id}


def forward_message(here: world.World, call: parameters.Parameters) -> Json:
    """forwardMessage."""
    chat = access.target(here, call)
    access.writable(here, chat)
    origin, original = _original(here, call, "forward")
    source: Json
    if origin.type == "channel" or original.sender_id is None:
        source = {"type": "channel", "chat": objects.chat(here, origin), "message_id": original.id}
    else:
        source = {"type": "user", "sender_user": objects.account(here, original.sender_id)}
    content = _content(original)
    content["media"] = {**content["media"], "forward_origin": {**source, "date": original.date}}
    return objects.message(here, chat, _post(here, call, chat, **content))


def _content(original: world.Message) -> Json:
    return {
        "text": original.text,
        "caption": original.caption,
        "entities": copy.deepcopy(original.entities),
        "kind": original.kind,
        "file": original.file,
        "media": {k: v for k, v in original.media.items() if k != "forward_origin"},
    }


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "sendPhoto": _send_file("photo", files.photo),
    "sendDocument": _send_file("document", files.document),
    "sendVoice": _send_file("voice", files.voice),
    "copyMessage": copy_message,
    "forwardMessage": forward_message,
}
