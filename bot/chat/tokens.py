"""Callback data: a short, versioned, signed token. It carries ids only; what they mean is checked anew at each tap.

`1.<name>.<arg>.<arg>…~<signature>`; the arguments in base 36, the signature over chat and token, 48 bits. A client can
send any bytes as a tap, so an unsigned or borrowed token means nothing here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from bot.cards import Action

VERSION = "1"
LIMIT_BYTES = 64
_TOKEN = re.compile(r"1\.([a-z_]{1,16})((?:\.-?[0-9a-z]{1,13}){0,5})~([A-Za-z0-9_-]{8})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class TokenTooLong(ValueError):
    """An action does not fit into Telegram's 64 bytes: give it fewer or smaller arguments."""


def encode(action: Action, chat: int, secret: bytes) -> str:
    """Callback data for this action in this chat (Telegram id); raises TokenTooLong."""
    body = ".".join([VERSION, action.name, *(_base36(arg) for arg in action.args)])
    token = f"{body}~{_sign(body, chat, secret)}"
    if len(token.encode()) > LIMIT_BYTES or not _TOKEN.fullmatch(token):
        raise TokenTooLong(f"{action.name} with {len(action.args)} arguments: {TokenTooLong.__doc__}")
    return token


def decode(data: str, chat: int, secret: bytes) -> Action | None:
    """The action, or None when the data is not one that this bot made for this chat."""
    match = _TOKEN.fullmatch(data)
    if match is None:
        return None
    body, _, signature = data.rpartition("~")
    if not hmac.compare_digest(signature, _sign(body, chat, secret)):
        return None
    args = tuple(int(part, 36) for part in match[2].split(".")[1:])
    return Action(match[1], args)


def _sign(body: str, chat: int, secret: bytes) -> str:
    digest = hmac.new(secret, f"{chat}|{body}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()


def _base36(number: int) -> str:
    if number < 0:
        return "-" + _base36(-number)
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if number == 0:
            return digits
