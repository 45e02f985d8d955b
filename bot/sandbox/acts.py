"""What the control API takes: one frozen model per act, unknown fields refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic

from bot.sandbox import faults

Json = dict[str, Any]
Payload = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Role = Literal["patient", "clinician", "coordinator", "admin"]
MAX_TYPED = 4096


class Act(pydantic.BaseModel):
    """Base of everything that comes in through the control API."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class NewUser(Act):
    """A person to add."""

    first_name: str = pydantic.Field(min_length=1, max_length=64)
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = "en"
    role: Role = "patient"
    phone: str | None = None
    id: int | None = pydantic.Field(default=None, gt=0, lt=2**52)


class NewGroup(Act):
    """A group, supergroup or channel to found. The first member owns it."""

    title: str = pydantic.Field(min_length=1, max_length=128)
    type: Literal["group", "supergroup", "channel"] = "supergroup"
    members: tuple[int, ...] = ()
    bot_admin: bool = False
    with_bot: bool = True
    forum: bool = False


class Start(Act):
    """Press Start, with the payload of a deep link if there is one."""

    payload: Payload | None = None


class Text(Act):
    """Type and send."""

    chat_id: int
    text: str = pydantic.Field(min_length=1, max_length=MAX_TYPED)
    reply_to: int | None = None
    thread_id: int | None = None


class Tap(Act):
    """Tap an inline button by its place or its data; with `forge`, any data on any message."""

    chat_id: int
    message_id: int
    row: int | None = pydantic.Field(default=None, ge=0)
    col: int | None = pydantic.Field(default=None, ge=0)
    data: str | None = None
    forge: bool = False
    wait_s: float = pydantic.Field(default=0, ge=0, le=30)

    @pydantic.model_validator(mode="after")
    def _names_a_button(self) -> Tap:
        if self.data is None and (self.row is None or self.col is None):
            raise ValueError("name the button: row and col, or data")
        return self


class Press(Act):
    """Press a button of the reply keyboard."""

    chat_id: int
    text: str


class Edit(Act):
    """Change a message one wrote oneself."""

    chat_id: int
    message_id: int
    text: str = pydantic.Field(min_length=1, max_length=MAX_TYPED)


class Erase(Act):
    """Delete a message for both sides; the bot is not told."""

    chat_id: int
    message_id: int


class SendFile(Act):
    """Send a photo, voice note, sticker or document; without content, a small stand-in."""

    chat_id: int
    name: str | None = None
    mime: str | None = None
    content_b64: pydantic.Base64Bytes | None = None
    caption: str | None = pydantic.Field(default=None, max_length=1024)


class React(Act):
    """Set or, with null, remove a reaction."""

    chat_id: int
    message_id: int
    emoji: str | None = "👍"


class SendContact(Act):
    """Share one's own phone number."""

    chat_id: int


class Nothing(Act):
    """No arguments."""


class Rights(Act):
    """Whether the bot may post, and whether it is an administrator; null leaves it as it is."""

    can_post: bool | None = None
    admin: bool | None = None


class TopicState(Act):
    """Close or reopen a forum topic; without a thread, the newest one."""

    closed: bool
    thread_id: int | None = None


class Member(Act):
    """A person who joins or leaves a group."""

    user_id: int
    present: bool


class MoveClock(Act):
    """Move the clock: by seconds, to an instant, or to whatever happens next."""

    advance_s: float | None = None
    to: pydantic.AwareDatetime | None = None
    next_event: bool = False

    @pydantic.model_validator(mode="after")
    def _says_one_thing(self) -> MoveClock:
        if sum((self.advance_s is not None, self.to is not None, self.next_event)) != 1:
            raise ValueError("give one of advance_s, to, next_event")
        return self


class PlanFault(Act):
    """A failure to script."""

    method: str = "*"
    kind: faults.Kind = "http"
    chat_id: int | None = None
    times: int = pydantic.Field(default=1, ge=1, le=1_000_000)
    code: int = pydantic.Field(default=500, ge=400, le=599)
    description: str = "Internal Server Error"
    parameters: dict[str, int] = {}
    seconds: float | None = pydantic.Field(default=None, ge=0, le=86_400)


class Restart(Act):
    """Go on with update ids from here."""

    next_id: int = pydantic.Field(ge=1, lt=2_000_000_000)


class RawUpdate(Act):
    """Any object, put into the queue as it is."""

    update: Json


class SetLimits(Act):
    """Turn the sending limits on or off."""

    on: bool
