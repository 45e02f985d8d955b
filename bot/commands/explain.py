"""`aftercare pathway explain`: why a case has its level, and why not the next one up or down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands import pathway as pathways
from bot.commands import triage
from schedules import casefile, catalog, examples
from schedules import explain as core
from schedules.case import Case
from schedules.explain import Explanation, Fired
from schedules.levels import Level
from schedules.pathway import Pathway
from schedules.problems import PathwayError

_AN_ID = re.compile(r"[A-Za-z0-9_-]+")


def explain(
    case: Annotated[str, typer.Argument(help="A JSON file with one case, - for standard input, or an example's id.")],
    pathway: Annotated[str, typer.Option(help="A pathway that came with the program, or a folder.")] = "lumbar_surgery",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Say why a case has its level: which findings made it, on which answers, by which sources, and what is near.

    The case is written as for `aftercare triage`. Bad input ends with exit code 2 and says which field, and why.
    """
    try:
        content = pathways.files(pathway)
        published = catalog.load_files(content)
        name, read = find(published, content, case)
    except PathwayError as error:
        triage.refuse(f"The pathway {pathway} cannot be used:\n{error}")
    except triage.BadInputError as error:
        triage.refuse(str(error))
    explanation = core.explain(published, read)
    if as_json:
        typer.echo(json.dumps(core.to_json(explanation, name), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(lines(explanation, name, read)))


def find(pathway: Pathway, content: dict[str, str], case: str) -> tuple[object, Case]:
    """The case meant, and its name: a file, standard input, or an example. Raises BadInputError, PathwayError."""
    if case != "-" and not Path(case).exists() and _AN_ID.fullmatch(case):
        known = {example.id: example.case for example in examples.read(pathway, content)}
        if case in known:
            return case, known[case]
        raise triage.BadInputError(f"{case} is no file and no example of {pathway.id}. See examples.yaml for the ids.")
    value: Any = triage.parse(triage.read(case))
    if isinstance(value, list):
        if len(value) != 1:
            raise triage.BadInputError(f"the input holds {len(value)} cases: give one, as an object")
        value = value[0]
    try:
        return value.get("id") if isinstance(value, dict) else None, casefile.read(pathway, value)
    except casefile.BadCaseError as error:
        raise triage.BadInputError("\n".join(f"the case: {fault}" for fault in error.faults)) from error


def lines(explanation: Explanation, name: object, case: Case) -> Iterator[str]:
    """The explanation as text."""
    level = explanation.level
    within = explanation.assessment.within_days
    deadline = f", within {within} days" if within else ", today" if within == 0 else ""
    yield f"{name}: {level.value.upper()}{deadline}"
    yield f"{case.checkin}, day {explanation.day} after {case.procedure}, {case.status}"
    for listed in ("unanswered", "unreadable"):
        if found := getattr(explanation.assessment, listed):
            yield f"{listed}: {', '.join(found)}"
    if explanation.decisive:
        yield f"\nWhy {level.value}, and what would have to differ for a lower level (all of it):"
        for one in explanation.decisive:
            yield from _finding(one)
    else:
        yield "\nWhy routine: no rule fired."
    if level is not Level.EMERGENCY:
        yield "\nWhy not higher. The nearest rules that did not fire:"
        yield from (f"  {line}" for line in core.why_not_higher(explanation) or ("no rule of a higher level is near",))
    below = [one for one in explanation.fired if one.finding.level is not level]
    if below:
        yield "\nAlso fired, at a lower level:"
        yield from (f"  {one.finding.rule} ({one.finding.level}): {one.finding.text}" for one in below)


def _finding(one: Fired) -> Iterator[str]:
    finding = one.finding
    yield f"  {finding.rule}: {finding.text}"
    yield f"    facts    {', '.join(f'{key} = {_plain(value)}' for key, value in finding.because.items())}"
    if one.rationale:
        yield f"    ground   {one.rationale}"
    for source in one.sources:
        yield f"    source   {source.tag}: {source.says}"
    yield f"    unless   {core.unless(one)}"


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
