"""Puts on record how messages went: whatever landed while the last transaction ran goes into the next one together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy.exc import OperationalError

from bot import metrics
from bot.care import landing, outcomes
from bot.care.clinic import Clinic
from bot.care.landing import Landed
from bot.care.outbox import Lane
from bot.care.outcomes import Outcome
from bot.db.engine import Database

T = TypeVar("T")
log = structlog.get_logger()

AWAY_S = 1.0  # before a database that is away is asked again


class Settling:
    """The sender's pen. One transaction at a time; nothing that was sent stays without a record."""

    def __init__(self, db: Database, clinic: Clinic) -> None:
        self._db = db
        self._clinic = clinic
        self._landed: list[Landed] = []
        self._turn = asyncio.Lock()

    async def settle(self, mine: Landed) -> None:
        """Put it on record, in one transaction with whatever else landed while the last such transaction ran."""
        self._landed.append(mine)
        async with self._turn:
            if mine not in self._landed:
                return  # somebody before us took it along
            together, self._landed = self._landed, []
            times: Sequence[datetime | None]
            try:
                times = await self.persist(lambda: self._db.write(landing.settle_all, together, self._clinic))
            except Exception:  # noqa: BLE001 - whichever it was, it comes up again below and is dealt with there
                times = [await self._settle_one(each) for each in together]
        for each, since in zip(together, times, strict=True):
            if since is not None:
                _count(each.outgoing.lane, each.outcome, since, each.at)

    async def _settle_one(self, each: Landed) -> datetime | None:
        try:
            return (await self.persist(lambda: self._db.write(landing.settle_all, [each], self._clinic)))[0]
        except Exception as error:  # noqa: BLE001 - the others are settled all the same; this one's lease runs out: uncertain
            log.error("delivery not settled", outbox=each.outgoing.row_id, kind=type(error).__name__)  # noqa: TRY400 - as above
            return None

    async def persist(self, write: Callable[[], Awaitable[T]]) -> T:
        """What was sent must be put on record: as long as the database is away, again and again."""
        while True:
            try:
                return await write()
            except OperationalError as error:
                log.warning("database away", kind=type(error).__name__)
            await asyncio.sleep(AWAY_S)


def _count(lane: Lane, outcome: Outcome, since: datetime, now: datetime) -> None:
    metrics.MESSAGES.labels(lane.name.lower(), type(outcome).__name__.lower()).inc()
    if isinstance(outcome, outcomes.Sent | outcomes.Unchanged):
        metrics.MESSAGE_S.labels(lane.name.lower()).observe(max(0.0, (now - since).total_seconds()))
