"""`aftercare pathway check --mutants`: whether the examples notice every change of a pathway."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from schedules import catalog, examples, mutants
from schedules.pathway import Pathway
from schedules.problems import PathwayError


def check(pathway: Pathway, files: Mapping[str, str], folder: Path) -> None:
    """Print every mutant that no example notices and the folder's SOURCES.md does not explain. Exit code 1 for any."""
    try:
        explained = mutants.explanations(catalog.sources(folder))
    except PathwayError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    report = mutants.report(pathway, examples.read(pathway, files), explained)
    for survivor in report.survivors:
        typer.echo(f"No example fails: {survivor}")
    for stale in report.stale:
        typer.echo(f"{catalog.SOURCES} explains what no longer survives: {stale}")
    typer.echo(
        f"{report.made} mutants: {report.killed} killed, {len(report.survivors)} survive, "
        f"{len(report.equivalent)} change nothing ({catalog.SOURCES} says why)."
    )
    if report.survivors or report.stale:
        remedy = f'Write an example that fails, or say under "## Mutants" in {catalog.SOURCES} why none can.'
        typer.echo(f"{remedy} Take out what is stale.", err=True)
        raise typer.Exit(1)
