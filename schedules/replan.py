"""The difference between the check-ins a patient has and those the plan now wants.

A changed surgery date, zone or pathway gives a new plan; only check-ins that were never sent follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from schedules import timeline

# A check-in due this recently is on its way out with the next tick; it is not late.
_ON_ITS_WAY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One check-in as stored; instants are UTC.

    `planned` was not sent. `open` and `ended` are untouchable, and their check-in is not planned again; leave
    out rows that an earlier reconcile cancelled, so that a check-in taken out and put back is planned again.
    `ad_hoc` check-ins are not part of the plan and are never changed.
    """

    checkin: str
    state: Literal["planned", "open", "ended"]
    local_date: date
    due_at: datetime
    reminders: tuple[datetime, ...]
    closes_at: datetime
    ad_hoc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The planned check-in `checkin` takes the times, and the late policy, of `slot`."""

    checkin: str
    slot: timeline.Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to write: new check-ins, planned ones that move, ids of planned ones to cancel."""

    add: tuple[timeline.Slot, ...] = ()
    move: tuple[Move, ...] = ()
    cancel: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.move or self.cancel)


def reconcile(stored: Sequence[Stored], wanted: Sequence[timeline.Slot], now: datetime) -> Changes:
    """The changes that make the planned check-ins of `stored` equal `wanted`; `now` is UTC.

    Reconciling again after applying them gives no changes. A slot added or moved with `late` set to `merge`
    or `phone_task` is not to be sent: record that end.
    """
    mine = [row for row in stored if not row.ad_hoc]
    sent = {row.checkin for row in mine if row.state != "planned"}
    planned = {row.checkin: row for row in mine if row.state == "planned"}
    slots = {slot.checkin: slot for slot in wanted if slot.checkin not in sent}
    return Changes(
        add=tuple(slot for slot in slots.values() if slot.checkin not in planned),
        move=tuple(
            Move(checkin=slot.checkin, slot=slot)
            for slot in slots.values()
            if slot.checkin in planned and _differs(planned[slot.checkin], slot, now)
        ),
        cancel=tuple(checkin for checkin in planned if checkin not in slots),
    )


def _differs(row: Stored, slot: timeline.Slot, now: datetime) -> bool:
    if row.local_date != slot.local_date:
        return True
    if slot.late != "on_time" and timedelta(0) <= now - row.due_at <= _ON_ITS_WAY:
        return False
    if slot.late in ("merge", "phone_task"):
        return True
    return (row.due_at, row.reminders, row.closes_at) != (slot.due_at, slot.reminders, slot.closes_at)
