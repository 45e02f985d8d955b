"""`aftercare doctor`: looks at everything a site needs and says what is wrong and what to do. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from bot import keyfile, readiness, texts
from bot import settings as configuration
from bot.care import checkup
from bot.care.checkup import Check
from bot.clock import SystemClock
from bot.commands import reach
from bot.db import migrate
from bot.db.engine import Database
from bot.db.models import CareTeam, Chat, Staff
from bot.db.types import KeyMissing
from bot.errors import AftercareError, SettingsError
from bot.settings import Settings


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False) -> None:
    """Check settings, keys, database, Telegram, teams, pathway and what is stuck. Exit code 1 if anything is wrong."""
    found = list(_all(SystemClock().now()))
    ok = all(check.ok for check in found)
    if as_json:
        typer.echo(json.dumps({"ok": ok, "checks": [asdict(check) for check in found]}, ensure_ascii=False))
    else:
        for check in found:
            word = "warn " if check.warns else "ok   "
            typer.echo(f"{word if check.ok else 'FAULT'} {check.name}: {check.what}")
            if check.warns or not check.ok:
                typer.echo(f"      → {check.remedy}")
        wrong = sum(not check.ok for check in found)
        typer.echo("All is well." if ok else f"{wrong} to mend.")
    raise typer.Exit(0 if ok else 1)


def _all(now: datetime) -> Iterator[Check]:
    try:
        settings = configuration.load(to_run=False)
    except SettingsError as error:
        for problem in error.problems:
            yield Check(name="settings", ok=False, what=problem, remedy="Mend it in the environment or in .env.")
        return
    yield from _settings(settings)
    yield from _translations()
    keys = yield from _keys(settings)
    teams: list[reach.TeamChat] = []
    if keys:
        teams = yield from _database(settings, keys, now)
    if settings.telegram_bot_token is not None:
        yield from reach.checks(settings, teams, now)


def _settings(settings: Settings) -> Iterator[Check]:
    problems = readiness.problems(settings)
    for problem in problems:
        yield Check(name="settings", ok=False, what=problem, remedy="Mend it in the environment or in .env.")
    if not problems:
        yield Check(name="settings", ok=True, what="All are given, and none is a placeholder.")


def _translations() -> Iterator[Check]:
    missing = texts.missing(texts.languages())
    for problem in missing:
        yield Check(name="translations", ok=False, what=problem, remedy="Complete the file in bot/locale.")
    if not missing:
        yield Check(name="translations", ok=True, what=f"Complete: {', '.join(texts.languages())}.")


def _keys(settings: Settings) -> Generator[Check, None, tuple[str, ...]]:
    """Gives back the keys, without making any."""
    if settings.aftercare_key is not None:
        yield Check(name="keys", ok=True, what="They come from AFTERCARE_KEY.")
        return keyfile.split(settings.aftercare_key.get_secret_value())
    path = settings.key_file
    if not path.exists():
        has_data = settings.sqlite_file is not None and settings.sqlite_file.exists()
        remedy = f"Put {path} back from its copy." if has_data else "The first start makes it: aftercare run"
        yield Check(name="keys", ok=False, what=f"There is no key file {path}.", remedy=remedy)
        return ()
    try:
        keys = keyfile.read(path)
    except AftercareError as error:
        yield Check(name="keys", ok=False, what=str(error), remedy="Mend the file as said.")
        return ()
    yield Check(name="keys", ok=True, what=f"{len(keys)} in {path}. Keep a copy apart from the backups.")
    return keys


def _database(settings: Settings, keys: tuple[str, ...], now: datetime) -> Generator[Check, None, list[reach.TeamChat]]:
    """Gives back the chats of the teams."""
    path = settings.sqlite_file
    if path is not None and not path.exists():
        remedy = "The first start makes it: aftercare run. Or name the right file in DATABASE_URL."
        yield Check(name="database", ok=False, what=f"There is no {path}.", remedy=remedy)
        return []
    database = Database(settings.database_url, keys)
    try:
        at, head = migrate.current(database.engine), migrate.head()
        if at != head:
            what = f"It is at {at or 'nothing'}, this program needs {head}."
            yield Check(name="database", ok=False, what=what, remedy="Run: aftercare migrate")
            return []
        yield Check(name="database", ok=True, what=f"It is at {head}.")
        yield database.read_now(_opens)
        yield from database.read_now(checkup.all_of, now)
        return database.read_now(_chats)
    except DatabaseError as error:
        remedy = "Is it the right file? Restore the last backup if it is damaged."
        yield Check(name="database", ok=False, what=f"It cannot be read ({type(error).__name__}).", remedy=remedy)
        return []
    finally:
        database.close()


def _opens(session: Session) -> Check:
    try:
        session.scalars(select(Staff.name)).all()
    except KeyMissing:
        remedy = "Put the key that wrote them back into the key file or AFTERCARE_KEY."
        return Check(
            name="stored names", ok=False, what="They do not open with the keys that are given.", remedy=remedy
        )
    return Check(name="stored names", ok=True, what="They open with the keys.")


def _chats(session: Session) -> list[reach.TeamChat]:
    rows = session.execute(select(CareTeam.name, Chat.telegram_id).join(Chat, Chat.id == CareTeam.chat_id))
    return [reach.TeamChat(team=name, chat=number) for name, number in rows]
