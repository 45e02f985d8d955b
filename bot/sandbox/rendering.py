"""Entities as safe HTML for the page: everything a person wrote is escaped, only known marks become tags."""

from __future__ import annotations

import functools
import html
import json
from typing import Any

Json = dict[str, Any]

TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}


def _tags(entity: Json, covered: str) -> tuple[str, str] | None:
    kind = entity["type"]
    if kind in TAGS:
        return f"<{TAGS[kind]}>", f"</{TAGS[kind]}>"
    if kind == "spoiler":
        return '<span class="spoiler">', "</span>"
    address = entity.get("url") if kind == "text_link" else covered if kind == "url" else None
    if address and address.startswith(("https://", "http://", "tg://")):
        return f'<a href="{html.escape(address)}" rel="noopener noreferrer" target="_blank">', "</a>"
    return None


def to_html(text: str, entities: list[Json]) -> str:
    """Render `text` with its entities; line breaks stay line breaks."""
    return _marked(text, json.dumps(entities)) if entities else html.escape(text)


@functools.lru_cache(maxsize=8192)
def _marked(text: str, listed: str) -> str:
    entities: list[Json] = json.loads(listed)
    encoded = text.encode("utf-16-le")
    opening: dict[int, list[str]] = {}
    closing: dict[int, list[str]] = {}
    for entity in sorted(entities, key=lambda e: (e["offset"], -e["length"])):
        start, end = entity["offset"], entity["offset"] + entity["length"]
        pair = _tags(entity, encoded[start * 2 : end * 2].decode("utf-16-le"))
        if pair:
            opening.setdefault(start, []).append(pair[0])
            closing.setdefault(end, []).insert(0, pair[1])
    marks = sorted({0, len(encoded) // 2, *opening, *closing})
    out: list[str] = []
    for here, following in zip(marks, [*marks[1:], marks[-1]], strict=True):
        out += closing.get(here, [])
        out += opening.get(here, [])
        out.append(html.escape(encoded[here * 2 : following * 2].decode("utf-16-le", "replace")))
    return "".join(out)
