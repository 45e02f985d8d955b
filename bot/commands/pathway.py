"""`aftercare pathway`: check a pathway's files, and write them out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import mutants
from schedules import catalog, lint
from schedules.pathway import Pathway
from schedules.problems import PathwayError

_Named = Annotated[str, typer.Argument(help="A pathway that came with the program, or a folder with its files.")]


def find(name: str) -> Pathway:
    """The pathway called `name`: one that came with the program, else a folder. Raises PathwayError."""
    return catalog.shipped(name) if name in catalog.names() else catalog.load_files(files(name))


def files(name: str) -> dict[str, str]:
    """Its files: name to text. Raises PathwayError."""
    is_folder = name not in catalog.names() and Path(name).is_dir()
    return catalog.read_folder(Path(name)) if is_folder else catalog.shipped_files(name)


def check(
    pathway: _Named = "lumbar_surgery",
    mutated: Annotated[
        bool, typer.Option("--mutants", help="Also change one thing at a time; an example must fail.")
    ] = False,
) -> None:
    """Prove a pathway, or list every problem: file, line, field, what, how to mend it. Then exit with code 1."""
    content: dict[str, str] = {}
    try:
        content = files(pathway)
        report = lint.check(content)
    except PathwayError as error:
        report = lint.Report(pathway=None, problems=error.problems)
    for problem in report.problems:
        typer.echo(str(problem))
    if report.problems or report.pathway is None:
        count = len(report.problems)
        typer.echo(f"{count} {'problem' if count == 1 else 'problems'} in {pathway}.", err=True)
        raise typer.Exit(1)
    for sentence in report.searched:
        typer.echo(sentence)
    checked = report.pathway
    typer.echo(
        f"{checked.id} {checked.version}: {len(checked.questions)} questions, {len(checked.rules)} rules, no problem. "
        f"Fingerprint {checked.fingerprint[:12]}."
    )
    if mutated:
        shipped = pathway in catalog.names()
        mutants.check(checked, content, catalog.shipped_folder(pathway) if shipped else Path(pathway))


def export(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")],
    pathway: Annotated[str, typer.Option(help="A pathway that came with the program, or a folder.")] = "lumbar_surgery",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write a pathway's YAML files to a folder, to edit them. Exit code 1 when that cannot be done."""
    try:
        content = files(pathway)
    except PathwayError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    there = [name for name in content if (folder / name).exists()]
    if there and not force:
        typer.echo(f"{folder} already has {', '.join(there)}. Choose another folder, or add --force.", err=True)
        raise typer.Exit(1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in content.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"{folder} cannot be written: {error.strerror}.", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{len(content)} files in {folder}")
