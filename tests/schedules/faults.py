"""Faults planted in the shipped pathway, one by one: what is edited, and the words and place of the problem found."""

# ruff: noqa: E501 - a table of faults reads best with one fault on a line

from __future__ import annotations

from typing import NamedTuple

from schedules.lint import Kind

MAIN, ES = "pathway.yaml", "es.yaml"
WORSE, DOUBT, TYPED, LOST = (
    "worse answer lowers",
    "counts less than silence",
    "Typed words lower",
    "Losing the baseline",
)
SILENT, GARBLED = "unanswered red flag can be routine", "unreadable red flag can be routine"
DEAD, VAIN, UNASKED, DEAF = (
    "No answers can fire",
    "never changes anything",
    "No answers lead to",
    "No rule is sure to fire for",
)


class Fault(NamedTuple):
    """One edit: in the item called `within`, `old` becomes `new`. `field` and `says` belong to the problem found.

    `kind` is what must find it; None for the shape, which is checked on every load.
    """

    kind: Kind | None
    within: str
    old: str
    new: str
    field: str
    says: str
    file: str = MAIN


# fmt: off
SAFETY = (
    Fault("safety", "ces_bowel_uncertain", "level: urgent", "level: review", "rules[constipation_severe].when", WORSE),
    Fault("safety", "leg_weakness_new", "in: [not_sure, ", "in: [", "rules[weakness_known_undocumented].when", WORSE),
    Fault("safety", "low_activity", "in: [hardly, cannot_walk]", "in: [some]", "rules[low_activity].when", WORSE),
    Fault("safety", "mood_not_safe", "in: [not_safe]", "in: [low_most]", "rules[mood_not_safe].when", WORSE),
    Fault("safety", "both_legs_pain_undocumented", "in: [both_same, not_sure, ", "in: [both_same, ", "rules[both_legs_pain_undocumented].when", WORSE),
    Fault("safety", "meningitis_signs", "in: [stiff_neck_unwell]", "in: [better_lying]", "rules[meningitis_signs].when", WORSE),
    Fault("safety", "haematoma_pattern", "in: [no_help]", "in: [not_taking]", "rules[haematoma_pattern].when", WORSE),
    Fault("safety", "analgesics_beyond_6_weeks", "in: [most_days]", "in: [some_days]", "rules[analgesics_beyond_6_weeks].when", WORSE),
    Fault("safety", "opioid_beyond_6_weeks", "in: [strong, strong_and_nerve]", "in: [strong]", "rules[opioid_beyond_6_weeks].when", WORSE),
    Fault("safety", "cannot_walk", "in: [cannot_walk]", "in: [hardly]", "rules[cannot_walk].when", WORSE),
    Fault("safety", "wants_contact", "level: review\n    when: {q: anything_else, in: [call_me]}", "level: urgent\n    when: {q: saddle_numbness, in: [absent]}", "rules[wants_contact].when", WORSE),
    Fault("safety", "fall_any", "has_any: [fall]", "has_any: [none]", "rules[fall_any].when", WORSE),
    Fault("safety", "failsafe_redflag_missing", "level: review", "level: emergency", "rules[failsafe_redflag_missing].when", DOUBT),
    Fault("safety", "leg_numbness_new", "has_any: [leg_numb_new]", "has_any: [headache]", "rules[failsafe_redflag_missing].when", DOUBT),
    Fault("safety", "dvt_suspected", "has_any: [calf]", "has_any: [wound]", "rules[failsafe_redflag_missing].when", DOUBT),
    Fault("safety", "free_text_urgent", "{free_text_level: urgent}", "{free_text_level: emergency}", "rules[free_text_review].when", TYPED),
    Fault("safety", "free_text_emergency", "level: emergency", "level: review", "rules[free_text_urgent].when", TYPED),
    Fault("safety", "failsafe_pain_score", "- {unreadable: leg_pain}", "- {unanswered: free_text}", "rules[failsafe_pain_score].when", TYPED),
    Fault("safety", "bladder_bowel_old_undocumented", "{baseline_not: {q: bladder, in: [old_problem]}}", "{baseline: {q: bladder, in: [normal]}}", "rules[bladder_bowel_old_undocumented].when", LOST),
    Fault("safety", "ces_saddle_undocumented", "{baseline_not: {q: saddle_numbness, in: [known_same]}}", "{baseline: {q: saddle_numbness, in: [absent]}}", "rules[ces_saddle_undocumented].when", LOST),
    Fault("safety", "weakness_known_undocumented", "{baseline_not: {q: leg_weakness, in: [known_same_or_better]}}", "{baseline: {q: leg_weakness, in: [none]}}", "rules[weakness_known_undocumented].when", LOST),
    Fault("safety", "failsafe_redflag_missing", "{unanswered: bladder}, ", "", "questions[bladder]", SILENT),
    Fault("safety", "failsafe_redflag_missing", "[completed, partial]", "[completed]", "questions[saddle_numbness]", SILENT),
    Fault("safety", "failsafe_redflag_missing", "- {status: [completed, partial]}", "- {status: [completed, partial]}\n        - {days: {lte: 30}}", "questions[saddle_numbness]", SILENT),
    Fault("safety", "failsafe_unreadable_redflag", "{unreadable: bowel}, ", "", "questions[bowel]", GARBLED),
    Fault("safety", "mood", "type: choice", "type: choice\n    red_flag: true", "questions[mood]", SILENT),
)

