"""`aftercare backup`: the whole database in one sealed file, while the bot runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from bot import settings as configuration
from bot.care import audit, checkup
from bot.clock import SystemClock
from bot.commands import site
from bot.db import backup as backups
from bot.db.engine import Database
from bot.errors import AftercareError
from bot.settings import Settings

SUFFIX = ".backup"


def backup(
    to: Annotated[
        Path | None, typer.Option(help="The new file, or the folder for it. Without it: backups/, by the database.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Of the backups in the folder, remove all but so many of the newest.")
    ] = None,
) -> None:
    """Write everything into one file that only the keys open, restore it for a trial, and compare. The bot may run."""
    now = SystemClock().now()
    if keep is not None and to is not None and to.suffix == SUFFIX:
        site.fail("--keep needs a folder: name one with --to, or leave --to away.", site.BAD_INPUT)
    try:
        settings = configuration.load(to_run=False)
        keys = configuration.encryption_keys(settings)
        file = _file(settings, to, now)
        content = backups.make(settings.database_url, keys, file, now)
        _record(settings, keys, content, now)
        removed = _prune(file.parent, keep) if keep is not None else 0
    except (AftercareError, OSError) as error:
        site.fail(str(error))
    typer.echo(f"{file}: {content.rows:,} rows of {len(content.tables)} tables, {file.stat().st_size:,} bytes.")
    typer.echo("It was restored for a trial: every row is the same, and everything encrypted opens.")
    if removed:
        typer.echo(f"{removed} older removed.")
    place = "AFTERCARE_KEY" if settings.aftercare_key is not None else str(settings.key_file)
    typer.echo(f"The keys ({place}) are not in it. Keep a copy of them apart from it: without them nobody can open it.")


def _file(settings: Settings, to: Path | None, now: datetime) -> Path:
    """The file to write; its folder is made when it is missing, for its owner only."""
    beside = settings.sqlite_file.parent if settings.sqlite_file is not None else Path()
    to = beside / "backups" if to is None else to
    file = to if to.suffix == SUFFIX else to / f"aftercare-{now:%Y%m%dT%H%M%SZ}{SUFFIX}"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return file


def _record(settings: Settings, keys: tuple[str, ...], content: backups.Content, now: datetime) -> None:
    database = Database(settings.database_url, keys)
    try:
        database.write_now(_made, content, now)
    finally:
        database.close()


def _made(session: Session, content: backups.Content, now: datetime) -> None:
    audit.record(session, "command", checkup.BACKUP_MADE, "database", now, rows=content.rows, revision=content.revision)


def _prune(folder: Path, keep: int) -> int:
    """Remove all but the newest backups that this command named. Returns how many."""
    old = sorted(folder.glob(f"aftercare-*Z{SUFFIX}"))[:-keep]
    for file in old:
        file.unlink()
    return len(old)
