"""One bad row never stops a tick: each row in a savepoint of its own, and one that fails becomes an incident."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.care import watchdog
from bot.db import postgres
from bot.log import place

log = structlog.get_logger()


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
