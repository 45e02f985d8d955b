"""Teams and the people in them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.care import staffing
from bot.db.models import Invitation, Staff
from tests.bot.desk import Desk, joins
from tests.bot.ward import Ward


def test_a_person_has_one_entry_a_new_invitation_replaces_the_old_role(ward: Ward) -> None:
    okoro = joins(ward, "Okoro", "coordinator")
    team = staffing.team(ward.session, "Spine team")
    _, payload = staffing.invite(ward.session, name="Okoro", role="admin", team=team, rung=None, by=None, now=ward.now)
    okoro.commands("start", payload)
    people = ward.session.execute(select(Staff.role, Staff.state).order_by(Staff.id)).all()
    assert [tuple(row) for row in people] == [("coordinator", "left"), ("admin", "active")]


def test_whoever_left_reaches_nothing(ward: Ward) -> None:
    okoro = joins(ward, "Okoro", "coordinator")
    member = ward.session.scalars(select(Staff)).one()
    staffing.leave(ward.session, member, ward.now, by="command")
    ward.session.commit()
    okoro.commands("open")
    assert "for patients of a clinic" in okoro.sees().text
    assert staffing.by_user(ward.session, okoro.telegram_id) is None
    assert staffing.by_user(ward.session, None) is None


def test_the_unused_link_of_somebody_who_left_is_void(ward: Ward) -> None:
    team = staffing.ensure_team(ward.session, "Spine team", "Europe/London", ward.now)
    member, payload = staffing.invite(
        ward.session, name="Lind", role="clinician", team=team, rung=None, by=None, now=ward.now
    )
    staffing.leave(ward.session, member, ward.now, by="command")
    ward.session.commit()
    Desk(ward=ward, telegram_id=601).commands("start", payload)
    assert member.state == "left"


def test_a_new_link_for_a_colleague_voids_the_old_one(ward: Ward) -> None:
    team = staffing.ensure_team(ward.session, "Spine team", "Europe/London", ward.now)
    member, first = staffing.invite(
        ward.session, name="Lind", role="clinician", team=team, rung=None, by=None, now=ward.now
    )
    second = staffing.reinvite(ward.session, member, by=None, now=ward.now)
    ward.session.commit()
    Desk(ward=ward, telegram_id=601).commands("start", first)
    assert member.state == "invited"
    Desk(ward=ward, telegram_id=602).commands("start", second)
    assert member.state == "active"
    with pytest.raises(staffing.NotPossible, match="joined already"):
        staffing.reinvite(ward.session, member, by=None, now=ward.now)
    staffing.leave(ward.session, member, ward.now, by="command")
    with pytest.raises(staffing.NotPossible, match="left already"):
        staffing.reinvite(ward.session, member, by=None, now=ward.now)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"role": "boss"}, "coordinator, clinician, admin"),
        ({"rung": "first"}, "on_call, second_on_call, manager"),
        ({"name": "  "}, "A name is needed"),
    ],
)
def test_an_invitation_that_cannot_be_says_why(ward: Ward, changes: dict[str, str], says: str) -> None:
    team = staffing.ensure_team(ward.session, "Spine team", "Europe/London", ward.now)
    fields: dict[str, str | None] = {"name": "Lind", "role": "clinician", "rung": None, **changes}
    with pytest.raises(staffing.NotPossible, match=says):
        staffing.invite(ward.session, team=team, by=None, now=ward.now, **fields)  # type: ignore[arg-type]  # as given
    assert ward.session.scalars(select(Invitation)).all() == []


def test_a_team_is_made_once_and_in_a_real_zone(ward: Ward) -> None:
    first = staffing.ensure_team(ward.session, "Spine team", "Europe/London", ward.now)
    assert staffing.ensure_team(ward.session, "Spine team", "Europe/Paris", ward.now) is first
    with pytest.raises(staffing.NotPossible, match="Europe/London"):
        staffing.ensure_team(ward.session, "Hip team", "London", ward.now)
    with pytest.raises(staffing.NotPossible, match="Teams: Spine team"):
        staffing.team(ward.session, "Knee team")


def test_without_teams_that_is_said(ward: Ward) -> None:
    with pytest.raises(staffing.NotPossible, match="none yet"):
        staffing.team(ward.session, "Knee team")


def test_who_hears_of_a_joining_falls_back_to_whoever_there_is(ward: Ward) -> None:
    team = ward.team("Spine team")
    assert staffing.coordinators(ward.session, team.id) == []
    mora = ward.staff("Mora", ward.team("Office"), role="admin")
    assert staffing.coordinators(ward.session, team.id) == [mora]
    lind = ward.staff("Lind", team)
    assert staffing.coordinators(ward.session, team.id) == [lind]
    okoro = ward.staff("Okoro", team, role="coordinator")
    assert staffing.coordinators(ward.session, team.id) == [okoro]
