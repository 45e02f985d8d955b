"""An open demand on a clinician: opened or joined by findings, taken, answered with a call, closed with an outcome.

One live escalation per enrolment. A worse or new finding raises it, voids the acknowledgement and pages again; a lesser
one joins without a sound. Nothing a patient answers later lowers or closes it (hazards H38, H39): a person does.

Any active member of the team may acknowledge and record the contact. A coordinator may close a review; urgent and
emergency cases are closed by a clinician or an admin, because the outcome is a clinical statement. The first tap wins:
each step is a guarded UPDATE, and whoever comes second is told who did it and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, update
from sqlalchemy.orm import Session

from bot.cards import Card, clinician
from bot.care import access, audit, escalation_view, facts, pathways, raising, telling
from bot.care.clinic import Clinic
from bot.care.joining import Reported
from bot.db.models import OUTCOMES, Chat, CheckIn, Enrolment, Escalation, Message, Staff
from bot.db.types import UtcDateTime
from schedules import triage
from schedules.pathway import Level, Operational, Pathway

_OPERATIONAL_DAYS = 1
_WITHOUT_CONTACT = ("could_not_reach", "sent_to_emergency")
_CLOSE_SERIOUS = ("clinician", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an attempt: whether it changed anything, and what to tell the person."""

    done: bool
    said: str


def assess(
    session: Session,
    enrolment: Enrolment,
    assessment: triage.Assessment,
    *,
    checkin: CheckIn | None,
    message: Message | None,
    now: datetime,
    clinic: Clinic,
) -> Escalation | None:
    """Open, join or raise the enrolment's escalation by what triage found. None when there is nothing to act on.

    Safe to call after every answer with the same findings: what was already said changes nothing, also when the
    escalation that held it is closed. Stores nothing about the assessment itself.
    """
    pathway = pathways.of(session, checkin.pathway_version_id if checkin else enrolment.pathway_version_id)
    reported = [
        Reported(
            rule=finding.rule,
            level=finding.level,
            said=finding.text,
            because=facts.kept(pathway, finding.because),
            within_days=finding.within_days,
            checkin_id=checkin.id if checkin else None,
            message_id=message.id if message else None,
        )
        for finding in assessment.findings
        if finding.level >= Level.REVIEW
    ]
    return raising.take_in(session, enrolment, reported, now, clinic)


def operational(
    session: Session,
    enrolment: Enrolment,
    finding_id: str,
    now: datetime,
    clinic: Clinic,
    *,
    level: Level | None = None,
    because: Mapping[str, Any] | None = None,
) -> Escalation:
    """Open, join or raise by something that happened to the messages: a blocked bot, an unread message.

    Level, deadline and line come from the pathway's operational findings; `level` overrides it upwards or for one
    that the pathway does not name, which is else a review within a day.
    """
    pathway = pathways.of(session, enrolment.pathway_version_id)
    known = _operational(pathway, finding_id)
    reported = Reported(
        rule=finding_id,
        level=level or (known.level if known else Level.REVIEW),
        said=known.text if known else facts.label(finding_id) + ". Phone the patient.",
        because=facts.kept(pathway, because or {}),
        within_days=known.within_days if known else _OPERATIONAL_DAYS,
    )
    escalation = raising.take_in(session, enrolment, [reported], now, clinic)
    if escalation is None:
        raise ValueError(f"operational finding {finding_id!r} at level {reported.level}: give it at least review")
    return escalation


def acknowledge(session: Session, escalation_id: int, by: Staff, now: datetime, clinic: Clinic) -> Outcome:
    """`by` takes the case; paging stops. Changes nothing when somebody has taken it."""
    escalation = session.get_one(Escalation, escalation_id)
    if not access.to_escalation(session, by, escalation):
        return _refused(session, by, "acknowledge", escalation_id, now)
    taken = session.scalar(
        update(Escalation)
        .where(Escalation.id == escalation_id, Escalation.state == "open")
        .values(state="acknowledged", acknowledged_by=by.id, acknowledged_at=now, next_page_at=None)
        .returning(Escalation.id)
    )
    if taken is None:
        return Outcome(done=False, said=_so_far(session, escalation, by))
    _step(session, escalation, "acknowledged", by, now)
    return Outcome(done=True, said="You have taken this. Ring the patient, then tap Reached patient.")


def contacted(session: Session, escalation_id: int, by: Staff, now: datetime, clinic: Clinic) -> Outcome:
    """`by` has reached the patient. Counts as acknowledging where nobody had."""
    escalation = session.get_one(Escalation, escalation_id)
    if not access.to_escalation(session, by, escalation):
        return _refused(session, by, "contacted", escalation_id, now)
    untaken = escalation.state == "open"
    reached = session.scalar(
        update(Escalation)
        .where(Escalation.id == escalation_id, Escalation.state.in_(("open", "acknowledged")))
        .values(state="contacted", contacted_by=by.id, contacted_at=now, next_page_at=None, **_taken_too(by, now))
        .returning(Escalation.id)
    )
    if reached is None:
        return Outcome(done=False, said=_so_far(session, escalation, by))
    if untaken:
        telling.event(session, escalation, "acknowledged", now, by, implied=True)
    _step(session, escalation, "contacted", by, now)
    return Outcome(done=True, said="Recorded that the patient was reached. Close with an outcome when it is settled.")


