"""`aftercare pathway publish`: check edited files, show what they change and for whom, then publish on a yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from bot.care import pathways, publishing
from bot.commands import site
from schedules import catalog, difference, lint
from schedules.pathway import Pathway
from schedules.problems import PathwayError


class Whom(StrEnum):
    """Whom a new version is for."""

    NEW = "new"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest published version."""

    number: int
    files: dict[str, str]
    pathway: Pathway


def publish(
    paths: Annotated[list[Path], typer.Argument(help="A folder with a whole pathway, or single edited files of it.")],
    whom: Annotated[
        Whom, typer.Option("--for", help="new: patients enrolled from now on; all: future check-ins of everybody.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Publish without asking.")] = False,
) -> None:
    """Publish a pathway as a new version. Exit code 1, with every problem, when it is not sound."""
    with site.opened() as here:
        base = here.db.read_now(_newest)
        files = _files(paths, base.files)
        try:
            pathway = lint.sound(files)
        except PathwayError as error:
            count = len(error.problems)
            site.fail(f"{error}\n{count} {'problem' if count == 1 else 'problems'}; nothing was changed.")
        if pathway.fingerprint == base.pathway.fingerprint:
            raise publishing.NothingNew
        typer.echo(f"Changes against version {base.number}:")
        for line in difference.lines(base.pathway, pathway):
            typer.echo(f"  {line}")
        if whom is Whom.ALL:
            typer.echo(f"Effect: {here.db.read_now(publishing.effect, pathway, here.now)}")
        else:
            typer.echo("Effect: only patients enrolled from now on.")
        if not yes and not typer.confirm("Publish?"):
            typer.echo("Nothing was changed.")
            raise typer.Exit(1)

        def unit(session: Session) -> int:
            if pathways.current(session).number != base.number:
                raise publishing.Overtaken
            return publishing.publish(
                session, pathway, files, whom.value, by=None, note=None, now=here.now, clinic=here.clinic
            ).number

        typer.echo(f"Version {here.db.write_now(unit)} is published.")


def _newest(session: Session) -> Newest:
    version = pathways.current(session)
    return Newest(number=version.number, files=dict(version.files), pathway=pathways.of(session, version.id))


def _files(paths: Sequence[Path], newest: Mapping[str, str]) -> dict[str, str]:
    """The files of a folder as a whole, or single files in the place of those of the newest version."""
    if len(paths) == 1 and paths[0].is_dir():
        try:
            return catalog.read_folder(paths[0])
        except PathwayError as error:
            site.fail(str(error))
    files = dict(newest)
    for path in paths:
        if path.name not in newest:
            site.fail(f"{path}: no file of the pathway has this name. Known: {', '.join(sorted(newest))}.")
        try:
            files[path.name] = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            site.fail(f"{path} cannot be read: {error}. Save it as UTF-8.")
    return files
