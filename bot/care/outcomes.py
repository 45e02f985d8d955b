"""What can become of a message, as the courier reports it and care/delivery.py settles it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unreached = Literal["blocked", "deactivated", "unstarted", "gone"]


@dataclass(frozen=True, slots=True)
class Sent:
    """Telegram took it; for an edit, the id of the edited message."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The edit would change nothing: as good as sent."""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Not sent: too fast. This chat waits so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Migrated:
    """Not sent: the group lives on under this Telegram id."""

    new_id: int


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Not sent, and nothing sent there will arrive until something changes on the other side."""

    kind: Unreached
    why: str


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """Not sent: the bot may not post there."""

    why: str


@dataclass(frozen=True, slots=True)
class GoneToEdit:
    """Not edited: the message is gone or too old. A new one can still be sent."""

    why: str


@dataclass(frozen=True, slots=True)
class BadContent:
    """Not sent, and it never will be as it is: our mistake."""

    why: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly not sent: there was no connection."""

    why: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Nobody can know whether it was sent."""

    why: str


@dataclass(frozen=True, slots=True)
class NotAuthorized:
    """Not sent: Telegram does not know this token."""


NotArrived = (
    RetryAfter | Migrated | Unreachable | NotAllowed | GoneToEdit | BadContent | NotSent | Uncertain | NotAuthorized
)
Outcome = Sent | Unchanged | NotArrived
