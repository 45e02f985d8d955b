"""A pathway of a few lines with everything a pathway must have, so that faults can be planted in it quickly."""

from __future__ import annotations

from schedules.checks import texts

_TEXTS = (*texts.REQUIRED_TEXTS, "opening_day3", "opening_adhoc", "days_1")
_CARDS = (*texts.REQUIRED_CARDS, "card_review")

MAIN = """\
id: small
version: "1"
title: "Small"
languages: [en, es]
levels:
  routine: {alert: none}
  review:
    alert: worklist
    ack_within_working_days: 1
    ack_hours: working_hours
    contact_within_working_days: 3
    resolve_within_working_days: 10
  urgent: &urgent_is_written_out_below
    alert: push
    ack_within_min: 60
    contact_within_min: 240
    resolve_within_min: 4320
    ladder: [{after_min: 0, tell: [team]}]
    repeat_every_min: 60
    cutoff: "16:00"
  emergency:
    alert: page
    ack_within_min: 15
    contact_within_min: 30
    resolve_within_min: 1440
    ladder: [{after_min: 0, tell: [team]}, {after_min: 5, tell: [on_call]}]
    repeat_every_min: 15
schedule:
  send_time: "09:30"
  quiet_hours: ["21:00", "08:00"]
  programme_end_day: 10
  recheck_checkin: adhoc
  checkins:
    - {id: day3, title: "Day 3", offset_days: 3, reminders_h: [6, 24], closes_after_h: 48,
       late: {send_within_h: 24, then: phone_task}}
    - {id: adhoc, title: "Extra", closes_after_h: 12, late: {send_within_h: 24, then: phone_task}}
procedures:
  - {id: fusion, title: "Fusion", aliases: [plif], implant: true}
  - {id: other, title: "Other", implant: true}
baseline_fields: [bladder, leg_pain]
questions:
  - id: bladder
    type: choice
    red_flag: true
    checkins: [day3, adhoc]
    text: "How is peeing?"
    options:
      - {id: normal, rank: 0, text: "Normal", synonyms: [fine]}
      - {id: leaking, rank: 1, text: "Leaking"}
  - id: symptoms
    type: multi
    exclusive: [none]
    checkins: [day3, adhoc]
    text: "Any of these?"
    options:
      - {id: none, rank: 0, text: "None"}
      - {id: fever, rank: 1, text: "Fever"}
  - id: fever_temp
    type: number
    unit: celsius
    min: 30
    max: 45
    ask_if: {q: symptoms, has_any: [fever]}
    checkins: [day3, adhoc]
    text: "Temperature?"
    special:
      - {id: none, rank: 1, text: "No thermometer"}
  - {id: leg_pain, type: scale, min: 0, max: 10, checkins: [day3, adhoc], text: "Leg pain?"}
  - {id: words, type: text, checkins: [day3], text: "Anything else? Ring {emergency_number}."}
rules:
  - id: leaks
    level: emergency
    when: {any: [{q: bladder, in: [leaking]}, {q: fever_temp, in: [none]}]}
    rationale: "Because."
    sources: [S1]
    tell_clinician: "Bladder: {bladder}."
    tell_patient: card_emergency
  - id: pain
    level: review
    within_days: 1
    when: {all: [{q: leg_pain, gte: 5}, {baseline_not: {q: bladder, in: [leaking]}}, {procedure: [fusion]}]}
    rationale: "Because."
    sources: [S1]
    tell_clinician: "Pain {leg_pain}."
    tell_patient: card_review
operational:
  - {id: bot_blocked, level: review, within_days: 0, text: "Phone today."}
selfcare:
  walking: "Walk a little."
consent: {version: "1", text: "Do you agree?"}
rescreen:
  text: "Any of this now?"
  reminder_min: 30
  human_read_h: 2
  options:
    - {id: none, level: routine, text: "None"}
    - {id: chest, level: emergency, text: "Chest pain", tell_clinician: "Chest.", tell_patient: card_emergency}
freetext:
  categories:
    - {id: crisis, level: emergency, card: card_crisis}
source_tags: {S1: "A source"}
""".replace(" &urgent_is_written_out_below", "")

SPANISH = """\
title: "Pequeño"
checkins: {day3: "Día 3", adhoc: "Extra"}
procedures: {fusion: "Fusión", other: "Otra"}
questions:
  bladder:
    text: "¿Qué tal orina?"
    options: {normal: "Normal", leaking: {text: "Se me escapa", synonyms: [escapes]}}
  symptoms: {text: "¿Algo de esto?", options: {none: "Nada", fever: "Fiebre"}}
  fever_temp: {text: "¿Temperatura?", options: {none: "Sin termómetro"}}
  leg_pain: {text: "¿Dolor?"}
  words: {text: "¿Algo más? Llame al {emergency_number}."}
selfcare: {walking: "Camine un poco."}
consent: "¿Está de acuerdo?"
rescreen: {text: "¿Le pasa ahora?", options: {none: "Nada", chest: "Dolor de pecho"}}
"""


def _plain(section: str, keys: tuple[str, ...], language: str) -> str:
    lines = [f'  {key}: "{key} {language}{" {days_text}" if key == "card_review" else ""}"' for key in keys]
    return "\n".join([f"{section}:", *lines, ""])


def _words(phrase: str) -> str:
    return f"lexicon:\n  END: [{phrase}]\npatterns:\n  crisis: {{alone: [END]}}\n"


EXAMPLES = """\
- id: well
  case:
    procedure: fusion
    surgery_date: "2026-01-05"
    checkin: day3
    answered_on: "2026-01-08"
    status: completed
    answers: {bladder: normal, symptoms: [none], leg_pain: 2, words: "thank you"}
  near_miss_of: leaks
  expect: {level: routine}
- {id: leaks, like: well, case: {answers: {bladder: leaking}},
    expect: {level: emergency, rules: [leaks], cards: [card_emergency]}}
- {id: no_thermometer, like: well, case: {answers: {symptoms: [fever], fever_temp: none}},
    expect: {level: emergency, rules: [leaks]}}
- {id: pain_5, like: well, case: {answers: {leg_pain: 5}},
    expect: {level: review, rules: [pain], within_days: 1, cards: [card_review]}}
- {id: pain_4, like: well, near_miss_of: pain, case: {answers: {leg_pain: 4}}, expect: {level: routine}}
- {id: pain_5_leaking_before, like: pain_5, near_miss_of: pain,
    case: {history: [{checkin: baseline, status: completed, answers: {bladder: leaking}}]}, expect: {level: routine}}
- {id: pain_5_normal_before, like: pain_5,
    case: {history: [{checkin: baseline, status: completed, answers: {bladder: normal}}]}, expect: {level: review}}
- {id: fever_asked, like: well, case: {status: partial, answers: {symptoms: [fever]}},
    expect: {level: routine, unanswered: [fever_temp]}}
- {id: fever_not_asked, like: well, case: {status: partial}, expect: {level: routine, unanswered: []}}
- {id: chest, like: well, case: {answers: {rescreen: [chest]}}, expect: {level: emergency, cards: [card_emergency]}}
- {id: nothing_now, like: well, case: {answers: {rescreen: [none]}}, expect: {level: routine}}
"""

FILES = {
    "pathway.yaml": MAIN + _plain("cards", _CARDS, "en") + _plain("texts", _TEXTS, "en"),
    "es.yaml": SPANISH + _plain("cards", _CARDS, "es") + _plain("texts", _TEXTS, "es"),
    "freetext.en.yaml": _words("end it all"),
    "freetext.es.yaml": _words("acabar con todo"),
}
