"""Processes what the inbox holds: one transaction per update, one update at a time per chat, nothing lost on the way.

No network inside the transaction: a file staff sent is fetched before it, a tap is answered after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from bot import metrics
from bot.cards import Toast
from bot.care import chats, delivery, inbox
from bot.care.clinic import Clinic
from bot.care.drafts import Checked
from bot.care.inbox import Stored
from bot.chat import updates
from bot.chat.incoming import Incoming, Kind
from bot.clock import Clock
from bot.db import tally
from bot.db.engine import Database
from bot.log import place
from bot.pulse import Pulse

log = structlog.get_logger()

Handler = Callable[[Session, Clinic, Incoming, datetime], Toast | None]
Check = Callable[[Session, Incoming, datetime], Checked | None]
UPLOAD_LIMIT = 1_048_576
IDLE_S = 5.0  # the net under the wake-up after each commit
AWAY_S = 1.0  # before the database is asked again
STILL_S = 50.0  # for one update, with the file it may bring


class Answering(Protocol):
    """What intake needs of Telegram. Neither raises: both are best effort."""

    async def answer(self, query_id: str, toast: Toast | None) -> None:
        """Answer a tap, so that its button stops spinning."""
        ...

    async def fetch(self, file_id: str, limit: int) -> bytes | None:
        """The content of a file of at most `limit` bytes, or None when it cannot be had."""
        ...


class Intake:
    """Hands stored updates to `handle`, in its chat's order. `secret` opens the tokens of buttons.

    `check` looks at a file that staff sent, before the transaction: that takes too long for the one writer.
    """

    def __init__(
        self,
        db: Database,
        clinic: Clinic,
        clock: Clock,
        telegram: Answering,
        handle: Handler,
        secret: bytes,
        *,
        check: Check | None = None,
    ) -> None:
        self._db = db
        self._clinic = clinic
        self._clock = clock
        self._telegram = telegram
        self._handle = handle
        self._check = check
        self._secret = secret
        self._answers: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self.pulse = Pulse("inbox", STILL_S)
        db.on_commit(self._committed)

    async def run(self) -> None:
        """Process until cancelled; cancelling between two updates loses nothing."""
        while True:
            self.pulse.beat()
            self._awake.clear()
            try:
                tried = await self._process_batch()
            except DBAPIError as error:
                log.error("inbox not read", kind=type(error).__name__)  # noqa: TRY400 - a traceback quotes rows
                await asyncio.sleep(AWAY_S)
                continue
            if tried:
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._awake.wait()

    async def process_due(self) -> int:
        """Process everything that is due now and answer its taps. Returns how many updates were tried."""
        tried = 0
        while batch := await self._process_batch():
            tried += batch
        await asyncio.gather(*self._answers)
        return tried

    async def _process_batch(self) -> int:
        rows = await self._db.read(inbox.due, self._clock.now())
        for row in rows:  # one after the other: side by side they only take each other's turn
            await self._process(row)
        return len(rows)

    async def _process(self, row: Stored) -> None:
        self.pulse.beat()
        now = self._clock.now()
        reading = False
        try:
            body = row.body()
            reading = True
            incoming = updates.read(
                body, secret=self._secret, username=self._clinic.bot_username, received_at=row.received_at
            )
            reading = False
            incoming = replace(incoming, inbox_id=row.row_id, upload=await self._upload(incoming))
            if incoming.upload is not None and self._check is not None:
                incoming = replace(incoming, checked=await self._db.read(self._check, incoming, now))
            toast = await self._db.write(self._unit, incoming, row, now)
        except Exception as error:  # noqa: BLE001 - whatever one update brings up, it is recorded and the next goes on
            await self._failed(row.row_id, error, hopeless=reading)
            return
        if incoming.query_id is not None:
            task = asyncio.create_task(self._telegram.answer(incoming.query_id, toast))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    def _unit(self, session: Session, incoming: Incoming, row: Stored, now: datetime) -> Toast | None:
        if not inbox.take(session, row.row_id) or not inbox.done(session, row.row_id, now):
            return None  # another process was faster
        tally.count(session, partial(self._processed, row.received_at))
        if incoming.kind is Kind.TAP and incoming.message_id is not None:
            delivery.tapped(session, incoming.chat, incoming.message_id, now)
        return self._handle(session, self._clinic, incoming, now)

    def _processed(self, received_at: datetime) -> None:
        metrics.UPDATES.labels("processed").inc()
        metrics.UPDATE_S.observe((self._clock.now() - received_at).total_seconds())

    async def _failed(self, row_id: int, error: Exception, *, hopeless: bool) -> None:
        kind, now = type(error).__name__, self._clock.now()
        log.error("update not processed", inbox=row_id, kind=kind, at=place(error))
        try:
            tries = 1 if hopeless else inbox.ATTEMPTS_AWAY if isinstance(error, OperationalError) else inbox.ATTEMPTS
            gone = await self._db.write(inbox.failed, row_id, kind, now, self._clinic, tries=tries)
        except OperationalError:
            raise  # the database is away: nothing can be said of the update
        except Exception as again:  # noqa: BLE001 - the escalation itself failed: at least the admins must hear of it
            log.error("failed update not escalated", inbox=row_id, kind=type(again).__name__)  # noqa: TRY400 - a traceback quotes rows
            gone = await self._db.write(inbox.set_aside, row_id, kind, now)
        metrics.UPDATES.labels("quarantined" if gone else "failed").inc()
        if gone:
            log.error("update quarantined", inbox=row_id, kind=kind)

    async def _upload(self, incoming: Incoming) -> bytes | None:
        media = incoming.media
        if media is None or media.kind != "document" or not incoming.private or (media.size or 0) > UPLOAD_LIMIT:
            return None
        if not await self._db.read(_is_staff, incoming.chat):
            return None
        return await self._telegram.fetch(media.file_id, UPLOAD_LIMIT)

    def _committed(self, wakes: frozenset[str]) -> None:
        if "inbox" in wakes:
            self._awake.set()


def _is_staff(session: Session, telegram_id: int) -> bool:
    chat = chats.find(session, telegram_id)
    return chat is not None and chats.staff_of(session, chat) is not None
