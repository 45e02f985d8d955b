"""No bot token, name, number or message reaches the log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot import log

TOKEN = "123456789:AAH" + "x" * 32


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The log, as JSON lines; the logging of the tests themselves is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    log.configure("INFO", json_lines=True, stream=stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def last(lines: io.StringIO) -> dict[str, Any]:
    """The newest line, read back."""
    read: dict[str, Any] = json.loads(lines.getvalue().splitlines()[-1])
    return read


def test_an_event_is_one_line_with_its_ids_level_and_instant(lines: io.StringIO) -> None:
    structlog.get_logger().info("escalation acknowledged", escalation=41, by=7)
    line = last(lines)
    assert (line["event"], line["level"], line["escalation"], line["by"]) == (
        "escalation acknowledged",
        "info",
        41,
        7,
    )
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "key", ["name", "first_name", "phone", "kin_phone", "text", "free_text", "answers", "birth_year", "username", "raw"]
)
def test_a_key_that_could_hold_a_persons_data_is_left_out(lines: io.StringIO, key: str) -> None:
    structlog.get_logger().warning("odd update", update=3, **{key: "Ana Ruiz"})
    assert "Ana" not in lines.getvalue()
    assert last(lines)["update"] == 3


def test_personal_data_is_left_out_at_any_depth(lines: io.StringIO) -> None:
    structlog.get_logger().info("sent", update={"message": {"text": "my leg"}, "ids": [{"phone": "call me"}, 5]})
    assert last(lines)["update"] == {"message": {"text": log.LEFT_OUT}, "ids": [{"phone": log.LEFT_OUT}, 5]}


def test_a_bot_token_is_scrubbed_wherever_it_stands(lines: io.StringIO) -> None:
    structlog.get_logger().info(f"calling /bot{TOKEN}/getMe", url=f"/bot{TOKEN}", tried=[f"x{TOKEN}"])
    assert TOKEN not in lines.getvalue()
    assert last(lines)["event"] == f"calling /bot{log.LEFT_OUT}/getMe"


def test_a_bot_token_in_a_library_record_or_its_arguments_is_scrubbed(lines: io.StringIO) -> None:
    logging.getLogger("somelibrary").warning("HTTP Request: %s", f"POST /bot{TOKEN}/sendMessage")
    assert TOKEN not in lines.getvalue()
    assert last(lines)["logger"] == "somelibrary"


def test_a_bot_token_in_a_traceback_is_scrubbed(lines: io.StringIO) -> None:
    try:
        raise RuntimeError(f"cannot reach /bot{TOKEN}")
    except RuntimeError:
        logging.getLogger("somelibrary").exception("gave up")
    assert TOKEN not in lines.getvalue()
    assert "RuntimeError" in last(lines)["exception"]


def test_values_quoted_by_pydantic_and_sqlalchemy_are_scrubbed(lines: io.StringIO) -> None:
    structlog.get_logger().error(
        "refused",
        error="1 error [type=x, input_value='Ana Ruiz', input_type=str]",
        cause="IntegrityError [SQL: INSERT] [parameters: ('Ana Ruiz', 1)]\n(Background on this error at: …)",
    )
    assert "Ana" not in lines.getvalue()


@pytest.mark.parametrize("library", ["httpx", "httpcore", "telegram", "telegram.ext"])
def test_libraries_that_log_addresses_or_updates_are_quiet(lines: io.StringIO, library: str) -> None:
    logging.getLogger(library).info("POST https://api.telegram.org/…")
    assert lines.getvalue() == ""


def test_on_a_terminal_the_log_is_for_people(lines: io.StringIO) -> None:
    stream = io.StringIO()
    log.configure("DEBUG", json_lines=False, stream=stream)
    structlog.get_logger().debug("tick done", escalations=2)
    assert "tick done" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
