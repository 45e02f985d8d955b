"""The free-text net for somebody who has opened a link and not finished starting: their words of alarm reach a person.

Before consent the words themselves are not kept, only what the net found in them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import patient as cards
from bot.care import escalations, notices, outbox, patients
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import Chat, Enrolment
from schedules import freetext, triage
from schedules.pathway import Level


def raised(
    session: Session, enrolment: Enrolment, chat: Chat, text: str, clinic: Clinic, now: datetime, *, occasion: str
) -> bool:
    """Screen what was typed. From urgent on the person reads what to do now, and the team is told. False: nothing."""
    words = patients.words(session, enrolment, clinic)
    net = words.pathway.freetext
    if freetext.command_of(net, text) == "emergency":
        escalations.operational(session, enrolment, "emergency_word", now, clinic)
        said = {"emergency_words": words.text("emergency_words")}
        level = Level.EMERGENCY
    else:
        screening = freetext.screen(net, text, words.language)
        if screening.level < Level.URGENT:
            return False
        assessment = triage.evaluate(words.pathway, _case(session, enrolment, screening, now))
        escalations.assess(session, enrolment, assessment, checkin=None, message=None, now=now, clinic=clinic)
        level = assessment.level
        shown = {finding.card for finding in assessment.findings if finding.card and finding.level == level}
        said = {card: words.card(card, days_text=words.days(0)) for card in sorted(shown)}
    emergency = level is Level.EMERGENCY
    lane = Lane.EMERGENCY if emergency else Lane.CONVERSATION
    for name, told in said.items():
        card, key = cards.action(told, emergency=emergency), f"alarm:{occasion}:{name}"
        outbox.say_card(session, chat.id, card, key=key, now=now, lane=lane, on_uncertain="resend")
    notices.trouble(session, enrolment, "words_of_alarm", occasion, now)
    return True


def _case(session: Session, enrolment: Enrolment, screening: freetext.Screening, now: datetime) -> triage.Case:
    pathway = patients.pathway(session, enrolment)
    return triage.Case(
        id=f"joining-{enrolment.id}",
        procedure=enrolment.procedure,
        surgery_date=enrolment.surgery_date,
        checkin=pathway.schedule.recheck_checkin,
        answered_on=patients.today(session, enrolment, now),
        status="open",
        free_text_level=screening.level,
        free_text_categories=screening.categories,
    )
