"""Hears what other processes committed, by LISTEN on PostgreSQL. A wake-up that is missed costs a few idle seconds."""

from __future__ import annotations

import asyncio

import psycopg
import structlog

from bot.db import postgres
from bot.db.engine import Database

log = structlog.get_logger()

EVERYTHING = frozenset({"inbox", "outbox"})
AGAIN_S = 1.0


async def listen(db: Database) -> None:
    """Pass on the wake-ups of other processes until cancelled. Returns at once where there are none: on SQLite."""
    if not db.shared:
        return
    address = postgres.address(db.engine.url.render_as_string(hide_password=False))
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                address, autocommit=True, connect_timeout=5, application_name="aftercare listening"
            ) as connection:
                await connection.execute(f"LISTEN {postgres.CHANNEL}")
                db.hear(EVERYTHING)  # whatever was said while nobody listened
                async for heard in connection.notifies():
                    db.hear(postgres.woken(heard.payload))
        except psycopg.Error as error:
            log.warning("not listening", kind=type(error).__name__)
        await asyncio.sleep(AGAIN_S)
