"""Telegram's JSON, reduced to what somebody did; what is no update is refused, and its chat still found."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import Action
from bot.chat import tokens, updates
from bot.chat.incoming import Incoming, Kind

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = b"secret"
ANA = {"id": 7, "is_bot": False, "first_name": "Ana", "language_code": "es", "username": "ana"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Ana"}
GROUP = {"id": -100, "type": "supergroup", "title": "Team"}
BOT = {"id": 1, "is_bot": True, "first_name": "Aftercare", "username": "aftercare_bot"}


def message(**fields: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1772442000, "chat": PRIVATE, "from": ANA} | fields


def read(**update: Any) -> Incoming:
    body = json.dumps({"update_id": 1} | update)
    return updates.read(body, secret=SECRET, username="aftercare_bot", received_at=NOW)


def command(text: str, length: int) -> dict[str, Any]:
    return message(text=text, entities=[{"type": "bot_command", "offset": 0, "length": length}])


def test_a_typed_message() -> None:
    incoming = read(message=message(text="It hurts"))
    assert (incoming.kind, incoming.chat, incoming.user, incoming.text) == (Kind.TEXT, 7, 7, "It hurts")
    assert (incoming.language, incoming.at, incoming.private) == ("es", NOW, True)


def test_a_command_and_its_arguments() -> None:
    incoming = read(message=command("/start e_abc", 6))
    assert (incoming.kind, incoming.command, incoming.text) == (Kind.COMMAND, "start", "e_abc")


def test_a_command_with_the_bots_own_name_is_ours() -> None:
    assert read(message=command("/Open@Aftercare_Bot now", 19)).command == "open"


def test_a_command_for_another_bot_is_text() -> None:
    incoming = read(message=command("/open@other_bot", 15))
    assert (incoming.kind, incoming.command) == (Kind.TEXT, None)


def test_a_signed_tap_has_a_meaning() -> None:
    data = tokens.encode(Action("p_answer", (3, 4)), 7, SECRET)
    query = {"id": "9", "from": ANA, "chat_instance": "1", "data": data, "message": message(text="?", **{"from": BOT})}
    incoming = read(callback_query=query)
    assert (incoming.kind, incoming.action, incoming.query_id) == (Kind.TAP, Action("p_answer", (3, 4)), "9")
    assert (incoming.at, incoming.message_id) == (NOW, 5)


@pytest.mark.parametrize("data", ["", "nonsense", "1.p_answer.3.4~AAAAAAAA", "x" * 200])
def test_a_forged_tap_has_none(data: str) -> None:
    query = {"id": "9", "from": ANA, "chat_instance": "1", "data": data, "message": message(text="?")}
    assert read(callback_query=query).action is None


def test_a_tap_borrowed_from_another_chat_has_none() -> None:
    data = tokens.encode(Action("p_answer", (3,)), 8, SECRET)
    query = {"id": "9", "from": ANA, "chat_instance": "1", "data": data, "message": message(text="?")}
    assert read(callback_query=query).action is None


def test_a_tap_under_a_message_too_old_to_be_shown_is_still_a_tap() -> None:
    old = {"chat": PRIVATE, "message_id": 5, "date": 0}
    assert read(callback_query={"id": "9", "from": ANA, "chat_instance": "1", "message": old}).chat == 7


FILES = [
    ("photo", [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}], "photo"),
    ("voice", {"file_id": "f", "file_unique_id": "u", "duration": 1}, "voice"),
    ("video", {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1, "duration": 1}, "video"),
    ("document", {"file_id": "f", "file_unique_id": "u", "file_name": "a.yaml", "file_size": 9}, "document"),
    ("location", {"latitude": 1.0, "longitude": 2.0}, "location"),
    ("contact", {"phone_number": "1", "first_name": "B"}, "contact"),
    ("dice", {"emoji": "🎲", "value": 3}, "other"),
]


@pytest.mark.parametrize(("field", "value", "kind"), FILES, ids=[row[0] for row in FILES])
def test_what_is_not_text(field: str, value: Any, kind: str) -> None:
    incoming = read(message=message(**{field: value, "caption": "look"}))
    assert incoming.media is not None
    assert (incoming.kind, incoming.media.kind, incoming.text) == (Kind.MEDIA, kind, "look")


def test_an_edited_message() -> None:
    incoming = read(edited_message=message(text="/worse", edit_date=1772442060))
    assert (incoming.kind, incoming.text, incoming.command) == (Kind.EDITED, "/worse", None)
    assert incoming.at.minute == 1


@pytest.mark.parametrize(
    "moved",
    [
        message(chat={"id": -5, "type": "group", "title": "T"}, migrate_to_chat_id=-100),
        message(chat=GROUP, migrate_from_chat_id=-5),
    ],
)
def test_a_migration_told_in_either_chat(moved: dict[str, Any]) -> None:
    incoming = read(message=moved)
    assert (incoming.kind, incoming.chat, incoming.migrated_to) == (Kind.MIGRATED, -5, -100)


def member(status: str, **rights: Any) -> dict[str, Any]:
    return {"user": BOT, "status": status} | rights


RIGHTS = [
    ("private", member("kicked", until_date=0), False),
    ("private", member("member"), True),
    ("supergroup", member("left"), False),
    ("channel", member("member"), False),
]


@pytest.mark.parametrize(("kind", "new", "can_post"), RIGHTS)
def test_the_bots_own_standing(kind: str, new: dict[str, Any], can_post: bool) -> None:
    chat = {"id": -1, "type": kind, "title": "T"}
    change = {
        "chat": chat,
        "from": ANA,
        "date": 1772442000,
        "old_chat_member": member("member"),
        "new_chat_member": new,
    }
    incoming = read(my_chat_member=change)
    assert (incoming.kind, incoming.membership, incoming.can_post) == (Kind.MEMBER, new["status"], can_post)


def test_a_channel_post_has_no_user() -> None:
    post = {"message_id": 1, "date": 1772442000, "chat": {"id": -9, "type": "channel", "title": "C"}, "text": "hi"}
    incoming = read(channel_post=post)
    assert (incoming.user, incoming.chat_kind) == (None, "channel")


def test_a_reaction_is_something_else() -> None:
    thumb = [{"type": "emoji", "emoji": "👍"}]
    change = {
        "chat": PRIVATE,
        "message_id": 5,
        "user": ANA,
        "date": 1772442000,
        "old_reaction": [],
        "new_reaction": thumb,
    }
    incoming = read(message_reaction=change)
    assert (incoming.kind, incoming.text) == (Kind.OTHER, "👍")


MALFORMED = [
    {"message": {"text": "no id"}},
    {"message": "text"},
    {"message": message(date="yesterday")},
    {"callback_query": {"id": "9", "from": ANA, "chat_instance": "1"}},
    {"poll": 3},
    {},
]


@pytest.mark.parametrize("update", MALFORMED, ids=lambda update: ",".join(update) or "empty")
def test_what_is_no_update_is_refused(update: dict[str, Any]) -> None:
    with pytest.raises((updates.Malformed, KeyError, TypeError, AttributeError, ValueError)):
        read(**update)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["chat", "message", "from", "id", "callback_query", "text"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_anything_at_all_can_be_stored_or_refused_without_an_error(value: Any) -> None:
    raw = updates.raw(value)
    assert raw is None or raw.body


@given(JSON)
def test_anything_with_a_number_has_a_chat_or_none(value: Any) -> None:
    raw = updates.raw({"update_id": 3, "message": value})
    assert raw is not None
    assert isinstance(raw.chat_key, int)


def test_the_same_update_has_the_same_digest() -> None:
    update = {"update_id": 1, "message": message(text="ñ")}
    one, other = updates.raw(update), updates.raw(json.loads(json.dumps(update)))
    assert one is not None
    assert other is not None
    assert one.digest == other.digest
