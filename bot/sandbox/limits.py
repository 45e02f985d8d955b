"""Telegram's published sending limits, measured on the sandbox's clock.

30 messages a second overall, one a second per chat with a short burst, 20 a minute per group
(core.telegram.org/bots/faq). Edits are not counted: Telegram publishes no number for them.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime, timedelta

from bot.sandbox import refusals, world

OVERALL = 30
OVERALL_WINDOW = timedelta(seconds=1)
GROUP = 20
GROUP_WINDOW = timedelta(minutes=1)
CHAT_BURST = 5
COUNTED = frozenset({"sendMessage", "sendPhoto", "sendDocument", "sendVoice", "copyMessage", "forwardMessage"})


class Window:
    """At most `most` events in any `span`."""

    def __init__(self, most: int, span: timedelta) -> None:
        self._most = most
        self._span = span
        self._times: deque[datetime] = deque()

    def wait(self, now: datetime) -> timedelta:
        """How long until one more fits; zero when it fits now."""
        while self._times and (self._times[0] <= now - self._span or self._times[0] > now):
            self._times.popleft()
        return self._times[0] + self._span - now if len(self._times) >= self._most else timedelta()

    def count(self, now: datetime) -> None:
        """One happened."""
        self._times.append(now)


class Bucket:
    """One a second, and a few at once after a rest."""

    def __init__(self, now: datetime) -> None:
        self._tokens = float(CHAT_BURST)
        self._at = now

    def wait(self, now: datetime) -> timedelta:
        """How long until one more fits; zero when it fits now."""
        gone = (now - self._at).total_seconds()
        self._tokens = min(CHAT_BURST, self._tokens + gone) if gone >= 0 else float(CHAT_BURST)
        self._at = now
        return timedelta(seconds=max(0.0, 1 - self._tokens))

    def count(self, now: datetime) -> None:
        """One happened."""
        self._tokens -= 1


class Limits:
    """The limits of one bot. `on` can be changed at any time."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._overall = Window(OVERALL, OVERALL_WINDOW)
        self._chats: dict[int, list[Window | Bucket]] = {}

    def _gates(self, chat: world.Chat, now: datetime) -> list[Window | Bucket]:
        if chat.id not in self._chats:
            own: list[Window | Bucket] = [Bucket(now)]
            if chat.user_id is None:
                own.append(Window(GROUP, GROUP_WINDOW))
            self._chats[chat.id] = own
        return [self._overall, *self._chats[chat.id]]

    def check(self, method: str, chat: world.Chat | None, now: datetime) -> None:
        """Refuse with 429 and `retry_after` when one more message would be too many."""
        if not self.on or chat is None or method not in COUNTED:
            return
        wait = max(gate.wait(now) for gate in self._gates(chat, now))
        if wait > timedelta():
            raise refusals.too_many_requests(math.ceil(wait.total_seconds()))

    def count(self, method: str, chat: world.Chat | None, now: datetime) -> None:
        """A message went out."""
        if self.on and chat is not None and method in COUNTED:
            for gate in self._gates(chat, now):
                gate.count(now)
