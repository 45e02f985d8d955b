"""`aftercare move`: a clinic goes from SQLite to PostgreSQL, or back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from bot import settings as configuration
from bot.care import audit
from bot.clock import SystemClock
from bot.commands import site
from bot.db import moving
from bot.errors import AftercareError

NEXT = """\
What to do now:
  1. Set DATABASE_URL to the new address{keys}
  2. Start the bot: aftercare run, and then run: aftercare doctor
  3. Keep the old database until the next backup is made, and never start the bot on it again: it would answer patients
     from the past. If you have to go back, do so before the bot ran on the new one, or use: aftercare move"""


def move(to: Annotated[str, typer.Option(help="The address of the empty database to move to.")]) -> None:
    """Copy everything into an empty database and compare every row. Stop the bot first. The old one stays as it is."""
    now = SystemClock().now()
    try:
        settings = configuration.load(to_run=False)
        keys = configuration.encryption_keys(settings)
        target = site.address(to)
        moved = moving.move(settings.database_url, target, keys, lambda connection: _record(connection, now))
    except (AftercareError, OSError) as error:
        site.fail(str(error))
    for name, number in moved.items():
        typer.echo(f"{number:>12,}  {name}")
    shown = make_url(target).render_as_string(hide_password=True)
    typer.echo(f"{sum(moved.values()):,} rows are in {shown}. Each was read again there and is the same.")
    apart = settings.aftercare_key is None and settings.aftercare_key_file is None
    typer.echo(NEXT.format(keys=f" and AFTERCARE_KEY_FILE to {settings.key_file.absolute()}." if apart else "."))


def _record(connection: Connection, now: datetime) -> None:
    with Session(connection, join_transaction_mode="rollback_only") as session:
        audit.record(session, "command", "database moved", "database", now)
        session.commit()  # of the session: the transaction is its opener's
