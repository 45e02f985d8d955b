"""The life of a check-in: planned, opened, reminded of, closed, and always ended with its reason."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.care import checkins, closing, ending, opening, planning
from bot.db.models import Chat, CheckIn, Incident, Outbox
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward


@pytest.fixture
def ana(ward: Ward) -> Phone:
    return phone(ward, ward.team("Spine"))


def rows(one: Phone) -> dict[str, CheckIn]:
    found = select(CheckIn).where(CheckIn.enrolment_id == one.enrolment.id, CheckIn.kind != "baseline")
    return {row.checkin: row for row in one.session.scalars(found)}


def reasons(one: Phone) -> dict[str, str | None]:
    return {name: row.end_reason for name, row in rows(one).items()}


def chat(one: Phone) -> Chat:
    return one.session.get_one(Chat, one.person.chat_id)


# Planning


def test_consent_plans_every_check_in_with_its_reminders(ana: Phone) -> None:
    assert {name: row.day for name, row in rows(ana).items()} == {"day3": 3, "week2": 14, "week6": 42, "month3": 90}
    assert [row.due_at for row in ana.reminders("day3")] == [
        datetime(2026, 3, 5, 15, 30, tzinfo=ana.now.tzinfo),
        datetime(2026, 3, 6, 9, 30, tzinfo=ana.now.tzinfo),
    ]
    first = checkins.next_planned(ana.session, ana.enrolment)
    assert first is not None
    assert first.checkin == "day3"


def test_planning_twice_changes_nothing(ana: Phone) -> None:
    assert not checkins.plan(ana.session, ana.enrolment, ana.now, ana.ward.clinic)


def test_a_later_surgery_date_moves_what_was_not_sent(ana: Phone) -> None:
    ana.enrolment.surgery_date += timedelta(days=2)
    ana.planned()
    assert rows(ana)["day3"].local_date == date(2026, 3, 7)
    assert ana.reminders("day3")[0].due_at.date() == date(2026, 3, 7)


def test_a_check_in_that_was_sent_stays_where_it_is(ana: Phone) -> None:
    ana.goes_to(3)
    ana.enrolment.surgery_date += timedelta(days=2)
    ana.planned()
    assert rows(ana)["day3"].local_date == date(2026, 3, 5)


def test_a_late_enrolment_ends_what_cannot_be_asked_with_its_reason(ward: Ward) -> None:
    late = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=10))
    assert reasons(late) == {"day3": "phone_task", "week2": None, "week6": None, "month3": None}
    assert late.findings() == {"phone_task"}


def test_a_check_in_within_its_late_window_is_sent_late_in_honest_words(ward: Ward) -> None:
    late = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=4))
    ward.passes(hours=1)
    late.ticks()
    assert rows(late)["day3"].sent_late
    assert "comes late" in late.sees("day3").text


def test_a_surgery_date_put_right_plans_again_what_the_wrong_one_had_ended(ward: Ward) -> None:
    wrong = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=30))
    assert reasons(wrong)["day3"] == "phone_task"
    wrong.enrolment.surgery_date = ward.now.date()
    wrong.planned()
    live = select(CheckIn).where(CheckIn.enrolment_id == wrong.enrolment.id, CheckIn.state == "planned")
    assert next(row.checkin for row in wrong.session.scalars(live.order_by(CheckIn.due_at))) == "day3"


def test_a_surgery_date_put_back_and_forth_revives_the_row_of_that_day(ward: Ward) -> None:
    wrong = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=30))
    for days in (0, 30, 0):
        wrong.enrolment.surgery_date = ward.now.date() - timedelta(days=days)
        wrong.planned()
    live = select(CheckIn).where(CheckIn.enrolment_id == wrong.enrolment.id, CheckIn.state == "planned")
    assert {row.checkin for row in wrong.session.scalars(live)} == {"day3", "week2", "week6", "month3"}


def test_a_check_in_taken_out_of_the_pathway_is_cancelled_and_one_put_back_is_planned(ana: Phone) -> None:
    row = rows(ana)["week6"]
    planning._cancel(ana.session, row, ana.now)
    assert (row.state, row.end_reason, ana.reminders("week6")) == ("ended", "cancelled", [])
    ana.planned()
    assert rows(ana)["week6"].state == "planned"


# Opening


def test_nothing_opens_before_its_time(ana: Phone) -> None:
    ana.goes_to(3, "09:29")
    assert rows(ana)["day3"].state == "planned"


def test_a_due_check_in_opens_once_and_is_sent_once(ana: Phone) -> None:
    ana.goes_to(3)
    assert rows(ana)["day3"].state == "open"
    assert set(ana.ticks().values()) == {0}
    assert [row.lane for row in ana.shown(fresh=True)] == [3]


def test_the_first_message_names_no_body_part(ana: Phone) -> None:
    ana.goes_to(3)
    assert ana.sees().text == "It is time for your day 3 check-in. It takes about 2 minutes."
    assert [button.label for row in ana.sees().rows for button in row] == ["Start"]


def test_a_check_in_keeps_the_pathway_it_opened_with(ana: Phone) -> None:
    ana.goes_to(3)
    assert rows(ana)["day3"].pathway_version_id == ana.enrolment.pathway_version_id


def test_after_an_outage_the_earliest_days_of_recovery_are_asked_first(ward: Ward) -> None:
    team = ward.team("Spine")
    late = phone(ward, team, code="L1", surgery=ward.now.date() - timedelta(days=11))
    early = phone(ward, team, code="E1")
    early.goes_to(3, "12:00")
    opened = ward.session.scalars(select(Outbox.chat_id).where(Outbox.surface == "checkin").order_by(Outbox.id)).all()
    assert opened == [early.person.chat_id, late.person.chat_id]


def test_a_wave_of_check_ins_waits_only_for_the_sending_limits(ward: Ward) -> None:
    team = ward.team("Spine")
    crowd = [phone(ward, team, code=f"P{number}") for number in range(21)]
    crowd[0].goes_to(3)
    assert {one.shown(fresh=True)[0].not_before for one in crowd} == {ward.now}


def test_nothing_is_sent_in_quiet_hours_and_it_goes_out_when_they_are_over(ana: Phone) -> None:
    ana.goes_to(4, "07:59")
    assert rows(ana)["day3"].state == "planned"
    ana.goes_to(4, "08:00")
    assert rows(ana)["day3"].state == "open"


def test_a_check_in_kept_back_by_an_outage_is_sent_late_with_its_whole_time(ana: Phone) -> None:
    ana.goes_to(4, "12:00")
    row = rows(ana)["day3"]
    assert (row.state, row.sent_late) == ("open", True)
    assert row.closes_at == ana.now + timedelta(hours=48)
    assert all(reminder.due_at > ana.now for reminder in ana.reminders("day3"))


def test_a_check_in_that_is_too_late_becomes_a_phone_task(ana: Phone) -> None:
    ana.goes_to(6, "12:00")
    assert reasons(ana)["day3"] == "phone_task"
    assert "phone_task" in ana.findings()


def test_a_check_in_that_may_be_merged_is_superseded(ana: Phone) -> None:
    rows(ana)["day3"].state = "planned"
    ana.goes_to(85, "12:00")
    assert reasons(ana)["week6"] == "superseded"


def test_a_check_in_moved_by_hand_opens_on_its_new_day(ana: Phone) -> None:
    row = rows(ana)["day3"]
    row.moved_by_hand, row.due_at, row.closes_at = (
        True,
        row.due_at + timedelta(days=3),
        row.closes_at + timedelta(days=3),
    )
    ana.goes_to(6, "10:00")
    assert rows(ana)["day3"].state == "open"


def test_a_check_in_moved_by_hand_and_missed_by_an_outage_is_asked_by_phone(ana: Phone) -> None:
    row = rows(ana)["day3"]
    row.moved_by_hand = True
    ana.goes_to(7)
    assert reasons(ana)["day3"] == "phone_task"


def test_a_blocked_chat_makes_a_check_in_unreachable_and_somebody_phones(ana: Phone) -> None:
    chat(ana).state = "blocked"
    ana.goes_to(3)
    assert reasons(ana)["day3"] == "unreachable"
    assert "bot_blocked" in ana.findings()
    assert ana.shown() == []


def test_a_check_in_of_a_paused_patient_ends_as_paused_and_is_asked_by_phone_in_the_first_days(ana: Phone) -> None:
    ana.enrolment.state, ana.enrolment.paused_until = "paused", ana.now + timedelta(days=50)
    ana.goes_to(3)
    assert reasons(ana)["day3"] == "paused"
    assert ana.findings() == {"phone_task"}


def test_a_later_check_in_of_a_paused_patient_ends_without_a_call(ward: Ward) -> None:
    ben = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=20))
    before = ben.findings()
    ben.enrolment.state, ben.enrolment.paused_until = "paused", ben.now + timedelta(days=50)
    ben.goes_to(42)
    assert reasons(ben)["week6"] == "paused"
    assert ben.findings() == before


def test_a_pause_ends_by_itself(ana: Phone) -> None:
    ana.enrolment.state, ana.enrolment.paused_until = "paused", ana.now + timedelta(days=1)
    ana.goes_to(3)
    assert ana.enrolment.state == "active"
    assert rows(ana)["day3"].state == "open"


@pytest.mark.parametrize(("state", "reason"), [("withdrawn", "withdrawn"), ("ended", "cancelled")])
def test_a_check_in_of_somebody_no_longer_in_the_programme_is_not_sent(ana: Phone, state: str, reason: str) -> None:
    ana.enrolment.state = state
    ana.goes_to(3)
    assert reasons(ana)["day3"] == reason
    assert ana.shown() == []


def test_two_sweeps_at_once_open_a_check_in_once(ana: Phone) -> None:
    ana.goes_to(3)
    row = rows(ana)["day3"]
    assert not opening._open(ana.session, row, ana.enrolment, None, ana.now)


def test_one_bad_row_does_not_stop_the_others(ward: Ward) -> None:
    team = ward.team("Spine")
    ana, ben = phone(ward, team, "AN17"), phone(ward, team, "BE18")
    ana.person.timezone = "Nowhere/Land"
    ben.goes_to(3)
    assert (rows(ana)["day3"].state, rows(ben)["day3"].state) == ("planned", "open")
    assert {row.kind for row in ward.session.scalars(select(Incident))} >= {"tick_row"}


# Reminding


def test_a_reminder_brings_the_same_message_down_in_neutral_words(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.goes_to(3, "15:31")
    assert [row.state for row in ana.reminders("day3")] == ["sent", "planned"]
    assert ana.sees().text.startswith("Your check-in is waiting for you.")
    ana.taps("Go on")
    assert "1 of 10" in ana.sees().text


def test_the_last_reminder_says_until_when(ana: Phone) -> None:
    for day, clock in ((3, "09:31"), (3, "15:31"), (4, "09:31")):
        ana.goes_to(day, clock)
    assert "closes on Saturday, 7 March" in ana.sees().text


def test_a_reminder_is_sent_once(ana: Phone) -> None:
    ana.goes_to(3)
    ana.goes_to(3, "15:31")
    assert set(ana.ticks().values()) == {0}


def test_who_has_finished_is_not_reminded(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.answers()
    ana.goes_to(3, "15:31")
    assert [row.state for row in ana.reminders("day3")] == ["cancelled", "cancelled"]


def test_who_is_answering_just_now_is_left_to_go_on(ana: Phone) -> None:
    ana.goes_to(3, "15:25")
    ana.taps("Start")
    ana.taps("No")
    ana.goes_to(3, "15:31")
    assert [row for row in ana.reminders("day3") if row.state == "sent"] == []
    assert ana.checkin().stage == "asking"


def test_a_blocked_patient_is_not_reminded(ana: Phone) -> None:
    ana.goes_to(3)
    chat(ana).state = "blocked"
    ana.goes_to(3, "15:31")
    assert ana.reminders("day3")[0].state == "cancelled"


def test_no_reminder_goes_out_at_night(ana: Phone) -> None:
    ana.goes_to(3)
    ana.reminders("day3")[0].due_at = ana.now + timedelta(hours=12)
    ana.goes_to(3, "22:00")
    assert ana.reminders("day3")[0].state == "planned"


# Closing


def test_silence_ends_as_no_answer_and_a_clinician_phones(ana: Phone) -> None:
    ana.goes_to(3)
    ana.goes_to(5)
    assert reasons(ana)["day3"] == "no_answer"
    assert "missed_early" in ana.findings()
    assert set(ana.ticks().values()) == {0}


def test_a_check_in_left_half_way_ends_as_partly_answered_and_silence_is_not_no(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.taps("No")
    ana.goes_to(5)
    assert reasons(ana)["day3"] == "partly_answered"
    assert "failsafe_redflag_missing" in ana.findings()


def test_a_check_in_closes_and_finishes_once(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.answers()
    row = ana.checkin()
    assert not closing.finish(ana.session, row, ana.now, ana.ward.clinic)
    assert not closing.close(ana.session, row, ana.now, ana.ward.clinic, unanswered="no_answer")
    assert row.end_reason == "answered"


def test_an_extra_check_in_does_not_close_the_scheduled_one(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.commands("changed")
    assert rows(ana)["day3"].state == "open"
    assert ana.checkin().kind == "adhoc"


def test_a_check_in_moved_onto_the_day_of_a_cancelled_one_takes_its_place(ana: Phone) -> None:
    row = rows(ana)["week6"]
    planning._cancel(ana.session, row, ana.now)
    for days in (2, -2):
        ana.enrolment.surgery_date += timedelta(days=days)
        ana.planned()
    planned = select(CheckIn).where(CheckIn.checkin == "week6", CheckIn.state == "planned")
    assert [each.id for each in ana.session.scalars(planned)] == [row.id]


def test_the_last_answer_ends_the_check_in_without_another_tap(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.answers()
    assert (reasons(ana)["day3"], ana.level()) == ("answered", "routine")
    assert rows(ana)["day3"].finished_at == ana.now


def test_two_missed_in_a_row_are_told(ward: Ward) -> None:
    ana = phone(ward, ward.team("Spine"))
    for day in (3, 5, 14, 18):
        ana.goes_to(day)
    assert {"missed_early", "missed_two_in_row"} <= ana.findings()


def test_silence_after_a_flag_is_urgent_and_the_patient_is_asked_to_ring(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.answers(leg_weakness="Not sure")
    ana.taps("Go on")
    ana.answers()
    ana.goes_to(14)
    ana.goes_to(18)
    assert "silent_after_flag" in ana.findings()
    assert "We are worried that we have not heard from you." in ana.told()[-1]


def test_who_missed_it_may_still_answer_and_it_is_marked_late(ana: Phone) -> None:
    ana.goes_to(3)
    ana.goes_to(5, "10:00")
    assert "We have not had all your answers." in ana.sees().text
    ana.taps("Start")
    ana.taps("No")
    row = ana.checkin()
    assert (row.end_reason, row.answered_late) == ("no_answer", True)
    assert ana.standing("saddle_numbness")[0].late
    assert "marked it late" in ana.sees().text
    ana.answers()
    assert ana.checkin().finished_at is not None
    assert reasons(ana)["day3"] == "no_answer"


def test_a_late_red_answer_reaches_a_clinician(ana: Phone) -> None:
    ana.goes_to(3)
    ana.goes_to(6, "10:00")
    ana.taps("Start")
    ana.taps("Yes, it is new or worse")
    assert "ces_saddle_new" in ana.findings()
    assert "Go to A&amp;E now" in ana.told()[-1]


def test_a_closed_check_in_takes_no_more_answers_once_the_next_is_open(ana: Phone) -> None:
    ana.goes_to(3)
    old = ana.sees()
    ana.goes_to(14)
    toast = ana.taps("Start", old)
    assert toast is not None
    assert "closed" in toast.text
    assert "This check-in is closed." in ana.sees("day3").text


# Something has changed


def test_something_has_changed_starts_an_extra_check_in_at_once(ana: Phone) -> None:
    ana.goes_to(5)
    ana.commands("changed")
    assert (ana.checkin().kind, ana.checkin().checkin) == ("adhoc", "adhoc")
    assert "what has changed" in ana.sees().text


def test_the_second_extra_check_in_carries_a_number(ana: Phone) -> None:
    ana.commands("changed")
    ana.taps("Start")
    ana.commands("changed")
    assert ana.checkin().checkin == "adhoc-2"
    assert rows(ana)["adhoc"].end_reason == "superseded"


def test_an_extra_check_in_that_nobody_began_serves_again(ana: Phone) -> None:
    ana.commands("changed")
    ana.ward.passes(minutes=5)
    ana.commands("changed")
    assert set(rows(ana)) == {"day3", "week2", "week6", "month3", "adhoc"}
    assert len(ana.shown(fresh=True)) == 2


def test_a_scheduled_check_in_closes_a_running_extra_one_with_what_it_has(ana: Phone) -> None:
    ana.goes_to(2, "23:30")
    ana.ward.now += timedelta(hours=9)
    ana.commands("changed")
    ana.taps("Start")
    ana.taps("No")
    ana.goes_to(3)
    assert reasons(ana)["adhoc"] == "partly_answered"
    assert ana.checkin().checkin == "day3"


def test_a_relapse_in_the_first_week_is_asked_about_again_after_two_days(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.answers(
        leg_pain="5",
        leg_pain_side="One leg",
        leg_pain_onset="It got better, then came back suddenly",
        leg_pain_type=["Dull ache"],
    )
    again = next(row for row in rows(ana).values() if row.kind == "adhoc")
    assert (again.state, again.due_at) == ("planned", ana.now + timedelta(hours=48))
    assert "ask you again in 2 days" in ana.sees().text
    ana.goes_to(5, "09:40")
    assert ana.checkin().id == again.id
    assert "We said we would ask you again." in ana.sees().text


def test_an_extra_check_in_asked_for_by_a_rule_but_kept_back_too_long_is_asked_by_phone(ana: Phone) -> None:
    planning.add_adhoc(ana.session, ana.enrolment, ana.now + timedelta(hours=1), recheck=True)
    ana.goes_to(2)
    assert "phone_task" in reasons(ana).values()


# After a gap


def test_after_a_gap_the_question_is_asked_again_and_the_gap_is_named(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.taps("No")
    ana.ward.deliver()
    began, ended = ana.now, ana.now + timedelta(minutes=5)
    ana.ward.now = ended
    for _ in range(2):
        checkins.ask_again(ana.session, ana.checkin(), ana.now, ana.ward.clinic, began, ended)
    ana.session.commit()
    assert [text for text in ana.told() if "between 09:31 and 09:36" in text] == ana.told()
    assert ana.checkin().stage == "asking"
    assert len(ana.shown(fresh=True)) == 2


def test_after_a_gap_whoever_had_left_gets_neutral_words(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.ward.deliver()
    ana.ward.passes(hours=3)
    checkins.ask_again(ana.session, ana.checkin(), ana.now, ana.ward.clinic, ana.now, ana.now)
    assert "day 3 check-in" in ana.sees().text


def test_a_gap_changes_nothing_for_who_cannot_be_reached_or_has_finished(ana: Phone) -> None:
    ana.goes_to(3)
    chat(ana).state = "blocked"
    checkins.ask_again(ana.session, ana.checkin(), ana.now, ana.ward.clinic, ana.now, ana.now)
    assert ana.told() == []


# The end


def test_every_ending_is_recorded_once(ana: Phone) -> None:
    row = rows(ana)["day3"]
    assert checkins.end(ana.session, row, "cancelled", "staff:7", ana.now)
    assert not checkins.end(ana.session, row, "withdrawn", "patient", ana.now)
    assert (row.end_reason, row.ended_by) == ("cancelled", "staff:7")


def test_stopping_everything_leaves_nothing_to_be_sent(ana: Phone) -> None:
    ana.goes_to(3)
    assert checkins.stop_all(ana.session, ana.enrolment, "withdrawn", "patient", ana.now) == 4
    assert set(reasons(ana).values()) == {"withdrawn"}
    waiting = select(Outbox).where(Outbox.chat_id == ana.person.chat_id, Outbox.state == "pending", Outbox.fresh)
    assert ana.session.scalars(waiting).all() == []
    assert "We stopped." in ana.sees("day3").text


def test_the_programme_ends_when_nothing_is_left_to_ask(ana: Phone) -> None:
    for day in (3, 5, 14, 18, 42, 49, 90, 97):
        ana.goes_to(day)
    assert ana.enrolment.state == "active"
    ana.goes_to(121, "10:00")
    assert (ana.enrolment.state, ana.enrolment.ended_by) == ("ended", "programme")
    assert "Your planned check-ins are over." in ana.told()[-1]
    assert set(ana.ticks().values()) == {0}


def test_after_the_programme_something_has_changed_still_asks(ana: Phone) -> None:
    for day in (3, 5, 14, 18, 42, 49, 90, 97, 121):
        ana.goes_to(day)
    ana.commands("changed")
    ana.taps("Start")
    ana.taps("Yes, it is new or worse")
    assert "ces_saddle_new" in ana.findings()
    assert any("A&amp;E, or ring 999, if you get" in text for text in ana.told())


def test_the_end_of_the_programme_is_not_told_to_who_cannot_hear_it(ana: Phone) -> None:
    for day in (3, 5, 14, 18, 42, 49, 90, 97):
        ana.goes_to(day)
    chat(ana).state = "blocked"
    told = len(ana.told())
    ana.goes_to(121)
    assert ana.enrolment.state == "ended"
    assert len(ana.told()) == told


def test_a_check_in_that_was_never_sent_shows_nothing(ana: Phone) -> None:
    assert checkins.card(ana.session, rows(ana)["day3"].id, ana.ward.clinic, ana.now) is None
    assert checkins.card(ana.session, 10_000, ana.ward.clinic, ana.now) is None


def test_only_an_open_or_unfinished_check_in_takes_answers(ana: Phone) -> None:
    assert not ending.takes_answers(ana.session, rows(ana)["day3"])
    ana.goes_to(3)
    assert ending.takes_answers(ana.session, rows(ana)["day3"])
    ana.enrolment.state = "withdrawn"
    assert not ending.takes_answers(ana.session, rows(ana)["day3"])


def test_every_planned_check_in_ends_in_exactly_one_reason(ana: Phone) -> None:
    for day in range(1, 122):
        ana.goes_to(day)
    assert all(row.state == "ended" and row.end_reason for row in rows(ana).values())
    assert ana.enrolment.state == "ended"
