"""The account of check-ins, and the links nobody opened."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.care import expiring, invitations, ledger, outbox, patients
from bot.db.models import CareTeam, CheckIn, Incident, Outbox
from tests.bot.ward import Ward


def test_an_empty_ward_balances(ward: Ward) -> None:
    account = ledger.balance(ward.session)
    assert account.balanced
    assert account.planned == 0


def test_every_check_in_is_counted_once_by_what_became_of_it(ward: Ward) -> None:
    ana = ward.patient("Ana", ward.team("Spine"), "A-1")
    ward.checkin(ana, "week2")
    ended = ward.checkin(ana, "week6", day=42)
    ended.state, ended.end_reason, ended.ended_at = "ended", "answered", ward.now
    coming = ward.checkin(ana, "month3", day=90)
    coming.state = "planned"
    ward.session.flush()
    account = ledger.balance(ward.session)
    assert (account.planned, account.ended, account.open, account.coming) == (3, {"answered": 1}, 1, 1)
    assert account.balanced


def test_a_check_in_that_nobody_moved_is_an_incident_until_it_is_moved(ward: Ward) -> None:
    ana = ward.patient("Ana", ward.team("Spine"), "A-1")
    row = ward.checkin(ana, "week2")
    row.state = "planned"
    ward.session.flush()
    late = ward.now + timedelta(hours=24)
    assert ledger.audit(ward.session, late, ward.clinic)["astray"] == 1
    incident = ward.session.scalars(select(Incident)).one()
    assert incident.cleared_at is None
    row.state, row.end_reason, row.ended_at = "ended", "no_answer", late
    ward.session.flush()
    ledger.audit(ward.session, late, ward.clinic)
    assert incident.cleared_at == late


def test_a_check_in_left_behind_by_a_withdrawn_enrolment_is_found(ward: Ward) -> None:
    ana = ward.patient("Ana", ward.team("Spine"), "A-1", state="withdrawn")
    row = ward.checkin(ana, "month3", day=90)
    row.state = "planned"
    ward.session.flush()
    assert ledger.astray(ward.session, ward.now) == [row.id]
    assert ward.session.get_one(CheckIn, row.id).state == "planned"


def test_a_link_that_ran_out_unused_is_told_once_to_who_can_issue_another(ward: Ward) -> None:
    team = ward.team("Spine")
    ward.staff("Cora", team, role="coordinator")
    ana = ward.patient("Ana", team, "A-1", state="invited")
    invitations.issue(ward.session, now=ward.now, by=None, enrolment_id=ana.id)
    assert expiring.invitations_due(ward.session, ward.now, ward.clinic) == 0
    ward.passes(hours=73)
    assert expiring.invitations_due(ward.session, ward.now, ward.clinic) == 1
    assert expiring.invitations_due(ward.session, ward.now, ward.clinic) == 0
    assert "A-1" in ward.session.scalars(select(Outbox)).one().payload["text"]


def test_a_staff_link_that_ran_out_is_told_to_the_admins(ward: Ward) -> None:
    team = ward.team("Spine")
    ward.staff("Root", team, role="admin")
    new = ward.staff("New", team)
    new.state, new.chat_id = "invited", None
    ward.session.flush()
    invitations.issue(ward.session, now=ward.now, by=None, staff_id=new.id)
    ward.passes(hours=73)
    assert expiring.invitations_due(ward.session, ward.now, ward.clinic) == 1


def test_every_exception_is_named_with_what_to_do(ward: Ward) -> None:
    team = ward.team("Spine")
    stuck, planless = ward.patient("Ana", team, "A-1"), ward.patient("Ben", team, "B-2")
    row = ward.checkin(stuck, "week2")
    row.state = "planned"
    ward.session.flush()
    found = ledger.exceptions(ward.session, ward.now + timedelta(hours=24))
    assert [(one.code, one.checkin, one.what) for one in found] == [
        ("A-1", "week2", "it was due and never sent"),
        ("B-2", "none", "no check-in was ever planned"),
    ]
    assert all(one.remedy for one in found)
    assert planless.state == "active"


def test_a_question_that_did_not_arrive_is_an_exception_until_another_one_goes_out(ward: Ward) -> None:
    ana = ward.patient("Ana", ward.team("Spine"), "A-1")
    row = ward.checkin(ana, "week2")
    chat_id = patients.of(ward.session, ana).chat_id
    assert chat_id is not None
    outbox.show(ward.session, "checkin", row.id, chat_id, now=ward.now, fresh=True, key="open")
    ward.session.scalars(select(Outbox)).one().state = "dead"
    ward.session.flush()
    assert [one.what for one in ledger.exceptions(ward.session, ward.now)] == ["its message did not arrive"]
    outbox.show(ward.session, "checkin", row.id, chat_id, now=ward.now, fresh=True, key="again")
    assert ledger.exceptions(ward.session, ward.now) == []


def test_each_team_has_an_account_of_its_own(ward: Ward) -> None:
    for name, code in (("Spine", "A-1"), ("Hips", "B-2")):
        ward.checkin(ward.patient("Ana", ward.team(name), code))
    team = ward.session.scalars(select(CareTeam).where(CareTeam.name == "Hips")).one()
    assert (ledger.balance(ward.session).planned, ledger.balance(ward.session, team.id).planned) == (2, 1)


def test_a_check_in_that_waits_for_the_end_of_the_night_is_not_astray(ward: Ward) -> None:
    ana = ward.patient("Ana", ward.team("Spine"), "A-1")
    row = ward.checkin(ana, "week2")
    row.state, row.opened_at = "planned", None
    ward.session.flush()
    night, morning = ward.now + timedelta(hours=15), ward.now + timedelta(hours=24)
    assert (ledger.astray(ward.session, night), ledger.exceptions(ward.session, night)) == ([], [])
    assert ledger.astray(ward.session, morning) == [row.id]
