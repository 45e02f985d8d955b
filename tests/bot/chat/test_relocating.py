"""/timezone: a patient lives by another clock, and nothing comes at night there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.care import outbox
from bot.care.outbox import Lane
from bot.db.models import CareTeam, CheckIn, Outbox
from schedules import timeline
from tests.bot.desk import Desk, joins
from tests.bot.phone import Phone, pathway_of, phone
from tests.bot.ward import Ward

FAR = ["America/Los_Angeles", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"]


@pytest.fixture
def cora(ward: Ward) -> Desk:
    return joins(ward, "Cora", "coordinator")


@pytest.fixture
def ana(ward: Ward, cora: Desk) -> Phone:
    """Day 3, the first question on the screen."""
    one = phone(ward, ward.session.scalars(select(CareTeam)).one())
    one.goes_to(3)
    one.taps("Start")
    ward.deliver()
    return one


def planned(ana: Phone) -> list[CheckIn]:
    rows = select(CheckIn).where(CheckIn.enrolment_id == ana.enrolment.id, CheckIn.state == "planned")
    return list(ana.session.scalars(rows.order_by(CheckIn.due_at)))


@pytest.mark.parametrize("zone", FAR)
def test_what_is_to_come_follows_the_patients_clock(ana: Phone, cora: Desk, zone: str) -> None:
    days = [row.local_date for row in planned(ana)]
    cora.commands("timezone", f"an17 {zone}")
    assert f"lives in {zone} from now on" in cora.sees().text
    assert [row.local_date for row in planned(ana)] == days
    assert {f"{row.due_at.astimezone(timeline.zone(zone)):%H:%M}" for row in planned(ana)} == {"09:30"}
    for row in planned(ana):
        for reminder in ana.reminders(row.checkin):
            quiet = pathway_of(ana).schedule.quiet_hours
            assert not timeline.in_quiet_hours(reminder.due_at, quiet, zone)


@pytest.mark.parametrize("zone", FAR)
def test_nothing_unasked_comes_at_night_there(ana: Phone, cora: Desk, zone: str) -> None:
    ana.taps("No")
    chat_id = ana.person.chat_id
    assert chat_id is not None
    where = ("checkin", ana.checkin().id, chat_id)
    outbox.show(ana.session, *where, now=ana.now, lane=Lane.CHECKIN, fresh=True, key="on its way")
    cora.commands("timezone", f"AN17 {zone}")
    quiet = pathway_of(ana).schedule.quiet_hours
    for _ in range(4 * 48):
        ana.ward.passes(minutes=15)
        ana.ticks()
    unasked = select(Outbox).where(Outbox.chat_id == chat_id, Outbox.lane >= Lane.CHECKIN, Outbox.state == "pending")
    waiting = ana.session.scalars(unasked).all()
    assert waiting
    assert [row for row in waiting if timeline.in_quiet_hours(row.not_before, quiet, zone)] == []


def test_a_check_in_that_a_person_put_on_another_day_keeps_its_day(ana: Phone, cora: Desk) -> None:
    row = ana.checkin("week2")
    row.moved_by_hand, row.local_date = True, row.local_date + timedelta(days=2)
    day = row.local_date
    ana.session.commit()
    cora.commands("timezone", "AN17 America/Bogota")
    assert (row.local_date, row.state) == (day, "planned")
    assert row.due_at == timeline.to_utc(day, "09:30", "America/Bogota")


def test_it_is_on_record_who_moved_whom_from_where_to_where(ana: Phone, cora: Desk) -> None:
    cora.commands("timezone", "AN17 Europe/Madrid")
    (row,) = ana.ward.audited("time zone changed")
    assert row.details == {"before": "Europe/London", "after": "Europe/Madrid"}
    assert row.actor.startswith("staff:")


def test_the_same_zone_again_changes_nothing(ana: Phone, cora: Desk) -> None:
    cora.commands("timezone", "AN17 Europe/London")
    assert "already" in cora.sees().text
    assert ana.ward.audited("time zone changed") == []


def test_a_zone_that_does_not_exist_is_named_with_what_to_write_instead(ana: Phone, cora: Desk) -> None:
    cora.commands("timezone", "AN17 Mars/Olympus")
    assert "Europe/Madrid" in cora.sees().text
    assert ana.person.timezone == "Europe/London"


def test_a_clinician_may_not(ana: Phone, ward: Ward) -> None:
    lind = joins(ward, "Dr Lind", "clinician")
    lind.commands("timezone", "AN17 Europe/Madrid")
    assert "Only coordinators and admins" in lind.sees().text
    assert ana.person.timezone == "Europe/London"


def test_another_teams_coordinator_may_not(ana: Phone, ward: Ward) -> None:
    olga = joins(ward, "Olga", "coordinator", team="Hips")
    olga.commands("timezone", "AN17 Europe/Madrid")
    assert ana.person.timezone == "Europe/London"
    assert ward.audited("refused")
