"""What Telegram is told of the bot at start: the commands in its menus, and where updates should go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from bot import texts
from bot.chat import updates
from bot.errors import AftercareError
from bot.texts import N_

log = structlog.get_logger()

TIMEOUT_S = 20.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
_NOT_NOW = (429, 500, 502, 503, 504)
PATIENT_COMMANDS = (
    ("status", N_("What comes next")),
    ("pause", N_("Pause for some days")),
    ("mydata", N_("My answers as a file")),
    ("language", N_("English or Spanish")),
    ("help", N_("Help and emergency numbers")),
    ("stop", N_("Stop the check-ins")),
)
GROUP_COMMANDS = (
    ("open", "The worklist, most urgent first"),
    ("patient", "One patient's timeline: /patient CODE"),
    ("bind", "Make this chat the team's (admins)"),
)


class TokenRefused(AftercareError):
    """Telegram does not know TELEGRAM_BOT_TOKEN: copy it again from @BotFather, and check TELEGRAM_API_URL."""


@dataclass(frozen=True, slots=True)
class Me:
    """The bot's id and its name without the @."""

    id: int
    username: str


class Presence:
    """Speaks to the Bot API at `api`, the address with the token in it, which is never logged."""

    def __init__(self, api: str) -> None:
        self._api = api

    async def me(self) -> Me:
        """Who the bot is. Waits for as long as Telegram cannot be reached; raises TokenRefused."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with httpx.AsyncClient(timeout=TIMEOUT_S) as http:
                    answer = await http.post(f"{self._api}/getMe")
                if answer.status_code in (401, 404):
                    raise TokenRefused
                found = answer.json()["result"]
                return Me(int(found["id"]), str(found.get("username", "")))
            except (httpx.HTTPError, ValueError, KeyError) as error:
                log.warning("telegram not reached", kind=type(error).__name__, pause_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def announce(self) -> None:
        """Put the commands into the menus, in each language. Best effort: the commands work without menus."""
        for language in texts.languages():
            _ = texts.translator(language)
            listed = [{"command": name, "description": _(what)} for name, what in PATIENT_COMMANDS]
            code = {} if language == texts.SOURCE_LANGUAGE else {"language_code": language}
            await self._tell("setMyCommands", commands=listed, scope={"type": "all_private_chats"}, **code)
        listed = [{"command": name, "description": what} for name, what in GROUP_COMMANDS]
        await self._tell("setMyCommands", commands=listed, scope={"type": "all_group_chats"})

    async def poll(self) -> None:
        """Updates are fetched. A webhook that is still set would keep them away; what waits is kept."""
        await self._tell("deleteWebhook")

    async def receive(self, url: str, secret: str) -> bool:
        """Updates are delivered to `url`, with `secret` in the header. Returns whether Telegram took it.

        Waits for as long as Telegram cannot be reached: most likely it has the address from the last start.
        """
        wanted = {"url": url, "secret_token": secret, "allowed_updates": list(updates.ALLOWED), "max_connections": 40}
        pause_s = FIRST_PAUSE_S
        while (taken := await self._tell("setWebhook", **wanted)) is None:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return taken

    async def _tell(self, method: str, **parameters: Any) -> bool | None:
        """Whether Telegram took it; None when it could not be asked."""
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as http:
                answer = await http.post(f"{self._api}/{method}", json=parameters)
            taken = bool(answer.json().get("ok"))
        except (httpx.HTTPError, ValueError) as error:
            log.warning("telegram not told", method=method, kind=type(error).__name__)
            return None
        if not taken:
            log.warning("telegram refused", method=method, code=answer.status_code)
        return None if answer.status_code in _NOT_NOW else taken
