"""`aftercare keys`: the keys that open what is encrypted at rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer
from cryptography.fernet import Fernet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import keyfile
from bot.commands import site
from bot.db import keys as stored
from bot.db.engine import Database
from bot.db.models import Heartbeat

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The keys that open what is encrypted at rest.")
ALIVE = timedelta(minutes=2)


@app.callback()
def _group() -> None:
    """The keys that open what is encrypted at rest."""


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
