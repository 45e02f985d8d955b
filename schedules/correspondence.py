"""What becomes of words that a scripted patient types outside the questions: the net, the re-screen, a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from schedules import freetext, triage, walk
from schedules.case import Case
from schedules.diary import Diary
from schedules.pathway import Level
from schedules.script import Typed
from schedules.transcript import Event

_ASKED_BACK = timedelta(minutes=1)


def receive(diary: Diary, typed: Typed, case: Case, now: datetime) -> Level:
    """Screen a message, record what it leads to, and plan what follows. Returns its level.

    `case`: an open case without answers, with the patient's history.
    """
    net = diary.pathway.freetext
    screening = freetext.screen(net, typed.text, None)
    found = ", ".join(screening.categories) or "nothing"
    diary.events.append(
        Event(at=now, kind="typed", text=typed.text, level=screening.level, note=f"the net finds {found}")
    )
    heard = replace(case, free_text_level=screening.level, free_text_categories=screening.categories)
    level = _judge(diary, heard, now) if screening.level >= Level.REVIEW else Level.ROUTINE
    command = freetext.command_of(net, typed.text)
    if command == "emergency":
        diary.tell(now, "emergency_word")
    if command is not None:
        diary.note(now, "noted", note=f"in the chat this is the command {command}")
    elif level < Level.URGENT:
        _ask_back(diary, typed, heard, screening, now)
    return level


def _ask_back(diary: Diary, typed: Typed, heard: Case, screening: freetext.Screening, now: datetime) -> None:
    """Nothing urgent was found, which proves nothing: ask, unless it was a mere greeting."""
    if screening.asked_about:
        diary.show(now, None, ("card_warning_signs",))
    if freetext.is_greeting(diary.pathway.freetext, typed.text):
        diary.show(now, None, ("card_not_monitored",))
        return
    diary.note(now, "rescreened", note="the re-screen is asked")
    screen, picks = diary.pathway.rescreen, typed.rescreen
    if picks is None:
        diary.plan(now + timedelta(minutes=screen.reminder_min), lambda at: _remind(diary, at))
        diary.plan(now + timedelta(hours=screen.human_read_h), lambda at: diary.tell(at, "rescreen_unanswered"))
    else:
        diary.plan(now + _ASKED_BACK, lambda at: _answered(diary, heard, picks, at))


def _remind(diary: Diary, now: datetime) -> None:
    diary.note(now, "rescreened", note="no answer: the re-screen is asked once more")


def _answered(diary: Diary, heard: Case, picks: tuple[str, ...], now: datetime) -> None:
    diary.note(now, "rescreened", note=f"answered: {', '.join(picks)}")
    level = _judge(diary, replace(heard, rescreen=picks), now)
    if level is Level.REVIEW:
        diary.note(now, "noted", note="a person reads the words and calls")


def _judge(diary: Diary, heard: Case, now: datetime) -> Level:
    assessment = triage.evaluate(diary.pathway, heard)
    diary.judged(now, None, assessment.level, triage.shown(assessment))
    diary.show(now, None, walk.action_cards(assessment))
    return assessment.level
