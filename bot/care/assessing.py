"""Judges a check-in or a message, keeps the judgement, puts it before clinicians, and shows the patient what to do.

All in the transaction of the answer. What was raised is never lowered: levels of a check-in only go up, and cards and
escalations that a later, better answer would not have caused stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot import metrics
from bot.cards import patient
from bot.care import cases, ending, escalations, facts, outbox, pathways, patients
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.care.patients import Words
from bot.db import tally
from bot.db.models import Assessment, CheckIn, Enrolment, Message, Outbox
from schedules import timeline, triage, walk
from schedules.pathway import Level, Pathway
from schedules.walk import CRISIS_CARD

_CRISIS_SHOWN = (  # made once: making a query takes longer than running it
    select(Outbox.id)
    .where(
        Outbox.chat_id == bindparam("chat"),
        Outbox.created_at >= bindparam("since"),
        Outbox.dedupe_key.like(f"say:card:action:%:{CRISIS_CARD}"),
    )
    .limit(1)
)

__all__ = ["CRISIS_CARD", "Judgement", "checkin", "closing_cards", "in_crisis", "late_in_the_day", "message"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What came of one assessment. `said`: an action card went out just now. `crisis`: stop asking for today."""

    level: Level
    findings: tuple[triage.Finding, ...]
    said: bool
    crisis: bool


def checkin(session: Session, row: CheckIn, status: cases.Status, now: datetime, clinic: Clinic) -> Judgement:
    """Judge the answers of a check-in as they stand now."""
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    pathway = pathways.of(session, row.pathway_version_id)
    assessment = triage.evaluate(pathway, cases.case(session, row, now, status))
    _keep(session, assessment, enrolment, pathway, row.pathway_version_id, now, checkin_id=row.id)
    raise_level(row, assessment.level)
    if assessment.level >= Level.REVIEW:
        escalations.assess(session, enrolment, assessment, checkin=row, message=None, now=now, clinic=clinic)
    words = patients.words(session, enrolment, clinic, row.pathway_version_id)
    return _act(session, enrolment, words, assessment, f"c{row.id}", now)


def message(
    session: Session, row: Message, now: datetime, clinic: Clinic, *, answering: CheckIn | None = None
) -> Judgement:
    """Judge what a patient wrote, and their answer to the re-screen when there is one.

    `answering`: the words are also the answer to a question of this check-in, so the two share one action card.
    """
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    version_id = enrolment.pathway_version_id
    pathway = pathways.of(session, version_id)
    assessment = triage.evaluate(pathway, cases.of_message(session, enrolment, row, now))
    _keep(session, assessment, enrolment, pathway, version_id, now, message_id=row.id, checkin_id=row.checkin_id)
    row.level = max(Level(row.level), assessment.level).value
    if row.checkin_id is not None:
        raise_level(session.get_one(CheckIn, row.checkin_id), assessment.level)
    if assessment.level >= Level.REVIEW:
        escalations.assess(session, enrolment, assessment, checkin=None, message=row, now=now, clinic=clinic)
    words = patients.words(session, enrolment, clinic)
    occasion = f"c{answering.id}" if answering is not None else f"m{row.id}"
    judgement = _act(session, enrolment, words, assessment, occasion, now)
    if judgement.crisis and judgement.said:
        _stop_asking(session, enrolment, now)
    return judgement


def raise_level(row: CheckIn, level: Level) -> None:
    """The level of a check-in only goes up."""
    if row.level is None or level > Level(row.level):
        row.level = level.value


def in_crisis(session: Session, enrolment: Enrolment, now: datetime) -> bool:
    """Whether the crisis card was shown today, where the patient is: then nothing more is asked today."""
    person = patients.of(session, enrolment)
    midnight = timeline.to_utc(patients.today(session, enrolment, now), "00:00", person.timezone)
    return session.scalars(_CRISIS_SHOWN, {"chat": person.chat_id, "since": midnight}).first() is not None


def closing_cards(words: Words, findings: Iterable[triage.Finding], level: Level) -> tuple[str, ...]:
    """What to tell the patient in the end: the cards of the highest level among the findings."""
    top = [finding for finding in findings if finding.level == level and finding.card is not None]
    shown: dict[str, int | None] = {}
    for finding in top:
        days = [n for n in (shown.get(finding.card or ""), finding.within_days) if n is not None]
        shown[finding.card or ""] = min(days, default=None)
    return tuple(words.card(card, days_text=words.days(days)) for card, days in shown.items())


def _stop_asking(session: Session, enrolment: Enrolment, now: datetime) -> None:
    """Whoever does not feel safe is asked nothing more today."""
    running = select(CheckIn).where(CheckIn.enrolment_id == enrolment.id, CheckIn.state == "open")
    for row in session.scalars(running).all():
        row.stage = "paused"
        session.flush()
        ending.show(session, row, now, key=f"crisis:{now.timestamp():.3f}")


def _keep(
    session: Session,
    assessment: triage.Assessment,
    enrolment: Enrolment,
    pathway: Pathway,
    version_id: int,
    now: datetime,
    *,
    checkin_id: int | None = None,
    message_id: int | None = None,
) -> None:
    findings = [
        {
            "rule": finding.rule,
            "level": finding.level.value,
            "because": facts.kept(pathway, finding.because),
            "within_days": finding.within_days,
            "text": finding.text,
            "card": finding.card,
        }
        for finding in assessment.findings
    ]
    session.add(
        Assessment(
            enrolment_id=enrolment.id,
            checkin_id=checkin_id,
            message_id=message_id,
            pathway_version_id=version_id,
            level=assessment.level.value,
            findings=findings,
            unanswered=list(assessment.unanswered),
            unreadable=list(assessment.unreadable),
            at=now,
        )
    )
    session.flush()
    tally.count(session, metrics.ASSESSMENTS.labels(assessment.level.value).inc)


def _act(
    session: Session,
    enrolment: Enrolment,
    words: Words,
    assessment: triage.Assessment,
    occasion: str,
    now: datetime,
) -> Judgement:
    """Show each action card of the highest level once for this check-in or message; less urgent ones would confuse."""
    cards = walk.action_cards(assessment)
    said = [_say(session, enrolment, words, card, assessment.level, occasion, now) for card in cards]
    crisis = CRISIS_CARD in cards
    return Judgement(level=assessment.level, findings=assessment.findings, said=any(said), crisis=crisis)


def _say(
    session: Session,
    enrolment: Enrolment,
    words: Words,
    card: str,
    level: Level,
    occasion: str,
    now: datetime,
) -> bool:
    chat_id = patients.of(session, enrolment).chat_id
    if chat_id is None:
        return False
    emergency = level is Level.EMERGENCY
    text = words.card(card, days_text=words.days(0))
    if not emergency and late_in_the_day(words, now):
        text += "\n\n" + words.text("urgent_cutoff")
    return outbox.say_card(
        session,
        chat_id,
        patient.action(text, emergency=emergency),
        key=f"action:{occasion}:{card}",
        now=now,
        lane=Lane.EMERGENCY if emergency else Lane.CONVERSATION,
        on_uncertain="resend",
    )


def late_in_the_day(words: Words, now: datetime) -> bool:
    """Whether an urgent patient should ring out of hours rather than wait for the team (protocol, section 2)."""
    spec = words.pathway.levels[Level.URGENT]
    clock = f"{now.astimezone(timeline.zone(words.timezone)):%H:%M}"
    before_hours = "-" in spec.ack_hours and clock < spec.ack_hours.partition("-")[0]
    return spec.cutoff is not None and (clock >= spec.cutoff or before_hours)
