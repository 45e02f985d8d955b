"""`aftercare pathway replay`: a changed pathway over recorded cases, before it is published."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from bot.care import pathways, recorded
from bot.commands import site
from bot.commands import triage as triage_command
from schedules import casefile, catalog, examples
from schedules import replay as core
from schedules.case import Case
from schedules.levels import Level
from schedules.pathway import Pathway
from schedules.problems import PathwayError

PUBLISHED = "published"
_CASES_SHOWN = 8


def replay(
    old: Annotated[str, typer.Argument(help="A pathway's name, a folder, or published: what this site uses now.")],
    new: Annotated[str, typer.Argument(help="The same, for the changed pathway.")],
    cases: Annotated[
        str | None, typer.Option(help="A JSON file of cases as `aftercare triage` takes them, or -.")
    ] = None,
    stored: Annotated[bool, typer.Option("--stored", help="Use the check-ins recorded at this site.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
) -> None:
    """Judge cases by two pathways: which alerts are gained, lost or moved to another level, and in which cases.

    Without --cases or --stored the examples of OLD are the cases. Exit code 2 on bad input; a difference is no error.
    """
    if cases is not None and stored:
        site.fail("Choose one: --cases FILE or --stored.", site.BAD_INPUT)
    try:
        if stored or PUBLISHED in (old, new):
            with site.opened() as here:
                result = here.db.read_now(_at_site, old, new, cases, stored, here)
        else:
            before = _pathway(old)
            result = core.replay(before, _pathway(new), _given(old, before, cases))
    except (PathwayError, triage_command.BadInputError) as error:
        site.fail(str(error), site.BAD_INPUT)
    typer.echo(json.dumps(as_data(result), indent=2) if as_json else "\n".join(lines(result)))


def _at_site(session: Session, old: str, new: str, cases: str | None, stored: bool, here: site.Site) -> core.Replay:
    before, after = (pathways.latest(session) if name == PUBLISHED else _pathway(name) for name in (old, new))
    if stored:
        return core.replay(before, after, recorded.ended(session, here.now))
    files = dict(pathways.current(session).files) if old == PUBLISHED else None
    return core.replay(before, after, _given(old, before, cases, files))


def _pathway(name: str) -> Pathway:
    return catalog.shipped(name) if name in catalog.names() else catalog.load_files(_files(name))


def _files(name: str) -> dict[str, str]:
    is_folder = name not in catalog.names() and Path(name).is_dir()
    return catalog.read_folder(Path(name)) if is_folder else catalog.shipped_files(name)


def _given(name: str, pathway: Pathway, file: str | None, files: Mapping[str, str] | None = None) -> Sequence[Case]:
    if file is None:
        return [example.case for example in examples.read(pathway, files or _files(name))]
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise triage_command.BadInputError(f"{file} cannot be read: {error.strerror}.") from error
    content = triage_command.parse(raw)
    found = []
    for number, value in enumerate(content if isinstance(content, list) else [content], start=1):
        try:
            found.append(casefile.read(pathway, value))
        except casefile.BadCaseError as error:
            raise triage_command.BadInputError(f"case {number}: {'; '.join(map(str, error.faults))}") from error
    return found


def lines(result: core.Replay) -> list[str]:
    """The outcome for a person: levels, then cases that fall, rise, and what each rule gained and lost."""
    cases = "1 case" if result.cases == 1 else f"{result.cases} cases"
    said = [f"{cases}. Lower: {len(result.lowered)}. Higher: {len(result.raised)}."]
    for level in sorted(Level, key=lambda level: -level.rank):
        before, after = result.before[level], result.after[level]
        said.append(f"  {level:<10} {before:>6} -> {after:<6}{f' ({after - before:+d})' if after != before else ''}")
    for title, moved in (("Come to a LOWER level", result.lowered), ("Come to a higher level", result.raised)):
        if moved:
            said.append(f"{title}:")
            said += [f"  {each.case}: {each.before} -> {each.after}{_why(each)}" for each in moved]
    for kind in ("lost", "gained", "moved"):
        for rule, ids in result.rules(kind).items():
            more = f" and {len(ids) - _CASES_SHOWN} more" if len(ids) > _CASES_SHOWN else ""
            said.append(f"{kind.capitalize()}: {rule} in {len(ids)}: {', '.join(ids[:_CASES_SHOWN])}{more}")
    if result.unknown:
        said.append(f"Answers left out where a pathway lacks the question: {', '.join(result.unknown)}.")
    if not result.differences:
        said.append("No alert is gained, lost or moved.")
    return said


def _why(difference: core.Difference) -> str:
    parts = [
        f"{word} {', '.join(rules)}"
        for word, rules in (("loses", difference.lost), ("gains", difference.gained), ("moves", difference.moved))
        if rules
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def as_data(result: core.Replay) -> dict[str, object]:
    """The outcome for a program."""
    return {
        "cases": result.cases,
        "before": {level.value: result.before[level] for level in Level},
        "after": {level.value: result.after[level] for level in Level},
        "lower": len(result.lowered),
        "higher": len(result.raised),
        "unknown": list(result.unknown),
        "differences": [asdict(each) for each in result.differences],
    }
