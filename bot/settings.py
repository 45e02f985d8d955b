"""The settings: read once from the environment and .env, checked as a whole, and passed on.

A variable's name is the field's in capitals. Secrets can also be given as NAME_FILE, a file that holds the value.
Constructing `Settings(…)` by hand reads nothing from outside; only `load` does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot import keyfile, readiness
from bot.errors import SettingsError

SECRETS = ("telegram_bot_token", "webhook_secret", "heartbeat_url")
FILED = tuple(f"{name.upper()}_FILE" for name in SECRETS)


def _without_trailing_slash(address: str) -> str:
    return address.rstrip("/")


WebAddress = Annotated[str, Field(pattern=r"^(https?://\S+)?$"), AfterValidator(_without_trailing_slash)]


class Settings(BaseModel):
    """Everything a site decides. An empty text means: not given."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)

    telegram_bot_token: SecretStr | None = None
    telegram_api_url: WebAddress = "https://api.telegram.org"
    database_url: str = Field("sqlite:///aftercare.db", repr=False)
    aftercare_key: SecretStr | None = None
    aftercare_key_file: Path | None = None
    clinic_name: str = ""
    clinic_timezone: str = ""
    team_phone: str = ""
    emergency_number: str = ""
    out_of_hours: str = ""
    crisis_line: str = ""
    webhook_url: WebAddress = ""
    webhook_secret: SecretStr | None = None
    webhook_listen: str = "127.0.0.1:8443"
    console_listen: str = ""
    heartbeat_url: str = Field("", repr=False, pattern=r"^(https?://\S+)?$")  # whoever knows it can feign our health
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    pathway: str = "lumbar_surgery"

    @field_validator("telegram_bot_token")
    @classmethod
    def _is_a_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token and not re.fullmatch(r"\d+:[\w-]+", token.get_secret_value().strip()):
            raise ValueError("is no bot token; @BotFather gives one like 123456789:AA…, digits, a colon, letters")
        return token and SecretStr(token.get_secret_value().strip())

    @field_validator("database_url")
    @classmethod
    def _is_a_known_database(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError(
                "must begin with sqlite:/// or postgresql+psycopg://, for example sqlite:///aftercare.db or "
                "postgresql+psycopg://aftercare@localhost/aftercare"
            )
        return url

    @field_validator("aftercare_key")
    @classmethod
    def _are_fernet_keys(cls, configured: SecretStr | None) -> SecretStr | None:
        if configured and not all(map(keyfile.is_key, keyfile.split(configured.get_secret_value()))):
            raise ValueError("must be Fernet keys, newest first, separated by commas")
        return configured

    @field_validator("webhook_listen", "console_listen")
    @classmethod
    def _is_host_and_port(cls, listen: str) -> str:
        if not listen:
            return listen
        if not re.fullmatch(r"[^\s/]+:\d{1,5}", listen) or int(listen.rpartition(":")[2]) > 65535:
            raise ValueError("must be a host and a port, for example 127.0.0.1:8443")
        return listen

    @property
    def listen(self) -> tuple[str, int]:
        """Host and port the webhook listens on."""
        return _host_and_port(self.webhook_listen)

    @property
    def console(self) -> tuple[str, int] | None:
        """Host and port of the web endpoint for health and metrics, or None when there is to be none."""
        return _host_and_port(self.console_listen) if self.console_listen else None

    @property
    def key_file(self) -> Path:
        """The file with the encryption keys: the one named, or beside a SQLite database, or in the working folder."""
        if self.aftercare_key_file is not None:
            return self.aftercare_key_file
        database = self.sqlite_file
        return Path("aftercare.key") if database is None else database.with_suffix(".key")

    @property
    def sqlite_file(self) -> Path | None:
        """The file of a SQLite database, or None for another database or one in memory."""
        if not self.database_url.startswith("sqlite:///"):
            return None
        path = self.database_url.removeprefix("sqlite:///").partition("?")[0]
        return None if path in ("", ":memory:") else Path(path)


class _FromOutside(BaseSettings, Settings):
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_file_encoding="utf-8", hide_input_in_errors=True
    )


