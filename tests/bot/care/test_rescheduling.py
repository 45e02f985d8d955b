"""Moving one check-in, or the surgery date, of one patient."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import planning, rescheduling
from bot.care.clinic import Clinic
from bot.care.registration import Unfit
from bot.db.engine import Database
from bot.db.models import Audit, CheckIn, Reminder
from tests.bot.care.test_publishing import active, planned


def the(session: Session, checkin: str) -> CheckIn:
    """Ana's check-in of this name."""
    return session.scalars(select(CheckIn).where(CheckIn.checkin == checkin, CheckIn.state == "planned")).one()


async def test_a_moved_check_in_takes_its_reminders_and_closing_along(
    db: Database, now: datetime, clinic: Clinic
) -> None:
    """Three days later means everything three days later, at the same local time."""

    def unit(session: Session) -> tuple[str, bool, int]:
        case = active(session, now, clinic)
        row = the(session, "week2")
        length = row.closes_at - row.due_at
        rescheduling.apply(session, case, row.id, date(2026, 3, 18), by=1, now=now, clinic=clinic)
        reminders = session.scalars(select(Reminder.due_at).where(Reminder.checkin_id == row.id)).all()
        assert all(row.due_at < at < row.closes_at for at in reminders)
        return row.due_at.isoformat(), row.closes_at - row.due_at == length, len(reminders)

    assert await db.write(unit) == ("2026-03-18T09:30:00+00:00", True, 2)


async def test_a_check_in_moved_by_hand_survives_a_new_plan(db: Database, now: datetime, clinic: Clinic) -> None:
    """Publishing for all does not undo what a person decided."""

    def unit(session: Session) -> date:
        case = active(session, now, clinic)
        rescheduling.apply(session, case, the(session, "week2").id, date(2026, 3, 18), by=1, now=now, clinic=clinic)
        assert not planning.plan(session, case, now, clinic)
        return the(session, "week2").local_date

    assert await db.write(unit) == date(2026, 3, 18)


async def test_a_new_surgery_date_moves_everything_unsent(db: Database, now: datetime, clinic: Clinic) -> None:
    """Also what had been moved by hand: it was moved for the old date."""

    def unit(session: Session) -> tuple[list[str], dict[str, int], date, int]:
        case = active(session, now, clinic)
        rescheduling.apply(session, case, the(session, "week2").id, date(2026, 3, 18), by=1, now=now, clinic=clinic)
        shown = rescheduling.preview(session, case, rescheduling.SURGERY, date(2026, 2, 28), now)
        rescheduling.apply(session, case, rescheduling.SURGERY, date(2026, 2, 28), by=1, now=now, clinic=clinic)
        moves = session.scalars(select(Audit).where(Audit.action == "surgery date moved")).all()
        return [line.checkin for line in shown], planned(session), the(session, "week2").local_date, len(moves)

    lines, days, week2, audited = await db.write(unit)
    assert lines == ["day3", "week2", "week6", "month3"]
    assert days == {"day3": 3, "week2": 14, "week6": 42, "month3": 90}
    assert (week2, audited) == (date(2026, 3, 14), 1)


async def test_the_preview_writes_nothing(db: Database, now: datetime, clinic: Clinic) -> None:
    """Looking is not doing."""

    def unit(session: Session) -> date:
        case = active(session, now, clinic)
        rescheduling.preview(session, case, rescheduling.SURGERY, date(2026, 2, 20), now)
        return the(session, "day3").local_date

    assert await db.write(unit) == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("raw", "remedy"),
    [("next week", "year-month-day"), ("2026-03-01", "is over"), ("2027-03-01", "programme's last day")],
)
async def test_a_date_that_cannot_be_says_why(
    db: Database, now: datetime, clinic: Clinic, raw: str, remedy: str
) -> None:
    """Words, the past, and after the end."""

    def unit(session: Session) -> None:
        case = active(session, now, clinic)
        rescheduling.read_date(session, case, the(session, "week2").id, raw, now)

    with pytest.raises(Unfit, match=remedy):
        await db.write(unit)


async def test_a_check_in_sent_meanwhile_is_not_moved(db: Database, now: datetime, clinic: Clinic) -> None:
    """What was sent is untouchable."""

    def unit(session: Session) -> None:
        case = active(session, now, clinic)
        row = the(session, "day3")
        row.state, row.opened_at = "open", now
        session.flush()
        rescheduling.apply(session, case, row.id, date(2026, 3, 6), by=1, now=now, clinic=clinic)

    with pytest.raises(Unfit, match="meanwhile"):
        await db.write(unit)
