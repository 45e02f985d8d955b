"""The account of check-ins, each morning, to every team's coordinators: codes only.

Due is the team's own half past seven; what was said is a row with the day in its key. A restart neither skips a morning
nor says one twice; one that is missed until the evening is left to the next, which counts the same rows.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot import texts
from bot.cards import operations
from bot.care import ledger, outbox, staffing
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import CareTeam, Chat, CheckIn, Enrolment, Staff
from schedules import timeline

AT = "07:30"
_AT_LATEST = timedelta(hours=12)


def account_due(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: post this morning's account to the coordinators who have not had it. Returns how many got it."""
    teams = session.scalars(select(CareTeam).order_by(CareTeam.id)).all()
    return sum(_post(session, team, now) for team in teams)


def _post(session: Session, team: CareTeam, now: datetime) -> int:
    day = now.astimezone(timeline.zone(team.timezone)).date()
    due = timeline.to_utc(day, AT, team.timezone)
    if not due <= now < due + _AT_LATEST or team.created_at > due:
        return 0
    missing = [chat_id for chat_id in _chats_of(session, team, due) if not _told(session, team, day, chat_id)]
    if not missing or not _has_patients(session, team):
        return 0
    account = ledger.balance(session, team.id)
    card = operations.account(
        team.name,
        texts.date(day, "en"),
        account.ended,
        opened=account.open,
        coming=account.coming,
        balanced=account.balanced,
        exceptions=[
            (one.code, f"{one.checkin}: {one.what}", one.remedy) for one in ledger.exceptions(session, now, team.id)
        ],
    )
    for chat_id in missing:
        key = _key(team, day, chat_id)
        outbox.say_card(session, chat_id, card, key=key, now=now, lane=Lane.DIGEST, on_uncertain="never")
    return len(missing)


def _chats_of(session: Session, team: CareTeam, due: datetime) -> list[int]:
    """Of the coordinators who can be reached and were here at the time; where there are none, of the team itself."""
    people = select(Chat.id).join(Staff, Staff.chat_id == Chat.id)
    mine = (Staff.team_id == team.id, Staff.role == "coordinator", Staff.state == "active", Chat.state == "ok")
    found = session.scalars(people.where(*mine).order_by(Staff.id)).all()
    if found:
        return list(session.scalars(people.where(*mine, Staff.joined_at <= due).order_by(Staff.id)))
    if team.chat_id is not None:
        return [team.chat_id]
    return [one.chat_id for one in staffing.admins(session) if one.chat_id is not None]


def _has_patients(session: Session, team: CareTeam) -> bool:
    mine = exists().where(CheckIn.enrolment_id == Enrolment.id, Enrolment.team_id == team.id)
    return bool(session.scalar(select(mine)))


def _told(session: Session, team: CareTeam, day: date, chat_id: int) -> bool:
    return outbox.known(session, f"say:card:{_key(team, day, chat_id)}")


def _key(team: CareTeam, day: date, chat_id: int) -> str:
    return f"account:{team.id}:{day.isoformat()}:{chat_id}"