def load(env_file: Path = Path(".env"), *, to_run: bool = True) -> Settings:
    """The settings of this process; what the environment says goes before what `env_file` says.

    With `to_run`, everything the bot needs to serve patients must be there and be no placeholder.
    Raises SettingsError, which lists every problem at once.
    """
    filed = _meaningful(dotenv_values(env_file))
    given = filed | _meaningful(os.environ)
    from_files, problems = _read_secret_files(given)
    problems += _unknown_names(given, filed)
    try:
        settings: Settings = _FromOutside(_env_file=env_file, **from_files)  # type: ignore[arg-type]  # two secrets, by name
    except ValidationError as error:
        refused = _in_words(error)
        problems += refused.values()
        sound = {field: value for field, value in _by_field(given, from_files).items() if field not in refused}
        settings = Settings.model_validate(sound)  # so that one message names what is missing as well
        problems += [each for each in _unready(settings, to_run) if each.split()[0].lower() not in refused]
        raise SettingsError(problems) from None
    problems += _unready(settings, to_run)
    if problems:
        raise SettingsError(problems)
    return settings


def encryption_keys(settings: Settings) -> tuple[str, ...]:
    """The Fernet keys, newest first, from AFTERCARE_KEY or the key file, which the first start makes.

    Raises KeyFileError.
    """
    if settings.aftercare_key is not None:
        return keyfile.split(settings.aftercare_key.get_secret_value())
    database = settings.sqlite_file
    if settings.database_url.startswith("postgresql"):
        return keyfile.read_shared(settings.key_file)
    has_data = database is not None and database.exists() and database.stat().st_size > 0
    return keyfile.load_or_make(settings.key_file, database_has_data=has_data)


def card_values(settings: Settings) -> dict[str, str]:
    """What fills the placeholders of cards and texts, such as {team_phone}."""
    return {name: getattr(settings, name) for name in readiness.NUMBERS}


def variables() -> tuple[str, ...]:
    """The name of every environment variable that means something here, in the order of the settings."""
    return (*(field.upper() for field in Settings.model_fields), *FILED)


def _host_and_port(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def _meaningful(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name.upper(): value for name, value in values.items() if value and value.strip()}


def _read_secret_files(given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    problems: list[str] = []
    for field, variable in zip(SECRETS, FILED, strict=True):
        if variable not in given:
            continue
        if field.upper() in given:
            problems.append(f"{field.upper()} and {variable} are both set; keep one of them.")
        try:
            values[field] = Path(given[variable]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{variable} names a file that cannot be read: {error}.")
    return values, problems


def _unknown_names(given: Mapping[str, str], filed: Mapping[str, str]) -> list[str]:
    """Names that begin with AFTERCARE_ but mean nothing, and slips of the pen in .env."""
    problems = []
    for name in sorted(set(given) - set(variables())):
        near = get_close_matches(name, variables(), n=1, cutoff=0.6 if name.startswith("AFTERCARE_") else 0.85)
        if name.startswith("AFTERCARE_") or (near and name in filed):
            problems.append(f"{name} is no setting." + (f" Did you mean {near[0]}?" if near else ""))
    return problems


def _in_words(error: ValidationError) -> dict[str, str]:
    """One sentence per refused field. Never quotes the value: it may be a secret."""
    return {
        str(item["loc"][0]): f"{str(item['loc'][0]).upper()}: {item['msg'].removeprefix('Value error, ')}."
        for item in error.errors()
    }


def _by_field(given: Mapping[str, str], from_files: Mapping[str, str]) -> dict[str, str]:
    return {field: given[field.upper()] for field in Settings.model_fields if field.upper() in given} | dict(from_files)


def _unready(settings: Settings, to_run: bool) -> list[str]:
    return readiness.problems(settings) if to_run else []
