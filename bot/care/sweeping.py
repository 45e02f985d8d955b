"""Sweeps over rows that are due. One bad row never stops a tick, and rows that must stay hold up none behind them.

Each row has a savepoint of its own; one that fails becomes an incident. What is due is worked through page by page,
past the rows that were tried and stay due.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

import structlog
from sqlalchemy import BindParameter, Executable, bindparam
from sqlalchemy.orm import Session

from bot.care import watchdog
from bot.db import postgres
from bot.log import place

log = structlog.get_logger()
IDS: BindParameter[Any] = bindparam("ids", expanding=True)
PAGE = 500  # rows looked up at a time: what falls due meanwhile and is more urgent waits for one page, not for all


class Due(Protocol):
    """Which rows are due: ids, the most urgent first, at most a page of them, without those that were `tried`."""

    def __call__(self, session: Session, now: datetime, tried: Container[int], /) -> Sequence[int]:
        """Look without changing anything."""
        ...


def page(ids: Iterable[int], tried: Container[int], most: int) -> list[int]:
    """The first `most` of these that were not tried yet."""
    return list(islice((row_id for row_id in ids if row_id not in tried), most))


def looked_up(session: Session, ids: Sequence[int], query: Executable) -> Iterator[Any]:
    """The rows of `query` for these, in their order, read as far as they are wanted. It takes IDS, gives the id first.

    Found by id because a planner that guesses how many are due may read every patient there is.
    """
    for begin in range(0, len(ids), PAGE):
        some = ids[begin : begin + PAGE]
        rows = {row[0]: row for row in session.execute(query, {IDS.key: list(some)})}
        yield from (rows[row_id] for row_id in some if row_id in rows)


def through(session: Session, due: Due, some: Callable[[Sequence[int]], int], now: datetime) -> int:
    """Do everything that is due in this one unit, page after page. Returns how many changed."""
    done, tried = 0, set[int]()
    while ids := due(session, now, tried):
        done += some(ids)
        tried.update(ids)
    return done


def each(session: Session, name: str, ids: Iterable[int], act: Callable[[int], bool], now: datetime) -> int:
    """Call `act` with each id. Returns how many it changed. A failing row is rolled back, told, and left for later."""
    changed = 0
    for row_id in ids:
        try:
            with session.begin_nested():
                changed += act(row_id)
        except Exception as error:
            if postgres.ends_the_unit(error):
                raise
            kind, at = type(error).__name__, place(error)
            log.error("row failed in a tick", tick=name, row=row_id, kind=kind, at=at)  # noqa: TRY400 - a traceback quotes rows
            watchdog.incident(session, "tick_row", f"{name}:{row_id}", "Read the log for this row and mend it.", now)
    return changed
