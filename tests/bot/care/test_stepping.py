"""A clock set back by an hour: nothing that may not wait waits for that hour to come again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.cards import Card
from bot.care import outbox, stepping, watchdog
from bot.care.outbox import Lane
from bot.db.models import Escalation, Heartbeat, Outbox
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward


@pytest.fixture
def ana(ward: Ward) -> Phone:
    """Ana, day 3, on the day on which the clock runs an hour ahead for a while."""
    team = ward.team("Spine")
    ward.staff("Dr Lind", team, rung="on_call")
    one = phone(ward, team)
    one.goes_to(3)
    one.taps("Start")
    ward.deliver()
    ward.passes(hours=1)
    return one


def set_back(one: Phone) -> int:
    """The clock is right again. How much was brought forward."""
    one.ward.passes(hours=-1)
    moved = stepping.mend(one.session, one.now, one.ward.clinic)
    one.session.commit()
    return moved


def test_an_alert_written_on_the_later_time_goes_now(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    assert set_back(ana) > 0
    alerts = ana.session.scalars(select(Outbox).where(Outbox.state == "pending", Outbox.lane <= 1)).all()
    assert alerts
    assert all(row.not_before <= ana.now for row in alerts)


def test_the_ladder_of_an_emergency_is_climbed_at_its_pace(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    for _ in range(5):
        ana.ward.passes(minutes=12)
        ana.ward.ticks()
    case = ana.session.scalars(select(Escalation)).one()
    pages = case.pages
    ana.ward.passes(minutes=-60)
    set_back(ana)
    assert case.next_page_at is not None
    assert case.next_page_at - ana.now <= timedelta(minutes=15)
    ana.ward.passes(minutes=16)
    ana.ward.ticks()
    assert case.pages > pages


def test_a_lease_taken_on_the_later_time_runs_out(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    row = ana.session.scalars(select(Outbox).where(Outbox.state == "pending")).first()
    assert row is not None
    row.state, row.lease_until = "sending", ana.now + timedelta(seconds=60)
    set_back(ana)
    assert row.lease_until <= ana.now


def test_a_tick_that_hangs_is_noticed_as_soon_as_ever(ana: Phone) -> None:
    watchdog.beat(ana.session, "pages", 10, {}, ana.now)
    set_back(ana)
    assert ana.session.get_one(Heartbeat, "pages").at == ana.now
    ana.ward.passes(seconds=31)
    assert watchdog.look(ana.session, ana.now) == 1


def test_what_has_a_time_of_day_of_its_own_keeps_it(ana: Phone) -> None:
    morning = ana.now + timedelta(hours=20)
    key = {"key": "k", "now": ana.now, "lane": Lane.CHECKIN, "not_before": morning}
    outbox.say(ana.session, "card", ana.ward.chat().id, payload={"text": "Hello"}, **key)
    set_back(ana)
    assert ana.session.scalars(select(Outbox.not_before).where(Outbox.lane == Lane.CHECKIN)).all()[-1] == morning
    assert ana.checkin("week2").due_at > ana.now + timedelta(days=10)


def test_on_a_day_like_any_other_nothing_moves(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    assert stepping.mend(ana.session, ana.now, ana.ward.clinic) == 0


def test_a_wait_that_telegram_asked_for_is_kept(ana: Phone) -> None:
    chat_id = ana.ward.chat().id
    outbox.say_card(ana.session, chat_id, Card(text="Hello"), key="k", now=ana.now, lane=Lane.EMERGENCY)
    row = ana.session.scalars(select(Outbox).where(Outbox.chat_id == chat_id)).one()
    row.not_before, row.error = ana.now + timedelta(hours=1), "too fast"
    ana.session.flush()
    assert stepping.mend(ana.session, ana.now, ana.ward.clinic) == 0
