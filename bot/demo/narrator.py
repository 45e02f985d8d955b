"""Tells what happens on the phones as it happens: who tapped or wrote what, and what the bot then showed."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape

from bot.clock import Clock
from bot.sandbox.actors import Sandbox
from bot.sandbox.client import Json, Settle
from bot.sandbox.server import Served

LINE = 110
_SENDS = ("sendMessage", "sendPhoto", "sendDocument")
_RETIRED = "↓"  # an old copy that only points to the newest one
_SPACE = re.compile(r"\s+")


class Narrator:
    """Prints each new or changed message once, with the day of the story."""

    def __init__(self, console: Console, served: Served, clock: Clock, start: datetime) -> None:
        self._console = console
        self._served = served
        self._world = served.world
        self._clock = clock
        self._start = start
        self._told: dict[tuple[int, int], str] = {}
        self._sent: Counter[tuple[str, datetime, str]] = Counter()
        self._heard = 0

    @property
    def sent(self) -> int:
        """How many messages the bot sent over the wire; an edit is none."""
        return self._sent.total()

    @property
    def duplicates(self) -> int:
        """How many of them said the same in the same chat at the same instant."""
        return sum(count - 1 for count in self._sent.values())

    def tell(self) -> None:
        """Count what the bot sent and print what it showed since the last time."""
        for call in self._served.desk.log.after(self._heard):
            self._heard = call.seq
            if call.ok and call.method in _SENDS:
                words = call.params.get("text") or call.params.get("caption")
                self._sent[str(call.params.get("chat_id")), call.at, str(words)] += 1
        for chat in self._world.chats.values():
            for message in chat.messages.values():
                words = message.content
                if message.sender_id != self._world.bot.id or message.deleted:
                    continue
                if self._told.get((chat.id, message.id)) == words:
                    continue
                self._told[chat.id, message.id] = words
                if words.endswith(_RETIRED):
                    continue
                name = chat.title or self._name(chat.user_id)
                self._print(f"[cyan]→ {escape(name)}[/]", words)

    def act(self, path: str, body: Json) -> None:
        """Print what a person does."""
        kind, _, rest = path.partition("/")
        if kind != "users" or "/" not in rest:
            return
        user, verb = rest.split("/")
        said = {"text": body.get("text"), "tap": self._label(body), "start": "Start", "block": "blocks the bot"}.get(
            verb
        )
        if said:
            sign = "▢" if verb == "tap" else "✎"
            self._print(f"[green]{escape(self._name(int(user)))}[/] {sign}", str(said))

    def _label(self, body: Json) -> str | None:
        chat = self._world.chats.get(int(body.get("chat_id", 0)))
        message = chat.messages.get(int(body.get("message_id", 0))) if chat else None
        if message is None or not message.inline_keyboard or "row" not in body:
            return None
        return str(message.inline_keyboard[body["row"]][body["col"]]["text"])

    def _name(self, user_id: int | None) -> str:
        user = self._world.users.get(user_id or 0)
        return user.first_name if user else "?"

    def _print(self, who: str, words: str) -> None:
        now = self._clock.now()
        short = _SPACE.sub(" ", words).strip()
        room = max(LINE, self._console.width - 32)
        cut = short if len(short) <= room else short[: room - 1] + "…"
        day = (now - self._start).days + 1
        self._console.print(f"[dim]day {day:>3} {now:%H:%M}[/] {who} {escape(cut)}", soft_wrap=True)


class Told(Sandbox):
    """A sandbox client that narrates what people do."""

    def __init__(self, url: str, narrator: Narrator, *, settle: Settle) -> None:
        super().__init__(url, settle=settle)
        self._narrator = narrator

    async def act(self, path: str, **body: Any) -> Json:
        """Say it, then do it."""
        self._narrator.act(path, body)
        return await super().act(path, **body)
