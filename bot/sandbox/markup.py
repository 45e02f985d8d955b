"""Keyboards as Telegram takes or refuses them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.sandbox import parameters, refusals

Json = dict[str, Any]

MAX_DATA_BYTES = 64
MAX_BUTTONS = 100
MAX_BYTES = 10_000
INLINE_ACTIONS = (
    "callback_data",
    "url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "web_app",
    "login_url",
    "copy_text",
    "callback_game",
    "pay",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """What a reply_markup asks for: at most one of these."""

    inline: list[list[Json]] | None = None
    keyboard: Json | None = None
    remove: bool = False
    force_reply: Json | None = None

    @property
    def is_reply_keyboard(self) -> bool:
        """Such a message can never be edited."""
        return self.keyboard is not None or self.remove or self.force_reply is not None


def read(call: parameters.Parameters) -> Markup:
    """The reply_markup of a call. Raises Refusal."""
    given = call.structure("reply_markup", "reply keyboard markup")
    if given is None or given == {}:
        return Markup()
    if not isinstance(given, dict):
        raise refusals.bad_request("object expected as reply markup")
    if len(json.dumps(given, ensure_ascii=False).encode()) > MAX_BYTES:
        raise refusals.bad_request("reply markup is too long")
    if "inline_keyboard" in given:
        return Markup(inline=_inline(given["inline_keyboard"]) or None)
    if "keyboard" in given:
        return Markup(keyboard={**given, "keyboard": _keyboard(given["keyboard"])})
    if given.get("remove_keyboard"):
        return Markup(remove=True)
    if given.get("force_reply"):
        return Markup(force_reply=given)
    return Markup()


def _rows(given: Any, field: str) -> list[list[Any]]:
    if not isinstance(given, list):
        raise refusals.bad_request(f'field "{field}" of the ReplyKeyboardMarkup must be an Array of Arrays')
    if any(not isinstance(row, list) for row in given):
        raise refusals.bad_request(f'field "{field}" must be an Array of Arrays')
    if sum(map(len, given)) > MAX_BUTTONS:
        raise refusals.bad_request("reply markup is too long")
    return [row for row in given if row]


def _inline(given: Any) -> list[list[Json]]:
    return [[_inline_button(button) for button in row] for row in _rows(given, "inline_keyboard")]


def _inline_button(button: Any) -> Json:
    def refuse(why: str) -> refusals.Refusal:
        return refusals.bad_request(f"can't parse inline keyboard button: {why}")

    if not isinstance(button, dict):
        raise refuse("InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise refuse('Can\'t find field "text"')
    if not button["text"].strip():
        raise refusals.bad_request("BUTTON_TEXT_INVALID")
    if not any(name in button for name in INLINE_ACTIONS):
        raise refuse("Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 0 < len(data.encode()) <= MAX_DATA_BYTES:
            raise refusals.bad_request("BUTTON_DATA_INVALID")
    if "url" in button and not str(button["url"]).startswith(("http://", "https://", "tg://", "ton://")):
        raise refusals.bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Unsupported URL protocol")
    return button


def _keyboard(given: Any) -> list[list[Json]]:
    rows = _rows(given, "keyboard")
    buttons = [[{"text": b} if isinstance(b, str) else b for b in row] for row in rows]
    if any(not isinstance(b, dict) or not isinstance(b.get("text"), str) for row in buttons for b in row):
        raise refusals.bad_request("can't parse keyboard button: KeyboardButton must be a String or an Object")
    return buttons
