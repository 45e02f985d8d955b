"""Triage: both sides of every threshold, silence, history, and what a finding says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from schedules import triage
from schedules.case import Case
from schedules.triage import Level
from tests.schedules.cases import DAYS, PATHWAY, PROCEDURES, SURGERY, before, case, fired, level, past, well

Make = Callable[[float], Case]


def scored(question: str, **given: object) -> Make:
    return lambda number: case(**{**given, question: number})


def on_day(**given: object) -> Make:
    return lambda number: case("adhoc", day=int(number), **given)


def rising(question: str, now: int, **given: object) -> Make:
    """The earlier score falls as the number rises, so that the number is the change."""
    return lambda number: case(history=(before(), past("day3", **{question: now - number})), **{question: now}, **given)


FEVER = {"general_symptoms": ["fever"], "fever_unwell": "absent"}
NUMB = {"general_symptoms": ["leg_numb_new"]}
SUDDEN = {"leg_pain_onset": "sudden_new"}
SLEEPY = {"med_side_effects": ["dizzy_sleepy"]}
STRONG = {"pain_meds": "strong", "med_side_effects": ["none"]}

# The rule, the last number that must not fire it, the first that must, and a case with that number.
THRESHOLDS: list[tuple[str, float, float, Make]] = [
    ("haematoma_pattern", 7, 8, scored("leg_pain", **SUDDEN, pain_relief="no_help")),
    ("haematoma_pattern", 15, 14, on_day(leg_pain=8, **SUDDEN, pain_relief="no_help")),
    ("severe_pain_with_weakness", 6, 7, scored("leg_pain", leg_weakness="weaker")),
    ("severe_pain_with_weakness", 7, 8, scored("back_pain", leg_weakness="weaker")),
    ("severe_leg_pain", 7, 8, scored("leg_pain")),
    ("severe_sudden_leg_pain", 6, 7, scored("leg_pain", **SUDDEN)),
    ("severe_unrelieved_pain", 6, 7, scored("leg_pain", pain_relief="no_help")),
    ("severe_unrelieved_pain", 6, 7, scored("back_pain", pain_relief="no_help")),
    ("severe_back_pain_late", 7, 8, scored("back_pain")),
    ("severe_back_pain_late", 7, 8, on_day(back_pain=8)),
    ("leg_pain_jump", 3, 4, rising("leg_pain", 5)),
    ("leg_pain_jump", 1, 2, rising("leg_pain", 7)),
    ("leg_pain_jump", 4, 5, lambda now: case(leg_pain=now, history=(past("day3", leg_pain=0),))),
    ("back_pain_jump", 1, 2, rising("back_pain", 7)),
    ("back_pain_jump", 6, 7, lambda now: case(back_pain=now, history=(past("day3", back_pain=3),))),
    ("worse_pain_with_numbness", 1, 2, rising("leg_pain", 3, **NUMB)),
    ("worse_pain_with_numbness", 6, 7, scored("leg_pain", **NUMB)),
    ("worse_pain_with_numbness", 3, 4, scored("leg_pain", **NUMB, leg_pain_onset="slow_rise")),
    ("fever_38", 37.9, 38.0, scored("fever_temp", **FEVER)),
    ("fever_38", 100.3, 100.4, scored("fever_temp", **FEVER)),
    ("deep_infection_pattern", 6, 7, on_day(back_pain=6, general_symptoms=["wound"], wound_signs=["mild"])),
    ("deep_infection_pattern", 5, 6, scored("back_pain", general_symptoms=["wound"], wound_signs=["mild"])),
    ("deep_infection_pattern", 1, 2, rising("back_pain", 3, **FEVER, fever_temp=37.1)),
    ("relapse_after_improvement", 3, 4, scored("leg_pain", leg_pain_onset="sudden_after_better")),
    ("early_window_relapse", 1, 2, on_day(leg_pain=4, leg_pain_onset="sudden_after_better")),
    ("early_window_relapse", 8, 7, on_day(leg_pain=4, leg_pain_onset="sudden_after_better")),
    ("sudden_new_leg_pain", 3, 4, scored("leg_pain", **SUDDEN)),
    ("gradual_return", 3, 4, scored("leg_pain", leg_pain_onset="slow_rise")),
    ("sharp_severe_pain", 6, 7, scored("leg_pain", leg_pain_type=["sharp_shooting"])),
    ("pain_control_early", 7, 8, lambda now: case("day3", leg_pain=now)),
    ("pain_control_early", 7, 8, lambda now: case("day3", back_pain=now)),
    ("pain_control_early", 8, 7, on_day(back_pain=8)),
    ("leg_pain_high_week2", 5, 6, scored("leg_pain")),
    ("leg_pain_high_week2", 9, 10, on_day(leg_pain=6)),
    ("back_pain_high_week2", 6, 7, scored("back_pain")),
    ("back_pain_high_week2", 9, 10, on_day(back_pain=7)),
    ("leg_pain_worse_mcid", 1, 2, rising("leg_pain", 3)),
    ("leg_pain_worse_mcid", 2, 3, lambda now: case(leg_pain=now, history=(past("day3", leg_pain=0),))),
    ("leg_pain_worse_than_baseline", 1, 2, lambda up: case(leg_pain=5, history=(before(leg_pain=5 - up),))),
    ("leg_pain_worse_than_baseline", 3, 4, lambda now: case(leg_pain=now, history=(before(leg_pain=1),))),
    ("back_pain_worse_mcid", 1, 2, rising("back_pain", 5)),
    ("back_pain_worse_mcid", 4, 5, lambda now: case(back_pain=now, history=(past("day3", back_pain=1),))),
    ("no_improvement_week6", 41, 42, on_day(leg_pain=6)),
    ("no_improvement_week6", 3, 4, lambda was: case("week6", leg_pain=3, history=(before(leg_pain=was),))),
    ("no_improvement_week6", 5, 6, lambda now: case("week6", leg_pain=now)),
    ("no_improvement_week6", 2, 3, lambda now: case("week6", leg_pain=now, history=(before(leg_pain=4),))),
    ("leg_pain_beyond_6_weeks", 4, 5, lambda now: case("week6", leg_pain=now)),
    ("leg_pain_beyond_6_weeks", 41, 42, on_day(leg_pain=5)),
    ("leg_pain_month3", 3, 4, lambda now: case("month3", leg_pain=now)),
    ("leg_pain_month3", 83, 84, on_day(leg_pain=4)),
    ("back_pain_month3", 4, 5, lambda now: case("month3", back_pain=now)),
    ("back_pain_month3", 83, 84, on_day(back_pain=5)),
    ("late_new_leg_pain", 182, 183, on_day(leg_pain=4)),
    ("late_new_leg_pain", 3, 4, lambda now: case("adhoc", day=183, leg_pain=now)),
    ("implant_sudden_pain", 3, 4, scored("leg_pain", procedure="fusion", **SUDDEN)),
    ("implant_sudden_pain", 1, 2, rising("back_pain", 5, procedure="interspinous_device")),
    ("fusion_adjacent_segment", 83, 84, on_day(leg_pain=4, leg_pain_onset="slow_rise", procedure="fusion")),
    ("opioid_beyond_6_weeks", 41, 42, on_day(**STRONG)),
    ("analgesics_beyond_6_weeks", 41, 42, on_day(**STRONG, med_frequency="most_days")),
    ("analgesics_beyond_6_weeks", 83, 84, on_day(**STRONG, med_frequency="most_days", procedure="fusion")),
    ("nerve_meds_month3", 83, 84, on_day(pain_meds="nerve", med_side_effects=["none"])),
    ("wound_slow", 20, 21, on_day(general_symptoms=["wound"], wound_signs=["mild"])),
    ("low_activity", 9, 10, on_day(activity="hardly")),
    ("opioid_plus_nerve_sleepy", 0, 1, lambda n: case(**SLEEPY, pain_meds=("strong", "strong_and_nerve")[int(n)])),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "short", "enough", "make"), THRESHOLDS)
def test_a_rule_fires_at_its_threshold_and_not_before(rule: str, short: float, enough: float, make: Make) -> None:
    assert rule not in fired(make(short))
    assert rule in fired(make(enough))


@pytest.mark.parametrize("procedure", PROCEDURES)
@pytest.mark.parametrize("checkin", DAYS)
def test_a_well_patient_is_routine(checkin: str, procedure: str) -> None:
    assessment = triage.evaluate(PATHWAY, case(checkin, procedure=procedure))
    assert (assessment.level, assessment.findings, assessment.unanswered) == (Level.ROUTINE, (), ())


def test_one_red_answer_while_still_answering_is_an_emergency_without_blame_for_silence() -> None:
    everything = tuple(case("day3").answers)
    first = case("day3", status="open", without=everything[1:], saddle_numbness="new_or_worse")
    assert {"ces_saddle_new"} <= fired(first)
    assert "failsafe_redflag_missing" not in fired(first)
    assert level(case("day3", status="open", without=everything)) is Level.ROUTINE


def test_the_same_silence_counts_once_the_check_in_closes() -> None:
    assert "failsafe_redflag_missing" in fired(case("day3", status="partial", without=("bowel",)))


def test_details_not_yet_given_do_not_count_while_open() -> None:
    assert "failsafe_detail_missing" not in fired(case(status="open", general_symptoms=["wound"]))
    assert "failsafe_detail_missing" in fired(case(status="partial", general_symptoms=["wound"]))


def test_who_answered_did_not_miss_the_check_in() -> None:
    said = case("week6", status="missed", saddle_numbness="absent")
    assert {"failsafe_redflag_missing"} <= fired(said)


@pytest.mark.parametrize("garbled", ["kinda", 11, "🙂", [], {}, True, "", -1, 3.5, ["bogus"]])
@pytest.mark.parametrize("question", ["saddle_numbness", "bladder", "bowel", "leg_weakness", "general_symptoms"])
def test_a_garbled_red_flag_answer_is_urgent(question: str, garbled: object) -> None:
    assessment = triage.evaluate(PATHWAY, case(**{question: garbled}))
    assert assessment.level >= Level.URGENT
    assert assessment.unreadable == (question,)


def test_what_can_be_read_in_a_garbled_list_still_counts() -> None:
    assert {"chest_pain_or_breathless", "failsafe_unreadable_redflag"} <= fired(
        case(general_symptoms=["breathless", "x"])
    )
    assert "ces_saddle_new" in fired(case(saddle_numbness=["new_or_worse"]))


def test_none_of_these_beside_a_symptom_does_not_hide_it() -> None:
    assert "dvt_suspected" in fired(case(general_symptoms=["none", "calf"]))


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(triage.UnknownQuestionError, match="no question left_knee"):
        triage.evaluate(PATHWAY, case(left_knee="sore"))


def test_an_answer_to_a_question_of_another_version_in_history_is_passed_over() -> None:
    older = past("day3", left_knee="sore", leg_pain=0, bladder="leaking")
    silent = case("week2", status="missed", history=(older,))
    assert {"silent_after_flag"} <= fired(silent)


def test_the_level_of_an_earlier_check_in_is_worked_out_when_it_is_missing() -> None:
    assert "silent_after_flag" in fired(case("week6", status="missed", history=(past("week2", bladder="leaking"),)))
    assert "silent_after_flag" not in fired(case("week6", status="missed", history=(past("week2", **well("week2")),)))


def test_silence_after_a_flag_looks_at_the_last_check_in_that_was_answered() -> None:
    flagged = past("day3", level=Level.URGENT)
    missed = past("week2", status="missed")
    assert "silent_after_flag" in fired(case("week6", status="missed", history=(flagged, missed)))
    assert "silent_after_flag" not in fired(case("week6", status="missed", history=(missed,)))


def test_two_scheduled_check_ins_missed_in_a_row_count_though_an_extra_one_was_answered_between() -> None:
    missed, extra = past("week6", status="missed"), past("adhoc", level=Level.ROUTINE)
    assert "missed_two_in_row" in fired(case("month3", status="missed", history=(missed, extra)))
    answered = past("week6", level=Level.ROUTINE)
    assert "missed_two_in_row" not in fired(case("month3", status="missed", history=(answered,)))


def test_history_after_the_check_in_and_numbers_nobody_can_read_are_passed_over() -> None:
    later = past("week6", leg_pain=0)
    garbled = past("day3", leg_pain="??")
    assert "leg_pain_worse_mcid" not in fired(case(leg_pain=3, history=(later, garbled)))


def test_the_order_of_history_does_not_matter() -> None:
    entries = (before(), past("day3", leg_pain=5), past("adhoc", leg_pain=1), past("adhoc", leg_pain=4))
    one = case("week6", leg_pain=6, history=entries)
    other = case("week6", leg_pain=6, history=tuple(reversed(entries)))
    assert triage.evaluate(PATHWAY, one) == triage.evaluate(PATHWAY, other)


def test_a_missed_entry_without_a_date_takes_its_planned_day() -> None:
    undated = triage.PastCheckIn(checkin="week2", answered_on=None, status="missed")
    assert "missed_two_in_row" in fired(case("week6", status="missed", history=(undated,)))


def test_free_text_raises_the_level_and_a_crisis_gets_its_own_card() -> None:
    crisis = triage.evaluate(PATHWAY, case(anything_else="write", free_text="I wish I was dead"))
    finding = next(finding for finding in crisis.findings if finding.rule == "free_text_emergency")
    assert (finding.level, finding.card) == (Level.EMERGENCY, "card_crisis")
    numb = triage.evaluate(PATHWAY, case(anything_else="write", free_text="numb between my legs"))
    assert numb.findings[0].card == "card_emergency"


def test_what_the_net_found_elsewhere_counts_too() -> None:
    elsewhere = triage.Case(
        id="ben-003",
        procedure="fusion",
        surgery_date=SURGERY,
        checkin="week2",
        answered_on=SURGERY + timedelta(days=14),
        status="open",
        free_text_level=Level.URGENT,
        free_text_categories=("dvt",),
    )
    assessment = triage.evaluate(PATHWAY, elsewhere)
    assert (assessment.level, assessment.findings[0].card) == (Level.URGENT, "card_urgent_dvt")
    assert "dvt" in assessment.findings[0].text


def test_each_answer_of_the_re_screen_makes_its_finding_once() -> None:
    twice = case(rescreen=["pee_poo", "bad_pain", "none"])
    assert {"rescreen_pee_poo", "rescreen_bad_pain"} <= fired(twice)
    assert "rescreen_none" not in fired(twice)
    assert level(case(rescreen=["perhaps"])) is Level.URGENT
    assert level(case(rescreen=["none"])) is Level.ROUTINE


def test_the_re_screen_may_come_beside_the_answers() -> None:
    beside = triage.Case(
        id="ben-003",
        procedure="fusion",
        surgery_date=SURGERY,
        checkin="week2",
        answered_on=SURGERY + timedelta(days=14),
        status="open",
        rescreen=("not_safe",),
    )
    assert triage.evaluate(PATHWAY, beside).findings[0].card == "card_crisis"


def test_a_finding_says_which_answers_made_it() -> None:
    jump = case(leg_pain=7, history=(before(), past("day3", leg_pain=5)))
    finding = next(f for f in triage.evaluate(PATHWAY, jump).findings if f.rule == "leg_pain_jump")
    assert finding.because == {"leg_pain": 7, "previous.leg_pain": 5}
    assert finding.text == "Leg pain jumped from 5 to 7."


def test_a_line_for_the_clinician_says_what_was_not_answered() -> None:
    silent = triage.evaluate(PATHWAY, case("day3", status="partial", without=("bowel", "bladder")))
    line = next(f.text for f in silent.findings if f.rule == "failsafe_redflag_missing")
    assert line == "Red-flag question not answered: bladder, bowel."
    fever = triage.evaluate(PATHWAY, case(general_symptoms=["fever"], fever_temp="warm", without=("fever_unwell",)))
    assert "Feels feverish. Temperature: unreadable." in {finding.text for finding in fever.findings}
    missed = triage.evaluate(PATHWAY, case("day3", status="missed"))
    assert {finding.text for finding in missed.findings} == {"No answer to Day 3. Phone."}


def test_the_shortest_deadline_of_the_highest_level_is_the_one_that_counts() -> None:
    review = triage.evaluate(PATHWAY, case(anything_else="call_me", general_symptoms=["leg_numb_new"]))
    assert (review.level, review.within_days) == (Level.REVIEW, 2)
    assert triage.evaluate(PATHWAY, case(anything_else="call_me")).within_days is None
    assert triage.evaluate(PATHWAY, case(bladder="leaking", general_symptoms=["fall"])).within_days is None


def test_a_lower_line_about_the_same_answer_is_not_shown() -> None:
    shown = {f.rule for f in triage.shown(triage.evaluate(PATHWAY, case(saddle_numbness="new_or_worse")))}
    assert shown == {"ces_saddle_new"}


def test_another_symptom_of_the_same_question_is_still_shown() -> None:
    both = triage.evaluate(PATHWAY, case(general_symptoms=["breathless", "fall"]))
    assert {"chest_pain_or_breathless", "fall_any"} <= {finding.rule for finding in triage.shown(both)}


@pytest.mark.parametrize("name", ["Micro-Discectomy", " discectomy ", "MICRODISCECTOMY", "Microdiscectomía"])
def test_an_operation_is_known_by_its_other_names(name: str) -> None:
    assert PATHWAY.procedure_of(name).id == "microdiscectomy"


def test_an_unknown_operation_satisfies_every_test_of_the_operation() -> None:
    assert "fall_with_implant" in fired(case(procedure="kyphoplasty?", general_symptoms=["fall"]))