def close(
    session: Session, escalation_id: int, by: Staff, outcome: str, note: str | None, now: datetime, clinic: Clinic
) -> Outcome:
    """End the case with one of models.OUTCOMES. Says what is missing when it may not be closed yet."""
    escalation = session.get_one(Escalation, escalation_id)
    if not access.to_escalation(session, by, escalation):
        return _refused(session, by, "close", escalation_id, now)
    if escalation.state == "closed":
        return Outcome(done=False, said=_so_far(session, escalation, by))
    if outcome not in OUTCOMES:
        return Outcome(done=False, said="Choose an outcome: a case is not closed without one.")
    if hindrance := hinders_closing(escalation, by, outcome):
        return Outcome(done=False, said=hindrance)
    closed = session.scalar(
        update(Escalation)
        .where(Escalation.id == escalation_id, Escalation.state != "closed")
        .values(
            state="closed",
            outcome=outcome,
            note=note,
            closed_by=by.id,
            closed_at=now,
            next_page_at=None,
            **_taken_too(by, now),
        )
        .returning(Escalation.id)
    )
    if closed is None:
        return Outcome(done=False, said=_so_far(session, escalation, by))
    _step(session, escalation, "closed", by, now, outcome=outcome)
    return Outcome(done=True, said=f"Closed: {clinician.OUTCOME_WORDS[outcome].lower()}.")


def hinders_closing(escalation: Escalation, by: Staff, outcome: str | None = None) -> str | None:
    """Why `by` may not close this case, or not with this outcome, and what to do; None when nothing hinders."""
    if Level(escalation.level) < Level.URGENT:
        return None
    if by.role not in _CLOSE_SERIOUS:
        return (
            f"Only a clinician or an admin closes an {escalation.level} case. "
            "Tap Reached patient once you have, then ask one of them to close it."
        )
    if outcome is not None and escalation.contacted_at is None and outcome not in _WITHOUT_CONTACT:
        return (
            "Nobody has recorded reaching the patient. Tap Reached patient first, or close with "
            "Could not reach or Sent to emergency."
        )
    return None


def add_note(session: Session, escalation_id: int, by: Staff, text: str, now: datetime) -> Outcome:
    """Add to the note of a closed case. Only who may work the case may write it."""
    escalation = session.get_one(Escalation, escalation_id)
    if not access.to_escalation(session, by, escalation):
        return _refused(session, by, "note", escalation_id, now)
    escalation.note = "\n".join(filter(None, (escalation.note, text.strip())))
    session.flush()
    _step(session, escalation, "noted", by, now)
    return Outcome(done=True, said="Note kept.")


def card(session: Session, ref: int, chat: Chat, clinic: Clinic, now: datetime) -> Card | None:
    """The escalation as this chat may see it now; None when this chat has no business with it any more."""
    escalation = session.get(Escalation, ref)
    if escalation is None or not escalation_view.may_show(session, escalation, chat):
        return None
    return clinician.escalation(escalation_view.of(session, escalation, chat, now))


def version(escalation: Escalation) -> int:
    """Changes with every raise; buttons carry it, so that nobody takes a case they have not seen as it is now."""
    return int(escalation.raised_at.timestamp() * 1000)


def _taken_too(by: Staff, now: datetime) -> dict[str, Any]:
    """Who reaches a patient or closes a case has taken it, unless somebody had before."""
    return {
        "acknowledged_by": func.coalesce(Escalation.acknowledged_by, by.id),
        "acknowledged_at": func.coalesce(Escalation.acknowledged_at, literal(now, UtcDateTime)),
    }


def _step(session: Session, escalation: Escalation, kind: str, by: Staff, now: datetime, **details: Any) -> None:
    session.refresh(escalation)
    telling.event(session, escalation, kind, now, by, **details)
    audit.record(session, audit.actor(by), f"escalation {kind}", f"escalation:{escalation.id}", now, **details)
    telling.refresh(session, escalation, now)


def _refused(session: Session, by: Staff, action: str, escalation_id: int, now: datetime) -> Outcome:
    return Outcome(done=False, said=access.refused(session, by, action, f"escalation:{escalation_id}", now))


def _so_far(session: Session, escalation: Escalation, by: Staff) -> str:
    """Who did what, and when, for somebody whose tap came second."""
    session.refresh(escalation)
    if escalation.state == "closed":
        did, who, at = "closed this", escalation.closed_by, escalation.closed_at
    elif escalation.state == "contacted":
        did, who, at = "reached the patient", escalation.contacted_by, escalation.contacted_at
    else:
        did, who, at = "took this", escalation.acknowledged_by, escalation.acknowledged_at
    person = "You" if who == by.id else escalation_view.name_of(session, who)
    when = f" at {escalation_view.local(session, escalation, at)}" if at is not None else ""
    return f"{person} {did}{when}."


def _operational(pathway: Pathway, finding_id: str) -> Operational | None:
    return next((one for one in pathway.operational if one.id == finding_id), None)
