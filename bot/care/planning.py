"""Writes the rows of planned check-ins: at consent, when a date or zone changes, when a pathway is published.

Only check-ins that were never sent follow a new plan. One that the plan does not send ends with its reason at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from bot.care import escalations, pathways, patients, plan_rows
from bot.care.clinic import Clinic
from bot.db.models import Base, CheckIn, Enrolment, Patient, Reminder
from schedules import replan, timeline
from schedules.pathway import Pathway


def _given(table: type[Base], *columns: str) -> list[BindParameter[Any]]:
    """A value for each of these columns, as its type stores it."""
    return [bindparam(column, type_=table.__table__.c[column].type) for column in columns]


RECHECK = "-recheck"
PLAN = plan_rows.PLAN
AT_ONCE = 500  # patients whose rows are read together
_COLUMNS = (
    "pathway_version_id",
    "checkin",
    "day",
    "local_date",
    "due_at",
    "closes_at",
    "sent_late",
    "state",
    "end_reason",
    "ended_at",
    "ended_by",
    "kind",
)
_GROUP: BindParameter[Any] = bindparam("ids", expanding=True)
_FIRST = insert(CheckIn).from_select(  # both made once: making a query takes longer than running it
    ["enrolment_id", *_COLUMNS], select(Enrolment.id, *_given(CheckIn, *_COLUMNS)).where(Enrolment.id.in_(_GROUP))
)
_FIRST_REMINDER = insert(Reminder).from_select(
    ["checkin_id", "number", "due_at", "state"],
    select(CheckIn.id, *_given(Reminder, "number", "due_at", "state")).where(
        CheckIn.enrolment_id.in_(_GROUP), CheckIn.checkin == bindparam("of"), CheckIn.kind == "scheduled"
    ),
)
_NOT_SENT = {"merge": "superseded", "phone_task": "phone_task"}


def plan(session: Session, enrolment: Enrolment, now: datetime, clinic: Clinic) -> replan.Changes:
    """Make the planned check-ins what the enrolment's pathway, surgery date and zone say. Returns what changed."""
    pathway = pathways.of(session, enrolment.pathway_version_id)
    changes = preview(session, enrolment, pathway, enrolment.surgery_date, now)
    _apply(session, enrolment, changes, now, clinic)
    return changes


def plan_all(session: Session, enrolments: Sequence[Enrolment], now: datetime, clinic: Clinic) -> int:
    """`plan` for many at once, read and reckoned together. Returns for how many anything changed.

    First plans are written together as well; whoever has a plan already gets the changes one by one.
    """
    first: dict[tuple[int, tuple[timeline.Slot, ...]], list[Enrolment]] = {}
    changed = 0
    for enrolment, planned, changes in _previews(session, enrolments, now):
        changed += bool(changes)
        if planned:
            _apply(session, enrolment, changes, now, clinic)
        elif changes:
            first.setdefault((enrolment.pathway_version_id, changes.add), []).append(enrolment)
    for (_version, slots), group in first.items():
        for slot in slots:
            _write_first(session, group, slot, now, clinic)
    return changed


def preview(
    session: Session,
    enrolment: Enrolment,
    pathway: Pathway,
    surgery_date: date,
    now: datetime,
    *,
    keep_by_hand: bool = True,
) -> replan.Changes:
    """What `plan` would change under this pathway and surgery date. A check-in moved by hand stays where it is."""
    wanted = timeline.plan(pathway, surgery_date, patients.of(session, enrolment).timezone, now)
    rows = plan_rows.of(session, [enrolment.id])[enrolment.id]
    return plan_rows.changes(rows, wanted, now, keep_by_hand=keep_by_hand)


def preview_all(
    session: Session, enrolments: Sequence[Enrolment], pathway: Pathway, now: datetime
) -> Iterator[replan.Changes]:
    """`preview` for many at once, each under this pathway and with the surgery date it has."""
    return (changes for _enrolment, _planned, changes in _previews(session, enrolments, now, pathway))


def _previews(
    session: Session, enrolments: Sequence[Enrolment], now: datetime, pathway: Pathway | None = None
) -> Iterator[tuple[Enrolment, bool, replan.Changes]]:
    """Each enrolment, whether it had a plan before, and what would change, under its own pathway or this one."""
    slots: dict[tuple[int, date, str], tuple[timeline.Slot, ...]] = {}  # the same for all of one day and zone
    for begin in range(0, len(enrolments), AT_ONCE):
        some = enrolments[begin : begin + AT_ONCE]
        stored = plan_rows.of(session, [enrolment.id for enrolment in some])
        session.scalars(select(Patient).where(Patient.id.in_({each.patient_id for each in some}))).all()
        for enrolment in some:
            same = enrolment.pathway_version_id, enrolment.surgery_date, patients.of(session, enrolment).timezone
            if same not in slots:
                slots[same] = timeline.plan(pathway or pathways.of(session, same[0]), same[1], same[2], now)
            rows = stored[enrolment.id]
            yield enrolment, bool(rows), plan_rows.changes(rows, slots[same], now)


def _apply(session: Session, enrolment: Enrolment, changes: replan.Changes, now: datetime, clinic: Clinic) -> None:
    for checkin in changes.cancel:
        _cancel(session, _planned(session, enrolment, checkin), now)
    for move in changes.move:
        row = _planned(session, enrolment, move.checkin)
        taken = _same_day(session, enrolment, move.slot)
        if taken is not None and taken is not row:
            _cancel(session, row, now)
        _place(session, enrolment, move.slot, taken or row, now, clinic)
    for slot in changes.add:
        _place(session, enrolment, slot, None, now, clinic)


