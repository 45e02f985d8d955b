"""Planning for many at once writes what planning one after the other writes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.care import planning
from bot.db.models import CheckIn, Enrolment, Escalation, Reminder
from tests.bot.ward import Ward

OFFSETS = (-1, 0, 3, 5, 13, 14, 50, 95)  # days since surgery: ahead, on time, late, merged, and for the telephone


def planned(ward: Ward, enrolment: Enrolment) -> list[tuple[Any, ...]]:
    """Everything that is stored of a plan, but the ids."""
    rows = ward.session.scalars(
        select(CheckIn).where(CheckIn.enrolment_id == enrolment.id).order_by(CheckIn.day, CheckIn.checkin)
    )
    skip = {"id", "enrolment_id"}
    return [
        (
            {name: value for name, value in vars(row).items() if name not in skip and not name.startswith("_")},
            tuple(
                ward.session.execute(
                    select(Reminder.number, Reminder.due_at, Reminder.state)
                    .where(Reminder.checkin_id == row.id)
                    .order_by(Reminder.number)
                )
            ),
        )
        for row in rows
    ]


def patients(ward: Ward, prefix: str) -> list[Enrolment]:
    team = ward.team(f"Team {prefix}")
    found = []
    for number, days in enumerate(OFFSETS):
        enrolment = ward.patient("Ana", team, f"{prefix}{number}")
        enrolment.surgery_date = (ward.now - timedelta(days=days)).date()
        found.append(enrolment)
    ward.session.commit()
    return found


def test_many_at_once_get_the_plans_that_each_alone_would_get(ward: Ward) -> None:
    alone, together = patients(ward, "A"), patients(ward, "B")
    for enrolment in alone:
        planning.plan(ward.session, enrolment, ward.now, ward.clinic)
    assert planning.plan_all(ward.session, together, ward.now, ward.clinic) == len(OFFSETS)
    ward.session.commit()
    ward.session.expire_all()
    for one, other in zip(alone, together, strict=True):
        assert planned(ward, one)
        assert planned(ward, one) == planned(ward, other)
    told = [{e.id: e for e in group} for group in (alone, together)]
    phoned = [
        ward.session.scalars(select(Escalation).where(Escalation.enrolment_id.in_(group))).all() for group in told
    ]
    assert len(phoned[0]) == len(phoned[1]) > 0


def test_planning_many_again_changes_nothing(ward: Ward) -> None:
    some = patients(ward, "C")
    planning.plan_all(ward.session, some, ward.now, ward.clinic)
    before = [planned(ward, one) for one in some]
    assert planning.plan_all(ward.session, some, ward.now, ward.clinic) == 0
    assert [planned(ward, one) for one in some] == before
