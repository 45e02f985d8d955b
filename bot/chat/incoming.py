"""An update from Telegram, reduced to what the handlers need. Frozen; no Telegram types beyond this folder's edge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.cards import Action
from bot.care.drafts import Checked


class Kind(StrEnum):
    """What somebody did."""

    TEXT = "text"
    COMMAND = "command"
    TAP = "tap"
    MEDIA = "media"
    EDITED = "edited"
    MEMBER = "member"
    MIGRATED = "migrated"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture, voice note, sticker or file, by Telegram's own id. `kind` as in Message.kind of the schema."""

    kind: str
    file_id: str
    name: str | None = None
    mime: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing somebody did in one chat.

    `chat` and `user` are Telegram ids; `user` is None for channel posts. `text` is the message, the caption or the
    arguments of a command. `action` is the verified meaning of a tap, None when the token is forged or unknown.
    `membership` is the bot's own new status in a chat ("member", "administrator", "kicked", "left", …).
    `username` is the sender's; `address` the public name of a group or channel, None for a private one.
    `upload` is the content of a file fetched before the transaction began, when the sender may upload; `checked` is
    what came of checking it, equally before.
    """

    kind: Kind
    chat: int
    chat_kind: str
    user: int | None = None
    at: datetime
    text: str = ""
    command: str | None = None
    message_id: int | None = None
    action: Action | None = None
    query_id: str | None = None
    media: Media | None = None
    membership: str | None = None
    can_post: bool | None = None
    migrated_to: int | None = None
    reply_to: int | None = None
    language: str | None = None
    title: str | None = None
    username: str | None = None
    address: str | None = None
    upload: bytes | None = None
    checked: Checked | None = None
    inbox_id: int | None = None

    @property
    def private(self) -> bool:
        """Whether this happened in a one-to-one chat with the bot."""
        return self.chat_kind == "private"
