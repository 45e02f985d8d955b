"""A scripted patient in order of time."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import timeline, triage
from schedules.case import Case, PastCheckIn
from schedules.pathway import Level
from tests.schedules.cases import PATHWAY
from tests.schedules.scripted import CALM, WELL, checkins, ends, of_kind, play


def test_a_well_patient_answers_everything_and_stays_routine() -> None:
    told = play()
    assert ends(told) == dict.fromkeys(("day3", "week2", "week6", "month3"), ("answered", "routine"))
    assert told.level is Level.ROUTINE
    assert not of_kind(told, "shown")


def test_what_is_sent_is_what_the_timeline_plans() -> None:
    told = play(checkins=dict.fromkeys(WELL["checkins"], "silent"))
    slots = timeline.plan(
        PATHWAY, date(2026, 1, 5), "Europe/London", timeline.to_utc(date(2026, 1, 5), "00:00", "Europe/London")
    )
    assert [event.at for event in of_kind(told, "sent")] == [slot.due_at for slot in slots]
    assert [event.at for event in of_kind(told, "reminded")] == [at for slot in slots for at in slot.reminders]
    assert [event.at for event in of_kind(told, "closed")] == [slot.closes_at for slot in slots]


def test_whoever_answers_is_not_reminded_again() -> None:
    told = play(checkins=checkins(day3={"after_h": 8}))
    assert [event.note for event in of_kind(told, "reminded") if event.checkin == "day3"] == ["1"]


def test_silence_is_judged_when_the_check_in_closes() -> None:
    told = play(checkins=checkins(week2="silent"))
    assert ends(told)["week2"] == ("no_answer", "review")
    assert [found.rule for event in of_kind(told, "judged") for found in event.findings] == ["missed_early"]


def test_a_check_in_left_half_way_closes_as_partly_answered() -> None:
    told = play(checkins=checkins(day3={"answers": {"leg_weakness": None}}))
    assert ends(told)["day3"][0] == "partly_answered"
    assert "the patient stops at leg_weakness" in [event.note for event in of_kind(told, "noted")]


def test_the_level_rises_with_the_answer_that_raises_it() -> None:
    told = play(checkins=checkins(day3={"answers": {"bladder": "cannot_pee"}}))
    answer = next(event for event in of_kind(told, "answered") if event.question == "bladder")
    judged = of_kind(told, "judged")[0]
    assert (judged.at, judged.level) == (answer.at, Level.EMERGENCY)
    assert [(event.at, event.card) for event in of_kind(told, "shown")] == [(answer.at, "card_emergency")]


def test_the_history_grows_from_check_in_to_check_in() -> None:
    told = play(checkins=checkins(week6={"answers": {"leg_pain": 6, "leg_pain_side": "one",
        "leg_pain_onset": "sudden_after_better", "leg_pain_type": ["dull_ache"]}}))  # fmt: skip
    texts = [found.text for event in of_kind(told, "judged") for found in event.findings]
    assert "Leg pain jumped from 1 to 6." in texts


def test_two_missed_in_a_row_are_seen_as_such() -> None:
    told = play(checkins=checkins(week6="silent", month3="silent"))
    rules = {found.rule for event in of_kind(told, "judged") for found in event.findings}
    assert "missed_two_in_row" in rules


def test_an_answer_after_closing_is_taken_and_marked_late() -> None:
    told = play(checkins=checkins(day3={"after_h": 60}))
    assert ends(told)["day3"][0] == "no_answer"
    assert {event.note for event in of_kind(told, "answered") if event.checkin == "day3"} == {"late"}


def test_an_answer_after_the_next_check_in_is_not_taken() -> None:
    told = play(checkins=checkins(day3={"after_h": 300}))
    assert not [event for event in of_kind(told, "answered") if event.checkin == "day3"]
    assert any("too late" in (event.note or "") for event in of_kind(told, "noted"))


EARLY_RELAPSE = {
    "leg_pain": 5,
    "leg_pain_side": "one",
    "leg_pain_onset": "sudden_after_better",
    "leg_pain_type": ["dull_ache"],
}


@pytest.mark.parametrize(("after_h", "when"), [(1, "2026-01-10 10:3"), (14, "2026-01-11 08:00")])
def test_a_rule_books_one_re_check_outside_the_quiet_hours(after_h: int, when: str) -> None:
    told = play(checkins=checkins(day3={"after_h": after_h, "answers": EARLY_RELAPSE}), rechecks=[{}])
    booked = of_kind(told, "booked")
    assert len(booked) == 1
    assert f"re-check on {when}" in (booked[0].note or "")
    assert "early_window_relapse" in (booked[0].note or "")
    assert [event.note for event in of_kind(told, "sent") if event.checkin == "adhoc"] == ["re-check"]
    assert ends(told)["adhoc"] == ("answered", "routine")


def test_a_re_check_nobody_answers_closes_with_its_own_rule() -> None:
    told = play(checkins=checkins(day3={"answers": EARLY_RELAPSE}))
    rules = [found.rule for event in of_kind(told, "judged") for found in event.findings]
    assert "missed_adhoc" in rules


def test_something_changed_serves_the_check_in_that_waits() -> None:
    told = play(
        checkins=checkins(week2="silent"),
        something_changed=[{"day": 14, "at": "12:00", "answers": {"bladder": "leaking"}}],
    )
    assert ends(told)["week2"] == ("answered", "emergency")
    assert "adhoc" not in ends(told)


def test_the_next_check_in_closes_an_extra_one() -> None:
    told = play(something_changed=[{"day": 14, "at": "07:00", "answers": {"bowel": None}}])
    assert ends(told)["adhoc"][0] == "partly_answered"


def test_a_crisis_stops_the_questions_for_the_day() -> None:
    told = play(checkins=checkins(week2={"answers": {"mood": "not_safe"}}))
    asked = [event.question for event in of_kind(told, "answered") if event.checkin == "week2"]
    assert asked[-1] == "mood"
    assert ends(told)["week2"] == ("partly_answered", "emergency")


def test_typed_words_go_through_the_net() -> None:
    told = play(messages=[{"day": 47, "at": "22:10", "text": "I can't pee at all since this morning"}])
    assert (of_kind(told, "typed")[0].level, told.level) == (Level.EMERGENCY, Level.EMERGENCY)
    assert [event.card for event in of_kind(told, "shown")] == ["card_emergency"]
    assert not of_kind(told, "rescreened")


def test_words_without_a_flag_are_asked_back_about() -> None:
    text = {"day": 34, "at": "16:40", "text": "The new chair came today."}
    asked = play(messages=[{**text, "rescreen": ["calf_wound_fever"]}])
    assert [event.note for event in of_kind(asked, "rescreened")] == [
        "the re-screen is asked",
        "answered: calf_wound_fever",
    ]
    assert asked.level is Level.URGENT
    ignored = play(messages=[text])
    assert [found.rule for event in of_kind(ignored, "told") for found in event.findings] == ["rescreen_unanswered"]


def test_a_greeting_is_not_asked_back_about() -> None:
    told = play(messages=[{"day": 20, "at": "11:05", "text": "Thank you"}])
    assert not of_kind(told, "rescreened")


def test_an_emergency_word_is_told_at_once() -> None:
    told = play(messages=[{"day": 20, "at": "11:05", "text": "EMERGENCY"}])
    assert [found.rule for event in of_kind(told, "told") for found in event.findings] == ["emergency_word"]


def test_a_patient_who_joins_late_gets_what_the_late_policy_leaves() -> None:
    told = play(joined="2026-01-21")
    assert ends(told)["day3"] == ("phone_task", None)
    assert [found.rule for event in of_kind(told, "told") for found in event.findings] == ["phone_task"]
    assert of_kind(told, "sent")[0].note == "late"


def test_answers_nobody_asked_for_are_named() -> None:
    told = play(checkins=checkins(day3={"answers": {"fever_temp": 38.5}}))
    assert "never asked: fever_temp" in [event.note for event in of_kind(told, "noted")]


@pytest.mark.parametrize("checkin", ["week2", "week6"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_end_of_a_check_in_is_judged_as_triage_judges_the_recorded_case(checkin: str, data: st.DataObject) -> None:
    """The same answers, handed to triage as one completed case with its history, come to the same level."""
    names = ("saddle_numbness", "bladder", "bowel", "leg_weakness", "activity", "mood")
    changed = {
        name: data.draw(st.sampled_from([option.id for option in PATHWAY.question(name).options])) for name in names
    }
    if changed["mood"] == "not_safe":
        changed["mood"] = "ok"
    told = play(checkins=checkins(**{checkin: {"answers": changed}}))
    earlier = ["day3", "week2"][: ["day3", "week2", "week6"].index(checkin)]
    calm = {**CALM, "sexual_function": None}

    def recorded(name: str, answers: dict[str, object]) -> dict[str, object]:
        asked = {question.id for question in PATHWAY.questions_for(name)}
        return {question: value for question, value in answers.items() if question in asked}

    surgery = date(2026, 1, 5)
    days = {"day3": 3, "week2": 14, "week6": 42}
    history = [PastCheckIn(checkin="baseline", answered_on=None, status="completed", answers=WELL["baseline"])]
    history += [
        PastCheckIn(
            checkin=name,
            answered_on=date.fromordinal(surgery.toordinal() + days[name]),
            status="completed",
            answers=recorded(name, calm),
        )
        for name in earlier
    ]
    case = Case(
        id="recorded",
        procedure="microdiscectomy",
        surgery_date=surgery,
        checkin=checkin,
        answered_on=date.fromordinal(surgery.toordinal() + days[checkin]),
        status="completed",
        answers=recorded(checkin, {**calm, **changed}),
        history=tuple(history),
    )
    level = ends(told)[checkin][1]
    assert level is not None
    assert Level(level) == triage.evaluate(PATHWAY, case).level
