"""Who did what to whom, when. Rows are never changed or deleted, and hold ids and codes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.db.models import Audit, Staff


def record(session: Session, actor: str, action: str, subject: str, now: datetime, **details: Any) -> None:
    """Write one line of the audit trail.

    `actor` is "staff:7", "patient:3", "system" or "command"; `subject` is "escalation:12", "patient:3" and the like.
    `details` are ids, codes and counts: never a name, a phone number or a text somebody wrote.
    """
    session.add(Audit(at=now, actor=actor, action=action, subject=subject, details=details))


def actor(staff: Staff) -> str:
    """How the trail names a member of staff."""
    return f"staff:{staff.id}"
