"""Answers: kept as given, judged at once, never lost and never softened by a later one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.care import answers, cases, checkins, course
from bot.db.models import Answer, Outbox
from schedules.pathway import Question
from tests.bot.phone import Phone, pathway_of, phone
from tests.bot.ward import Ward

CALM_BUT_KNOWN_WEAK = {"leg_pain": "2", "back_pain": "2", "general_symptoms": "none", "leg_weakness": "2"}
EMERGENCY = "Go to A&amp;E now, or ring 999."


@pytest.fixture
def ana(ward: Ward) -> Phone:
    one = phone(ward, ward.team("Spine"))
    one.goes_to(3)
    one.taps("Start")
    return one


def index(one: Phone, question: str) -> int:
    return [each.id for each in pathway_of(one).questions].index(question)


def asks(one: Phone) -> str | None:
    return one.checkin().question


# Taking an answer


def test_an_answer_is_kept_and_the_next_question_is_asked(ana: Phone) -> None:
    ana.taps("No")
    assert [(row.value, row.readable, row.author, row.late) for row in ana.standing("saddle_numbness")] == [
        ("absent", True, "patient", False)
    ]
    assert "2 of 10" in ana.sees().text


def test_every_answer_is_judged_in_its_own_transaction(ana: Phone) -> None:
    ana.taps("No")
    ana.taps("Normal for me")
    assert [row.level for row in ana.assessments()] == ["routine", "routine"]
    assert ana.assessments()[0].pathway_version_id == ana.checkin().pathway_version_id


def test_a_double_tap_is_one_answer_and_says_nothing(ana: Phone) -> None:
    card = ana.sees()
    ana.taps("No", card)
    toast = ana.taps("No", card)
    assert toast is not None
    assert toast.text == ""
    assert len(ana.standing("saddle_numbness")) == 1
    assert asks(ana) == "bladder"


def test_an_old_copy_of_a_question_already_answered_is_refused_politely(ana: Phone) -> None:
    card = ana.sees()
    ana.taps("Not sure", card)
    toast = ana.taps("No", card)
    assert toast is not None
    assert "old" in toast.text
    assert [answer.value for answer in ana.standing("saddle_numbness")] == ["not_sure"]


def test_a_worse_answer_on_an_old_copy_counts_and_stands_beside_the_first(ana: Phone) -> None:
    card = ana.sees()
    ana.taps("No", card)
    ana.taps("Not sure", card)
    assert [answer.value for answer in ana.standing("saddle_numbness")][-1] == "not_sure"


def test_an_old_copy_of_the_question_on_the_screen_still_counts(ana: Phone) -> None:
    old = ana.sees()
    ana.goes_to(3, "15:31")
    ana.taps("No", old)
    assert ana.standing("saddle_numbness")[0].value == "absent"


def test_a_button_of_day_3_changes_nothing_in_week_2(ana: Phone) -> None:
    old = ana.sees()
    ana.goes_to(14)
    toast = ana.taps("No", old)
    assert toast is not None
    assert "closed" in toast.text
    assert ana.findings() <= {"failsafe_redflag_missing", "missed_early"}
    assert ana.standing("saddle_numbness") == []


def test_a_red_flag_on_a_button_of_day_3_is_heard_in_week_2(ana: Phone) -> None:
    """A tap reaches the bot within minutes, so it speaks of now, whatever message it was made on."""
    old = ana.sees()
    ana.goes_to(14)
    ana.taps("Yes, it is new or worse", old)
    assert "ces_saddle_new" in ana.findings()
    assert [answer.value for answer in ana.standing("saddle_numbness")] == ["new_or_worse"]


def test_typing_an_answer_is_as_good_as_tapping_it(ana: Phone) -> None:
    ana.types("no")
    ana.types("1")
    assert (ana.standing("saddle_numbness")[0].value, ana.standing("bladder")[0].value) == ("absent", "normal")
    assert ana.standing("bladder")[0].raw == "1"
    assert ana.messages() == []


def test_an_answer_typed_as_it_was_tapped_is_the_same_answer(ana: Phone) -> None:
    ana.taps("No")
    ana.taps("Back")
    ana.types("no")
    assert len(ana.standing("saddle_numbness")) == 1


# Many ticks, scores, numbers, words


def test_ticks_are_kept_and_none_of_these_stands_alone(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem"):
        ana.taps(word)
    ana.taps("A fall or a bad jolt")
    assert ana.button("A fall or a bad jolt").label.startswith("☑")
    assert "Ticked: A fall or a bad jolt" in ana.sees().text
    ana.taps("None of these")
    assert ana.checkin().picks == ["none"]
    ana.taps("A fall or a bad jolt")
    assert ana.checkin().picks == ["fall"]
    ana.taps("A fall or a bad jolt")
    assert ana.checkin().picks == []


def test_done_without_a_tick_asks_for_one(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem"):
        ana.taps(word)
    toast = ana.taps("Done")
    assert toast is not None
    assert (toast.alert, asks(ana)) == (True, "general_symptoms")


def test_a_double_tap_on_a_tick_ticks_once(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem"):
        ana.taps(word)
    card = ana.sees()
    ana.taps("A fall or a bad jolt", card)
    ana.taps("A fall or a bad jolt", card)
    assert ana.checkin().picks == ["fall"]


def test_a_symptom_opens_its_own_question_and_the_total_grows(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem", "Fever, or feeling hot and shivery"):
        ana.taps(word)
    ana.taps("Done")
    assert "6 of 12" in ana.sees().text
    ana.taps("No")
    ana.types("38,4")
    assert ana.standing("fever_temp")[0].value == 38.4
    assert "fever_38" in ana.findings()


def test_no_thermometer_is_an_answer(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem", "Fever, or feeling hot and shivery"):
        ana.taps(word)
    ana.taps("Done")
    ana.taps("No")
    ana.taps("No thermometer")
    assert ana.standing("fever_temp")[0].value == "none"
    assert "fever_unmeasured" in ana.findings()


def test_a_score_is_tapped_in_two_rows(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem", "None of these", "Done"):
        ana.taps(word)
    assert [len(row) for row in ana.sees().rows[:2]] == [6, 5]
    assert "10 is the worst you can think of." in ana.sees().text
    ana.taps("10")
    assert ana.standing("leg_pain")[0].value == 10


def test_own_words_are_kept_encrypted_screened_and_asked_back_about(ana: Phone) -> None:
    while asks(ana) != "anything_else":
        ana.types(CALM_BUT_KNOWN_WEAK.get(asks(ana) or "", "1"))
    ana.taps("I want to write something")
    assert "This chat is not watched all the time." in ana.sees().text
    ana.types("I wonder about stairs")
    kept = ana.standing("free_text")[0]
    assert (kept.value, kept.raw) == (None, "I wonder about stairs")
    assert [row.body for row in ana.messages()] == ["I wonder about stairs"]
    assert "Is any of this happening now?" in ana.rescreen().text
    assert ana.checkin().stage == "summary"
    assert "I wonder about stairs" in ana.sees().text


def test_an_optional_question_may_be_skipped_and_is_not_asked_again(ward: Ward) -> None:
    ben = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=41))
    ben.goes_to(42)
    ben.taps("Start")
    while asks(ben) != "sexual_function":
        row = ben.checkin()
        question = pathway_of(ben).question(row.question)
        ben.types("none" if question.type == "multi" else "1")
    ben.types("skip")
    assert asks(ben) == "anything_else"
    ben.taps("Back")
    assert asks(ben) == "sexual_function"
    ben.taps("Skip this question")
    assert asks(ben) == "anything_else"
    assert [row.value for row in ben.standing("sexual_function")] == [None]


# Red answers


def test_a_red_answer_shows_the_card_at_once_and_only_offers_the_rest(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    assert EMERGENCY in ana.told()[-1]
    case = ana.escalation()
    assert case is not None
    assert (case.level, ana.level()) == ("emergency", "emergency")
    assert "When you can, please go on" in ana.sees().text
    ana.taps("Go on")
    assert asks(ana) == "bladder"


def test_the_action_card_goes_first_and_is_repeated_when_in_doubt(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    row = ana.session.scalars(select(Outbox).where(Outbox.purpose == "card")).one()
    assert (row.lane, row.on_uncertain) == (0, "resend")


def test_the_same_card_is_said_once_in_a_check_in(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    ana.taps("Go on")
    ana.taps("I leak or wet myself - new")
    assert len(ana.told()) == 1
    assert asks(ana) == "bowel"
    assert ana.checkin().stage == "asking"


def test_an_urgent_answer_shows_its_own_card_and_keeps_the_emergency_lane_free(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem", "A swollen, hot or sore calf", "Done"):
        ana.taps(word)
    assert "Do not rub the leg." in ana.told()[-1]
    assert ana.session.scalars(select(Outbox.lane).where(Outbox.purpose == "card")).all() == [2]


def test_late_in_the_day_an_urgent_patient_is_told_to_ring_out_of_hours(ana: Phone) -> None:
    ana.ward.now = ana.now.replace(hour=17)
    ana.taps("Not sure")
    assert "Ring 111 now. Do not wait for us." in ana.told()[-1]


def test_before_the_team_is_there_an_urgent_patient_rings_out_of_hours_too(ana: Phone) -> None:
    ana.ward.now = ana.now.replace(hour=6) + timedelta(days=1)
    ana.taps("Not sure")
    assert "Ring 111 now." in ana.told()[-1]


def test_a_review_answer_is_not_said_in_the_middle_but_at_the_end(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem", "A fall or a bad jolt", "Done"):
        ana.taps(word)
    assert ana.told() == []
    assert "fall_any" in ana.findings()
    ana.answers()
    assert "contact you within 1 day" in ana.sees().text


def test_a_better_answer_later_lowers_nothing(ana: Phone) -> None:
    ana.taps("Yes, it is new or worse")
    ana.taps("Go on")
    ana.taps("Back")
    ana.taps("No")
    given = ana.standing("saddle_numbness")
    assert [row.value for row in given] == ["new_or_worse", "absent"]
    assert given[1].corrects_id == given[0].id
    case = ana.escalation()
    assert case is not None
    assert (case.state, case.level, ana.level()) == ("open", "emergency", "emergency")
    ana.answers()
    assert EMERGENCY in ana.sees().text


def test_a_red_answer_at_the_very_end_still_reaches_the_summary(ward: Ward) -> None:
    ana = phone(ward, ward.team("Spine"))
    ana.goes_to(3)
    ana.taps("Start")
    while asks(ana) != "activity":
        ana.types(CALM_BUT_KNOWN_WEAK.get(asks(ana) or "", "1"))
    ana.taps("I can't walk across the room")
    assert ana.checkin().stage == "action"
    ana.taps("Go on")
    ana.taps("Please call me")
    assert {"cannot_walk", "wants_contact"} <= ana.findings()


# A crisis


def crisis(ward: Ward) -> Phone:
    ben = phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=13))
    ben.goes_to(14)
    ben.taps("Start")
    while asks(ben) != "mood":
        ben.types({"leg_pain": "2", "back_pain": "2", "general_symptoms": "none"}.get(asks(ben) or "", "1"))
    ben.taps("I do not feel safe, or I think of harming myself")
    return ben


def test_whoever_is_not_safe_gets_the_crisis_card_and_is_asked_nothing_more_that_day(ward: Ward) -> None:
    ben = crisis(ward)
    assert "You matter." in ben.told()[-1]
    assert "Go to A&amp;E now" not in " ".join(ben.told())
    assert "We will not ask you more questions today." in ben.sees().text
    assert ben.sees().rows == ()
    toast = ben.does("p_go", ben.checkin().id)
    assert toast is not None
    assert "not ask" in toast.text
    ben.goes_to(14, "18:00")
    assert "We will not ask you more questions today." in ben.sees().text


def test_the_day_after_a_crisis_the_patient_may_go_on(ward: Ward) -> None:
    ben = crisis(ward)
    ben.goes_to(15, "10:00")
    assert "Go on" in ben.sees().rows[0][0].label
    ben.taps("Go on")
    ben.taps("No, that is all")
    assert ben.checkin().stage == "summary"


def test_something_has_changed_in_a_crisis_shows_the_crisis_card_again(ward: Ward) -> None:
    ben = crisis(ward)
    ben.commands("changed")
    assert "You matter." in ben.told()[-1]
    assert ben.checkin().checkin == "week2"


# What nobody can read


def test_an_unreadable_answer_is_kept_and_asked_again_with_a_hint(ana: Phone) -> None:
    ana.types("kinda")
    kept = ana.standing("saddle_numbness")[0]
    assert (kept.readable, kept.value, kept.raw) == (False, None, "kinda")
    assert "We could not read that." in ana.sees().text
    assert ana.checkin().unreadable_since == ana.now
    assert ana.findings() == set()


def test_an_unreadable_red_flag_without_a_tap_reaches_a_clinician_after_ten_minutes(ana: Phone) -> None:
    ana.types("kinda")
    ana.ward.passes(minutes=9)
    ana.ticks()
    assert ana.findings() == set()
    ana.ward.passes(minutes=2)
    assert ana.ticks()["unreadable_due"] == 1
    assert "failsafe_unreadable_redflag" in ana.findings()
    assert ana.ticks()["unreadable_due"] == 0


def test_a_tap_in_time_mends_an_unreadable_answer(ana: Phone) -> None:
    ana.types("kinda")
    ana.taps("No")
    ana.ward.passes(minutes=20)
    ana.ticks()
    assert "failsafe_unreadable_redflag" not in ana.findings()
    assert ana.checkin().unreadable_since is None


def test_an_unreadable_answer_at_closing_is_told_and_never_counted_as_no(ana: Phone) -> None:
    ana.types("kinda")
    ana.ward.now = ana.checkin().closes_at
    ana.ticks()
    assert "failsafe_unreadable_redflag" in ana.findings()


def test_words_of_an_unreadable_answer_never_leave_with_a_finding(ana: Phone) -> None:
    ana.types("ask Benjamin Kin about it")
    ana.ward.passes(minutes=11)
    ana.ticks()
    assert all("Benjamin" not in str(row.findings) for row in ana.assessments())


def test_an_unreadable_score_is_asked_again_without_an_alarm(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem", "None of these", "Done"):
        ana.taps(word)
    ana.types("rather a lot")
    assert "whole number from 0 to 10" in ana.sees().text
    assert ana.checkin().unreadable_since is None


# Back, pause, summary


def test_back_shows_the_question_before_with_the_answer_that_stands(ana: Phone) -> None:
    assert "Back" not in [one.label for row in ana.sees().rows for one in row]
    ana.taps("No")
    ana.taps("Back")
    assert "Your answer now: No" in ana.sees().text
    ana.taps("Keep this answer")
    assert asks(ana) == "bladder"


def test_going_back_to_a_list_keeps_its_ticks(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem", "A fall or a bad jolt", "Done"):
        ana.taps(word)
    ana.taps("Back")
    assert ana.checkin().picks == ["fall"]


def test_pause_says_how_to_go_on(ana: Phone) -> None:
    ana.taps("Pause")
    assert "Tap &#x27;Go on&#x27;" in ana.sees().text or "Tap 'Go on'" in ana.sees().text
    ana.taps("Go on")
    assert asks(ana) == "saddle_numbness"


def test_the_end_lists_the_answers_and_lets_one_be_changed(ana: Phone) -> None:
    ana.answers()
    text = ana.sees().text
    assert text.index("We have your answers for today") < text.index("These are your answers.")
    ana.taps("Change an answer")
    ana.taps("How is peeing?")
    ana.taps("Not sure")
    assert ana.checkin().stage == "summary"
    assert ana.level() == "urgent"
    assert [row.value for row in ana.standing("bladder")] == ["normal", "not_sure"]


def test_from_the_list_of_answers_one_can_go_back_to_the_summary(ana: Phone) -> None:
    ana.answers()
    ana.taps("Change an answer")
    ana.taps("Back")
    assert "These are your answers." in ana.sees().text


def test_a_change_that_opens_a_question_asks_it_before_the_end(ana: Phone) -> None:
    ana.answers()
    ana.taps("Change an answer")
    ana.taps("Since your operation")
    ana.taps("Something not right with my wound")
    ana.taps("Done")
    assert asks(ana) == "wound_signs"
    ana.taps("A bit pink, sore or bruised")
    ana.taps("Done")
    assert "These are your answers." in ana.sees().text


def test_a_second_tap_on_the_last_answer_ends_once_and_says_nothing(ana: Phone) -> None:
    ana.answers(until="anything_else")
    card = ana.sees()
    ana.taps("No, that is all", card)
    judged = len(ana.assessments())
    toast = ana.taps("No, that is all", card)
    assert toast is not None
    assert toast.text == ""
    assert len(ana.assessments()) == judged
    assert ana.checkin().ended_by == "patient"


def test_a_well_patient_is_thanked_and_never_told_that_all_is_fine(ana: Phone) -> None:
    ana.answers()
    assert "Thank you. We have your answers for today." in ana.sees().text
    assert "fine" not in ana.sees().text
    assert ana.escalation() is None


# The case behind it


def test_a_case_holds_the_baseline_and_what_came_before_in_order(ana: Phone) -> None:
    ana.answers()
    ana.goes_to(14)
    case = answers.case(ana.session, ana.checkin(), ana.now, "open")
    assert [(past.checkin, past.status) for past in case.history] == [("baseline", "completed"), ("day3", "completed")]
    assert case.history[1].answers["leg_pain"] == 2
    assert case.answered_on == ana.now.date()


def test_a_paused_check_in_says_nothing_in_a_history_and_a_silent_one_does(ward: Ward) -> None:
    ana = phone(ward, ward.team("Spine"))
    ana.goes_to(3)
    ana.goes_to(5)
    ana.enrolment.state, ana.enrolment.paused_until = "paused", ana.now + timedelta(days=20)
    ana.goes_to(14)
    ana.goes_to(42)
    past = cases.history(ana.session, ana.enrolment, before=ana.checkin())
    assert [(each.checkin, each.status) for each in past] == [("baseline", "completed"), ("day3", "missed")]


def test_an_answer_by_phone_names_who_typed_it(ana: Phone) -> None:
    okoro = ana.ward.staff("Nurse Okoro", ana.ward.team("Other"))
    by = answers.Author(kind="staff", staff_id=okoro.id)
    answers.record(ana.session, ana.checkin(), "saddle_numbness", "absent", ana.now, ana.ward.clinic, author=by)
    assert ana.standing("saddle_numbness")[0].staff_id == okoro.id


@pytest.mark.parametrize(("name", "option"), [("leg_pain", 11), ("bladder", 40), ("bladder", -1), ("free_text", 0)])
def test_a_button_that_does_not_exist_means_nothing(ana: Phone, name: str, option: int) -> None:
    question: Question = pathway_of(ana).question(name)
    assert answers.choose(question, option) is None


def test_the_place_of_a_question_that_no_longer_applies_is_the_end(ana: Phone) -> None:
    assert course.place(ana.session, ana.checkin(), "wound_signs", ana.now) == (10, 10)
    before = course.previous_question(ana.session, ana.checkin(), "wound_signs", ana.now)
    assert before is not None
    assert before.id == "anything_else"
    assert course.previous_question(ana.session, ana.checkin(), "saddle_numbness", ana.now) is None


def test_nobody_reaches_the_check_in_of_somebody_else(ana: Phone, ward: Ward) -> None:
    ben = phone(ward, ward.team("Other"), "BE18")
    row = ana.checkin()
    before = len(ana.session.scalars(select(Answer)).all())
    for name, args in {
        "p_go": (row.id,),
        "p_ans": (row.id, 0, 3),
        "p_tick": (row.id, 4, 1, 1),
        "p_done": (row.id, 4),
        "p_skip": (row.id, 0),
        "p_keep": (row.id, 0),
        "p_back": (row.id, 0),
        "p_pause": (row.id,),
        "p_sum": (row.id,),
        "p_change": (row.id,),
        "p_again": (row.id, 0),
    }.items():
        toast = ben.does(name, *args)
        assert toast is not None, name
    assert len(ana.session.scalars(select(Answer)).all()) == before
    assert (row.stage, row.question) == ("asking", "saddle_numbness")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("p_go", ()),
        ("p_ans", (0, 0)),
        ("p_ans", (0, 99, 0)),
        ("p_ans", (0, 0, 99)),
        ("p_tick", (0, 0, 0, 1)),
        ("p_done", (0, 0)),
        ("p_skip", (0, 0)),
        ("p_change", (0,)),
        ("p_again", (0, 0)),
        ("p_again", (0, 99)),
    ],
)
def test_a_button_that_does_not_fit_is_refused_and_changes_nothing(
    ana: Phone, name: str, args: tuple[int, ...]
) -> None:
    args = (ana.checkin().id, *args[1:]) if len(args) > 1 or name == "p_change" else args
    toast = ana.does(name, *args)
    assert toast is not None
    assert "old" in toast.text
    assert asks(ana) == "saddle_numbness"
    assert ana.checkin().stage == "asking"


def test_a_tick_outside_the_list_is_refused(ana: Phone) -> None:
    for word in ("No", "Normal for me", "Normal for me", "Strong, no problem"):
        ana.taps(word)
    toast = ana.does("p_tick", ana.checkin().id, index(ana, "general_symptoms"), 99, 1)
    assert toast is not None
    assert "old" in toast.text


def test_the_message_in_spanish_is_spanish_throughout(ward: Ward) -> None:
    luz = phone(ward, ward.team("Spine"), language="es")
    luz.goes_to(3)
    luz.taps("Empezar")
    for word in ("No", "Normal para mí", "Normal para mí", "Bien, sin problema"):
        luz.taps(word)
    text = luz.sees().text
    assert "5 de 10" in text
    assert "Tap" not in text
    assert checkins.card(luz.session, luz.checkin().id, ward.clinic, luz.now) is not None
