"""`aftercare migrate`: bring the database to the schema of this version."""

from __future__ import annotations

from typing import Annotated

import typer

from bot import settings as configuration
from bot.commands import site
from bot.db import engine
from bot.db import migrate as migrations
from bot.errors import AftercareError


def migrate(
    contract: Annotated[
        bool, typer.Option("--contract", help="Take away as well what only older versions use: none of them runs.")
    ] = False,
) -> None:
    """Upgrade the database and say from where to where. `aftercare run` does the same at each start."""
    try:
        settings = configuration.load(to_run=False)
        keys = configuration.encryption_keys(settings)
        before = _revision(settings.database_url, keys)
        after = migrations.upgrade(settings.database_url, keys, contract=contract)
    except AftercareError as error:
        site.fail(str(error))
    if before == after:
        typer.echo(f"The database is at {after} already; nothing was changed.")
    elif before is None:
        typer.echo(f"A new database was made, at {after}.")
    else:
        beside = " A copy of it as it was lies beside it." if settings.sqlite_file else ""
        typer.echo(f"The database went from {before} to {after}.{beside}")


def _revision(url: str, keys: tuple[str, ...]) -> str | None:
    path = engine.sqlite_file(url)
    if path is not None and not path.exists():
        return None
    opened = engine.open_engine(url, keys)
    try:
        return migrations.current(opened)
    finally:
        opened.dispose()
