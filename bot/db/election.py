"""One of several processes does a thing: poll for a bot, send for a bot. Killed or frozen, the next takes over.

The leader holds an advisory lock of PostgreSQL on a connection of its own. The server ends that session when nothing is
heard of it for SILENCE_S, so a leader that is frozen or cut off loses the lock like one that died. On SQLite there is
one process, and it leads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg
import structlog

from bot.db import postgres

log = structlog.get_logger()

SILENCE_S = 6.0
PING_S = 2.0
TRY_S = 1.0
PATIENCE_S = 3.0  # for an answer to a ping: the leader must give up before the server gives the lock to another
Work = Callable[[], Awaitable[None]]
_ENTRY = "SELECT pg_try_advisory_lock(%s, %s)"


class Election:
    """Leads in what `name` names, once elected among the processes of this database."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.leading = False
        self._address = postgres.address(url) if postgres.is_postgres(url) else None

    async def lead(self, work: Work) -> None:
        """Do `work` while leading, until cancelled; it begins anew with each election. Raises what `work` raises."""
        if self._address is None:
            self.leading = True
            await work()
            return
        while True:
            try:
                async with await self._connect(self._address) as connection:
                    await self._elected(connection)
                    await self._serve(connection, work)
            except (psycopg.Error, TimeoutError) as error:
                log.warning("no leader here", of=self.name, kind=type(error).__name__)
            await asyncio.sleep(TRY_S)

    async def _connect(self, address: str) -> psycopg.AsyncConnection[tuple[object, ...]]:
        options = f"-c idle_session_timeout={int(SILENCE_S * 1000)} -c tcp_keepalives_idle=3"
        return await psycopg.AsyncConnection.connect(
            address, autocommit=True, connect_timeout=5, options=options, application_name=f"aftercare {self.name}"
        )

    async def _elected(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        while True:
            cursor = await connection.execute(_ENTRY, (postgres.LOCKS, postgres.lock_number(self.name)))
            row = await cursor.fetchone()
            if row is not None and row[0]:
                return
            await asyncio.sleep(TRY_S)

    async def _serve(self, connection: psycopg.AsyncConnection[tuple[object, ...]], work: Work) -> None:
        log.info("leading", of=self.name)
        self.leading = True
        task = asyncio.ensure_future(work())
        try:
            while not (await asyncio.wait({task}, timeout=PING_S))[0]:
                async with asyncio.timeout(PATIENCE_S):
                    await connection.execute("SELECT 1")
            await task
        finally:
            self.leading = False
            task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
