"""`aftercare keys`: the keys that open what is encrypted at rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer
from cryptography.fernet import Fernet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import keyfile
from bot import settings as configuration
from bot.commands import site
from bot.db import keys as stored
from bot.db.engine import Database
from bot.db.models import Heartbeat
from bot.errors import AftercareError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The keys that open what is encrypted at rest.")
ALIVE = timedelta(minutes=2)


@app.callback()
def _group() -> None:
    """The keys that open what is encrypted at rest."""


@app.command()
def new() -> None:
    """Make the key file of a new database on PostgreSQL. Every process needs a copy of the same file."""
    try:
        settings = configuration.load(to_run=False)
        if settings.aftercare_key is not None:
            site.fail("AFTERCARE_KEY is set, so no key file is used. Take it away, or keep it and do nothing.")
        if settings.key_file.exists():
            site.fail(f"There is a key file {settings.key_file} already; nothing was changed.")
        keyfile.write(settings.key_file, (Fernet.generate_key().decode(),))
    except AftercareError as error:
        site.fail(str(error))
    typer.echo(f"The key is in {settings.key_file}. Copy it to every machine that serves this database, and keep one")
    typer.echo("copy apart from the backups: without it names, phone numbers and texts cannot be read by anyone.")


@app.command()
def rotate(
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Forget the old keys afterwards; old backups then need their copy.")
    ] = False,
) -> None:
    """Make a new key and write every name, number and text anew with it. Stop the bot first.

    With the keys in AFTERCARE_KEY instead of a file, put the new key in front there, then run this.
    """
    with site.opened() as here:
        if here.db.read_now(_bot_alive, here.now):
            site.fail("The bot is running and does not know the new key yet. Stop it, then run this again.")
        in_file = here.settings.aftercare_key is None
        database = here.db
        if in_file:
            before = keyfile.read(here.settings.key_file)
            keyfile.write(here.settings.key_file, (Fernet.generate_key().decode(), *before))
            database = Database(here.settings.database_url, keyfile.read(here.settings.key_file))
        try:
            written = stored.rotate(database)
        finally:
            if database is not here.db:
                database.close()
        if in_file and drop_old:
            keyfile.write(here.settings.key_file, keyfile.read(here.settings.key_file)[:1])
        typer.echo(f"{written} values are written with the newest key. Keep a copy of the keys apart from backups.")
        if not in_file:
            typer.echo("Old keys can go from AFTERCARE_KEY when no backup needs them any more.")


def _bot_alive(session: Session, now: datetime) -> bool:
    last = session.scalar(select(func.max(Heartbeat.at)))
    return last is not None and now - last < ALIVE
