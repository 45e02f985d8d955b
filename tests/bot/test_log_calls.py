"""What our own code logs: a fixed sentence, ids and kinds. Never words, names, tracebacks or what a caller made up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bot.clock import MovableClock
from bot.log import _PERSONAL, _SECRET, place

ROOT = Path(__file__).parents[2]
METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log", "msg"}
IDS = {"escalation", "gap", "inbox", "outbox", "row"}
KINDS = {
    "at": "a place in our code",
    "bot": "the bot's own public username",
    "code": "an HTTP status",
    "kind": "the type of an error",
    "method": "a method of the Bot API",
    "of": "what there is an election for",
    "outcome": "what became of a message, by type",
    "part": "a part of the program",
    "parts": "parts of the program",
    "result": "of a heartbeat",
    "tick": "a tick's name",
    "unit": "a function's name",
    "webhook": "whether there is one",
    "what": "a function's or a message's name",
    "why": "a kind, a status, or what Telegram says to getUpdates",
}
NUMBERS = {"asked_again", "attempt", "count", "counts", "pause_s", "seconds", "size", "tried"}
ALLOWED = IDS | KINDS.keys() | NUMBERS


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a logger in our code, but the sandbox, which knows no patients."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _is_logging(node.func):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def _is_logging(called: ast.expr) -> bool:
    """`log.error(…)`, and `(log.info if … else log.warning)(…)`."""
    if isinstance(called, ast.IfExp):
        return _is_logging(called.body)
    return (
        isinstance(called, ast.Attribute)
        and called.attr in METHODS
        and isinstance(called.value, ast.Name)
        and called.value.id in ("log", "events", "logger", "logging")
    )


def test_every_event_is_a_fixed_sentence() -> None:
    found = list(calls())
    assert len(found) > 20
    made_up = [at for at, call in found if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant)]
    assert not made_up, "the event is a constant; what varies are fields"


def test_every_field_is_an_id_a_kind_or_a_number() -> None:
    unknown = [
        f"{at} {field.arg or '**'}" for at, call in calls() for field in call.keywords if field.arg not in ALLOWED
    ]
    assert not unknown, "log ids and kinds; a new field is described in KINDS"


def test_no_field_would_be_left_out_by_the_log_itself() -> None:
    assert {field for field in ALLOWED if (_PERSONAL | _SECRET) & set(field.split("_"))} == set()


def test_no_traceback_is_logged() -> None:
    quoting = [
        at
        for at, call in calls()
        if (isinstance(call.func, ast.Attribute) and call.func.attr == "exception")
        or any(field.arg in ("exc_info", "stack_info") for field in call.keywords)
    ]
    assert not quoting, "a traceback quotes rows: log kind=type(error).__name__ and at=place(error)"


def test_no_field_is_taken_from_what_a_person_wrote() -> None:
    words = _PERSONAL - {"name", "names"} | {"said"}  # ticks and parts of the program have names
    taken = [
        f"{at} {ast.unparse(field.value)}"
        for at, call in calls()
        for field in call.keywords
        for node in ast.walk(field.value)
        if isinstance(node, ast.Attribute) and node.attr in words
    ]
    assert not taken


def test_the_place_of_an_error_is_named_without_its_values() -> None:
    with pytest.raises(ValueError, match="aware") as caught:
        MovableClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the refusal is the point
    assert place(caught.value).startswith("bot.clock:")


def test_an_error_from_elsewhere_has_no_place_in_our_code() -> None:
    assert place(KeyError("my leg")) == "outside"
