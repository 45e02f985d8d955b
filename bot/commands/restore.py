"""`aftercare restore`: a backup becomes a database again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from bot import keyfile
from bot import settings as configuration
from bot.care import audit
from bot.clock import SystemClock
from bot.commands import site
from bot.db import backup as backups
from bot.errors import AftercareError
from bot.settings import Settings

NEXT = """\
What to do now:
  1. See that the bot runs nowhere else: two with one token answer patients twice, or not at all.
  2. {point}Start it: aftercare run
     What was being sent when the backup was made counts as uncertain: emergencies are sent again, marked as a repeat,
     and digests are not. Open check-ins are asked again, because nobody listened since {made_at}.
  3. What patients answered, and what staff did, after {made_at} is not in it. Check it against the team's chat, and
     ring everybody who was escalated there since.
  4. Run: aftercare doctor"""


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What aftercare backup wrote.")],
    to: Annotated[str | None, typer.Option(help="The address of an empty database instead of DATABASE_URL.")] = None,
) -> None:
    """Put a backup into an empty database. The file is proven first; when anything is wrong, nothing is done."""
    now = SystemClock().now()
    try:
        settings = configuration.load(to_run=False)
        url = settings.database_url if to is None else site.address(to)
        content = backups.restore(file, url, _keys(settings), lambda connection: _record(connection, now))
    except (AftercareError, OSError) as error:
        site.fail(str(error))
    shown = make_url(url).render_as_string(hide_password=True)
    typer.echo(f"{content.rows:,} rows are in {shown}, as they were at {content.made_at}. Each was compared.")
    point = "" if to is None else f"Set DATABASE_URL to {shown} and AFTERCARE_KEY_FILE to {settings.key_file}. "
    typer.echo(NEXT.format(made_at=content.made_at, point=point))


def _keys(settings: Settings) -> tuple[str, ...]:
    """The keys that are there: a restore never makes new ones."""
    if settings.aftercare_key is not None:
        return keyfile.split(settings.aftercare_key.get_secret_value())
    if not settings.key_file.exists():
        raise AftercareError(f"There is no key file {settings.key_file}. Put its copy back first; see that it is 0600.")
    return keyfile.read(settings.key_file)


def _record(connection: Connection, now: datetime) -> None:
    with Session(connection, join_transaction_mode="rollback_only") as session:
        audit.record(session, "command", "database restored", "database", now)
        session.commit()  # of the session: the transaction is its opener's
