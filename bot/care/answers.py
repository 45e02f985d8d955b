"""Takes answers: kept as given, judged at once, and the next question shown. All in one transaction.

A correction is a new row beside the one it corrects. A double tap changes nothing. What triage finds reaches clinicians
with this answer, not at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import assessing, cases, closing, course, ending, pathways, patients, planning
from bot.care.assessing import Judgement
from bot.care.cases import case
from bot.care.clinic import Clinic
from bot.db.models import Answer, CheckIn, Enrolment
from schedules import questions, timeline, triage
from schedules.pathway import Question

_DOUBLE_TAP = timedelta(seconds=3)  # nobody reads the question in other words that fast

__all__ = ["case", "choose", "doubt", "move_on", "record", "reopen", "step_back", "tick", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who gave an answer: the patient, a carer, or staff on the phone."""

    kind: str = "patient"
    staff_id: int | None = None


PATIENT = Author()


def record(
    session: Session,
    row: CheckIn,
    question_id: str,
    value: questions.Value | None,
    now: datetime,
    clinic: Clinic,
    *,
    raw: str | None = None,
    author: Author = PATIENT,
    below: str | None = None,
) -> bool:
    """Take one readable answer and move on. `value` None skips an optional question, or is words kept in `raw`.

    False when the same answer already stands: then nothing is written and only the screen moves on. To a question
    asked again the same answer is an answer, and is kept.
    `below` brings the check-in to the bottom of the chat, since something else was just said there: "asking" goes on,
    "action" only offers to. The caller has checked that the check-in takes answers (`ending.takes_answers`).
    """
    stored = list(value) if isinstance(value, tuple) else value
    standing = cases.standing(session, row)
    latest = standing.get(question_id)
    same = (
        latest is not None and latest.readable and (latest.value == stored if stored is not None else latest.raw == raw)
    )
    again = question_id in course.doubted(row, standing) and latest is not None and now - latest.at >= _DOUBLE_TAP
    if same and not again:
        move_on(session, row, now, clinic)
        return False
    _keep(session, row, question_id, stored, raw, latest, now, author, readable=True)
    _unreadable_since(session, row, now)
    _after(session, row, now, clinic, below)
    return True


def unreadable(
    session: Session, row: CheckIn, question_id: str, raw: str, now: datetime, *, stage: str = "asking"
) -> None:
    """Keep what was typed though nobody can read it as an answer; the question is asked again with a hint.

    For a red-flag question a clinician is told when no readable answer follows (`closing.unreadable_due`). `stage`
    "action" only offers to go on, because the words themselves were an alarm.
    """
    latest = cases.standing(session, row).get(question_id)
    _keep(session, row, question_id, None, raw, latest, now, PATIENT, readable=False)
    _unreadable_since(session, row, now)
    crisis = assessing.in_crisis(session, session.get_one(Enrolment, row.enrolment_id), now)
    row.stage, row.question = "paused" if crisis else stage, question_id
    session.flush()
    ending.show(session, row, now, key=f"hint:{now.timestamp():.3f}")


def tick(session: Session, row: CheckIn, question: Question, option: int, on: bool, now: datetime) -> None:
    """Tick or untick one option of a multiple choice that is not done yet; "none of these" stands alone."""
    chosen = question.options[option].id
    row.picks = ticked(tuple(row.picks or ()), chosen, on, question.exclusive)
    session.flush()
    ending.show(session, row, now)


def ticked(picks: tuple[str, ...], chosen: str, on: bool, exclusive: tuple[str, ...]) -> list[str]:
    """The ticks after one tap."""
    if not on:
        return [pick for pick in picks if pick != chosen]
    if chosen in exclusive:
        return [chosen]
    return [*(pick for pick in picks if pick not in exclusive and pick != chosen), chosen]


def choose(question: Question, option: int) -> questions.Value | None:
    """What a tapped button of this question means, or None when there is no such button."""
    if question.type == "scale":
        low, high = int(question.min or 0), int(question.max or 10)
        return option if low <= option <= high else None
    options = question.special if question.type == "number" else question.options
    if question.type in ("multi", "text") or not 0 <= option < len(options):
        return None
    return options[option].id


def move_on(
    session: Session, row: CheckIn, now: datetime, clinic: Clinic, *, key: str | None = None, stage: str = "asking"
) -> None:
    """Show what comes next: a question, or the end. The last answer finishes the check-in; no extra tap is needed."""
    following = course.next_question(session, row, now)
    row.question = following.id if following is not None else None
    over = following is None and (row.finished_at is not None or stage != "paused")
    row.stage = "summary" if over else stage
    row.picks = None
    session.flush()
    if row.stage == "summary":
        closing.finish(session, row, now, clinic)
    ending.show(session, row, now, key=key)


