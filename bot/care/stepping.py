"""A clock that was set back: what was planned on the later time must not wait until that time comes again.

Only what may never wait is moved: alerts, the ladder of an emergency, leases, updates to be tried again, signs of life.
What has a time of day of its own, a check-in or the end of quiet hours, keeps it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from bot.care import guarded, paging
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.engine import wake
from bot.db.models import Escalation, Heartbeat, Inbox, Outbox
from schedules.pathway import LevelSpec

LONGEST = timedelta(minutes=3)  # no alert, lease or second try is ever planned this far ahead
_A_LITTLE = timedelta(seconds=5)  # two processes' clocks may differ


def mend(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: bring forward what a clock set back has put too far ahead. Returns how many rows; none on most days."""
    ahead = now + LONGEST
    alert = (Outbox.state == "pending", Outbox.lane <= Lane.CLINICIAN, Outbox.repeats_id.is_(None))
    told_to_wait = or_(Outbox.error.is_(None), Outbox.error != "too fast")  # by Telegram, which has its own clock
    held = text("outbox.state IN ('sending','uncertain')")
    moved = [
        guarded.step(
            session, update(Outbox).where(*alert, Outbox.not_before > ahead, told_to_wait).values(not_before=now)
        ),
        guarded.step(session, update(Outbox).where(held, Outbox.lease_until > ahead).values(lease_until=now)),
        guarded.step(
            session, update(Inbox).where(Inbox.state == "new", Inbox.not_before > ahead).values(not_before=now)
        ),
        guarded.step(session, update(Heartbeat).where(Heartbeat.at > now + _A_LITTLE).values(at=now)),
    ]
    climbing = select(Escalation).where(
        Escalation.state == "open", Escalation.level == "emergency", Escalation.next_page_at > ahead
    )
    moved += [_page_sooner(session, case, now) for case in session.scalars(climbing).all()]
    if any(moved):
        wake(session, "outbox")
        wake(session, "inbox")
    return sum(moved)


def _page_sooner(session: Session, case: Escalation, now: datetime) -> bool:
    longest = _longest_step(paging.spec_of(session, case))
    if case.next_page_at is None or case.next_page_at <= now + longest:
        return False
    case.paging_since = min(case.paging_since, now)
    case.next_page_at = now + longest
    session.flush()
    return True


def _longest_step(spec: LevelSpec) -> timedelta:
    """The longest that the ladder ever rests between two pages."""
    at = [0, *(rung.after_min for rung in spec.ladder)]
    rests = [later - sooner for sooner, later in pairwise(at)]
    return timedelta(minutes=max((*rests, spec.repeat_every_min or 0, 1)))
