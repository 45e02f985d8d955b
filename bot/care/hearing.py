"""Sets what a patient just wrote, or answered in the re-screen, against the answers of their check-in.

The words were judged by themselves. Where they contradict an answer, a clinician gets a review item, and the question
is asked once more in other words: at its turn in a check-in that is still being answered, at once in one just finished.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.care import answers, assessing, cases, course, opening, pathways
from bot.care.clinic import Clinic
from bot.db.models import CheckIn, Enrolment
from schedules import triage


def after(
    session: Session, enrolment: Enrolment, now: datetime, clinic: Clinic, *, said: bool = False, ask: bool = True
) -> None:
    """Look at the answers again after something was heard. `said`: an action card has just gone out.

    Without `ask` the check-in is not brought up, since another question waits below it.
    """
    row = opening.current(session, enrolment) or opening.answerable(session, enrolment)
    if row is None or not _contradicted(session, row, now):
        return
    complete = row.finished_at is not None and course.complete(session, row, now)
    judgement = assessing.checkin(session, row, "completed" if complete else "open", now, clinic)
    crisis = assessing.in_crisis(session, enrolment, now)
    if not ask and row.finished_at is not None:
        return
    new = answers.doubt(session, row, judgement.findings)
    if new and row.stage == "summary" and not crisis:
        stage = "action" if said or judgement.said else "asking"
        answers.move_on(session, row, now, clinic, key=f"again:{now.timestamp():.3f}", stage=stage)


def _contradicted(session: Session, row: CheckIn, now: datetime) -> bool:
    pathway = pathways.of(session, row.pathway_version_id)
    if not pathway.contradictions or not cases.standing(session, row):
        return False
    fired = triage.fired(pathway, cases.case(session, row, now, "open"))
    return any(one.id in fired for one in pathway.contradictions)
