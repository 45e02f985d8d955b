"""`aftercare triage`: recorded cases in as JSON, their levels and findings out as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.commands import pathway as pathways
from schedules import casefile
from schedules import triage as core
from schedules.pathway import Pathway
from schedules.problems import PathwayError

LARGEST = 64_000_000
"""Bytes of input; a hundred thousand cases fit."""
_SHOWN = 20


class BadInputError(ValueError):
    """The input holds no cases, or cases that cannot be read; the message says which and why."""


def triage(
    file: Annotated[str, typer.Argument(help="A JSON file, or - for standard input.")] = "-",
    pathway: Annotated[str, typer.Option(help="A pathway that came with the program, or a folder.")] = "lumbar_surgery",
) -> None:
    """Triage one case, or a list of cases, written as JSON.

    A case: {"id", "procedure", "surgery_date", "checkin", "answered_on", "status": completed|partial|missed,
    "answers": {question: option | [options] | number | text}, "history": [{"checkin": "baseline"|…, "answered_on",
    "status", "level"?, "answers"}]}. Dates are the patient's local dates, YYYY-MM-DD. `answers` may hold free_text
    and rescreen. A result: {"id", "level", "within_days", "findings": [{"rule", "level", "because"}], "unanswered",
    "unreadable"}. Bad input ends with exit code 2 and says which case, which field, why; nothing is triaged then.
    """
    try:
        published = pathways.find(pathway)
        raw = read(file)
        result = assess(published, parse(raw))
    except PathwayError as error:
        refuse(f"The pathway {pathway} cannot be used:\n{error}")
    except BadInputError as error:
        refuse(str(error))
    typer.echo(json.dumps(result, indent=2))


def assess(pathway: Pathway, content: object) -> object:
    """The result of one case, or the list of results of a list of cases. Raises BadInputError."""
    values = content if isinstance(content, list) else [content]
    cases, faults = [], []
    for number, value in enumerate(values, start=1):
        try:
            cases.append(casefile.read(pathway, value))
        except casefile.BadCaseError as error:
            name = f" ({value['id']!r:.60})" if isinstance(value, dict) and "id" in value else ""
            where = f"case {number}{name}: " if isinstance(content, list) else f"the case{name}: "
            faults += [f"{where}{fault}" for fault in error.faults]
    if faults:
        more = [f"… and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        raise BadInputError("\n".join([*faults[:_SHOWN], *more]))
    results = [
        casefile.write(value["id"], core.evaluate(pathway, case)) for value, case in zip(values, cases, strict=True)
    ]
    return results if isinstance(content, list) else results[0]


def parse(raw: bytes) -> object:
    """The JSON in `raw`, UTF-8. Raises BadInputError; a key given twice in one object is refused too."""
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise BadInputError("the input is not UTF-8 text: save it as UTF-8") from error
    except json.JSONDecodeError as error:
        what = "the input is empty" if not text.strip() else f"this is no JSON: {error.msg}"
        raise BadInputError(f"line {error.lineno}, column {error.colno}: {what}") from error
    except RecursionError as error:
        raise BadInputError("the JSON is nested too deep: a case is flat") from error
    except BadInputError:
        raise
    except ValueError as error:
        raise BadInputError("the JSON holds a number that is too long") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInputError(f"the key {twice!r:.60} stands twice in one object: which one counts?")
    return content


def _no_constant(name: str) -> NoReturn:
    raise BadInputError(f"{name} is no JSON number")


def read(file: str) -> bytes:
    """What stands in a file, or on standard input for -. Raises BadInputError."""
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(file).open("rb") as stream:
                raw = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInputError(f"{file} cannot be read: {why}. Give a JSON file, or - for standard input.") from error
    if len(raw) > LARGEST:
        raise BadInputError(f"the input has over {LARGEST:,} bytes: send the cases in parts")
    return raw


def refuse(why: str) -> NoReturn:
    """End with exit code 2 and say why."""
    typer.echo(why, err=True)
    raise typer.Exit(2)
