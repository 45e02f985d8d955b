"""People and groups for tests and the demo, in verbs: `await ana.taps("Yes")`, `await team.shows("URGENT")`.

Everything goes over HTTP to a running sandbox, as a person's phone would. Where something must first appear, the
verb waits up to `patience_s` of real time and then fails with what is on the screen instead.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import httpx

from bot.sandbox import screen

Json = dict[str, Any]
Settle = Callable[[], Awaitable[None]]

PATIENCE_S = 5.0


class Refused(AssertionError):
    """The sandbox says this person cannot do that; the message says why."""


class Sandbox:
    """A running sandbox, by its address. `settle`, when given, runs after every act: it brings the bot to rest."""

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S, settle: Settle | None = None) -> None:
        self.patience_s = patience_s
        self.settle = settle
        # The sandbox speaks plain http: reading a machine's certificates would only take time.
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, verify=bare)

    async def __aenter__(self) -> Sandbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: int) -> Json:
        """GET under /sandbox."""
        return self._read(await self._http.get(f"/sandbox/{path}", params=query))

    async def post(self, path: str, **body: Any) -> Json:
        """POST under /sandbox. Raises Refused with the sandbox's words."""
        return self._read(await self._http.post(f"/sandbox/{path}", json=body))

    async def act(self, path: str, **body: Any) -> Json:
        """POST, then let the bot come to rest."""
        done = await self.post(path, **body)
        await self.rest()
        return done

    async def rest(self) -> None:
        """Let the bot come to rest, if it was said how."""
        if self.settle is not None:
            await self.settle()

    @staticmethod
    def _read(answer: httpx.Response) -> Json:
        if answer.is_error:
            is_json = answer.headers.get("content-type", "").startswith("application/json")
            raise Refused(answer.json()["error"] if is_json else f"{answer.status_code} {answer.text}")
        found: Json = answer.json()
        return found

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

    async def state(self) -> Json:
        """Everything."""
        return await self.get("state")

    async def calls(self, method: str | None = None, *, after: int = 0) -> list[Json]:
        """The Bot API calls, all or of one method."""
        found = (await self.get("calls", after=after))["calls"]
        return [call for call in found if method in (None, call["method"])]

    async def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the clock forward."""
        await self.act("clock", advance_s=((days * 24 + hours) * 60 + minutes) * 60 + seconds)

    async def to_next_event(self) -> None:
        """Move the clock to whatever happens next."""
        await self.act("clock", next_event=True)

    async def fails(self, kind: str, *, method: str = "*", **more: Any) -> None:
        """Script a failure, as in the control API."""
        await self.post("faults", kind=kind, method=method, **more)

    async def mends(self) -> None:
        """Forget every scripted failure."""
        self._read(await self._http.delete("/sandbox/faults"))


class Place:
    """A chat as someone in it sees it."""

    def __init__(self, sandbox: Sandbox, chat_id: int, name: str) -> None:
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


class Person:
    """Someone with a phone. Acts go to the private chat with the bot unless `where` names a group."""

    def __init__(self, sandbox: Sandbox, user_id: int, name: str) -> None:
        self.sandbox = sandbox
        self.id = user_id
        self.name = name
        self.chat = Place(sandbox, user_id, name)

    async def _act(self, verb: str, **body: Any) -> Json:
        return await self.sandbox.act(f"users/{self.id}/{verb}", **body)

    async def start(self, payload: str | None = None) -> Json:
        """Press Start, or open a deep link (`payload` may be the whole link)."""
        if payload is not None:
            payload = re.sub(r"^.*[?&]start=", "", payload)
        return await self._act("start", payload=payload)

    async def says(self, text: str, *, where: Place | None = None, reply_to: int | None = None) -> Json:
        """Type and send."""
        return await self._act("text", chat_id=(where or self.chat).id, text=text, reply_to=reply_to)

    async def presses(self, text: str, *, where: Place | None = None) -> Json:
        """Press a button of the reply keyboard."""
        return await self._act("press", chat_id=(where or self.chat).id, text=text)

    async def taps(self, label: str, *, where: Place | None = None, message: int | None = None) -> Json:
        """Tap the button with this label on the newest message that has it (or on `message`); a label is matched
        whole, then by its beginning, then anywhere, without regard to case, emoji and ticks. Returns the tap with
        the bot's answer, `{"callback_query_id", "answer"}`.
        """
        place = where or self.chat
        hit = await place.until(f"no button says {label!r}", lambda shown: shown.button(label, message))
        done = await self._tap(place, hit["message_id"], row=hit["row"], col=hit["col"])
        return {**done, "message_id": hit["message_id"]}

    async def taps_old(self, label: str, *, where: Place | None = None) -> Json:
        """Tap the button with this label on the oldest message that still has it."""
        place = where or self.chat
        hit = await place.until(f"no button says {label!r}", lambda shown: shown.button(label, oldest=True))
        return await self._tap(place, hit["message_id"], row=hit["row"], col=hit["col"])

    async def forges(self, data: str, *, where: Place | None = None, message: int) -> Json:
        """Send a tap with data no button carries."""
        return await self._tap(where or self.chat, message, data=data, forge=True)

    async def _tap(self, place: Place, message_id: int, **body: Any) -> Json:
        tapped = {"chat_id": place.id, "message_id": message_id, **body}
        if self.sandbox.settle is None:
            return await self._act("tap", **tapped, wait_s=self.sandbox.patience_s)
        query = (await self._act("tap", **tapped))["callback_query_id"]
        return await self.sandbox.get(f"queries/{query}")

    async def edits(self, message_id: int, text: str, *, where: Place | None = None) -> Json:
        """Change a message one wrote."""
        return await self._act("edit", chat_id=(where or self.chat).id, message_id=message_id, text=text)

    async def deletes(self, message_id: int, *, where: Place | None = None) -> Json:
        """Delete a message; the bot is not told."""
        return await self._act("erase", chat_id=(where or self.chat).id, message_id=message_id)

    async def sends(self, kind: str, *, where: Place | None = None, **more: Any) -> Json:
        """Send a "photo", "voice", "sticker" or "document"; `name`, `caption`, `content_b64` if wanted."""
        return await self._act(kind, chat_id=(where or self.chat).id, **more)

    async def sends_photo(self, caption: str | None = None, *, where: Place | None = None) -> Json:
        """Send a picture."""
        return await self.sends("photo", where=where, caption=caption)

    async def shares_contact(self) -> Json:
        """Share one's phone number."""
        return await self._act("contact", chat_id=self.id)

    async def reacts(self, message_id: int, emoji: str | None = "👍", *, where: Place | None = None) -> Json:
        """React to a message."""
        return await self._act("react", chat_id=(where or self.chat).id, message_id=message_id, emoji=emoji)

    async def blocks(self) -> Json:
        """Block the bot."""
        return await self._act("block")

    async def unblocks(self) -> Json:
        """Unblock the bot."""
        return await self._act("unblock")

    async def sees(self, *parts: str, where: Place | None = None) -> Json:
        """Wait for a message that contains every part; returns the newest such."""
        return await (where or self.chat).shows(*parts)

    async def sees_not(self, *parts: str, where: Place | None = None) -> None:
        """Fail if a message contains every part now."""
        await (where or self.chat).shows_not(*parts)

    async def last(self) -> Json:
        """The newest message in the private chat."""
        return await self.chat.last()
