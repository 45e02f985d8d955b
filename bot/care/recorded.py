"""The cases this clinic has recorded, as triage judges them: what a changed pathway is tried on before it goes out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import cases
from bot.db.models import CheckIn
from schedules.triage import Case

_ENDED: dict[str, cases.Status] = {
    "answered": "completed",
    "partly_answered": "partial",
    "no_answer": "missed",
    "unreachable": "missed",
}


def ended(session: Session, now: datetime) -> Iterator[Case]:
    """Every check-in that ended with answers or in silence, oldest first; no one's name is in it."""
    rows = session.scalars(
        select(CheckIn).where(CheckIn.kind != "baseline", CheckIn.end_reason.in_(_ENDED)).order_by(CheckIn.id)
    )
    for row in rows:
        yield cases.case(session, row, now, _ENDED[cast("str", row.end_reason)])
