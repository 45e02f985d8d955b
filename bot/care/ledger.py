"""The account of all check-ins: every planned one is open or ended for a recorded reason. Finds what went astray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.care import ending, patients, watchdog
from bot.care.clinic import Clinic
from bot.db.models import CheckIn, Enrolment, Outbox, Patient

PATIENCE = timedelta(hours=14)  # a due check-in may wait out the quiet hours; longer than that nobody moves it
_SUBJECT = "check-ins"
_RUNNING = ("active", "paused")
_OVER = ("withdrawn", "ended", "void")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """`planned` is every check-in there ever was, ad-hoc ones too: `ended` by reason, plus `open`, plus `coming`."""

    planned: int
    ended: Mapping[str, int]
    open: int
    coming: int

    @property
    def balanced(self) -> bool:
        """Whether every planned check-in is accounted for."""
        return self.planned == sum(self.ended.values()) + self.open + self.coming


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """One exception: whose check-in, what is wrong with it, and what to do next. `checkin` is "none" for a patient
    who has none at all.
    """

    code: str
    checkin: str
    what: str
    remedy: str


def balance(session: Session, team_id: int | None = None) -> Ledger:
    """Count every check-in, of one team or of all, by what became of it."""
    asked = CheckIn.kind != "baseline"  # what was before surgery was never asked by the bot
    counted = _of(select(CheckIn.state, CheckIn.end_reason, func.count()).where(asked), team_id)
    rows = session.execute(counted.group_by(CheckIn.state, CheckIn.end_reason)).all()
    total = _of(select(func.count(CheckIn.id)).where(asked), team_id)
    return Ledger(
        planned=session.scalar(total) or 0,
        ended={reason: count for state, reason, count in sorted(rows, key=str) if state == "ended" and reason},
        open=sum(count for state, _, count in rows if state == "open"),
        coming=sum(count for state, _, count in rows if state == "planned"),
    )


def astray(session: Session, now: datetime) -> list[int]:
    """Check-ins that should have moved and did not: never sent, never closed, or left behind by their enrolment."""
    stuck = or_(*(condition for condition, _, _ in _stuck(now)))
    wanted = select(CheckIn).join(Enrolment, CheckIn.enrolment_id == Enrolment.id).where(stuck)
    rows = session.scalars(wanted.order_by(CheckIn.id)).all()
    return [row.id for row in rows if not _waits_for_the_morning(session, row, now)]


def exceptions(session: Session, now: datetime, team_id: int | None = None) -> list[Astray]:
    """Everything that went astray, named: stuck check-ins, questions that did not arrive, patients without a plan."""
    found: list[Astray] = []
    for condition, what, remedy in (*_stuck(now), _undelivered()):
        rows = _whose(select(Patient.code, CheckIn).select_from(CheckIn), team_id).where(condition)
        found += [
            Astray(code=code, checkin=row.checkin, what=what, remedy=remedy)
            for code, row in session.execute(rows.order_by(CheckIn.id)).all()
            if not _waits_for_the_morning(session, row, now)
        ]
    planless = (
        select(Patient.code)
        .join(Enrolment, Enrolment.patient_id == Patient.id)
        .where(Enrolment.state.in_(_RUNNING), Enrolment.consent_at < now - PATIENCE)
        .where(~exists().where(CheckIn.enrolment_id == Enrolment.id, CheckIn.kind != "baseline"))
    )
    if team_id is not None:
        planless = planless.where(Enrolment.team_id == team_id)
    found += [
        Astray(code=code, checkin="none", what="no check-in was ever planned", remedy=_PLAN_AGAIN)
        for code in session.scalars(planless.order_by(Patient.id))
    ]
    return found


def audit(session: Session, now: datetime, clinic: Clinic) -> dict[str, int]:
    """Tick: prove that the account balances; an admin hears of what went astray."""
    return tell(session, look(session, now), now)


def look(session: Session, now: datetime) -> tuple[Ledger, list[int]]:
    """What the audit reads: the account of all, and the check-ins that went astray. Takes seconds with a million."""
    return balance(session), astray(session, now)


def tell(session: Session, seen: tuple[Ledger, list[int]], now: datetime) -> dict[str, int]:
    """What the audit does about what it saw."""
    account, lost = seen
    if lost or not account.balanced:
        listed = ", ".join(map(str, lost[:10]))
        remedy = (
            f"Check-ins that did not move: {listed or 'none'}. Run aftercare ledger: it says whose, and what to do."
        )
        watchdog.incident(session, "ledger_not_balanced", _SUBJECT, remedy, now)
    else:
        watchdog.clear(session, "ledger_not_balanced", _SUBJECT, now)
    return {"planned": account.planned, "open": account.open, "astray": len(lost)}


_PLAN_AGAIN = "ring the patient; then confirm the surgery date with /reschedule, which plans the check-ins"
_Kind = tuple[ColumnElement[bool], str, str]


def _stuck(now: datetime) -> tuple[_Kind, ...]:
    late = now - PATIENCE
    return (
        (
            and_(CheckIn.state == "planned", CheckIn.due_at < late, Enrolment.state.in_(_RUNNING)),
            "it was due and never sent",
            "ring the patient and ask the questions; then run aftercare doctor",
        ),
        (
            and_(CheckIn.state == "open", CheckIn.closes_at < late),
            "its time is over and it never closed",
            "look at its answers with /patient; then run aftercare doctor",
        ),
        (
            and_(CheckIn.state == "planned", Enrolment.state.in_(_OVER)),
            "the programme is over and it is still planned",
            "nothing will be sent; report this with the log",
        ),
    )


def _waits_for_the_morning(session: Session, row: CheckIn, now: datetime) -> bool:
    """Overdue after downtime that ended at night: it is asked, or becomes a phone task, when the quiet hours end."""
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    return row.state == "planned" and enrolment.state in _RUNNING and patients.quiet(session, enrolment, now)


def _undelivered() -> _Kind:
    """Open, and not one message of it went out or waits to go."""
    mine = (Outbox.surface == ending.SURFACE, Outbox.ref == CheckIn.id)
    alive = exists().where(*mine, Outbox.state.in_(("pending", "sending", "sent", "uncertain")))
    lost = exists().where(*mine, Outbox.state.in_(("dead", "expired")))
    return (
        and_(CheckIn.state == "open", lost, ~alive),
        "its message did not arrive",
        "ring the patient and ask the questions, and help them open the chat again",
    )


def _of(counted: Any, team_id: int | None) -> Any:
    if team_id is None:
        return counted
    return counted.join(Enrolment, CheckIn.enrolment_id == Enrolment.id).where(Enrolment.team_id == team_id)


def _whose(rows: Any, team_id: int | None) -> Any:
    rows = rows.join(Enrolment, CheckIn.enrolment_id == Enrolment.id).join(Patient, Patient.id == Enrolment.patient_id)
    return rows if team_id is None else rows.where(Enrolment.team_id == team_id)
