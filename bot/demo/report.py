"""What came of a rehearsal: storylines held or not, the escalations with their clocks, and the ledger of check-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import ledger
from bot.db.engine import Database
from bot.db.models import CheckIn, Enrolment, Escalation, Inbox, Outbox, Patient
from bot.demo.narrator import Narrator


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One storyline; `why` says where it departed from its script."""

    name: str
    title: str
    why: str | None

    @property
    def held(self) -> bool:
        """Whether everything happened as it must."""
        return self.why is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One escalation with its clocks in seconds from the moment it was opened; None: not yet."""

    code: str
    level: str
    outcome: str | None
    acknowledged_s: float | None
    reached_s: float | None
    resolved_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a rehearsal showed. `duplicates` are messages one chat got twice in the same words at one instant."""

    storylines: tuple[Result, ...]
    planned: int
    ended: Mapping[str, int]
    open: int
    course: Mapping[str, Mapping[str, str]]  # case code → check-in → how it ended
    sent: int
    duplicates: int
    unsettled: int  # updates not processed and messages that died
    escalations: tuple[Case, ...]
    seconds: float

    @property
    def balanced(self) -> bool:
        """Whether every planned check-in has its reason or is still open."""
        return self.planned == sum(self.ended.values()) + self.open

    @property
    def held(self) -> bool:
        """Whether every expectation held."""
        quiet = not self.duplicates and not self.unsettled
        return self.balanced and quiet and all(result.held for result in self.storylines)


async def gather(db: Database, narrator: Narrator, results: Sequence[Result], seconds: float) -> Report:
    """Read what happened from the database, and what was sent from what the phones showed."""
    balance, course, cases, unsettled = await db.read(_read)
    return Report(
        storylines=tuple(results),
        planned=balance.planned,
        ended=dict(balance.ended),
        open=balance.open + balance.coming,
        course=course,
        sent=narrator.sent,
        duplicates=narrator.duplicates,
        unsettled=unsettled,
        escalations=cases,
        seconds=seconds,
    )


def as_json(report: Report) -> dict[str, Any]:
    """The report as DESIGN promises it to scripts."""
    return {
        "held": report.held,
        "storylines": [
            {"name": result.name, "held": result.held, "title": result.title, "why": result.why}
            for result in report.storylines
        ],
        "checkins": {"planned": report.planned, "ended": dict(report.ended), "open": report.open},
        "messages": {"sent": report.sent, "duplicates": report.duplicates},
        "escalations": [
            {
                "case": case.code,
                "level": case.level,
                "outcome": case.outcome,
                "acknowledged_s": case.acknowledged_s,
                "reached_s": case.reached_s,
                "resolved_s": case.resolved_s,
            }
            for case in report.escalations
        ],
        "seconds": round(report.seconds, 1),
    }


def show(console: Console, report: Report) -> None:
    """Print the escalations, the ledger and what held."""
    console.print(_escalations(report))
    console.print(_ledger(report))
    for result in report.storylines:
        mark = "[green]held[/]" if result.held else "[red]did not hold[/]"
        console.print(f"{mark}  {result.title}" + (f"\n      {result.why}" if result.why else ""))
    ended = sum(report.ended.values())
    console.print(
        f"\n{report.planned} check-ins planned = {ended} ended + {report.open} open; {report.sent} messages sent, "
        f"{report.duplicates} twice; {report.seconds:.0f} s"
    )


def _escalations(report: Report) -> Table:
    table = Table(
        "case", "level", "acknowledged", "reached", "resolved", "outcome", title="Escalations", title_style="bold"
    )
    for case in report.escalations:
        clocks = (_minutes(case.acknowledged_s), _minutes(case.reached_s), _minutes(case.resolved_s))
        table.add_row(case.code, case.level, *clocks, (case.outcome or "open").replace("_", " "))
    return table


def _ledger(report: Report) -> Table:
    names = list(dict.fromkeys(name for ends in report.course.values() for name in ends))
    table = Table("case", *names, title="Every planned check-in and how it ended", title_style="bold")
    for code, ends in report.course.items():
        table.add_row(code, *(ends.get(name, "").replace("_", " ") for name in names))
    return table


def _minutes(seconds: float | None) -> str:
    return "—" if seconds is None else f"{seconds / 60:.0f} min"


def _read(session: Session) -> tuple[ledger.Ledger, dict[str, dict[str, str]], tuple[Case, ...], int]:
    people = select(Enrolment.id, Patient.code).join(Patient, Enrolment.patient_id == Patient.id)
    codes = dict(session.execute(people.order_by(Enrolment.id)).tuples().all())
    course: dict[str, dict[str, str]] = {code: {} for code in codes.values()}
    rows = select(CheckIn).where(CheckIn.kind == "scheduled").order_by(CheckIn.day, CheckIn.id)
    for row in session.scalars(rows):
        course[codes[row.enrolment_id]][row.checkin] = row.end_reason or row.state
    cases = tuple(
        _case(escalation, codes[escalation.enrolment_id])
        for escalation in session.scalars(select(Escalation).order_by(Escalation.opened_at))
    )
    stuck = session.scalars(select(Inbox.id).where(Inbox.state != "done")).all()
    dead = session.scalars(select(Outbox.id).where(Outbox.state.in_(("dead", "uncertain")))).all()
    return ledger.balance(session), course, cases, len(stuck) + len(dead)


def _case(escalation: Escalation, code: str) -> Case:
    def since(instant: datetime | None) -> float | None:
        return None if instant is None else round((instant - escalation.opened_at).total_seconds(), 1)

    return Case(
        code=code,
        level=escalation.level,
        outcome=escalation.outcome,
        acknowledged_s=since(escalation.acknowledged_at),
        reached_s=since(escalation.contacted_at),
        resolved_s=since(escalation.closed_at),
    )
