"""What a chat shows: its standing messages, their buttons, and a transcript of both."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]
Fit = Callable[[str, str], bool]

DECORATION = re.compile(r"[^\w\s/.,:;?!'’()°%+=<>-]|_")


def seconds() -> float:
    """A real-time stopwatch, in seconds."""
    return time.monotonic()


def plain(label: str) -> str:
    """A label without emoji, ticks, case and needless space."""
    return " ".join(DECORATION.sub(" ", label).casefold().split())


class Screen:
    """One look at a chat, as the control API returns it."""

    def __init__(self, seen: Json) -> None:
        self.revision: int = seen["rev"]
        self.chat: Json = seen["chat"]

    @property
    def messages(self) -> list[Json]:
        """The messages still standing, oldest first."""
        return [item for item in self.chat["messages"] if not item["deleted"]]

    def showing(self, parts: Sequence[str]) -> Json | None:
        """The newest message whose text or caption contains every part, case aside."""
        for item in reversed(self.messages):
            words = f"{item['text'] or ''}\n{item['caption'] or ''}".casefold()
            if all(part.casefold() in words for part in parts):
                return item
        return None

    def card(self) -> Json | None:
        """The newest message with buttons."""
        return next((item for item in reversed(self.messages) if item["keyboard"]), None)

    def button(self, label: str, message: int | None = None, *, oldest: bool = False) -> Json | None:
        """Where a button with this label is: on the newest (or oldest) message that has it exactly or by its
        beginning, else on the first that has it anywhere in a button. Numbers match whole.
        """
        items = [item for item in self.messages if message in (None, item["id"])]
        ordered = items if oldest else items[::-1]
        loosely = 0 if plain(label).isdigit() else 1
        for fits in (_BEGINNING[: 2 + loosely], _ANYWHERE[:loosely]):
            for item in ordered:
                hit = _on(item, label, fits)
                if hit is not None:
                    return hit
        return None

    def labels(self) -> str:
        """Every button there is, in words."""
        found = [b["text"] for item in self.messages for row in item["keyboard"] or [] for b in row]
        return ", ".join(map(repr, found)) or "none"

    def transcript(self) -> str:
        """The chat in plain text, buttons in brackets."""
        lines = []
        for item in self.messages:
            who = "bot" if item["from_bot"] else str(item["from_id"] or self.chat["title"])
            words = item["text"] if item["text"] is not None else f"<{item['kind']}> {item['caption'] or ''}"
            lines.append(f"{who}: {words}")
            lines += ["    " + " ".join(f"[{b['text']}]" for b in row) for row in item["keyboard"] or []]
        if self.chat["reply_keyboard"]:
            lines += ["  keyboard: " + " ".join(f"[{t}]" for t in row) for row in self.chat["reply_keyboard"]]
        return "\n".join(lines)


_BEGINNING: tuple[Fit, ...] = (
    lambda text, label: text == label,
    lambda text, label: plain(text) == plain(label) != "",
    lambda text, label: plain(text).startswith(plain(label)) and plain(label) != "",
)
_ANYWHERE: tuple[Fit, ...] = (lambda text, label: plain(label) in plain(text) and plain(label) != "",)


def _on(item: Json, label: str, fits: Sequence[Fit]) -> Json | None:
    for fit in fits:
        for row, buttons in enumerate(item["keyboard"] or []):
            for col, button in enumerate(buttons):
                if fit(button["text"], label):
                    return {"message_id": item["id"], "row": row, "col": col, "text": button["text"]}
    return None
