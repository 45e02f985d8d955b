"""Everything that exists in the sandbox: the bot, people, chats, messages, files and taps. In memory only."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.clock import Clock, MovableClock
from bot.sandbox import refusals, updates

Json = dict[str, Any]

FIRST_SUPERGROUP = -1_001_000_000_000
FIRST_GROUP = -4_000_000


@dataclass(slots=True, kw_only=True)
class User:
    """A person with a Telegram account. `role` is the sandbox's own note for the page."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = "en"
    role: str = "patient"
    phone: str | None = None
    deactivated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The bot under test."""

    id: int
    token: str
    username: str
    first_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file someone sent, kept whole."""

    file_id: str
    unique_id: str
    path: str
    name: str
    mime: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class Message:
    """One message. `sender_id` is the bot's id, a user's id, or None for a channel's anonymous post."""

    id: int
    sender_id: int | None
    date: int
    text: str | None = None
    caption: str | None = None
    entities: list[Json] = field(default_factory=list)
    kind: str = "text"
    file: StoredFile | None = None
    media: Json = field(default_factory=dict)
    inline_keyboard: list[list[Json]] | None = None
    has_reply_keyboard: bool = False
    reply_to: int | None = None
    thread_id: int | None = None
    edited_at: int | None = None
    deleted: bool = False
    reactions: dict[int, list[str]] = field(default_factory=dict)

    @property
    def content(self) -> str:
        """What is written in it: the text, or the caption of its file."""
        return self.text if self.text is not None else self.caption or ""


@dataclass(slots=True, kw_only=True)
class Topic:
    """A forum topic; its id is the message that created it."""

    id: int
    name: str
    closed: bool = False


@dataclass(slots=True, kw_only=True)
class Chat:
    """A private chat, group, supergroup or channel. `bot` is the bot's member status in it."""

    id: int
    type: str
    title: str | None = None
    user_id: int | None = None
    members: list[int] = field(default_factory=list)
    admins: list[int] = field(default_factory=list)
    bot: str = "left"
    can_post: bool = True
    started: bool = False
    blocked: bool = False
    dissolved: bool = False
    migrated_to: int | None = None
    forum: bool = False
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    next_message: int = 1
    pinned: int | None = None
    reply_keyboard: Json | None = None
    placeholder: str | None = None
    typing_until: datetime | None = None
    menu_button: Json | None = None

    @property
    def instance(self) -> str:
        """Telegram's `chat_instance`: one opaque number per chat, stable."""
        digest = hashlib.sha256(str(self.id).encode()).digest()
        return str(int.from_bytes(digest[:8], "big", signed=True))

    def latest(self) -> Message | None:
        """The newest message still standing."""
        return next((m for m in reversed(self.messages.values()) if not m.deleted), None)


@dataclass(slots=True, kw_only=True)
class Query:
    """One tap on an inline button, and the bot's answer to it."""

    id: str
    user_id: int
    data: str
    date: int
    answer: Json | None = None


class Revision:
    """Counts changes and wakes whoever waits for the next one."""

    def __init__(self) -> None:
        self.number = 1
        self._waiting: set[asyncio.Future[None]] = set()

    def bump(self) -> None:
        """Something changed."""
        self.number += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def differs(self, seen: int, wait_s: float) -> None:
        """Return when the number is not `seen`, or after `wait_s` seconds of real time."""
        if self.number != seen or wait_s <= 0:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await future
        finally:
            self._waiting.discard(future)


class World:
    """The state of the sandbox and the plain questions one can ask of it."""

    def __init__(self, clock: Clock, bot: Bot) -> None:
        self.clock = clock
        self.bot = bot
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.queries: dict[str, Query] = {}
        self.profile: dict[str, Any] = {}
        self.revision = Revision()
        self.updates = updates.Queue(self.stamp)
        if isinstance(clock, MovableClock):
            clock.on_move(self.changed)
        self._next_message = 1
        self._next_user = 1_000_001
        self._next_group = FIRST_GROUP
        self._next_supergroup = FIRST_SUPERGROUP
        self._next_query = 4_382_000_000_000_000_001

    def stamp(self) -> int:
        """The sandbox's time as Telegram writes it: whole seconds since 1970, UTC."""
        return int(self.clock.now().timestamp())

    def changed(self) -> None:
        """Tell whoever watches that something changed."""
        self.revision.bump()

    def user(self, user_id: int) -> User:
        """The person with this id. Raises Impossible."""
        if user_id not in self.users:
            raise refusals.Impossible(f"no user has the id {user_id}", status=404)
        return self.users[user_id]

    def chat(self, chat_id: int) -> Chat:
        """The chat with this id. Raises Impossible."""
        if chat_id not in self.chats:
            raise refusals.Impossible(f"no chat has the id {chat_id}", status=404)
        return self.chats[chat_id]

    def new_user_id(self) -> int:
        """The next free user id."""
        while self._next_user in self.users or self._next_user == self.bot.id:
            self._next_user += 1
        return self._next_user

    def new_chat_id(self, kind: str) -> int:
        """The next free id for a chat of this type."""
        if kind == "group":
            self._next_group -= 1
            return self._next_group
        self._next_supergroup -= 1
        return self._next_supergroup

    def new_query_id(self) -> str:
        """The id of the next tap."""
        self._next_query += 1
        return str(self._next_query)

    def post(self, chat: Chat, sender_id: int | None, **content: Any) -> Message:
        """Append a message to a chat. Ids are the account's own in private chats and basic groups,
        each chat's own in supergroups and channels, as in Telegram.
        """
        if chat.type in ("supergroup", "channel"):
            number, chat.next_message = chat.next_message, chat.next_message + 1
        else:
            number, self._next_message = self._next_message, self._next_message + 1
        message = Message(id=number, sender_id=sender_id, date=self.stamp(), **content)
        chat.messages[number] = message
        if sender_id == self.bot.id:
            chat.typing_until = None
        self.changed()
        return message

    def store(self, *, name: str, mime: str, folder: str, content: bytes) -> StoredFile:
        """Keep a file and give it Telegram's two ids and a path to download it from."""
        number = len(self.files)
        unique = hashlib.sha256(content + name.encode()).hexdigest()[:15]
        suffix = f".{name.rsplit('.', 1)[1]}" if "." in name else ""
        stored = StoredFile(
            file_id=f"BQACAgIAAxk{number:06d}{unique}",
            unique_id=f"AgAD{unique}",
            path=f"{folder}/file_{number}{suffix}",
            name=name,
            mime=mime,
            content=content,
        )
        self.files[stored.file_id] = stored
        return stored
