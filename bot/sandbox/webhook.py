"""Webhooks: updates posted to the bot, one at a time per lane, tried again until they expire.

A first failure is retried at once, then with doubling pauses; Retry-After is honoured. Unlike Telegram, plain
http is taken for addresses of this machine.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.sandbox import parameters, refusals, updates, world

Json = dict[str, Any]

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
PORTS = frozenset({443, 80, 88, 8443})
ANSWER_WITHIN_S = 60
MAX_RETRY_AFTER_S = 3600
POLL_TERMINATED = "terminated by setWebhook request"


def allow(here: world.World, kinds: Any) -> None:
    """Store `allowed_updates`. Raises Refusal when it is no list of strings."""
    if not isinstance(kinds, list) or any(not isinstance(kind, str) for kind in kinds):
        raise refusals.bad_request("can't parse allowed updates: expected an Array of String")
    here.updates.allow(kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Pauses between tries in real seconds: none, then `first`, doubling up to `most`."""

    first: float = 1.0
    most: float = 60.0

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures in a row."""
        return 0.0 if failures <= 1 else min(self.most, self.first * 2 ** min(failures - 2, 30))


class Webhook:
    """Where updates are posted, if anywhere."""

    def __init__(self, here: world.World, backoff: Backoff) -> None:
        self._world = here
        self._backoff = backoff
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._client: httpx.AsyncClient | None = None
        self._last_error: tuple[int, str] | None = None
        self.url = ""
        self._secret = ""
        self._max_connections = 40

    async def set(self, call: parameters.Parameters) -> bool:
        """setWebhook; an empty url removes it."""
        url, secret = call.text("url").strip(), call.text("secret_token")
        if url:
            _check_url(url)
        if secret and not SECRET.fullmatch(secret):
            raise refusals.bad_request("secret token contains unallowed characters")
        kinds = call.structure("allowed_updates", "allowed updates")
        if kinds is not None:
            allow(self._world, kinds)
        await self.close()
        if call.flag("drop_pending_updates"):
            self._world.updates.clear()
        self.url, self._secret, self._last_error = url, secret, None
        self._max_connections = min(max(call.integer("max_connections") or 40, 1), 100)
        self.deliver()
        return True

    async def delete(self, call: parameters.Parameters) -> bool:
        """deleteWebhook."""
        await self.close()
        self.url = ""
        if call.flag("drop_pending_updates"):
            self._world.updates.clear()
        return True

    def info(self) -> Json:
        """getWebhookInfo."""
        shown: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._world.updates.waiting()),
        }
        if self.url:
            shown["max_connections"] = self._max_connections
        if self._world.updates.allowed:
            shown["allowed_updates"] = list(self._world.updates.allowed)
        if self._last_error is not None:
            shown["last_error_date"], shown["last_error_message"] = self._last_error
        return shown

    def deliver(self) -> None:
        """Start a delivery for every lane that has something waiting and no delivery under way."""
        if not self.url:
            return
        for pending in self._world.updates.waiting():
            if pending.lane not in self._lanes:
                self._lanes[pending.lane] = asyncio.create_task(self._run(pending.lane))

    async def close(self) -> None:
        """Stop delivering."""
        tasks, self._lanes = list(self._lanes.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _run(self, lane: str) -> None:
        failures = 0
        while waiting := [p for p in self._world.updates.waiting() if p.lane == lane]:
            asked_pause = await self._post(waiting[0])
            if asked_pause is None:
                failures = 0
                self._world.updates.done(waiting[0])
                continue
            failures += 1
            await asyncio.sleep(max(asked_pause, self._backoff.pause(failures)))
        self._lanes.pop(lane, None)

    async def _post(self, pending: updates.Pending) -> float | None:
        """None when it was taken, else the pause the other side asked for."""
        if self._client is None:
            limits = httpx.Limits(max_connections=self._max_connections)
            self._client = httpx.AsyncClient(timeout=ANSWER_WITHIN_S, limits=limits, trust_env=False)
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._secret} if self._secret else {}
        try:
            answer = await self._client.post(self.url, json=pending.body, headers=headers)
        except httpx.TransportError as error:
            self._failed(f"Connection failed: {type(error).__name__}")
            return 0.0
        if answer.is_success:
            return None
        self._failed(f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}")
        asked = answer.headers.get("retry-after", "")
        return min(float(asked), MAX_RETRY_AFTER_S) if asked.isdigit() else 0.0

    def _failed(self, why: str) -> None:
        self._last_error = (self._world.stamp(), why)


def _check_url(url: str) -> None:
    def refuse(why: str) -> refusals.Refusal:
        return refusals.bad_request(f"bad webhook: {why}")

    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise refuse("invalid webhook URL specified")
    if parts.hostname in LOCAL:
        return
    if parts.scheme != "https":
        raise refuse("An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in PORTS:
        raise refuse("Webhook can be set up only on ports 80, 88, 443 or 8443")