def step_back(session: Session, row: CheckIn, question_id: str, now: datetime) -> bool:
    """Show the question before this one again, with the answer that stands."""
    before = course.previous_question(session, row, question_id, now)
    return before is not None and reopen(session, row, before, now)


def reopen(session: Session, row: CheckIn, question: Question, now: datetime) -> bool:
    """Ask this question again; what was answered stands until it is answered anew."""
    standing = cases.standing(session, row).get(question.id)
    row.stage, row.question = "asking", question.id
    row.picks = standing.value if standing is not None and question.type == "multi" else None
    session.flush()
    ending.show(session, row, now)
    return True


def doubt(session: Session, row: CheckIn, findings: Iterable[triage.Finding]) -> bool:
    """Have the questions asked again whose answers a contradiction puts in doubt, once each in this check-in.

    Returns whether there is a new one. What was answered stands until it is answered anew.
    """
    pathway = pathways.of(session, row.pathway_version_id)
    fired = {finding.rule for finding in findings}
    standing, known = cases.standing(session, row), dict(row.asked_again or {})
    new = {
        one.ask_again: standing[one.ask_again].id
        for one in pathway.contradictions
        if one.id in fired and one.ask_again in standing and one.ask_again not in known
    }
    if new:
        row.asked_again = known | new
        session.flush()
    return bool(new)


def _keep(
    session: Session,
    row: CheckIn,
    question_id: str,
    value: Any,
    raw: str | None,
    latest: Answer | None,
    now: datetime,
    author: Author,
    *,
    readable: bool,
) -> None:
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    late = now >= row.closes_at or row.end_reason in ("no_answer", "partly_answered")
    session.add(
        Answer(
            checkin_id=row.id,
            question=question_id,
            value=value,
            raw=raw,
            readable=readable,
            at=now,
            late=late,
            corrects_id=latest.id if latest is not None else None,
            author=author.kind,
            staff_id=author.staff_id,
            language=patients.of(session, enrolment).language,
        )
    )
    row.answered_late = row.answered_late or late
    session.flush()


def _unreadable_since(session: Session, row: CheckIn, now: datetime) -> None:
    """Since when a red-flag answer waits for a tap that can be read; nothing waits once each has one.

    A question that a correction opened in a finished check-in waits likewise: nothing else would miss its answer.
    """
    pathway = pathways.of(session, row.pathway_version_id)
    latest = cases.standing(session, row)
    waiting = [a.at for a in latest.values() if not a.readable and pathway.question(a.question).red_flag]
    if row.finished_at is not None and not course.complete(session, row, now):
        waiting.append(row.unreadable_since or now)
    row.unreadable_since = min(waiting, default=None)


def _after(session: Session, row: CheckIn, now: datetime, clinic: Clinic, below: str | None) -> None:
    """Judge, then show what follows: the rest is only offered after an action card, and not at all in a crisis."""
    complete = row.finished_at is not None and course.complete(session, row, now)
    judgement = assessing.checkin(session, row, "completed" if complete else "open", now, clinic)
    doubt(session, row, judgement.findings)
    _recheck(session, row, judgement, now)
    key = f"below:{now.timestamp():.3f}" if judgement.said or below is not None else None
    if assessing.in_crisis(session, session.get_one(Enrolment, row.enrolment_id), now):
        move_on(session, row, now, clinic, key=key, stage="paused")
    else:
        move_on(session, row, now, clinic, key=key, stage="action" if judgement.said or below == "action" else "asking")


def _recheck(session: Session, row: CheckIn, judgement: Judgement, now: datetime) -> None:
    """Plan the extra check-in that a rule asks for, once for each check-in."""
    pathway = pathways.of(session, row.pathway_version_id)
    fired = {finding.rule for finding in judgement.findings}
    hours = [rule.recheck_after_h for rule in pathway.rules if rule.id in fired and rule.recheck_after_h is not None]
    if not hours or row.opened_at is None:
        return
    after = timedelta(hours=min(hours))
    booked = select(CheckIn.id).where(
        CheckIn.enrolment_id == row.enrolment_id, CheckIn.kind == "adhoc", CheckIn.due_at >= row.opened_at + after
    )
    if session.scalars(booked).first() is None:
        enrolment = session.get_one(Enrolment, row.enrolment_id)
        timezone = patients.of(session, enrolment).timezone
        at = timeline.next_allowed(now + after, pathway.schedule.quiet_hours, timezone)
        planning.add_adhoc(session, enrolment, at, recheck=True)
