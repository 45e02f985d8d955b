"""A break of service: who is asked again, what teams are told of it, and that nobody gets a burst when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.care import escalations, gaps, showing, worklist
from bot.db.models import CareTeam, CheckIn, Gap, Outbox, Staff
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward


@pytest.fixture
def team(ward: Ward) -> CareTeam:
    return ward.team("Spine")


@pytest.fixture
def ana(ward: Ward, team: CareTeam) -> Phone:
    """Ana, who has her check-in of day 3 before her."""
    one = phone(ward, team)
    one.goes_to(3)
    ward.deliver()
    return one


def breaks(one: Phone, *, ticks: bool = False, **span: int) -> Gap:
    """Nobody listens for so long; then the poller comes back, and the ticks run."""
    began, one.ward.now = one.now, one.now + timedelta(**span)
    if ticks:
        one.ticks()
    gap = gaps.ended(one.session, began, one.now, one.now, one.ward.clinic)
    one.session.commit()
    one.ticks()
    return gap


def coming(one: Phone) -> list[Outbox]:
    """New messages with a question that wait for this patient."""
    return [row for row in one.shown(fresh=True) if row.state == "pending"]


def test_the_team_reads_from_when_to_when_whom_it_concerns_and_what_to_do(
    ward: Ward, team: CareTeam, ana: Phone
) -> None:
    breaks(ana, minutes=12)
    (text,) = ward.said(team.chat_id)
    assert "09:31" in text
    assert "09:43" in text
    assert "12 min" in text
    assert "1 patient with an open check-in asked again: <b>AN17</b>" in text
    assert "Next:" in text
    assert "Ruiz" not in text


def test_a_team_without_a_chat_has_its_coordinators_told(ward: Ward, team: CareTeam, ana: Phone) -> None:
    cora = ward.staff("Cora", team, role="coordinator")
    team.chat_id = None
    breaks(ana, minutes=12)
    assert len(ward.said(cora.chat_id)) == 1


def test_a_short_break_in_which_nothing_was_open_is_told_to_nobody(ward: Ward, team: CareTeam) -> None:
    one = phone(ward, team)
    assert breaks(one, minutes=12).asked_again == 0
    assert ward.said(team.chat_id) == []


def test_a_long_break_is_told_even_when_nothing_was_open(ward: Ward, team: CareTeam) -> None:
    breaks(phone(ward, team), hours=2)
    assert "No check-in was open." in ward.said(team.chat_id)[0]


def test_whoever_was_asked_again_waits_on_the_worklist_until_there_is_an_answer(
    ward: Ward, team: CareTeam, ana: Phone
) -> None:
    cora = ward.staff("Cora", team, role="coordinator")
    breaks(ana, minutes=12)
    assert waits(ward, cora) == ["⏸ no answer since a break of our service"]
    ward.passes(minutes=1)
    ana.taps("Start")
    ana.taps("No")
    assert waits(ward, cora) == []


def test_a_check_in_whose_time_ran_out_meanwhile_is_not_asked_again(ana: Phone) -> None:
    assert breaks(ana, hours=49).asked_again == 0
    assert coming(ana) == []


@pytest.mark.parametrize("ticks", [False, True], ids=["the poller first", "the ticks first"])
def test_where_the_next_check_in_is_due_only_that_one_is_asked(ana: Phone, ticks: bool) -> None:
    row = ana.checkin("day3")
    row.closes_at += timedelta(days=30)
    breaks(ana, ticks=ticks, days=11)
    assert [row.ref for row in coming(ana)] == [ana.checkin("week2").id]


def test_a_week_of_downtime_brings_one_question_and_no_reminder_behind_it(ana: Phone) -> None:
    breaks(ana, days=11)
    assert len(coming(ana)) == 1
    assert [row.state for row in ana.reminders("day3")] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("ticks", [False, True], ids=["the poller first", "the ticks first"])
def test_a_question_asked_again_takes_the_place_of_the_reminders_due_meanwhile(ana: Phone, ticks: bool) -> None:
    breaks(ana, ticks=ticks, hours=26)
    assert len(coming(ana)) == 1
    assert [row.state for row in ana.reminders("day3")] == ["sent", "sent"]


def test_two_reminders_that_fell_due_together_are_one_message(ana: Phone) -> None:
    ana.ward.passes(hours=26)
    ana.ticks()
    assert len(coming(ana)) == 1
    assert "closes on" in ana.sees().text


def test_a_check_in_that_could_not_go_out_yet_comes_once(ana: Phone) -> None:
    ana.shown(fresh=True)[0].state = "pending"
    ana.session.commit()
    assert breaks(ana, hours=7).asked_again == 0
    assert len(coming(ana)) == 1
    assert ana.told() == []


def test_what_is_asked_again_at_night_waits_for_the_morning(ana: Phone) -> None:
    ana.ward.now = ana.now.replace(hour=21, minute=30)
    began = ana.now
    ana.ward.passes(minutes=30)
    gaps.ended(ana.session, began, ana.now, ana.now, ana.ward.clinic)
    assert {f"{row.not_before:%d %H:%M}" for row in ana.session.scalars(asked(ana))} == {"06 08:00"}


def test_a_break_of_days_is_named_with_its_days(ana: Phone) -> None:
    breaks(ana, hours=25)
    assert "Thursday, 5 March, 09:31" in ana.told()[0]


def test_after_five_cases_for_review_the_others_share_one_card(ward: Ward, team: CareTeam) -> None:
    cases = [ward.patient("Ana", team, f"C-{number}") for number in range(40)]
    for case in cases:
        escalations.operational(ward.session, case, "phone_task", ward.now, ward.clinic)
    ward.session.commit()
    assert len(ward.sent(team.chat_id)) == 5
    (shared,) = ward.session.scalars(select(Outbox).where(Outbox.surface == "backlog")).all()
    text = showing.RENDERERS["backlog"](ward.session, shared, ward.clinic, ward.now)
    assert text is not None
    assert "35 more cases for review" in text.text
    assert "C-39" in text.text
    assert "/open" in text.text


def test_an_urgent_case_in_the_midst_of_them_has_a_card_of_its_own(ward: Ward, team: CareTeam) -> None:
    for number in range(10):
        case = ward.patient("Ana", team, f"C-{number}")
        escalations.operational(ward.session, case, "phone_task", ward.now, ward.clinic)
    ben = ward.patient("Ben", team, "B-1")
    case = escalations.operational(ward.session, ben, "unprocessed_message", ward.now, ward.clinic)
    ward.session.commit()
    assert case.id in {row.ref for row in ward.sent(team.chat_id)}


def test_a_quarter_of_an_hour_later_a_case_has_its_own_card_again(ward: Ward, team: CareTeam) -> None:
    for number in range(10):
        case = ward.patient("Ana", team, f"C-{number}")
        escalations.operational(ward.session, case, "phone_task", ward.now, ward.clinic)
    ward.passes(minutes=15)
    later = ward.now
    ben = ward.patient("Ben", team, "B-1")
    escalations.operational(ward.session, ben, "phone_task", ward.now, ward.clinic)
    ward.session.commit()
    assert len(ward.sent(team.chat_id, since=later)) == 1


def asked(one: Phone) -> object:
    """What waits for this patient."""
    return select(Outbox).where(Outbox.chat_id == one.person.chat_id, Outbox.state == "pending")


def waits(ward: Ward, staff: Staff) -> list[str]:
    """The headlines of this person's worklist."""
    return [task.headline for task in worklist.tasks(ward.session, staff, ward.now, names=False)]


def test_the_gap_is_on_record(ana: Phone) -> None:
    breaks(ana, minutes=12)
    gap = ana.session.scalars(select(Gap)).one()
    assert (gap.asked_again, gap.ended_at - gap.began_at) == (1, timedelta(minutes=12))
    assert ana.session.scalars(select(CheckIn.state).where(CheckIn.checkin == "day3")).all() == ["open"]
