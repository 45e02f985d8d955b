"""The guarded step: an UPDATE whose WHERE names the state it starts from, so that only one of two takes it."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, Update
from sqlalchemy.orm import Session


def step(session: Session, change: Update) -> bool:
    """Run the UPDATE. Whether it changed anything: False means somebody was there before."""
    return cast(CursorResult[Any], session.execute(change)).rowcount > 0
