"""Each morning the coordinators read the account of their team's check-ins: once, in daylight, without a name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.care import morning
from bot.db.models import CareTeam, CheckIn, Outbox, Staff
from tests.bot.ward import Ward


@pytest.fixture
def team(ward: Ward) -> CareTeam:
    """A team with a coordinator and a patient, since yesterday; it is nine in the morning."""
    group = ward.team("Spine")
    ward.staff("Cora", group, role="coordinator")
    ward.checkin(ward.patient("Ana Ruiz", group, "A-1"), "week2")
    ward.passes(days=1)
    return group


def posted(ward: Ward) -> list[str]:
    """What coordinators got, oldest first."""
    rows = select(Outbox).where(Outbox.dedupe_key.like("say:card:account:%")).order_by(Outbox.id)
    return [row.payload["text"] for row in ward.session.scalars(rows)]


def test_it_is_posted_once_a_day_however_often_it_is_tried(ward: Ward, team: CareTeam) -> None:
    assert [morning.account_due(ward.session, ward.now, ward.clinic) for _ in range(3)] == [1, 0, 0]
    ward.passes(days=1)
    assert morning.account_due(ward.session, ward.now, ward.clinic) == 1


def test_it_waits_for_half_past_seven_where_the_team_is(ward: Ward, team: CareTeam) -> None:
    team.timezone = "America/Bogota"  # 09:00 UTC is four in the morning there
    assert morning.account_due(ward.session, ward.now, ward.clinic) == 0
    ward.passes(hours=3, minutes=29)
    assert morning.account_due(ward.session, ward.now, ward.clinic) == 0
    ward.passes(minutes=1)
    assert morning.account_due(ward.session, ward.now, ward.clinic) == 1


def test_one_that_was_missed_is_made_up_for_until_the_evening(ward: Ward, team: CareTeam) -> None:
    ward.passes(hours=10)
    assert morning.account_due(ward.session, ward.now, ward.clinic) == 1


def test_one_that_was_missed_until_the_evening_is_left_to_the_next(ward: Ward, team: CareTeam) -> None:
    ward.passes(hours=11)
    assert morning.account_due(ward.session, ward.now, ward.clinic) == 0
    ward.passes(hours=12)
    assert morning.account_due(ward.session, ward.now, ward.clinic) == 1


def test_it_counts_and_names_nobody(ward: Ward, team: CareTeam) -> None:
    morning.account_due(ward.session, ward.now, ward.clinic)
    (text,) = posted(ward)
    assert "1 planned = 0 ended + 1 open + 0 to come" in text
    assert "Nothing went astray." in text
    assert "Ruiz" not in text


def test_what_went_astray_stands_there_with_the_code_and_what_to_do(ward: Ward, team: CareTeam) -> None:
    row = ward.session.scalars(select(CheckIn)).one()
    row.state, row.due_at = "planned", ward.now - timedelta(days=1)
    ward.session.commit()
    morning.account_due(ward.session, ward.now, ward.clinic)
    assert "A-1</b>, week2: it was due and never sent: ring the patient" in posted(ward)[0]


def test_each_team_reads_its_own(ward: Ward, team: CareTeam) -> None:
    other = ward.team("Hips")
    other.created_at = ward.now - timedelta(days=1)
    ward.staff("Olga", other, role="coordinator").joined_at = ward.now - timedelta(days=1)
    for code in ("B-1", "B-2"):
        ward.checkin(ward.patient("Ben", other, code))
    ward.session.commit()
    morning.account_due(ward.session, ward.now, ward.clinic)
    assert ["1 planned" in text for text in posted(ward)] == [True, False]
    assert "2 planned" in posted(ward)[1]


def test_without_a_coordinator_the_teams_chat_gets_it(ward: Ward, team: CareTeam) -> None:
    ward.session.scalars(select(Staff)).one().role = "clinician"
    ward.session.commit()
    morning.account_due(ward.session, ward.now, ward.clinic)
    assert ward.session.scalars(select(Outbox.chat_id)).all() == [team.chat_id]


def test_a_team_without_patients_is_left_in_peace(ward: Ward) -> None:
    ward.staff("Cora", ward.team("Spine"), role="coordinator")
    ward.passes(days=1)
    assert morning.account_due(ward.session, ward.now, ward.clinic) == 0
