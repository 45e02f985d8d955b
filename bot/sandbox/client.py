"""The control API from outside: a running sandbox over HTTP, its clock and its failures."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import httpx

Json = dict[str, Any]
Settle = Callable[[], Awaitable[None]]

PATIENCE_S = 5.0


class Refused(AssertionError):
    """The sandbox says this person cannot do that; the message says why."""


class Client:
    """A running sandbox, by its address. `settle`, when given, runs after every act: it brings the bot to rest."""

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S, settle: Settle | None = None) -> None:
        self.patience_s = patience_s
        self.settle = settle
        # The sandbox speaks plain http: reading a machine's certificates would only take time.
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, verify=bare)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: int) -> Json:
        """GET under /sandbox."""
        return self._read(await self._http.get(f"/sandbox/{path}", params=query))

    async def post(self, path: str, **body: Any) -> Json:
        """POST under /sandbox. Raises Refused with the sandbox's words."""
        return self._read(await self._http.post(f"/sandbox/{path}", json=body))

    async def act(self, path: str, **body: Any) -> Json:
        """POST, then let the bot come to rest."""
        done = await self.post(path, **body)
        await self.rest()
        return done

    async def rest(self) -> None:
        """Let the bot come to rest, if it was said how."""
        if self.settle is not None:
            await self.settle()

    @staticmethod
    def _read(answer: httpx.Response) -> Json:
        if answer.is_error:
            is_json = answer.headers.get("content-type", "").startswith("application/json")
            raise Refused(answer.json()["error"] if is_json else f"{answer.status_code} {answer.text}")
        found: Json = answer.json()
        return found

    async def state(self) -> Json:
        """Everything."""
        return await self.get("state")

    async def calls(self, method: str | None = None, *, after: int = 0) -> list[Json]:
        """The Bot API calls, all or of one method."""
        found = (await self.get("calls", after=after))["calls"]
        return [call for call in found if method in (None, call["method"])]

    async def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the clock forward."""
        await self.act("clock", advance_s=((days * 24 + hours) * 60 + minutes) * 60 + seconds)

    async def to_next_event(self) -> None:
        """Move the clock to whatever happens next."""
        await self.act("clock", next_event=True)

    async def fails(self, kind: str, *, method: str = "*", **more: Any) -> None:
        """Script a failure, as in the control API."""
        await self.post("faults", kind=kind, method=method, **more)

    async def mends(self) -> None:
        """Forget every scripted failure."""
        self._read(await self._http.delete("/sandbox/faults"))
