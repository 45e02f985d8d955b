"""Sweeps: however many rows must stay where they are, those behind them get their turn."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.care import closing, opening, reminding, sweeping
from bot.db.models import CheckIn, Enrolment, Patient, Reminder
from tests.bot.ward import Ward

NIGHT = "Pacific/Honolulu"  # where the ward's morning is the middle of the night


def coming(ward: Ward, *zones: str) -> list[CheckIn]:
    """A due check-in for a patient of each of these zones."""
    team, rows = ward.team("Spine"), list[CheckIn]()
    for number, zone in enumerate(zones):
        row = ward.checkin(ward.patient("Ana", team, f"P-{number}"))
        ward.session.execute(update(Patient).where(Patient.code == f"P-{number}").values(timezone=zone))
        row.state, row.opened_at = "planned", None
        rows.append(row)
    ward.session.commit()
    return rows


def reminded(ward: Ward, *zones: str) -> list[int]:
    """A due reminder for a patient of each of these zones: ids."""
    rows = coming(ward, *zones)
    for row in rows:
        row.state, row.opened_at = "open", ward.now
    reminders = [Reminder(checkin_id=row.id, number=1, due_at=ward.now, state="planned") for row in rows]
    ward.session.add_all(reminders)
    ward.session.commit()
    return [reminder.id for reminder in reminders]


def test_check_ins_that_wait_for_the_morning_hold_up_none_elsewhere(ward: Ward) -> None:
    *_asleep, last = coming(ward, NIGHT, NIGHT, NIGHT, "Europe/London")
    assert opening.due(ward.session, ward.now, most=2) == [last.id]
    assert opening.open_due(ward.session, ward.now, ward.clinic) == 1
    assert last.state == "open"


def test_a_check_in_that_is_to_end_does_so_at_night_as_well(ward: Ward) -> None:
    (row,) = coming(ward, NIGHT)
    enrolment = ward.session.get_one(Enrolment, row.enrolment_id)
    enrolment.state, enrolment.paused_until = "paused", ward.now + timedelta(days=1)
    ward.session.commit()
    assert opening.open_due(ward.session, ward.now, ward.clinic) == 1
    assert (row.state, row.end_reason) == ("ended", "paused")


def test_reminders_that_wait_for_the_morning_hold_up_none_elsewhere(ward: Ward) -> None:
    *_asleep, last = reminded(ward, NIGHT, NIGHT, NIGHT, "Europe/London")
    assert reminding.due(ward.session, ward.now, most=2) == [last]
    assert reminding.remind_due(ward.session, ward.now, ward.clinic) == 1


def pages(due: Callable[[Container[int]], Sequence[int]]) -> list[int]:
    """What a tick looks at when nothing of it changes, page after page."""
    tried: list[int] = []
    while ids := due(tried):
        tried += ids
    return tried


def test_reminders_that_were_tried_and_stay_make_room_for_those_behind_them(ward: Ward) -> None:
    ids = reminded(ward, *["Europe/London"] * 5)
    assert sorted(pages(lambda tried: reminding.due(ward.session, ward.now, tried, most=2))) == ids


def test_check_ins_that_could_not_be_opened_make_room_for_those_behind_them(ward: Ward) -> None:
    ids = [row.id for row in coming(ward, *["Europe/London"] * 5)]
    assert pages(lambda tried: opening.due(ward.session, ward.now, tried, most=2)) == ids


def test_check_ins_that_could_not_be_closed_make_room_for_those_behind_them(ward: Ward) -> None:
    reminded(ward, *["Europe/London"] * 5)
    over = ward.now + timedelta(days=5)
    found = pages(lambda tried: closing.due(ward.session, over, tried, most=2))
    assert found == list(ward.session.scalars(select(CheckIn.id).order_by(CheckIn.id)))


def test_one_unit_goes_through_all_pages_though_some_rows_stay(ward: Ward) -> None:
    seen: list[int] = []

    def due(_session: Session, _now: datetime, tried: Container[int]) -> Sequence[int]:
        return sweeping.page(range(7), tried, 3)

    def some(ids: Sequence[int]) -> int:
        seen.extend(ids)
        return sum(row_id % 2 for row_id in ids)

    assert sweeping.through(ward.session, due, some, ward.now) == 3
    assert seen == list(range(7))
