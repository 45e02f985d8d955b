"""Closes check-ins: finished by the patient, or because the time is over. The last judgement, with silence counted."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from bot import cards
from bot.cards import patient
from bot.care import assessing, cases, course, ending, guarded, outbox, pathways, patients, sweeping
from bot.care.clinic import Clinic
from bot.db.models import CheckIn, Enrolment
from schedules import timeline


def finish(session: Session, row: CheckIn, now: datetime, clinic: Clinic) -> bool:
    """The patient is done. Judges the whole and ends the check-in; one that had closed before stays as it closed."""
    if row.finished_at is not None:
        return False
    row.finished_at, row.unreadable_since, row.question, row.stage = now, None, None, "summary"
    session.flush()
    assessing.checkin(session, row, "completed", now, clinic)
    ending.quieten(session, row)
    if row.state == "open":
        ending.end(session, row, "answered", "patient", now)
    ending.show(session, row, now)
    return True


def close_due(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: close every open check-in whose time is over."""
    return sweeping.through(session, due, lambda ids: close_these(session, ids, now, clinic), now)


def due(session: Session, now: datetime, tried: Container[int] = (), most: int = sweeping.PAGE) -> Sequence[int]:
    """The open check-ins whose time is over: ids, the oldest first."""
    over = select(CheckIn.id).where(CheckIn.state == "open", CheckIn.closes_at <= now)
    return sweeping.page(session.scalars(over.order_by(CheckIn.closes_at, CheckIn.id)), tried, most)


def close_these(session: Session, ids: Sequence[int], now: datetime, clinic: Clinic) -> int:
    """Close these. Returns how many changed."""
    return sweeping.each(
        session,
        "close",
        ids,
        lambda row_id: close(session, session.get_one(CheckIn, row_id), now, clinic, unanswered="no_answer"),
        now,
    )


def close(session: Session, row: CheckIn, now: datetime, clinic: Clinic, *, unanswered: str) -> bool:
    """Close an open check-in with what was answered; `unanswered` is the reason when that is nothing."""
    answered = bool(cases.standing(session, row))
    complete = answered and course.complete(session, row, now)
    status: cases.Status = "completed" if complete else "partial" if answered else "missed"
    reason = "answered" if complete else "partly_answered" if answered else unanswered
    if not ending.end(session, row, reason, "system", now):
        return False
    if complete:
        row.finished_at, row.question, row.stage, row.picks = now, None, "summary", None
    if reason != "superseded":
        assessing.checkin(session, row, status, now, clinic)
    ending.show(session, row, now)
    return True


def unreadable_due(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: an answer to a red-flag question that nobody could read, and no tap since, is told to a clinician."""
    since = now - cases.UNREADABLE_WAIT
    due = select(CheckIn.id).where(CheckIn.unreadable_since <= since).order_by(CheckIn.unreadable_since)
    return sweeping.each(
        session, "unreadable", session.scalars(due).all(), lambda row_id: _unreadable(session, row_id, now, clinic), now
    )


def end_programmes(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: an enrolment whose programme is over, with nothing left to ask, ends and says so."""
    return sweeping.through(session, programmes_over, lambda ids: end_these(session, ids, now, clinic), now)


def programmes_over(
    session: Session, now: datetime, tried: Container[int] = (), most: int = sweeping.PAGE
) -> Sequence[int]:
    """The running programmes without a check-in that is planned or open: ids."""
    live = exists().where(CheckIn.enrolment_id == Enrolment.id, CheckIn.state != "ended")
    candidates = select(Enrolment.id).where(Enrolment.state.in_(patients.IN_PROGRAMME), ~live)
    return sweeping.page(session.scalars(candidates.order_by(Enrolment.id)), tried, most)


def end_these(session: Session, ids: Sequence[int], now: datetime, clinic: Clinic) -> int:
    """End those of these programmes whose time is over. Returns how many."""
    return sweeping.each(
        session,
        "programme end",
        ids,
        lambda enrolment_id: _end_programme(session, enrolment_id, now, clinic),
        now,
    )


def _unreadable(session: Session, row_id: int, now: datetime, clinic: Clinic) -> bool:
    claimed = guarded.step(
        session,
        update(CheckIn)
        .where(CheckIn.id == row_id, CheckIn.unreadable_since.is_not(None))
        .values(unreadable_since=None),
    )
    row = session.get_one(CheckIn, row_id, populate_existing=True)
    status: cases.Status = "completed" if row.finished_at is not None else "open"
    judgement = assessing.checkin(session, row, status, now, clinic)
    if judgement.said and (row.state == "open" or row.stage == "asking"):
        ending.show(session, row, now, key=f"unreadable:{now.timestamp():.0f}")
    return claimed


def _end_programme(session: Session, enrolment_id: int, now: datetime, clinic: Clinic) -> bool:
    enrolment = session.get_one(Enrolment, enrolment_id)
    pathway = pathways.of(session, enrolment.pathway_version_id)
    timezone = patients.of(session, enrolment).timezone
    if now < timeline.programme_ends(pathway, enrolment.surgery_date, timezone):
        return False
    ended = guarded.step(
        session,
        update(Enrolment)
        .where(Enrolment.id == enrolment_id, Enrolment.state.in_(patients.IN_PROGRAMME))
        .values(state="ended", ended_at=now, ended_by="programme", paused_until=None),
    )
    session.refresh(enrolment)
    chat = patients.chat(session, enrolment)
    if ended and chat is not None:
        words = patients.words(session, enrolment, clinic)
        at = timeline.next_allowed(now, pathway.schedule.quiet_hours, timezone)
        payload = cards.to_json(patient.plain(words.text("outside_programme")))
        outbox.say(session, "card", chat.id, key=f"over:{enrolment_id}", now=now, payload=payload, not_before=at)
    return ended
