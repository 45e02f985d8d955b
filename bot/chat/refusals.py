"""What Telegram's refusals mean. Matched on PTB's class first, narrow to wide, then on the case-folded description.

The strings are telegram-bot-api's and tdlib's own. Descriptions of 400 are partly generic: "chat not found" can stand
for any error with the chat. What is unknown is never retried without end.
"""

from __future__ import annotations

from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.care import outcomes
from bot.care.outcomes import Outcome, Unreached

_UNREACHED: tuple[tuple[str, Unreached], ...] = (
    ("blocked by the user", "blocked"),
    ("user is deactivated", "deactivated"),
    ("can't initiate conversation", "unstarted"),
    ("can't send messages to the bot", "unstarted"),
    ("can't send messages to bots", "unstarted"),
    ("was kicked", "gone"),
    ("is not a member", "gone"),
    ("was deleted", "gone"),
)
_NO_CHAT = ("chat not found", "peer_id_invalid", "user not found", "chat_id is empty")
_NO_RIGHTS = (
    "have no write access",
    "need administrator rights",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "chat_restricted",
    "topic_closed",
    "topic_deleted",
    "message thread not found",
)
_GONE_TO_EDIT = ("message to edit not found", "message can't be edited", "message_id_invalid", "message not found")
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_TOO_FAST_S = 1.0


def outcome(error: Exception) -> Outcome:
    """What became of a call that raised this."""
    said = str(error).casefold()
    match error:
        case RetryAfter():
            return outcomes.RetryAfter(_seconds(error))
        case ChatMigrated():
            return outcomes.Migrated(error.new_chat_id)
        case Forbidden():
            return _forbidden(said)
        case BadRequest():
            return _bad_request(said)
        case InvalidToken():
            return outcomes.NotAuthorized()
        case Conflict():
            return outcomes.NotSent("conflict")
        case NetworkError() if "too many requests" in said:  # a 429 without a number of seconds
            return outcomes.RetryAfter(_TOO_FAST_S)
        case NetworkError() if "entity too large" in said:
            return outcomes.BadContent("too large")
        case NetworkError() if "misdirected" in said:
            return outcomes.NotSent("wrong server")
        case TelegramError() if isinstance(error.__cause__, _NEVER_LEFT):
            return outcomes.NotSent(type(error.__cause__).__name__)
        case _:
            return outcomes.Uncertain(type(error.__cause__ or error).__name__)


def _forbidden(said: str) -> Outcome:
    for words, kind in _UNREACHED:
        if words in said:
            return outcomes.Unreachable(kind, words)
    if any(words in said for words in _NO_RIGHTS):
        return outcomes.NotAllowed(_first(said, _NO_RIGHTS))
    return outcomes.Unreachable("gone", "forbidden")


def _bad_request(said: str) -> Outcome:
    if "message is not modified" in said:
        return outcomes.Unchanged()
    if any(words in said for words in _GONE_TO_EDIT):
        return outcomes.GoneToEdit(_first(said, _GONE_TO_EDIT))
    if any(words in said for words in _NO_CHAT):
        return outcomes.Unreachable("gone", _first(said, _NO_CHAT))
    if any(words in said for words in _NO_RIGHTS):
        return outcomes.NotAllowed(_first(said, _NO_RIGHTS))
    return outcomes.BadContent(said.partition(":")[0][:80])  # what follows a colon may quote the message


def _first(said: str, known: tuple[str, ...]) -> str:
    return next(words for words in known if words in said)


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