MEANING = (
    Fault("meaning", "med_frequency", "{days: {gte: 42}}", "{days: {lte: 5}}", "questions[med_frequency].ask_if", f"{UNASKED} med_frequency at week6"),
    Fault("meaning", "opioid_control", "checkins: [", "checkins: [day3, ", "questions[opioid_control].ask_if", f"{UNASKED} opioid_control at day3"),
    Fault("meaning", "leg_pain_side", "{q: leg_pain, gte: 3}", "{all: [{q: bladder, in: [normal]}, {q: bladder, in: [leaking]}]}", "questions[leg_pain_side].ask_if", UNASKED),
    Fault("meaning", "free_text", "{q: anything_else, in: [write]}", "{q: mood, in: [low_some]}", "questions[free_text].ask_if", f"{UNASKED} free_text at day3"),
    Fault("meaning", "gradual_return", "in: [slow_rise]}", "in: [slow_rise]}, {q: leg_pain_onset, in: [never_went]}", "rules[gradual_return].when", DEAD),
    Fault("meaning", "late_new_leg_pain", "{days: {gte: 183}}", "{days: {gte: 183}}, {checkin: [month3]}", "rules[late_new_leg_pain].when", DEAD),
    Fault("meaning", "opioid_wants_help", "{q: opioid_control, in: [want_to_cut_down, more_than_told]}", "{all: [{days: {lte: 5}}, {q: opioid_control, in: [want_to_cut_down]}]}", "rules[opioid_wants_help].when", DEAD),
    Fault("meaning", "missed_early", "{checkin: [day3, week2]}", "{checkin: [day3, week2]}, {q: bladder, in: [leaking]}", "rules[missed_early].when", DEAD),
    Fault("meaning", "sexual_change_new", "{q: sexual_function, in: [change_new]}", "{all: [{q: sexual_function, in: [change_new]}, {checkin: [day3]}]}", "rules[sexual_change_new].when", DEAD),
    Fault("meaning", "missed_two_in_row", "{status: missed}", "{status: completed}", "rules[missed_two_in_row].when", DEAD),
    Fault("meaning", "missed_adhoc", "{checkin: [adhoc]}", "{unanswered: rescreen}", "rules[missed_adhoc].when", DEAD),
    Fault("meaning", "fever_low", "{q: general_symptoms, has_any: [fever]}", "{all: [{q: general_symptoms, has_any: [none]}, {q: fever_unwell, in: [absent]}]}", "rules[fever_low].when", DEAD),
    Fault("meaning", "wound_bleeding", "has_any: [bleeding_soaked, ", "has_any: [", "rules[wound_bleeding]", f"{VAIN}: wound_bleeding_wont_stop"),
    Fault("meaning", "mood_low", "in: [low_most, ", "in: [", "rules[mood_low]", f"{VAIN}: mood_not_safe"),
    Fault("meaning", "saddle_known", "in: [known_same, not_sure, ", "in: [", "rules[saddle_known]", VAIN),
    Fault("meaning", "headache_unclear", "in: [not_sure, better_lying, ", "in: [", "rules[headache_unclear]", VAIN),
    Fault("meaning", "low_activity", "in: [hardly, ", "in: [", "rules[low_activity]", f"{VAIN}: cannot_walk"),
    Fault("meaning", "fever_low", "  - id: fever_low", '  - {id: fever_again, level: review, within_days: 1, when: {q: general_symptoms, has_any: [fever]}, rationale: Same., sources: [S1], tell_clinician: "Feels feverish. Temperature: {fever_temp}.", tell_patient: card_review}\n  - id: fever_low', "rules[fever_again]", f"{VAIN}: fever_low"),
    Fault("meaning", "leg_numbness_new", "has_any: [leg_numb_new]", "has_any: [fall]", "questions[general_symptoms].options[leg_numb_new]", f"{DEAF} leg_numb_new"),
    Fault("meaning", "chest_pain_or_breathless", "[chest_pain, breathless]", "[chest_pain]", "questions[general_symptoms].options[breathless]", f"{DEAF} breathless"),
    Fault("meaning", "fall_any", "has_any: [fall]", "has_any: [calf]", "questions[general_symptoms].options[fall]", f"{DEAF} fall"),
    Fault("meaning", "leg_weakness_new", "in: [not_sure, weaker, ", "in: [not_sure, ", "questions[leg_weakness].options[weaker]", f"{DEAF} weaker"),
    Fault("meaning", "urgent", "alert: push", "alert: worklist", "levels.urgent.alert", "makes no sound"),
    Fault("meaning", "review", "alert: worklist", "alert: push", "levels.review", "nobody is told of"),
    Fault("meaning", "wound_bleeding_wont_stop", "card_emergency_press", "card_emergency", "cards.card_emergency_press", "Nothing sends card_emergency_press"),
    Fault("meaning", "silent_after_flag", "card_reminder_flagged", "card_reminder", "cards.card_reminder_flagged", "Nothing sends"),
)

