"""The check of calls and objects against the Bot API's description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot import clock
from bot.sandbox import schema, server
from tests.bot.sandbox.raw_calls import Raw


def field(name: str, *types: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "types": list(types), "required": required}


SMALL = schema.Description(
    {
        "version": "small",
        "methods": {
            "sendMessage": {
                "returns": ["Message"],
                "fields": [
                    field("chat_id", "Integer", "String", required=True),
                    field("count", "Integer"),
                    field("sent", "Message"),
                    field("file", "InputFile", "String"),
                ],
            },
            "getMe": {"returns": ["User"]},
        },
        "types": {
            "User": {"fields": [field("id", "Integer", required=True), field("names", "Array of String")]},
            "Message": {"fields": [field("from", "Sender"), field("rows", "Array of Array of User")]},
            "Sender": {"subtypes": ["User"]},
        },
    }
)


def found(violations: list[schema.Violation]) -> list[str]:
    return [str(violation) for violation in violations]


def test_a_right_call_has_no_violations() -> None:
    assert SMALL.call("sendMessage", {"chat_id": "5", "count": "7", "sent": '{"from": {"id": 1}}'}) == []
    assert SMALL.call("sendMessage", {"chat_id": 5, "file": "attach://f"}, ("f",)) == []


def test_each_wrong_thing_in_a_call_is_named() -> None:
    assert found(SMALL.call("sendMessag", {})) == ["sendMessag: no such method"]
    wrong = SMALL.call("sendMessage", {"count": "many", "sent": '{"from": {"id": "1"}}', "x": 1}, ("y",))
    assert found(wrong) == [
        "sendMessage.chat_id: required parameter is missing",
        "sendMessage.count: 'many' is no Integer",
        "sendMessage.sent.from.id: '1' is no Integer",
        "sendMessage.x: no such parameter",
        "sendMessage.y: no such file parameter",
    ]


def test_each_wrong_thing_in_an_object_is_named() -> None:
    assert found(SMALL.result("getMe", {"id": True, "names": ["a", 1], "age": 5})) == [
        "getMe.id: True is no Integer",
        "getMe.names[1]: 1 is no String",
        "getMe.age: User has no such field",
    ]
    assert found(SMALL.object("Message", {"rows": [[{}], 5]})) == [
        "Message.rows[0][0].id: required in User, missing",
        "Message.rows[1]: 5 is no Array of User",
    ]
    assert found(SMALL.object("Message", None)) == ["Message: None is no Message"]
    assert found(SMALL.object("Gift", {})) == ["Gift: the description has no type Gift"]
    assert found(SMALL.result("getGift", {})) == ["getGift: no such method"]


@pytest.fixture
async def served(movable: clock.MovableClock) -> AsyncIterator[server.Served]:
    async with server.serve(movable, description=SMALL, strict=True) as running:
        yield running


async def test_strictly_a_departure_fails_the_call(raw: Raw) -> None:
    assert await raw.refused("getMe", age=5) == (
        400,
        "Bad Request: not by the Bot API: getMe.age: no such parameter",
    )
    code, why = await raw.refused("getMe")
    assert (code, why) == (
        500,
        "Internal Server Error: not by the Bot API: getMe.is_bot: User has no such field",
    )
