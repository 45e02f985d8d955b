"""`aftercare screen`: the free-text net over messages in a file, as JSON lines in and out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from schedules import catalog, freetext, lexicon


class BadLine(ValueError):
    """A line of the input is no message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    id: str | int | float
    text: str
    lang: str | None


def screen(
    file: Annotated[str, typer.Argument(help="A file of JSON lines, or - for standard input.")] = "-",
) -> None:
    """Screen typed messages for red flags: {"id", "text", "lang"} per line.

    Writes {"id", "level", "categories", "matched"} per line; level is routine when nothing matches. `lang` may be
    left out: the lists of every language are always run. A bad line ends it with exit code 2, nothing screened.
    """
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        _refuse(f"{file} cannot be read: {error.strerror}. Give a file of JSON lines, or - for standard input.")
    try:
        lines = read(raw)
    except BadLine as error:
        _refuse(str(error))
    net = catalog.shipped().freetext
    for line in lines:
        typer.echo(json.dumps(result(net, line)))


def read(raw: bytes) -> list[_Line]:
    """The messages in JSON lines; empty lines are passed over. Raises BadLine with the line's number and why."""
    lines = []
    # Not splitlines(): U+2028 and its like may stand inside a JSON string.
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            try:
                lines.append(_line(line))
            except BadLine as error:
                raise BadLine(f"line {number}: {error}") from error
    return lines


def result(net: lexicon.FreeText, line: _Line) -> dict[str, object]:
    """One line of the output."""
    found = freetext.screen(net, line.text, line.lang)
    return {
        "id": line.id,
        "level": found.level.value,
        "categories": list(found.categories),
        "matched": list(found.matched),
    }


def _line(raw: bytes) -> _Line:
    try:
        content = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadLine("this is not UTF-8 text: save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        raise BadLine(f"this is no JSON ({error.msg}, column {error.colno}): write one object per line") from error
    except (ValueError, RecursionError) as error:
        raise BadLine("this JSON holds a number too long or is nested too deep: write one flat object") from error
    if not isinstance(content, dict):
        raise BadLine('this is no JSON object: write {"id": "1", "text": "…"}')
    key, text, lang = content.get("id"), content.get("text"), content.get("lang")
    if not isinstance(key, str | int | float) or isinstance(key, bool):
        raise BadLine('"id" is missing, or neither a text nor a number')
    if not isinstance(text, str):
        raise BadLine('"text" is missing or no text')
    if lang is not None and not isinstance(lang, str):
        raise BadLine('"lang" is no text: write a code such as "en", or leave it out')
    return _Line(id=key, text=text, lang=lang)


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(2)
