"""Single-use links."""

from __future__ import annotations

import pytest

from bot.care import chats, enrolment, expiring, invitations, notices, patients, staffing
from bot.db.models import Enrolment, Invitation, Staff
from tests.bot.care.test_enrolment import ANA
from tests.bot.desk import joins
from tests.bot.ward import Ward


def enrolled(ward: Ward, by: int | None = None) -> tuple[Enrolment, str]:
    """Ana, with a link."""
    team = staffing.ensure_team(ward.session, "Spine team", "Europe/London", ward.now)
    return enrolment.enrol(ward.session, ANA, team, by=by, now=ward.now)


def test_a_token_has_256_bits_and_no_two_are_alike(ward: Ward) -> None:
    case, first = enrolled(ward)
    second = enrolment.reissue(ward.session, case, by=None, now=ward.now)
    assert first != second
    assert len(second) == len(invitations.PREFIX) + 43


def test_a_link_is_spent_and_voided_once(ward: Ward) -> None:
    _, payload = enrolled(ward)
    link = invitations.behind(ward.session, f" {payload} ")
    assert link is not None
    assert invitations.use(ward.session, link, ward.now)
    assert not invitations.use(ward.session, link, ward.now)
    assert not invitations.void(ward.session, link, "late", ward.now)


def test_a_voided_link_cannot_be_used(ward: Ward) -> None:
    _, payload = enrolled(ward)
    link = invitations.behind(ward.session, payload)
    assert link is not None
    assert invitations.void(ward.session, link, "not me", ward.now)
    assert not invitations.use(ward.session, link, ward.now)


def test_a_chat_answers_the_link_it_opened_last(ward: Ward) -> None:
    """The one before is free again for the phone it was meant for."""
    case, payload = enrolled(ward)
    phone = chats.of(ward.session, 501, "private", ward.now)
    first = invitations.open_link(ward.session, payload, phone, ward.now)
    assert isinstance(first, Invitation)
    first.confirmed_at = ward.now
    member, other = staffing.invite(
        ward.session,
        name="Lind",
        role="clinician",
        team=staffing.team(ward.session, "Spine team"),
        rung=None,
        by=None,
        now=ward.now,
    )
    second = invitations.open_link(ward.session, other, phone, ward.now)
    assert isinstance(second, Invitation)
    assert second.staff_id == member.id
    ward.session.refresh(first)
    assert (first.opened_by, first.confirmed_at) == (None, None)
    assert invitations.opened_in(ward.session, phone, ward.now) is second
    assert case.state == "invited"


def test_only_somebody_who_waits_gets_a_new_link(ward: Ward) -> None:
    case, _ = enrolled(ward)
    case.state = "void"
    with pytest.raises(enrolment.NotWaiting):
        enrolment.reissue(ward.session, case, by=None, now=ward.now)
    with pytest.raises(enrolment.NotWaiting):
        enrolment.take_back(ward.session, case, by=1, now=ward.now)


def test_the_enroller_hears_and_else_the_teams_coordinators(ward: Ward) -> None:
    okoro, berg = joins(ward, "Okoro", "coordinator"), joins(ward, "Berg", "coordinator")
    member = ward.session.get_one(Staff, 1)
    case, _ = enrolled(ward, by=member.id)
    notices.trouble(ward.session, case, "expired", "1", ward.now)
    assert "run out" in okoro.texts()
    assert "run out" not in berg.texts()
    staffing.leave(ward.session, member, ward.now, by="command")
    notices.trouble(ward.session, case, "expired", "2", ward.now)
    assert "run out" in berg.texts()


def test_a_link_that_runs_out_unused_is_told_with_the_way_to_a_new_one(ward: Ward) -> None:
    okoro = joins(ward, "Okoro", "coordinator")
    enrolled(ward)
    ward.passes(hours=73)
    assert expiring.invitations_due(ward.session, ward.now, ward.clinic) == 1
    assert "/invite" in okoro.sees().text


def test_a_code_opens_the_patient_to_their_own_team_and_to_admins(ward: Ward) -> None:
    case, _ = enrolled(ward)
    spine, hip = staffing.team(ward.session, "Spine team"), ward.team("Hip team")
    known = patients.of(ward.session, case).code
    assert enrolment.of_code(ward.session, f" {known.lower()} ", ward.staff("Okoro", spine, role="coordinator")) is case
    assert enrolment.of_code(ward.session, known, ward.staff("Berg", hip, role="coordinator")) is None
    mora = ward.staff("Mora", hip, role="admin")
    assert enrolment.of_code(ward.session, known, mora) is case
    assert enrolment.of_code(ward.session, "ZZZZZ", mora) is None
    staffing.leave(ward.session, mora, ward.now, by="command")
    assert enrolment.of_code(ward.session, known, mora) is None
