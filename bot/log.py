"""The log: one event per decision, ids only.

Every line, also those of libraries, passes through `leave_out_people` and `scrub_secrets` on its way out, so that
neither a bot token nor a person's name, number or words can reach a log file by accident.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

LEFT_OUT = "[left out]"
_QUIET = ("httpx", "httpcore", "telegram", "apscheduler", "uvicorn.access")  # httpx writes the bot token at INFO
_BOT_TOKEN = re.compile(r"\d+:[\w-]{30,}")
_REJECTED_INPUT = re.compile(r"input_value=.*?, input_type=", re.DOTALL)
_SQL_PARAMETERS = re.compile(r"\[parameters: .*?\]\n?(?=\(Background|$)", re.DOTALL)
_PERSONAL = {
    "address",
    "answer",
    "answers",
    "birth",
    "body",
    "caption",
    "content",
    "kin",
    "mail",
    "name",
    "names",
    "nickname",
    "note",
    "payload",
    "phone",
    "raw",
    "reply",
    "text",
    "username",
    "words",
}
_SECRET = {"authorization", "cookie", "password", "secret", "token"}

Event = MutableMapping[str, Any]


def configure(level: str = "INFO", *, json_lines: bool | None = None, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records through the same processors to `stream` (stderr).

    `json_lines` None means JSON unless the stream is a terminal.
    """
    stream = stream or sys.stderr
    plain = stream.isatty() if json_lines is None else not json_lines
    renderer: Any = structlog.dev.ConsoleRenderer() if plain else structlog.processors.JSONRenderer(default=str)
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                leave_out_people,
                scrub_secrets,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for library in _QUIET:
        logging.getLogger(library).setLevel(max(logging.WARNING, root.level))


def place(error: BaseException) -> str:
    """Where in our code it was raised, "bot.care.paging:80", for logs: a traceback would quote values."""
    found, frame = "outside", error.__traceback__
    while frame is not None:
        module = str(frame.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in ("bot", "schedules"):
            found = f"{module}:{frame.tb_lineno}"
        frame = frame.tb_next
    return found


def leave_out_people(_logger: Any, _method: str, event: Event) -> Event:
    """Replace the value of every key that could hold a person's data or a secret, at any depth."""
    return {key: _without_people(key, value) for key, value in event.items()}


def _without_people(key: str, value: Any) -> Any:
    if (_PERSONAL | _SECRET).intersection(key.lower().split("_")):
        return LEFT_OUT
    if isinstance(value, Mapping):
        return {str(inner): _without_people(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_people("", item) for item in value]
    return value


def scrub_secrets(_logger: Any, _method: str, event: Event) -> Event:
    """Blot out bot tokens, and the values that SQLAlchemy and pydantic quote in their messages, in every string."""
    return {key: _scrubbed(value) for key, value in event.items()}


def _scrubbed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _scrubbed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    text = _BOT_TOKEN.sub(LEFT_OUT, str(value))
    text = _REJECTED_INPUT.sub(f"input_value={LEFT_OUT}, input_type=", text)
    return _SQL_PARAMETERS.sub(f"[parameters: {LEFT_OUT}]", text)
