"""The findings that a clinician expects of one patient, read for whoever shows a finding.

Neither level nor ladder nor paging ever reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from bot.db.models import CareTeam, Enrolment, EscalationFinding, ExpectedFinding, Staff
from schedules.pathway import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One note that stands. `until`: the last day, in the team's zone, of findings it is shown beside."""

    rule: str
    note: str
    until: date
    by: str

    def __str__(self) -> str:
        return f"Expected until {self.until} ({self.by}): {self.note}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of one patient that nobody took back, by rule; past ones too."""

    by_rule: Mapping[str, Expected]
    zone: ZoneInfo

    def beside(self, finding: EscalationFinding) -> str | None:
        """What to show beside a finding; never beside an emergency, nor after the note's last day."""
        found = self.by_rule.get(finding.rule)
        if found is None or Level(finding.level) is Level.EMERGENCY:
            return None
        return str(found) if finding.at.astimezone(self.zone).date() <= found.until else None


def of(session: Session, enrolment: Enrolment) -> Notes:
    """The notes of this patient."""
    standing = rows(session, enrolment.id)
    wanted = select(Staff).where(Staff.id.in_({row.staff_id for row in standing}))
    names = {staff.id: staff.name for staff in session.scalars(wanted)}
    return Notes(
        by_rule={
            row.rule: Expected(
                rule=row.rule, note=row.note or "", until=row.until, by=names[row.staff_id] or "a colleague"
            )
            for row in standing
        },
        zone=ZoneInfo(session.get_one(CareTeam, enrolment.team_id).timezone),
    )


def rows(session: Session, enrolment_id: int) -> list[ExpectedFinding]:
    """The rows of the notes that nobody took back, oldest first."""
    back = aliased(ExpectedFinding)
    wanted = (
        select(ExpectedFinding)
        .outerjoin(back, back.withdraws_id == ExpectedFinding.id)
        .where(
            ExpectedFinding.enrolment_id == enrolment_id,
            ExpectedFinding.withdraws_id.is_(None),
            back.id.is_(None),
        )
    )
    return list(session.scalars(wanted.order_by(ExpectedFinding.id)))
