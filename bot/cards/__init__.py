"""What a person sees, without any Telegram type: text, buttons, a picture or a file.

Text is the small HTML that Telegram knows (<b>, <i>, <code>); everything that comes from outside goes through `esc`.
An Action names what a tap means; chat/tokens.py turns it into signed callback data of at most 64 bytes.
"""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import dataclass
from typing import Any

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Action:
    """What a tap means: a short name and up to four whole numbers. Carries ids only, never health data."""

    name: str
    args: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One inline button: an action or an address, never both."""

    label: str
    action: Action | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A document or picture to send: its name and bytes."""

    name: str
    content: bytes
    picture: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One message as it should look now.

    `keyboard` is a reply keyboard: rows of labels; an empty tuple takes an old one away, None leaves it alone.
    A message sent with a reply keyboard can never be edited, so such cards are never surfaces.
    """

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    keyboard: tuple[tuple[str, ...], ...] | None = None
    file: File | None = None
    silent: bool = False
    protect: bool = False

    @property
    def digest(self) -> str:
        """Changes whenever what is seen changes."""
        seen = (self.text, self.rows, self.keyboard, self.file.name if self.file else None)
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def to_json(card: Card) -> dict[str, Any]:
    """A card as a JSON value, for an outbox row."""
    rows = [
        [{"label": b.label, "action": b.action and [b.action.name, *b.action.args], "url": b.url} for b in row]
        for row in card.rows
    ]
    file = card.file and {
        "name": card.file.name,
        "content": base64.b64encode(card.file.content).decode(),
        "picture": card.file.picture,
    }
    return {
        "text": card.text,
        "rows": rows,
        "keyboard": card.keyboard,
        "file": file,
        "silent": card.silent,
        "protect": card.protect,
    }


def from_json(value: dict[str, Any]) -> Card:
    """The card that `to_json` wrote."""
    rows = tuple(
        tuple(
            Button(
                label=b["label"],
                action=b["action"] and Action(b["action"][0], tuple(b["action"][1:])),
                url=b["url"],
            )
            for b in row
        )
        for row in value["rows"]
    )
    file = value["file"]
    return Card(
        text=value["text"],
        rows=rows,
        keyboard=None if value["keyboard"] is None else tuple(tuple(row) for row in value["keyboard"]),
        file=file and File(name=file["name"], content=base64.b64decode(file["content"]), picture=file["picture"]),
        silent=value["silent"],
        protect=value["protect"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """The short word that answers a tap; `alert` makes it a box to be dismissed."""

    text: str = ""
    alert: bool = False


def esc(text: object) -> str:
    """Text from outside, safe inside a card."""
    return html.escape(str(text), quote=False)


def bold(text: object) -> str:
    """Bold text from outside, safe inside a card."""
    return f"<b>{esc(text)}</b>"


def button(label: str, name: str, *args: int) -> Button:
    """A button that means an action."""
    return Button(label=label, action=Action(name, args))
