"""The arguments of one Bot API call, however they came: query, form, JSON or multipart."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import entities, refusals

MAX_RAW_TEXT = 32_768
INTEGER = re.compile(r"\s*[-+]?\d{1,19}\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with the call."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Named values (strings from forms, anything from JSON) and files."""

    values: Mapping[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value as text; empty when missing."""
        value = self.values.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str) -> int:
        """The value as a whole number; 0 when missing or no number, as Telegram takes it."""
        text = self.text(name)
        return int(text) if INTEGER.fullmatch(text) else 0

    def flag(self, name: str) -> bool:
        """The value as yes or no."""
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def structure(self, name: str, what: str) -> Any:
        """The value as JSON; None when missing. Raises Refusal when it is no JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise refusals.bad_request(f"can't parse {what} JSON object") from None

    def rich(self, name: str, entities_name: str) -> entities.Rich:
        """The text called `name` with its entities: by parse_mode, or as listed. Raises Refusal."""
        source = self.text(name)
        if len(source.encode()) > MAX_RAW_TEXT:
            raise refusals.bad_request("text is too long")
        mode = self.text("parse_mode").lower()
        if mode == "html":
            return entities.with_found(entities.parse_html(source))
        if mode in ("markdown", "markdownv2"):
            raise refusals.bad_request("can't parse entities: the sandbox reads parse_mode HTML only")
        if mode:
            raise refusals.bad_request("unsupported parse_mode")
        listed = self.structure(entities_name, "message entities") or []
        if not isinstance(listed, list) or any(not isinstance(e, dict) or "type" not in e for e in listed):
            raise refusals.bad_request("can't parse message entities: expected an Array of MessageEntity")
        return entities.with_found(entities.trimmed(entities.Rich(text=source, entities=listed)))
