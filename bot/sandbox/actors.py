"""People for tests and the demo, in verbs: `await ana.taps("Yes")`, `await ana.sees("thank you")`.

Everything goes over HTTP to a running sandbox, as a person's phone would.
"""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox import client, places

Json = dict[str, Any]
Group = places.Group


class Sandbox(client.Client):
    """A running sandbox in which people and groups can be put."""

    async def person(self, first_name: str, *, role: str = "patient", **more: Any) -> Person:
        """A new person."""
        user = await self.post("users", first_name=first_name, role=role, **more)
        return Person(self, user["id"], first_name)

    async def group(
        self,
        title: str,
        *members: Person,
        kind: str = "supergroup",
        bot_admin: bool = False,
        forum: bool = False,
    ) -> Group:
        """A new group, supergroup or channel with the bot in it; the first member owns it."""
        chat = await self.act(
            "groups",
            title=title,
            type=kind,
            members=[m.id for m in members],
            bot_admin=bot_admin,
            forum=forum,
        )
        return Group(self, chat["id"], title)


class Person:
    """Someone with a phone. Acts go to the private chat with the bot unless `where` names a group."""

    def __init__(self, sandbox: client.Client, user_id: int, name: str) -> None:
        self.sandbox = sandbox
        self.id = user_id
        self.name = name
        self.chat = places.Place(sandbox, user_id, name)

    async def _act(self, verb: str, **body: Any) -> Json:
        return await self.sandbox.act(f"users/{self.id}/{verb}", **body)

    async def start(self, payload: str | None = None) -> Json:
        """Press Start, or open a deep link (`payload` may be the whole link)."""
        if payload is not None:
            payload = re.sub(r"^.*[?&]start=", "", payload)
        return await self._act("start", payload=payload)

    async def says(self, text: str, *, where: places.Place | None = None, reply_to: int | None = None) -> Json:
        """Type and send."""
        return await self._act("text", chat_id=(where or self.chat).id, text=text, reply_to=reply_to)

    async def presses(self, text: str, *, where: places.Place | None = None) -> Json:
        """Press a button of the reply keyboard."""
        return await self._act("press", chat_id=(where or self.chat).id, text=text)

    async def taps(self, label: str, *, where: places.Place | None = None, message: int | None = None) -> Json:
        """Tap the button with this label on the newest message that has it (or on `message`); a label is matched
        whole, then by its beginning, then anywhere, without regard to case, emoji and ticks. Returns the tap with
        the bot's answer, `{"callback_query_id", "answer"}`.
        """
        place = where or self.chat
        hit = await place.until(f"no button says {label!r}", lambda shown: shown.button(label, message))
        done = await self._tap(place, hit["message_id"], row=hit["row"], col=hit["col"])
        return {**done, "message_id": hit["message_id"]}

    async def taps_old(self, label: str, *, where: places.Place | None = None) -> Json:
        """Tap the button with this label on the oldest message that still has it."""
        place = where or self.chat
        hit = await place.until(f"no button says {label!r}", lambda shown: shown.button(label, oldest=True))
        return await self._tap(place, hit["message_id"], row=hit["row"], col=hit["col"])

    async def forges(self, data: str, *, where: places.Place | None = None, message: int) -> Json:
        """Send a tap with data no button carries."""
        return await self._tap(where or self.chat, message, data=data, forge=True)

    async def _tap(self, place: places.Place, message_id: int, **body: Any) -> Json:
        tapped = {"chat_id": place.id, "message_id": message_id, **body}
        if self.sandbox.settle is None:
            return await self._act("tap", **tapped, wait_s=self.sandbox.patience_s)
        query = (await self._act("tap", **tapped))["callback_query_id"]
        return await self.sandbox.get(f"queries/{query}")

    async def edits(self, message_id: int, text: str, *, where: places.Place | None = None) -> Json:
        """Change a message one wrote."""
        return await self._act("edit", chat_id=(where or self.chat).id, message_id=message_id, text=text)

    async def deletes(self, message_id: int, *, where: places.Place | None = None) -> Json:
        """Delete a message; the bot is not told."""
        return await self._act("erase", chat_id=(where or self.chat).id, message_id=message_id)

    async def sends(self, kind: str, *, where: places.Place | None = None, **more: Any) -> Json:
        """Send a "photo", "voice", "sticker" or "document"; `name`, `caption`, `content_b64` if wanted."""
        return await self._act(kind, chat_id=(where or self.chat).id, **more)

    async def sends_photo(self, caption: str | None = None, *, where: places.Place | None = None) -> Json:
        """Send a picture."""
        return await self.sends("photo", where=where, caption=caption)

    async def shares_contact(self) -> Json:
        """Share one's phone number."""
        return await self._act("contact", chat_id=self.id)

    async def reacts(self, message_id: int, emoji: str | None = "👍", *, where: places.Place | None = None) -> Json:
        """React to a message."""
        return await self._act("react", chat_id=(where or self.chat).id, message_id=message_id, emoji=emoji)

    async def blocks(self) -> Json:
        """Block the bot."""
        return await self._act("block")

    async def unblocks(self) -> Json:
        """Unblock the bot."""
        return await self._act("unblock")

    async def sees(self, *parts: str, where: places.Place | None = None) -> Json:
        """Wait for a message that contains every part; returns the newest such."""
        return await (where or self.chat).shows(*parts)

    async def sees_not(self, *parts: str, where: places.Place | None = None) -> None:
        """Fail if a message contains every part now."""
        await (where or self.chat).shows_not(*parts)

    async def last(self) -> Json:
        """The newest message in the private chat."""
        return await self.chat.last()
