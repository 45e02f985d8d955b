"""The check-ins of the plan as they are stored, for many patients at once, and what a new plan changes of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.db.models import CheckIn, Reminder
from schedules import replan, timeline

PLAN = "plan"  # ended_by of check-ins that never were sent because the plan said so
_MINE = CheckIn.enrolment_id.in_(bindparam("ids", expanding=True)), CheckIn.kind == "scheduled"
_ROWS = (
    select(
        CheckIn.id,
        CheckIn.enrolment_id,
        CheckIn.checkin,
        CheckIn.state,
        CheckIn.local_date,
        CheckIn.due_at,
        CheckIn.closes_at,
        CheckIn.moved_by_hand,
        CheckIn.ended_by,
        CheckIn.end_reason,
    )
    .where(*_MINE)
    .order_by(CheckIn.id)
)
_REMINDERS = (
    select(Reminder.checkin_id, Reminder.due_at)
    .join(CheckIn, CheckIn.id == Reminder.checkin_id)
    .where(*_MINE)
    .order_by(Reminder.checkin_id, Reminder.number)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One check-in of the plan; instants are UTC."""

    checkin: str
    state: Literal["planned", "open", "ended"]
    local_date: date
    due_at: datetime
    closes_at: datetime
    by_hand: bool
    ended_by: str | None
    end_reason: str | None
    reminders: tuple[datetime, ...]


def of(session: Session, enrolment_ids: Collection[int]) -> dict[int, list[PlanRow]]:
    """The rows of each of these enrolments, none for one that was never planned."""
    values = {"ids": list(enrolment_ids)}
    reminders: dict[int, list[datetime]] = {}
    for checkin_id, due_at in session.execute(_REMINDERS, values):
        reminders.setdefault(checkin_id, []).append(due_at)
    found: dict[int, list[PlanRow]] = {each: [] for each in enrolment_ids}
    for row in session.execute(_ROWS, values):
        found[row.enrolment_id].append(
            PlanRow(
                checkin=row.checkin,
                state=row.state,
                local_date=row.local_date,
                due_at=row.due_at,
                closes_at=row.closes_at,
                by_hand=row.moved_by_hand,
                ended_by=row.ended_by,
                end_reason=row.end_reason,
                reminders=tuple(reminders.get(row.id, ())),
            )
        )
    return found


def changes(
    rows: Sequence[PlanRow], wanted: Sequence[timeline.Slot], now: datetime, *, keep_by_hand: bool = True
) -> replan.Changes:
    """What makes these rows what is wanted. A check-in that a person moved and that was not sent stays where it is."""
    by_hand = {row.checkin for row in rows if keep_by_hand and row.by_hand and row.state == "planned"}
    slots = [slot for slot in wanted if slot.checkin not in by_hand]
    days = {slot.checkin: slot.local_date for slot in slots}
    stored = [
        replan.Stored(
            checkin=row.checkin,
            state=row.state,
            local_date=row.local_date,
            due_at=row.due_at,
            reminders=row.reminders,
            closes_at=row.closes_at,
        )
        for row in rows
        if not (row.state == "planned" and row.checkin in by_hand) and not _makes_way(row, days)
    ]
    return replan.reconcile(stored, slots, now)


def _makes_way(row: PlanRow, days: dict[str, date]) -> bool:
    """Whether the plan itself ended this row, on another day than it now wants: it does not count as sent."""
    by_plan = row.state == "ended" and row.ended_by == PLAN
    return by_plan and (row.end_reason == "cancelled" or days.get(row.checkin) != row.local_date)
