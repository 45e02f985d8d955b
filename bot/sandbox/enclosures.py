"""The photos, voice notes, stickers and documents people send."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from bot.sandbox import acts, entities, files, people, world

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)
SILENCE = b"OggS\x00\x02" + bytes(64)
EMPTY_WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L" + bytes(18)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What is sent when no content is given."""

    name: str
    mime: str
    content: bytes


STAND_INS = {
    "photo": StandIn(name="photo.png", mime="image/png", content=PIXEL),
    "voice": StandIn(name="voice.ogg", mime="audio/ogg", content=SILENCE),
    "sticker": StandIn(name="sticker.webp", mime="image/webp", content=EMPTY_WEBP),
    "document": StandIn(name="document.txt", mime="text/plain", content=b"A document.\n"),
}
DESCRIBE = {
    "photo": files.photo,
    "voice": files.voice,
    "sticker": files.sticker,
    "document": files.document,
}


def send(here: world.World, person: world.User, kind: str, act: acts.SendFile) -> world.Message:
    """Send a file of a kind: photo, voice, sticker or document."""
    chat = people.writer(here, person, act.chat_id)
    given = STAND_INS[kind]
    stored = here.store(
        name=act.name or given.name,
        mime=act.mime or given.mime,
        folder=files.FOLDERS[kind],
        content=given.content if act.content_b64 is None else act.content_b64,
    )
    caption = entities.plain(act.caption or "")
    item = here.post(
        chat,
        person.id,
        kind=kind,
        file=stored,
        media=DESCRIBE[kind](stored),
        caption=caption.text or None,
        entities=caption.entities,
    )
    people.deliver(here, chat, item)
    return item
