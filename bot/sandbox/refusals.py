"""What Telegram says when it refuses a call, and what a person is told when an act is impossible.

The strings are Telegram's own (telegram-bot-api and tdlib); clients match on code and description.
"""

from __future__ import annotations

from collections.abc import Mapping

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


class Refusal(Exception):
    """The Bot API refuses a call: HTTP status, description, and the parameters a client acts upon."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, int] | None = None) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = dict(parameters or {})


class Impossible(Exception):
    """A person cannot do this: the HTTP status for the control API and the reason in words."""

    def __init__(self, reason: str, *, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


def bad_request(what: str) -> Refusal:
    """400: the call is wrong and stays wrong."""
    return Refusal(400, f"Bad Request: {what}")


def forbidden(what: str) -> Refusal:
    """403: the other side does not want or know the bot."""
    return Refusal(403, f"Forbidden: {what}")


def conflict(what: str) -> Refusal:
    """409: another reader of the same bot is in the way."""
    return Refusal(409, f"Conflict: {what}")


def unauthorized() -> Refusal:
    """401: a well-formed token of no bot."""
    return Refusal(401, "Unauthorized")


def not_found() -> Refusal:
    """404: not even the shape of a token."""
    return Refusal(404, "Not Found")


def method_not_found() -> Refusal:
    """404: no such method."""
    return Refusal(404, "Not Found: method not found")


def too_many_requests(retry_after: int) -> Refusal:
    """429: nothing was sent; try again after `retry_after` seconds."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def upgraded(new_id: int) -> Refusal:
    """400: the group lives on as a supergroup under `new_id`."""
    return Refusal(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": new_id},
    )
