"""The account of all check-ins: every planned one is open or ended for a recorded reason. Finds what went astray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from bot.care import watchdog
from bot.care.clinic import Clinic
from bot.db.models import CheckIn, Enrolment

PATIENCE = timedelta(hours=14)  # a due check-in may wait out the quiet hours; longer than that nobody moves it
_SUBJECT = "check-ins"


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


def balance(session: Session) -> Ledger:
    """Count every check-in, by what became of it."""
    asked = CheckIn.kind != "baseline"  # what was before surgery was never asked by the bot
    counted = select(CheckIn.state, CheckIn.end_reason, func.count()).where(asked)
    rows = session.execute(counted.group_by(CheckIn.state, CheckIn.end_reason)).all()
    return Ledger(
        planned=session.scalar(select(func.count()).select_from(CheckIn).where(asked)) or 0,
        ended={reason: count for state, reason, count in sorted(rows, key=str) if state == "ended" and reason},
        open=sum(count for state, _, count in rows if state == "open"),
        coming=sum(count for state, _, count in rows if state == "planned"),
    )


def astray(session: Session, now: datetime) -> list[int]:
    """Check-ins that should have moved and did not: never sent, never closed, or left behind by their enrolment."""
    late = now - PATIENCE
    running = Enrolment.state.in_(("active", "paused"))
    over = Enrolment.state.in_(("withdrawn", "ended", "void"))
    wanted = (
        select(CheckIn.id)
        .join(Enrolment, CheckIn.enrolment_id == Enrolment.id)
        .where(
            or_(
                and_(CheckIn.state == "planned", CheckIn.due_at < late, running),
                and_(CheckIn.state == "open", CheckIn.closes_at < late),
                and_(CheckIn.state == "planned", over),
            )
        )
    )
    return list(session.scalars(wanted.order_by(CheckIn.id)))


def audit(session: Session, now: datetime, clinic: Clinic) -> dict[str, int]:
    """Tick: prove that the account balances; an admin hears of what went astray."""
    account, lost = balance(session), astray(session, now)
    if lost or not account.balanced:
        listed = ", ".join(map(str, lost[:10]))
        remedy = f"Check-ins that did not move: {listed or 'none'}. Ring these patients (see /open); read the log."
        watchdog.incident(session, "ledger_not_balanced", _SUBJECT, remedy, now)
    else:
        watchdog.clear(session, "ledger_not_balanced", _SUBJECT, now)
    return {"planned": account.planned, "open": account.open, "astray": len(lost)}
