"""The database is away for a while, in the middle of the sending: nothing is held against the messages."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot.db.engine import sqlite_file
from bot.db.models import Outbox
from tests.bot.chat.conftest import Line


def impatient(connection: Any, *_others: Any) -> None:
    """The tests cannot wait ten seconds for a lock each time."""
    connection.execute("PRAGMA busy_timeout = 20")


async def refused(line: Line, times: int) -> None:
    """Another program writes into the file while the sender tries again and again."""
    path = sqlite_file(line.db.engine.url.render_as_string())
    if path is None:
        pytest.skip("the whole database is never locked on PostgreSQL")
    event.listen(line.db.engine, "checkout", impatient)
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(times):
            with pytest.raises(OperationalError):
                await line.sender.deliver_due()
    finally:
        other.close()


async def test_a_locked_database_costs_a_message_none_of_its_tries(line: Line) -> None:
    ana = await line.person("Ana")
    await line.deliver()
    line.say(ana.id, "Good morning")
    await refused(line, 6)
    await line.deliver()
    assert await line.texts(ana.chat) == ["Good morning"]
    assert line.row(Outbox).attempts == 1


async def test_a_claim_that_was_refused_uses_up_none_of_the_rate(line: Line) -> None:
    ana = await line.person("Ana")
    await line.deliver()
    line.say(ana.id, "Good morning")
    await refused(line, 6)
    assert (await line.sender.deliver_due()).sent == 1