WORDS = (
    Fault("words", "card_review", "Thank you. A team", "You are fine. A team", "cards.card_review", "It reassures: 'you are fine'"),
    Fault("words", "card_review_meds", "Thank you. A team", "There is nothing to worry about. A team", "cards.card_review_meds", "It reassures: 'nothing to worry'"),
    Fault("words", "card_routine", "Thank you. We have your answers for today.", "Thank you. All clear for today.", "cards.card_routine", "It reassures: 'all clear'"),
    Fault("words", "card_routine", "Thank you. We have your answers for today.", "Your answers do not show it, and that is normal.", "cards.card_routine", "It reassures: 'normal'"),
    Fault("words", "card_routine", "Thank you. We", "✅ Thank you. We", "cards.card_routine", "It reassures: '✅'"),
    Fault("words", "nerve_time", "Nerves heal slowly.", "It will settle.", "selfcare.nerve_time", "It reassures: 'will settle'"),
    Fault("words", "card_reminder", "Please tap to finish.", "Don't worry, please tap to finish.", "cards.card_reminder", "It reassures"),
    Fault("words", "card_routine", "Tenemos sus respuestas de hoy.", "Todo está bien.", "cards.card_routine", "It reassures: 'todo está bien'", ES),
    Fault("words", "card_review", "Gracias. Una", "No se preocupe. Una", "cards.card_review", "It reassures: 'no se preocupe'", ES),
    Fault("words", "nerve_time", "Los nervios se curan despacio.", "Es normal.", "selfcare.nerve_time", "It reassures: 'normal'", ES),
    Fault("words", "medicines", "Take medicines as you were told.", "Take 2 tablets at night.", "selfcare.medicines", "It speaks of a dose: '2 tablets'"),
    Fault("words", "card_urgent_sleepy", "before you take your next medicine", "and skip your tablets", "cards.card_urgent_sleepy", "It advises on medicines: 'skip your tablets'"),
    Fault("words", "card_review_meds", "Do not stop or change them on your own.", "Stop taking your medicine.", "cards.card_review_meds", "It advises on medicines: 'stop taking your medicine'"),
    Fault("words", "card_urgent_dvt", "Do not rub the leg.", "Do not stop your anticoagulant.", "cards.card_urgent_dvt", "It names a medicine: 'anticoagulant'"),
    Fault("words", "card_urgent_dvt", "Do not rub the leg.", "Take an aspirin.", "cards.card_urgent_dvt", "It names a medicine: 'aspirin'"),
    Fault("words", "medicines", "Ask before you add a new one.", "Try gabapentin for nerve pain.", "selfcare.medicines", "It names a medicine: 'gabapentin'"),
    Fault("words", "pain_meds", "Paracetamol, ibuprofen or similar", "Paracetamol 500 mg, or similar", "questions[pain_meds].options[simple].text", "It speaks of a dose: '500 mg'"),
    Fault("words", "medicines", "Tome las medicinas como le dijeron.", "Tome dos pastillas.", "selfcare.medicines", "It speaks of a dose: 'dos pastillas'", ES),
    Fault("words", "card_urgent_dvt", "No se frote la pierna.", "Tome heparina.", "cards.card_urgent_dvt", "It names a medicine: 'heparina'", ES),
    Fault("words", "card_review_meds", "No las deje ni las cambie por su cuenta.", "Deje de tomar las pastillas.", "cards.card_review_meds", "It advises on medicines: 'deje de tomar las pastillas'", ES),
    Fault("words", "saddle_numbness", "Do you have numbness or pins and needles", "Do you experience diminished perineal sensation, paraesthesia or comparable abnormalities", "questions[saddle_numbness].text", "It needs school grade"),
    Fault("words", "card_not_monitored", "This chat is not watched all the time.", "Continuous supervision of this conversation is not available.", "cards.card_not_monitored", "It needs school grade"),
    Fault("words", "card_not_monitored", "Este chat no se vigila todo el tiempo. En una emergencia llame al {emergency_number}.", "This chat is not watched all the time. In an emergency ring {emergency_number}.", "cards.card_not_monitored", "It is the English text", ES),
)

