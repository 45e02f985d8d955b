"""Moves one check-in, or the surgery date, of one patient, with a preview first. What was sent is never moved.

The surgery date can be corrected before the patient starts as well; nothing is planned then (hazard H14).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from bot.cards import Card, admin
from bot.care import audit, forms, pathways, patients, planning
from bot.care.clinic import Clinic
from bot.care.registration import LONGEST_AHEAD, Unfit
from bot.db.models import CheckIn, Enrolment, Outbox
from schedules import timeline

KIND = "reschedule"
SURFACE = forms.surface_of(KIND)
SURGERY = 0  # stands where a check-in's id would


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One line of a preview: what happens to which check-in. Instants are UTC; None: it is not sent."""

    checkin: str
    before: datetime | None
    after: datetime | None
    why: str = ""


def movable(session: Session, enrolment: Enrolment) -> list[CheckIn]:
    """The check-ins that were not sent yet, soonest first."""
    planned = select(CheckIn).where(CheckIn.enrolment_id == enrolment.id, CheckIn.state == "planned")
    return list(session.scalars(planned.order_by(CheckIn.due_at)))


def read_date(session: Session, enrolment: Enrolment, target: int, raw: str, now: datetime) -> date:
    """A new date for the target as typed (YYYY-MM-DD); raises Unfit with the remedy."""
    try:
        day = date.fromisoformat(raw.strip())
    except ValueError as error:
        raise Unfit("write the date as year-month-day, for example 2026-03-19") from error
    today = patients.today(session, enrolment, now)
    if target == SURGERY:
        if not today - timedelta(days=365) <= day <= today + LONGEST_AHEAD:
            raise Unfit(f"{day} is more than a year ago or more than 60 days ahead: check the year")
        return day
    row = _unsent(session, enrolment, target)
    slot = _slot(session, enrolment, row, day)
    if slot.due_at <= now:
        raise Unfit(f"{day} is over: choose a day from {today + timedelta(days=1)}")
    same = (CheckIn.enrolment_id == enrolment.id, CheckIn.checkin == row.checkin, CheckIn.local_date == day)
    if session.scalar(select(exists().where(*same, CheckIn.kind == row.kind, CheckIn.id != row.id))):
        raise Unfit(f"this check-in already has an entry on {day}: choose another day")
    return day


def preview(session: Session, enrolment: Enrolment, target: int, day: date, now: datetime) -> list[Moved]:
    """What would happen, check-in by check-in; empty when nothing would change. Writes nothing."""
    if target != SURGERY:
        row = _unsent(session, enrolment, target)
        return [Moved(checkin=row.checkin, before=row.due_at, after=_slot(session, enrolment, row, day).due_at)]
    if enrolment.state not in patients.IN_PROGRAMME:
        return []
    pathway = pathways.of(session, enrolment.pathway_version_id)
    changes = planning.preview(session, enrolment, pathway, day, now, keep_by_hand=False)
    before = {row.checkin: row.due_at for row in movable(session, enrolment)}
    placed = [*changes.add, *(move.slot for move in changes.move)]
    lines = [
        Moved(
            checkin=slot.checkin,
            before=before.get(slot.checkin),
            after=slot.due_at if slot.late in ("on_time", "send_late") else None,
            why=_WHY[slot.late],
        )
        for slot in sorted(placed, key=lambda slot: slot.day)
    ]
    return [*lines, *(Moved(checkin=name, before=before[name], after=None, why="cancelled") for name in changes.cancel)]


def apply(
    session: Session, enrolment: Enrolment, target: int, day: date, *, by: int, now: datetime, clinic: Clinic
) -> list[Moved]:
    """Do what the preview showed, and return it; raises Unfit when that is not possible any more."""
    read_date(session, enrolment, target, day.isoformat(), now)
    lines = preview(session, enrolment, target, day, now)
    if target == SURGERY:
        before = enrolment.surgery_date
        session.execute(
            update(CheckIn)
            .where(CheckIn.enrolment_id == enrolment.id, CheckIn.state == "planned")
            .values(moved_by_hand=False)
        )
        enrolment.surgery_date = day
        session.flush()
        if enrolment.state in patients.IN_PROGRAMME:
            planning.plan(session, enrolment, now, clinic)
        audit.record(session, f"staff:{by}", "surgery date moved", f"enrolment:{enrolment.id}", now,
                     before=before.isoformat(), after=day.isoformat())  # fmt: skip
        return lines
    row = _unsent(session, enrolment, target)
    slot = _slot(session, enrolment, row, day)
    row.day, row.local_date, row.due_at, row.closes_at = slot.day, slot.local_date, slot.due_at, slot.closes_at
    row.moved_by_hand = True
    planning.remind(session, row, slot.reminders)
    audit.record(session, f"staff:{by}", "check-in moved", f"checkin:{row.id}", now, to=day.isoformat())
    return lines


def _unsent(session: Session, enrolment: Enrolment, target: int) -> CheckIn:
    row = session.get(CheckIn, target)
    if row is None or row.enrolment_id != enrolment.id or row.state != "planned":
        raise Unfit("that check-in was sent or taken out meanwhile: begin again")
    return row


def _slot(session: Session, enrolment: Enrolment, row: CheckIn, day: date) -> timeline.Slot:
    pathway = pathways.of(session, enrolment.pathway_version_id)
    zone = patients.of(session, enrolment).timezone
    try:
        return timeline.slot_on(pathway, planning.spec_id(row), day, enrolment.surgery_date, zone)
    except timeline.TimelineError as error:
        raise Unfit(str(error)) from error


_WHY = {
    "on_time": "",
    "send_late": "sent late, at once",
    "merge": "not sent: the next one asks the same",
    "phone_task": "not sent: becomes a phone task",
}


def card(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    """The form as it stands."""
    form = forms.of(session, row, KIND)
    if form is None:
        return forms.CLOSED
    token = forms.token(form)
    enrolment = session.get_one(Enrolment, form.data["enrolment"])
    person = patients.of(session, enrolment)
    if form.step == "choose":
        rows = [(item.id, item.checkin, item.due_at) for item in movable(session, enrolment)]
        return admin.choose_target(person.code, rows, person.timezone, enrolment.surgery_date.isoformat(), token)
    target = form.data["target"]
    what = "surgery date" if target == SURGERY else session.get_one(CheckIn, target).checkin
    if form.step == "date":
        return admin.ask_date(person.code, what, form.data.get("problem"), token)
    try:
        lines = preview(session, enrolment, target, date.fromisoformat(form.data["day"]), now)
    except Unfit:  # it was sent while the preview waited on the screen
        return forms.CLOSED
    shown = admin.moved_lines([(line.checkin, line.before, line.after, line.why) for line in lines], person.timezone)
    return admin.confirm_move(person.code, f"{what} to {form.data['day']}", shown, person.timezone, token)
