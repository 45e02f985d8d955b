"""Text with entities: Telegram's HTML read as Telegram reads it, and what it finds by itself.

Offsets and lengths of entities are in UTF-16 code units; offsets in errors are in bytes of the given text.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import refusals

Json = dict[str, Any]

NESTED = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));?")
TAG_NAME = re.compile(r"[^\s>/]*")
ATTRIBUTE = re.compile(r"\s*([^\s=>/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+)))?")
FOUND = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)'])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?P<mention>(?<![\w@])@[A-Za-z]\w{3,31})"
    r"|(?P<bot_command>(?<![\w/<>])/\w{1,64}(?:@[A-Za-z]\w{3,31})?(?![\w/]))"
    r"|(?P<hashtag>(?<![\w#])#\w*[^\W\d]\w*)"
)
PRECEDENCE = list(dict.fromkeys(NESTED.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rich:
    """Plain text and its entities in order of offset."""

    text: str
    entities: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    tag: str
    offset: int
    at_byte: int
    attributes: dict[str, str]


def utf16(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _error(what: str) -> refusals.Refusal:
    return refusals.bad_request(f"can't parse entities: {what}")


class _Reader:
    """One pass over an HTML text."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._out: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self.entities: list[Json] = []

    def read(self) -> Rich:
        while self._at < len(self._source):
            character = self._source[self._at]
            if character == "<":
                self._tag()
            elif character == "&":
                self._reference()
            else:
                self._put(character)
                self._at += 1
        if self._open:
            tag = self._open[-1].tag
            raise _error(f'Can\'t find end tag corresponding to start tag "{tag}"')
        order = {kind: rank for rank, kind in enumerate(PRECEDENCE)}
        self.entities.sort(key=lambda e: (e["offset"], -e["length"], order[e["type"].removeprefix("expandable_")]))
        return Rich(text="".join(self._out), entities=self.entities)

    def _byte(self, position: int) -> int:
        return len(self._source[:position].encode())

    def _put(self, text: str) -> None:
        self._out.append(text)
        self._length += utf16(text)

    def _reference(self) -> None:
        match = REFERENCE.match(self._source, self._at)
        if match is None:
            self._put("&")
            self._at += 1
            return
        decimal, hexadecimal, name = match.groups()
        number = int(decimal) if decimal else int(hexadecimal, 16) if hexadecimal else 0
        if not name and not 0 < number < 0x110000:
            self._put("&")
            self._at += 1
            return
        self._put(html.unescape(f"&{name};") if name else chr(number))
        self._at = match.end()

    def _tag(self) -> None:
        start = self._at
        end = self._source.find(">", start)
        closing = self._source.startswith("</", start)
        name_match = TAG_NAME.match(self._source, start + (2 if closing else 1))
        name = name_match.group().lower() if name_match else ""
        if closing:
            self._close(name, start, end)
            return
        if name not in NESTED:
            raise _error(f'Unsupported start tag "{name}" at byte offset {self._byte(start)}')
        if end < 0:
            raise _error(f"Unclosed start tag at byte offset {self._byte(start)}")
        attributes = {
            m.group(1).lower(): html.unescape(next((g for g in m.groups()[1:] if g is not None), ""))
            for m in ATTRIBUTE.finditer(self._source[start + 1 + len(name) : end])
        }
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _error(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(start)}')
        self._open.append(_Open(tag=name, offset=self._length, at_byte=self._byte(start), attributes=attributes))
        self._at = end + 1

    def _close(self, name: str, start: int, end: int) -> None:
        if not self._open:
            raise _error(f"Unexpected end tag at byte offset {self._byte(start)}")
        opened = self._open.pop()
        if end < 0:
            raise _error(f"Unclosed end tag at byte offset {self._byte(start)}")
        if name not in ("", opened.tag):
            raise _error(
                f'Unmatched end tag at byte offset {self._byte(start)}, expected "</{opened.tag}>", found "</{name}>"'
            )
        self._at = end + 1
        if self._length > opened.offset:
            self._add(opened)

    def _add(self, opened: _Open) -> None:
        entity: Json = {
            "type": NESTED[opened.tag],
            "offset": opened.offset,
            "length": self._length - opened.offset,
        }
        if opened.tag == "a":
            url = opened.attributes.get("href") or "".join(self._out)
            if not re.match(r"(https?|tg|mailto|tel)://?", url):
                return
            entity["url"] = url
        if opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        language = opened.attributes.get("class", "")
        inside_pre = bool(self._open) and self._open[-1].tag == "pre" and self._open[-1].offset == opened.offset
        if opened.tag == "code" and language.startswith("language-") and inside_pre:
            entity["type"], entity["language"] = "pre", language.removeprefix("language-")
        if entity["type"] == "pre" and any(entity.items() <= known.items() for known in self.entities):
            return
        if opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.attributes.get("emoji-id", "")
        self.entities.append(entity)


def parse_html(source: str) -> Rich:
    """Read Telegram's HTML. Raises Refusal with Telegram's words."""
    return trimmed(_Reader(source).read())


def plain(text: str) -> Rich:
    """A text without markup, as a person types it, with the entities Telegram finds in it."""
    return with_found(trimmed(Rich(text=text)))


def with_found(rich: Rich) -> Rich:
    """Add the commands, links, mentions and hashtags Telegram finds by itself outside code."""
    taken = [
        (e["offset"], e["offset"] + e["length"]) for e in rich.entities if e["type"] in ("code", "pre", "text_link")
    ]
    found = []
    for match in FOUND.finditer(rich.text):
        offset = utf16(rich.text[: match.start()])
        length = utf16(match.group())
        if not any(start < offset + length and offset < end for start, end in taken):
            found.append({"type": str(match.lastgroup), "offset": offset, "length": length})
    if not found:
        return rich
    return Rich(text=rich.text, entities=sorted([*rich.entities, *found], key=lambda e: (e["offset"], -e["length"])))


def trimmed(rich: Rich) -> Rich:
    """Telegram drops white space at both ends; entities shrink with it."""
    lead = utf16(rich.text) - utf16(rich.text.lstrip())
    text = rich.text.strip()
    size = utf16(text)
    kept = []
    for entity in rich.entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] - lead + entity["length"], size)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return Rich(text=text, entities=kept)
