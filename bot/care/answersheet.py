"""What a patient answered, read for staff: the answers that stand, and how the scores went. Reading only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards.clinician import Trend
from bot.care import facts
from bot.db.models import Answer, CheckIn
from schedules.pathway import Pathway

BEFORE_SURGERY = "before surgery"
_POINTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The answer that stands for a question, and the value it replaced. `value` is None when it could not be read.

    `again`: it answers the question in its other words.
    """

    question: str
    value: Any
    raw: str | None
    readable: bool
    language: str
    at: datetime
    late: bool
    author: str
    before: tuple[Any, ...]
    again: bool = False


def checkins(session: Session, enrolment_id: int) -> Sequence[CheckIn]:
    """Every check-in of the enrolment, oldest first; the baseline comes before all."""
    rows = session.scalars(select(CheckIn).where(CheckIn.enrolment_id == enrolment_id)).all()
    return sorted(rows, key=lambda row: (row.kind != "baseline", row.opened_at or row.due_at, row.id))


def of(session: Session, checkin_id: int) -> dict[str, Given]:
    """The newest answer to each question of a check-in, in the order of the first answers."""
    sheet: dict[str, Given] = {}
    asked_again: dict[str, int] = session.get_one(CheckIn, checkin_id).asked_again or {}
    for row in session.scalars(select(Answer).where(Answer.checkin_id == checkin_id).order_by(Answer.id)):
        earlier = sheet.get(row.question)
        before = (*earlier.before, earlier.value) if earlier is not None else ()
        sheet[row.question] = Given(
            question=row.question,
            value=row.value,
            raw=row.raw,
            readable=row.readable,
            language=row.language,
            at=row.at,
            late=row.late,
            author=row.author,
            before=before,
            again=row.id > asked_again.get(row.question, row.id),
        )
    return sheet


def trends(session: Session, enrolment_id: int, pathway: Pathway) -> tuple[Trend, ...]:
    """The scores, from before surgery to the last ones given, for a card that a group may see."""
    points: dict[str, list[tuple[str, str]]] = {}
    scales = [question for question in pathway.questions if question.type == "scale"]
    for checkin in checkins(session, enrolment_id):
        sheet = of(session, checkin.id)
        for question in scales:
            given = sheet.get(question.id)
            if given is not None:
                value = f"{given.value:g}" if facts.readable(question, given.value) else facts.UNREADABLE
                points.setdefault(question.id, []).append((when(checkin), value))
    return tuple(
        Trend(label=facts.label(question.id), points=_ends(points[question.id]))
        for question in scales
        if question.id in points
    )


def when(checkin: CheckIn) -> str:
    """When a check-in was, as staff say it."""
    return BEFORE_SURGERY if checkin.kind == "baseline" else f"day {checkin.day}"


def _ends(points: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What it was before surgery, and the last few."""
    return tuple(points) if len(points) <= _POINTS else (points[0], *points[-(_POINTS - 1) :])
