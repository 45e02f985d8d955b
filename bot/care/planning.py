"""Writes the rows of planned check-ins: at consent, when a date or zone changes, when a pathway is published.

Only check-ins that were never sent follow a new plan. One that the plan does not send ends with its reason at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from bot.care import escalations, pathways, patients
from bot.care.clinic import Clinic
from bot.db.models import CheckIn, Enrolment, Patient, Reminder
from schedules import replan, timeline
from schedules.pathway import Pathway

RECHECK = "-recheck"
PLAN = "plan"  # ended_by of check-ins that never were sent because the plan said so
_NOT_SENT = {"merge": "superseded", "phone_task": "phone_task"}


def plan_all(session: Session, enrolments: Sequence[Enrolment], now: datetime, clinic: Clinic) -> int:
    """`plan` for many at once. Returns for how many it was the first plan: those are written in bulk.

    A few statements write them all, however many they are; one after the other they cost a hundred times as much.
    """
    ids = [enrolment.id for enrolment in enrolments]
    begun = select(CheckIn.enrolment_id).where(CheckIn.enrolment_id.in_(ids), CheckIn.kind == "scheduled").distinct()
    planned = set(session.scalars(begun))
    session.scalars(select(Patient).where(Patient.id.in_({each.patient_id for each in enrolments}))).all()
    new: list[tuple[Enrolment, timeline.Slot]] = []
    slots: dict[tuple[int, date, str], tuple[timeline.Slot, ...]] = {}  # the same for all of one day and zone
    for enrolment in enrolments:
        if enrolment.id in planned:
            plan(session, enrolment, now, clinic)
            continue
        same = enrolment.pathway_version_id, enrolment.surgery_date, patients.of(session, enrolment).timezone
        if same not in slots:
            slots[same] = timeline.plan(pathways.of(session, same[0]), same[1], same[2], now)
        new += [(enrolment, slot) for slot in slots[same]]
    _write_new(session, new, now, clinic)
    return len(enrolments) - len(planned)


def _write_new(session: Session, new: Sequence[tuple[Enrolment, timeline.Slot]], now: datetime, clinic: Clinic) -> None:
    """The rows of check-ins that were never there before."""
    if not new:
        return
    values = [
        _values(enrolment, slot, now) | {"enrolment_id": enrolment.id, "kind": "scheduled"} for enrolment, slot in new
    ]
    session.connection().execute(insert(CheckIn), values)  # without the ORM, which asks for each id
    enrolled = {enrolment.id for enrolment, _slot in new}
    columns = select(CheckIn.enrolment_id, CheckIn.checkin, CheckIn.id)
    written = session.execute(columns.where(CheckIn.enrolment_id.in_(enrolled), CheckIn.kind == "scheduled"))
    ids = {(enrolment_id, checkin): row_id for enrolment_id, checkin, row_id in written}
    reminders = [
        {"checkin_id": ids[enrolment.id, slot.checkin], "number": number, "due_at": due_at, "state": "planned"}
        for enrolment, slot in new
        if slot.late not in _NOT_SENT
        for number, due_at in enumerate(slot.reminders, start=1)
    ]
    if reminders:
        session.connection().execute(insert(Reminder), reminders)
    for enrolment, slot in new:
        if slot.late == "phone_task":
            _by_phone(session, enrolment, slot, now, clinic)


def plan(session: Session, enrolment: Enrolment, now: datetime, clinic: Clinic) -> replan.Changes:
    """Make the planned check-ins what the enrolment's pathway, surgery date and zone say. Returns what changed."""
    pathway = pathways.of(session, enrolment.pathway_version_id)
    changes = preview(session, enrolment, pathway, enrolment.surgery_date, now)
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
    return changes


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
    timezone = patients.of(session, enrolment).timezone
    by_hand = _moved_by_hand(session, enrolment) if keep_by_hand else set()
    wanted = tuple(slot for slot in timeline.plan(pathway, surgery_date, timezone, now) if slot.checkin not in by_hand)
    return replan.reconcile(_stored(session, enrolment, wanted, by_hand), wanted, now)


def _moved_by_hand(session: Session, enrolment: Enrolment) -> set[str]:
    """Check-ins that a person put on another day and that were not sent yet."""
    moved = select(CheckIn.checkin).where(
        CheckIn.enrolment_id == enrolment.id, CheckIn.state == "planned", CheckIn.moved_by_hand
    )
    return set(session.scalars(moved))


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


def _stored(
    session: Session, enrolment: Enrolment, wanted: tuple[timeline.Slot, ...], by_hand: set[str]
) -> list[replan.Stored]:
    """The rows the plan must respect. One that the plan itself ended, on another day, does not count as sent."""
    days = {slot.checkin: slot.local_date for slot in wanted}
    rows = session.scalars(
        select(CheckIn)
        .where(CheckIn.enrolment_id == enrolment.id, CheckIn.kind == "scheduled")
        .where(~((CheckIn.state == "planned") & CheckIn.checkin.in_(by_hand)))
        .order_by(CheckIn.id)
    )
    return [
        replan.Stored(
            checkin=row.checkin,
            state=row.state,  # type: ignore[arg-type]  # the table's own constraint names the same three states
            local_date=row.local_date,
            due_at=row.due_at,
            reminders=_reminders(session, row),
            closes_at=row.closes_at,
        )
        for row in rows
        if not (_plan_ended(row) and (row.end_reason == "cancelled" or days.get(row.checkin) != row.local_date))
    ]


def _plan_ended(row: CheckIn) -> bool:
    return row.state == "ended" and row.ended_by == PLAN


def _reminders(session: Session, row: CheckIn) -> tuple[datetime, ...]:
    found = select(Reminder.due_at).where(Reminder.checkin_id == row.id).order_by(Reminder.number)
    return tuple(session.scalars(found))


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
