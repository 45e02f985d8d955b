"""Opens this site for a command: its settings, its migrated database, its clinic. Closes them again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import httpx
import typer
from pydantic import ValidationError

from bot import settings as configuration
from bot.care import publishing
from bot.care.clinic import Clinic
from bot.clock import SystemClock
from bot.db import migrate
from bot.db.engine import Database
from bot.errors import AftercareError
from bot.settings import Settings

BAD_INPUT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An opened site. `now` is the instant the command began, UTC."""

    settings: Settings
    db: Database
    clinic: Clinic
    now: datetime


@contextmanager
def opened(*, with_bot: bool = False) -> Iterator[Site]:
    """The site of this environment, its database migrated and a pathway published.

    `with_bot` asks Telegram for the bot's name, which links need. What keeps the site from opening is printed, exit 1.
    """
    now = SystemClock().now()
    try:
        settings = configuration.load(to_run=with_bot)
        keys = configuration.encryption_keys(settings)
        migrate.upgrade(settings.database_url, keys)
        username = bot_username(settings) if with_bot else ""
    except AftercareError as error:
        fail(str(error))
    db = Database(settings.database_url, keys)
    try:
        db.write_now(publishing.ensure_first, now, settings.pathway)
        yield Site(settings=settings, db=db, clinic=clinic_of(settings, username), now=now)
    except AftercareError as error:
        fail(str(error))
    finally:
        db.close()


def clinic_of(settings: Settings, bot_username: str) -> Clinic:
    """The clinic these settings describe."""
    return Clinic(
        name=settings.clinic_name,
        timezone=settings.clinic_timezone or "UTC",
        values=configuration.card_values(settings),
        bot_username=bot_username,
    )


def bot_username(settings: Settings) -> str:
    """The bot's name on Telegram; raises AftercareError when Telegram does not know the token or cannot be reached."""
    token = settings.telegram_bot_token
    if token is None:
        raise AftercareError("TELEGRAM_BOT_TOKEN is missing: links need the bot's name. Put it into .env.")
    try:
        answer = httpx.get(f"{settings.telegram_api_url}/bot{token.get_secret_value()}/getMe", timeout=15)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise AftercareError(
            f"Telegram cannot be reached ({type(error).__name__}): check the network and TELEGRAM_API_URL."
        ) from None  # the cause names the address, and with it the token
    if not body.get("ok"):
        raise AftercareError("Telegram does not know TELEGRAM_BOT_TOKEN: copy it again from @BotFather.")
    return str(body["result"]["username"])


def address(given: str) -> str:
    """The address of another database, as DATABASE_URL would take it; ends with code 2 when it would not."""
    try:
        return Settings(database_url=given).database_url
    except ValidationError as error:
        fail(f"--to {error.errors()[0]['msg'].removeprefix('Value error, ')}.", BAD_INPUT)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong on stderr and end with `code`."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
