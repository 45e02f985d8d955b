"""Stretches in which nobody listened to Telegram. A tap lives 150 seconds there, so taps made in one may be lost.

A gap is put on record, its open check-ins are asked again, and each team is told: what happened, whom it concerns, what
to do next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import operations
from bot.care import opening, outbox, patients, staffing, watchdog
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import CareTeam, Chat, CheckIn, Enrolment, Gap

log = structlog.get_logger()

LISTENING = "poll"  # the heartbeat of whoever takes updates in
TOLERATED = timedelta(seconds=120)
EVERY_S = 20  # three of these without a sign of life is an incident, well before a tap is lost
_WORTH_TELLING = timedelta(hours=1)  # a shorter one in which no check-in was open concerns nobody


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
    """Nobody listened from `began` to `ended`: ask every check-in open then again, once, and tell the teams."""
    running = (
        select(CheckIn)
        .join(Enrolment, CheckIn.enrolment_id == Enrolment.id)
        .where(CheckIn.state == "open", CheckIn.opened_at <= ended, Enrolment.state == "active")
    )
    asked = [
        row
        for row in session.scalars(running.order_by(CheckIn.id)).all()
        if opening.ask_again(session, row, now, clinic, began, ended)
    ]
    watchdog.beat(session, LISTENING, EVERY_S, {"asked_again": len(asked)}, now)
    gap = Gap(began_at=began, ended_at=ended, asked_again=len(asked))
    session.add(gap)
    session.flush()
    _tell_teams(session, gap, asked, now)
    log.warning("gap in listening", gap=gap.id, seconds=int((ended - began).total_seconds()), asked_again=len(asked))
    return gap


def _tell_teams(session: Session, gap: Gap, asked: Iterable[CheckIn], now: datetime) -> None:
    codes: dict[int, list[str]] = {}
    for row in asked:
        enrolment = session.get_one(Enrolment, row.enrolment_id)
        codes.setdefault(enrolment.team_id, []).append(patients.of(session, enrolment).code)
    for team in session.scalars(select(CareTeam).order_by(CareTeam.id)).all():
        mine = codes.get(team.id, [])
        if not mine and gap.ended_at - gap.began_at < _WORTH_TELLING:
            continue
        card = operations.gap(gap.began_at, gap.ended_at, mine, team.timezone)
        for chat_id in _chats_of(session, team):
            key = f"gap:{gap.began_at.timestamp():.0f}:{chat_id}"
            outbox.say_card(session, chat_id, card, key=key, now=now, lane=Lane.CLINICIAN)


def _chats_of(session: Session, team: CareTeam) -> list[int]:
    """The team's chat; where there is none to post in, its coordinators."""
    chat = session.get(Chat, team.chat_id) if team.chat_id is not None else None
    if chat is not None and chat.state == "ok":
        return [chat.id]
    return [one.chat_id for one in staffing.coordinators(session, team.id) if one.chat_id is not None]
