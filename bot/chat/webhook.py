"""Takes updates in over a webhook: stored and committed before the answer; after a failure Telegram repeats."""

from __future__ import annotations

import hmac
import json
import re
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.care import inbox
from bot.care.inbox import Raw
from bot.chat import updates
from bot.clock import Clock
from bot.db.engine import Database

log = structlog.get_logger()

HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST = 1_048_576  # bytes; Telegram drops updates above 64 KiB itself
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


class WeakSecret(ValueError):
    """The webhook secret must be 16 to 256 characters of A-Z, a-z, 0-9, _ and -."""


class Webhook:
    """One route that takes POSTs from Telegram. Raises WeakSecret."""

    def __init__(self, db: Database, clock: Clock, bot_id: int, secret: str) -> None:
        if not _SECRET.fullmatch(secret):
            raise WeakSecret(WeakSecret.__doc__)
        self._db = db
        self._clock = clock
        self._bot_id = bot_id
        self._secret = secret.encode()
        self.unreadable = 0

    def app(self, path: str = "/telegram") -> Starlette:
        """The application to serve behind TLS."""
        return Starlette(routes=[Route(path, self.receive, methods=["POST"])])

    async def receive(self, request: Request) -> Response:
        """401 wrong secret, 413 too large, 400 no update, 503 not stored; 200 only after the commit."""
        given = request.headers.get(HEADER, "").encode("latin-1", "replace")
        if not hmac.compare_digest(given, self._secret):
            return Response(status_code=401)
        body = await _limited(request)
        if body is None:
            return Response(status_code=413)
        raw = _parsed(body)
        if raw is None:
            self.unreadable += 1
            log.warning("webhook body is no update", count=self.unreadable, size=len(body))
            return Response(status_code=400)
        try:
            await self._db.write(_keep, self._bot_id, raw, self._clock.now())
        except SQLAlchemyError as error:
            log.error("update not stored", kind=type(error).__name__)  # noqa: TRY400 - a traceback quotes rows
            return Response(status_code=503, headers={"Retry-After": "1"})
        return Response(status_code=200)


async def _limited(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _parsed(body: bytes) -> Raw | None:
    try:
        return updates.raw(json.loads(body))
    except (ValueError, RecursionError):
        return None


def _keep(session: Session, bot_id: int, raw: Raw, now: datetime) -> None:
    inbox.store(session, bot_id, [raw], now)