SHAPE = (
    Fault(None, "ces_bladder", "rationale:", "reason:", "rules[ces_bladder].reason", "not known"),
    Fault(None, "ces_bladder", "q: bladder", "q: blader", "rules[ces_bladder].when", "no question blader"),
    Fault(None, "ces_bladder", "leaking", "dripping", "rules[ces_bladder].when", "has no option dripping"),
    Fault(None, "dvt_suspected", "card_urgent_dvt", "card_dvt", "rules[dvt_suspected].tell_patient", "no card card_dvt"),
    Fault(None, "dvt_suspected", "NICE158", "NICE999", "rules[dvt_suspected].sources", "no source NICE999"),
    Fault(None, "missed_early", "[day3, week2]", "[day3, week3]", "rules[missed_early].when", "no check-in week3"),
    Fault(None, "fusion_adjacent_segment", "procedure: [fusion]", "procedure: [fusions]", "rules[fusion_adjacent_segment].when", "no procedure fusions"),
    Fault(None, "ces_bladder", "id: ces_bladder", "id: ces_saddle_new", "rules[ces_saddle_new].id", "twice"),
    Fault(None, "fever_unwell", "{id: absent,", "{id: no,", "questions[fever_unwell].options[no].id", "true, false or nothing"),
    Fault(None, "fever_unwell", "{id: present,", "{id: true,", "questions[fever_unwell].options[2].id", "must be a text"),
    Fault(None, "severe_leg_pain", "{leg_pain}/10", "{leg_pian}/10", "rules[severe_leg_pain].tell_clinician", "cannot be filled"),
    Fault(None, "severe_leg_pain", "gte: 8", "gte: 11", "rules[severe_leg_pain].when", "out of the range"),
    Fault(None, "card_urgent", "{team_phone}", "{phone}", "cards.card_urgent", "cannot be filled"),
    Fault(None, "card_urgent", "Llame ahora al {team_phone}.", "Llame ahora.", "cards.card_urgent", "placeholders differ", ES),
    Fault(None, "mood", "      ok: {text: \"Bien\", synonyms: [bien]}\n", "", "questions.mood.options", "ok is missing", ES),
    Fault(None, "card_review", "Thank you. A team", f"{'Thank you. ' * 100}A team", "cards.card_review", "is the most"),
    Fault(None, "general_symptoms", "A bad headache", f"A bad{' bad' * 30} headache", "questions[general_symptoms].options[headache].text", "is the most"),
    Fault(None, "general_symptoms", "A bad headache", "A bad\\nheadache", "questions[general_symptoms].options[headache].text", "A button has one line"),
    Fault(None, "general_symptoms", "exclusive: [none]", "exclusive: [nothing]", "questions[general_symptoms].exclusive", "no option nothing"),
    Fault(None, "missed_early", "level: review", "level: routine", "rules[missed_early].level", "cannot make a case routine"),
    Fault(None, "emergency", "repeat_every_min: 15", "repeat_every_min: 0", "levels.emergency.ladder", "has an end"),
)

# fmt: on

ALL = (*SHAPE, *MEANING, *SAFETY, *WORDS)
