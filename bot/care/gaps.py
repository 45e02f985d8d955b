"""Stretches in which nobody listened to Telegram. A tap lives 150 seconds there, so taps made in one may be lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import opening, watchdog
from bot.care.clinic import Clinic
from bot.db.models import CheckIn, Enrolment, Gap

log = structlog.get_logger()

LISTENING = "poll"  # the heartbeat of whoever takes updates in
TOLERATED = timedelta(seconds=120)
EVERY_S = 20  # three of these without a sign of life is an incident, well before a tap is lost


def listened(session: Session, since: datetime, now: datetime) -> datetime | None:
    """Updates were taken in from `since` to `now`. A sign of life, unless nobody had listened for too long before.

    Then returns when that began, and gives no sign of life until `ended` has dealt with it.
    """
    before = watchdog.last_beat(session, LISTENING)
    if before is not None and since - before > TOLERATED:
        return before
    watchdog.beat(session, LISTENING, EVERY_S, {}, now)
    return None


def alive(session: Session, now: datetime, clinic: Clinic) -> int:
    """The tick of a process whose webhook listens. Returns how many check-ins were asked again after a gap."""
    began = listened(session, now, now)
    return 0 if began is None else ended(session, began, now, now, clinic).asked_again


def ended(session: Session, began: datetime, ended: datetime, now: datetime, clinic: Clinic) -> Gap:
    """Nobody listened from `began` to `ended`: ask every check-in that was open then again, once."""
    asked = 0
    running = (
        select(CheckIn)
        .join(Enrolment, CheckIn.enrolment_id == Enrolment.id)
        .where(CheckIn.state == "open", CheckIn.opened_at <= ended, Enrolment.state == "active")
    )
    for checkin in session.scalars(running.order_by(CheckIn.id)).all():
        opening.ask_again(session, checkin, now, clinic, began, ended)
        asked += 1
    watchdog.beat(session, LISTENING, EVERY_S, {"asked_again": asked}, now)
    gap = Gap(began_at=began, ended_at=ended, asked_again=asked)
    session.add(gap)
    session.flush()
    log.warning("gap in listening", gap=gap.id, seconds=int((ended - began).total_seconds()), asked_again=asked)
    return gap