def _write_first(
    session: Session, group: Sequence[Enrolment], slot: timeline.Slot, now: datetime, clinic: Clinic
) -> None:
    """This check-in for all of these, who never had it and share pathway, surgery date and zone: a few statements."""
    ids = [enrolment.id for enrolment in group]
    connection = session.connection()  # without the ORM, which asks for each id
    connection.execute(_FIRST, {"ids": ids, "kind": "scheduled", **_values(group[0], slot, now)})
    for number, due_at in enumerate(slot.reminders if slot.late not in _NOT_SENT else (), start=1):
        reminder = {"number": number, "due_at": due_at, "state": "planned"}
        connection.execute(_FIRST_REMINDER, {"ids": ids, "of": slot.checkin, **reminder})
    if slot.late == "phone_task":
        for enrolment in group:
            _by_phone(session, enrolment, slot, now, clinic)


def next_planned(session: Session, enrolment: Enrolment) -> CheckIn | None:
    """The next check-in that will be sent, if any."""
    planned = select(CheckIn).where(CheckIn.enrolment_id == enrolment.id, CheckIn.state == "planned")
    return session.scalars(planned.order_by(CheckIn.due_at).limit(1)).first()


def add_adhoc(session: Session, enrolment: Enrolment, due_at: datetime, *, recheck: bool = False) -> CheckIn:
    """A check-in outside the plan, not yet open: asked for by the patient, or by a rule that wants to ask again."""
    pathway = pathways.of(session, enrolment.pathway_version_id)
    timezone = patients.of(session, enrolment).timezone
    slot = timeline.slot_at(pathway, pathway.schedule.recheck_checkin, due_at, enrolment.surgery_date, timezone)
    so_far = session.scalar(select(func.count()).where(CheckIn.enrolment_id == enrolment.id, CheckIn.kind == "adhoc"))
    row = CheckIn(
        enrolment_id=enrolment.id,
        pathway_version_id=enrolment.pathway_version_id,
        checkin=(slot.checkin if not so_far else f"{slot.checkin}-{so_far + 1}") + (RECHECK if recheck else ""),
        kind="adhoc",
        day=slot.day,
        local_date=slot.local_date,
        due_at=due_at,
        closes_at=slot.closes_at,
        state="planned",
    )
    session.add(row)
    session.flush()
    remind(session, row, slot.reminders)
    return row


def remind(session: Session, row: CheckIn, times: tuple[datetime, ...]) -> None:
    """Make these (UTC) the reminders of a check-in that was not sent yet."""
    session.execute(delete(Reminder).where(Reminder.checkin_id == row.id, Reminder.state == "planned"))
    for number, due_at in enumerate(times, start=1):
        session.add(Reminder(checkin_id=row.id, number=number, due_at=due_at, state="planned"))
    session.flush()


def spec_id(row: CheckIn) -> str:
    """The pathway's id of this check-in: the second ad-hoc one is "adhoc-2" here and "adhoc" there."""
    return row.checkin.partition("-")[0] if row.kind == "adhoc" else row.checkin


def _planned(session: Session, enrolment: Enrolment, checkin: str) -> CheckIn:
    return session.scalars(
        select(CheckIn).where(
            CheckIn.enrolment_id == enrolment.id, CheckIn.checkin == checkin, CheckIn.state == "planned"
        )
    ).one()


def _same_day(session: Session, enrolment: Enrolment, slot: timeline.Slot) -> CheckIn | None:
    """A row of this check-in that already holds the slot's day."""
    return session.scalars(
        select(CheckIn).where(
            CheckIn.enrolment_id == enrolment.id,
            CheckIn.checkin == slot.checkin,
            CheckIn.local_date == slot.local_date,
            CheckIn.kind == "scheduled",
        )
    ).first()


def _place(
    session: Session,
    enrolment: Enrolment,
    slot: timeline.Slot,
    row: CheckIn | None,
    now: datetime,
    clinic: Clinic,
) -> None:
    """Give the slot to `row`, to a row the plan had taken out that day, or to a new one."""
    row = row or _same_day(session, enrolment, slot) or CheckIn(enrolment_id=enrolment.id, kind="scheduled")
    for name, value in _values(enrolment, slot, now).items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    remind(session, row, slot.reminders if slot.late not in _NOT_SENT else ())
    if slot.late == "phone_task":
        _by_phone(session, enrolment, slot, now, clinic)


def _values(enrolment: Enrolment, slot: timeline.Slot, now: datetime) -> dict[str, Any]:
    """What a slot makes of the columns of a check-in that was not sent."""
    reason = _NOT_SENT.get(slot.late)
    return {
        "pathway_version_id": enrolment.pathway_version_id,
        "checkin": slot.checkin,
        "day": slot.day,
        "local_date": slot.local_date,
        "due_at": slot.due_at,
        "closes_at": slot.closes_at,
        "sent_late": slot.late == "send_late",
        "state": "ended" if reason else "planned",
        "end_reason": reason,
        "ended_at": now if reason else None,
        "ended_by": PLAN if reason else None,
    }


def _by_phone(session: Session, enrolment: Enrolment, slot: timeline.Slot, now: datetime, clinic: Clinic) -> None:
    escalations.operational(session, enrolment, "phone_task", now, clinic, because={"checkin": slot.checkin})


def _cancel(session: Session, row: CheckIn, now: datetime) -> None:
    session.execute(
        update(CheckIn)
        .where(CheckIn.id == row.id, CheckIn.state == "planned")
        .values(state="ended", end_reason="cancelled", ended_at=now, ended_by=PLAN)
    )
    remind(session, row, ())
    session.refresh(row)
