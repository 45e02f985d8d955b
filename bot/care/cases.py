"""Builds what triage judges from the rows: the answers that stand, what was before surgery, what came in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import bindparam, event, select
from sqlalchemy.orm import Session

from bot.care import pathways, patients, planning
from bot.db.models import Answer, CheckIn, Enrolment, Message
from schedules import case as cased
from schedules import denials, timeline, triage
from schedules.pathway import Level, Pathway

Status = Literal["completed", "partial", "missed", "open"]
UNREADABLE = "?"  # no option and no number, so triage reads it as unreadable; never the patient's own words
UNREADABLE_WAIT = timedelta(minutes=10)  # how long a tap may still mend an answer that nobody could read
HEARD_FOR = timedelta(hours=24)  # words older than this are no longer about the answers of now
HEARD_AFTER = timedelta(hours=2)  # what is said later than this after the last answer is a change, no contradiction
_SILENT = ("no_answer", "unreachable")
_STANDING = "standing answers"  # in the session's notes: by check-in
# Made once: making a query takes longer than running it.
_ANSWERS = select(Answer).where(Answer.checkin_id == bindparam("checkin")).order_by(Answer.id)
_ASKED = select(CheckIn).where(CheckIn.enrolment_id == bindparam("enrolment"), CheckIn.state != "planned")
_WRITTEN = select(Message).where(
    Message.enrolment_id == bindparam("enrolment"),
    Message.received_at >= bindparam("since"),
    Message.received_at <= bindparam("until"),
)


def case(session: Session, checkin: CheckIn, now: datetime, status: Status) -> triage.Case:
    """The case of one check-in. `status` "open" means the patient is still answering: silence is not judged yet."""
    enrolment = session.get_one(Enrolment, checkin.enrolment_id)
    pathway = pathways.of(session, checkin.pathway_version_id)
    latest = standing(session, checkin)
    patience = now - UNREADABLE_WAIT if status == "open" else now
    return triage.Case(
        id=f"checkin-{checkin.id}",
        procedure=enrolment.procedure,
        surgery_date=enrolment.surgery_date,
        checkin=planning.spec_id(checkin),
        answered_on=_answered_on(session, enrolment, checkin, latest, status, now),
        status=status,
        answers=_values(pathway, latest, patience),
        history=history(session, enrolment, before=checkin),
        heard=_heard(session, checkin, pathway, now),
    )


def of_message(session: Session, enrolment: Enrolment, message: Message, now: datetime) -> triage.Case:
    """The case of something a patient wrote: what the net found, and what the re-screen was answered with."""
    pathway = pathways.of(session, enrolment.pathway_version_id)
    return triage.Case(
        id=f"message-{message.id}",
        procedure=enrolment.procedure,
        surgery_date=enrolment.surgery_date,
        checkin=pathway.schedule.recheck_checkin,
        answered_on=patients.today(session, enrolment, now),
        status="open",
        answers={},
        history=history(session, enrolment, before=None),
        free_text_level=Level(message.level),
        free_text_categories=tuple(message.categories or ()),
        rescreen=tuple(message.rescreen_picks or ()) if message.rescreen == "answered" else (),
    )


def standing(session: Session, checkin: CheckIn) -> dict[str, Answer]:
    """The newest answer to each question: earlier ones were corrected by it.

    Asked many times in one unit of work, so what was read is kept until an answer is added.
    """
    known: dict[int, dict[str, Answer]] = session.info.setdefault(_STANDING, {})
    if session.new or checkin.id not in known:
        rows = session.scalars(_ANSWERS, {"checkin": checkin.id}).all()
        known = session.info.setdefault(_STANDING, {})  # reading may have flushed, and so forgotten
        known[checkin.id] = {row.question: row for row in rows}
    return dict(known[checkin.id])


@event.listens_for(Session, "after_flush")
def _answers_changed(session: Session, _context: object) -> None:
    if any(isinstance(row, Answer) for row in (*session.new, *session.dirty, *session.deleted)):
        session.info.pop(_STANDING, None)


@event.listens_for(Session, "after_soft_rollback")
@event.listens_for(Session, "after_begin")
def _answers_unknown(session: Session, *_context: object) -> None:
    session.info.pop(_STANDING, None)


def history(session: Session, enrolment: Enrolment, before: CheckIn | None) -> tuple[triage.PastCheckIn, ...]:
    """Baseline first, then every earlier check-in in the order in which they were asked."""
    timezone = patients.of(session, enrolment).timezone
    rows = session.scalars(_ASKED, {"enrolment": enrolment.id})
    earlier = [row for row in rows if before is None or (row.id != before.id and _when(row) < _when(before))]
    past = (_past(session, row, timezone) for row in sorted(earlier, key=_when))
    return tuple(one for one in past if one is not None)


def _heard(session: Session, checkin: CheckIn, pathway: Pathway, now: datetime) -> cased.Heard:
    """What the patient wrote, or answered in the re-screen, while this check-in was open and just after its end."""
    if checkin.opened_at is None or not pathway.contradictions:
        return cased.NOTHING_HEARD
    over = checkin.finished_at or checkin.ended_at
    since, until = max(checkin.opened_at, now - HEARD_FOR), now if over is None else over + HEARD_AFTER
    values = {"enrolment": checkin.enrolment_id, "since": since, "until": until}
    rows = session.scalars(_WRITTEN, values).all()
    return cased.Heard(
        said=frozenset(name for row in rows for name in row.categories or ()),
        denied=frozenset(name for row in rows for name in denials.found(pathway.freetext, row.body or "")),
        rescreen=frozenset(name for row in rows if row.rescreen == "answered" for name in row.rescreen_picks or ()),
    )


def _when(row: CheckIn) -> tuple[bool, datetime, int]:
    return row.kind != "baseline", row.opened_at or row.due_at, row.id


def _past(session: Session, row: CheckIn, timezone: str) -> triage.PastCheckIn | None:
    """None for a check-in that says nothing: it was paused, merged into another, or is still unanswered."""
    latest = standing(session, row)
    if not latest and row.end_reason not in _SILENT:
        return None
    finished = row.kind == "baseline" or row.finished_at is not None
    return triage.PastCheckIn(
        checkin=planning.spec_id(row),
        answered_on=_local(latest.values(), timezone) or row.local_date,
        status="missed" if not latest else "completed" if finished else "partial",
        level=Level(row.level) if row.level else None,
        answers=_values(pathways.of(session, row.pathway_version_id), latest, None),
    )


def _values(pathway: Pathway, latest: Mapping[str, Answer], patience: datetime | None) -> dict[str, Any]:
    """What triage reads. An unreadable answer newer than `patience` waits for a tap; without one it is left out."""
    values: dict[str, Any] = {}
    for question, row in latest.items():
        if not row.readable:
            if patience is not None and row.at <= patience:
                values[question] = UNREADABLE
        elif row.value is not None:
            values[question] = row.value
        elif pathway.question(question).type == "text":
            values[question] = row.raw or ""
    return values


def _answered_on(
    session: Session,
    enrolment: Enrolment,
    checkin: CheckIn,
    latest: Mapping[str, Answer],
    status: Status,
    now: datetime,
) -> date:
    if status == "open":
        return patients.today(session, enrolment, now)
    return _local(latest.values(), patients.of(session, enrolment).timezone) or checkin.local_date


def _local(rows: Any, timezone: str) -> date | None:
    """The local day of the last of these answers."""
    instants: Sequence[datetime] = [row.at for row in rows]
    return max(instants).astimezone(timeline.zone(timezone)).date() if instants else None
