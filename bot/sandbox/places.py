"""Chats as someone in them sees them: `await team.shows("URGENT")`.

Where something must first appear, a verb waits up to the client's `patience_s` of real time and then fails with what
is on the screen instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox import client, screen

Json = dict[str, Any]


class Place:
    """A chat as someone in it sees it."""

    def __init__(self, sandbox: client.Client, chat_id: int, name: str) -> None:
        self.sandbox = sandbox
        self.id = chat_id
        self.name = name

    async def look(self) -> screen.Screen:
        """What is in the chat now."""
        return screen.Screen(await self.sandbox.get(f"chats/{self.id}"))

    async def messages(self) -> list[Json]:
        """The messages still standing, oldest first."""
        return (await self.look()).messages

    async def last(self) -> Json:
        """The newest message. Raises AssertionError in an empty chat."""
        messages = await self.messages()
        if not messages:
            raise AssertionError(f"{self.name}: the chat is empty")
        return messages[-1]

    async def text(self) -> str:
        """The transcript."""
        return (await self.look()).transcript()

    async def until(self, what: str, found: Callable[[screen.Screen], Json | None]) -> Json:
        """What `found` finds, as soon as it does. Raises AssertionError with the transcript."""
        left_s, shown = self.sandbox.patience_s, await self.look()
        while (hit := found(shown)) is None:
            if left_s <= 0:
                raise AssertionError(f"{self.name}: {what}; buttons here: {shown.labels()}\n{shown.transcript()}")
            started = shown.revision
            path, wait_ms = f"chats/{self.id}", int(left_s * 1000)
            begun = screen.seconds()
            shown = screen.Screen(await self.sandbox.get(path, rev=started, wait_ms=wait_ms))
            left_s -= screen.seconds() - begun
        return hit

    async def shows(self, *parts: str) -> Json:
        """Wait for a message that contains every part; returns the newest such."""
        wanted = " and ".join(repr(part) for part in parts)
        return await self.until(f"no message shows {wanted}", lambda shown: shown.showing(parts))

    async def shows_not(self, *parts: str) -> None:
        """Fail if a message contains every part now. Does not wait."""
        shown = await self.look()
        if shown.showing(parts) is not None:
            raise AssertionError(f"{self.name}: shows {parts} and should not\n{shown.transcript()}")


class Group(Place):
    """A group, supergroup or channel."""

    async def last_card(self) -> Json:
        """The newest message with buttons."""
        return await self.until("no message has buttons", lambda shown: shown.card())

    async def migrates(self) -> None:
        """Become a supergroup; from now on this is the new chat."""
        self.id = (await self.sandbox.act(f"chats/{self.id}/migrate"))["id"]

    async def kicks_the_bot(self) -> None:
        """Remove the bot."""
        await self.sandbox.act(f"chats/{self.id}/kick")

    async def adds_the_bot(self, *, admin: bool = False) -> None:
        """Bring the bot (back) in."""
        await self.sandbox.act(f"chats/{self.id}/add", admin=admin)

    async def lets_the_bot_post(self, allowed: bool) -> None:
        """Give or take the right to post."""
        await self.sandbox.act(f"chats/{self.id}/rights", can_post=allowed)

    async def is_deleted(self) -> None:
        """Delete the group for everyone."""
        await self.sandbox.act(f"chats/{self.id}/delete")
