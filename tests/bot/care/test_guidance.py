"""What a patient must do now keeps coming until it has surely arrived or a person has spoken with them."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.care import delivery, escalations, gaps, landing, outcomes, showing, turns, uncertain
from bot.care.outbox import Lane
from bot.db.models import Outbox
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward

CARD = "Go to A&amp;E now"


@pytest.fixture
def ana(ward: Ward) -> Phone:
    """Ana, day 3, in the middle of her check-in; Dr Lind is on call."""
    team = ward.team("Spine")
    ward.staff("Dr Lind", team, rung="on_call")
    one = phone(ward, team)
    one.goes_to(3)
    one.taps("Start")
    ward.deliver()
    return one


def sends(ana: Phone, outcome: outcomes.Outcome) -> int | None:
    """Send the next waiting message to Ana, with this outcome. Which row it was, None when nothing may go now."""
    chat_id = ana.person.chat_id
    for waiting in turns.waiting(ana.session, ana.now, list(Lane), (), 50):
        row = ana.session.get_one(Outbox, waiting.row_id)
        if row.chat_id != chat_id:
            continue
        out = delivery.claim(ana.session, row.id, "me", showing.RENDERERS, ana.ward.clinic, ana.now)
        if out is not None:
            landing.settle(ana.session, out, outcome, ana.ward.clinic, ana.now)
        ana.session.commit()
        if out is not None:
            return waiting.row_id
    return None


def cards(ana: Phone) -> list[Outbox]:
    """Every copy of the action card, oldest first."""
    rows = select(Outbox).where(Outbox.chat_id == ana.person.chat_id, Outbox.purpose == "card").order_by(Outbox.id)
    return [row for row in ana.session.scalars(rows) if CARD in row.payload["text"]]


def uncertain_for(ana: Phone, span: timedelta) -> list[datetime]:
    """So long nobody can know whether anything arrives. When each copy of the action card went out."""
    until, went = ana.now + span, []
    while ana.now < until:
        while (row_id := sends(ana, outcomes.Uncertain("502"))) is not None:
            if row_id in {row.id for row in cards(ana)}:
                went.append(ana.now)
        ana.ward.passes(minutes=1)
    return went


def test_an_action_card_that_may_not_have_arrived_is_repeated_for_as_long_as_it_takes(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    went = uncertain_for(ana, timedelta(hours=12))
    apart = [later - sooner for sooner, later in itertools.pairwise(went)]
    assert max(apart) <= timedelta(minutes=61)
    assert apart == sorted(apart)
    assert went[-1] > ana.now - timedelta(minutes=61)
    assert 12 < len(went) < 24


def test_the_repeats_end_with_the_copy_that_surely_arrived(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    uncertain_for(ana, timedelta(hours=2))
    ana.ward.passes(hours=1)
    while sends(ana, outcomes.Sent(5)) is not None:
        continue
    assert cards(ana)[-1].state == "sent"
    assert uncertain_for(ana, timedelta(hours=3)) == []


def test_the_repeats_end_when_a_person_has_reached_the_patient(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    uncertain_for(ana, timedelta(minutes=3))
    case = ana.escalation()
    assert case is not None
    lind = ana.ward.staff("Dr Reyes", ana.ward.team("Other"), role="admin")
    lind.team_id = case.team_id
    assert escalations.contacted(ana.session, case.id, lind, ana.now, ana.ward.clinic).done
    ana.session.commit()
    assert uncertain_for(ana, timedelta(hours=3)) == []
    assert cards(ana)[-1].state == "dropped"


def test_a_repeat_that_waits_holds_up_no_question(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    uncertain_for(ana, timedelta(hours=2))
    ana.taps("Go on")
    asked = ana.shown()[-1]
    assert asked.state == "pending"
    assert sends(ana, outcomes.Sent(9)) == asked.id


def test_once_something_surely_arrives_the_waiting_repeat_goes_at_once(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    uncertain_for(ana, timedelta(hours=2))
    ana.taps("Go on")
    sends(ana, outcomes.Sent(9))
    assert sends(ana, outcomes.Sent(10)) == cards(ana)[-1].id


def test_an_alert_to_staff_is_not_repeated_for_ever(ana: Phone) -> None:
    chat = ana.ward.chat()
    row = Outbox(
        lane=0,
        purpose="card",
        chat_id=chat.id,
        dedupe_key="k",
        on_uncertain="resend",
        state="sending",
        not_before=ana.now,
        attempts=uncertain.REPEATS + 1,
        created_at=ana.now,
    )
    ana.session.add(row)
    ana.session.flush()
    uncertain.begin(ana.session, row, "502", ana.now)
    again = select(Outbox.id).where(Outbox.repeats_id == row.id)
    assert ana.session.scalars(again).all() == []


def test_after_a_gap_the_action_card_comes_back_with_the_question(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    ana.ward.deliver()
    began, ana.ward.now = ana.now, ana.now + timedelta(minutes=5)
    gaps.ended(ana.session, began, ana.now, ana.now, ana.ward.clinic)
    assert [(row.state, row.lane, row.not_before) for row in cards(ana)[1:]] == [("pending", 0, ana.now)]


def test_after_a_gap_nobody_is_told_again_what_a_person_has_dealt_with(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    ana.ward.deliver()
    case = ana.escalation()
    assert case is not None
    reyes = ana.ward.staff("Dr Reyes", ana.ward.team("Other"))
    case.state, case.contacted_at, case.contacted_by = "contacted", ana.now, reyes.id
    began, ana.ward.now = ana.now, ana.now + timedelta(minutes=5)
    gaps.ended(ana.session, began, ana.now, ana.now, ana.ward.clinic)
    assert len(cards(ana)) == 1


def test_a_patient_who_lets_the_bot_in_again_gets_the_action_card_again(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    ana.ward.deliver()
    ana.ward.passes(minutes=5)
    ana.comes_back()
    assert [row.state for row in cards(ana)] == ["sent", "pending"]


def test_a_check_in_that_could_not_go_out_in_the_evening_comes_in_the_morning(ana: Phone) -> None:
    row = ana.shown(fresh=True)[0]
    row.state, row.not_before, row.created_at = "pending", ana.now, ana.now
    ana.ward.now = ana.now.replace(hour=21, minute=30)
    assert delivery.claim(ana.session, row.id, "me", showing.RENDERERS, ana.ward.clinic, ana.now) is None
    assert (row.state, f"{row.not_before:%d %H:%M}") == ("pending", "06 08:00")
