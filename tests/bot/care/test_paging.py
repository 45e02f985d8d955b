"""The ladder and the clocks, on a clock that is moved by hand."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.care import escalations, paging, telling
from bot.db.models import CareTeam, Chat, Enrolment, Escalation, Incident, Outbox, PathwayVersion, Staff
from tests.bot.ward import Ward

SADDLE = ("ces_saddle_new", "emergency", {"saddle_numbness": "new_or_worse"})
JUMP = ("leg_pain_jump", "urgent", {"leg_pain": 8})
FALL = ("fall_any", "review", {"general_symptoms": ["fall"]})


@pytest.fixture
def team(ward: Ward) -> CareTeam:
    return ward.team("Spine")


@pytest.fixture
def ana(ward: Ward, team: CareTeam) -> Enrolment:
    return ward.patient("Ana Ruiz", team, "AN17")


@pytest.fixture
def rota(ward: Ward, team: CareTeam) -> tuple[Staff, Staff, Staff]:
    """On call, second on call, manager."""
    return (
        ward.staff("Dr Lind", team, "clinician", "on_call"),
        ward.staff("Dr Moe", team, "clinician", "second_on_call"),
        ward.staff("Mrs Hale", team, "admin", "manager"),
    )


def opened(ward: Ward, enrolment: Enrolment, finding: tuple[str, str, dict[str, object]]) -> Escalation:
    case = ward.finds(enrolment, finding)
    assert case is not None
    return case


def minute_by_minute(ward: Ward, minutes: int) -> None:
    for _ in range(minutes):
        ward.passes(minutes=1)
        ward.ticks()


def minutes_told(ward: Ward, chat_id: int | None, began: datetime) -> list[int]:
    """When a fresh card was put into this chat, in minutes since `began`; deadlines apart."""
    rows = [row for row in ward.sent(chat_id) if ":overdue:" not in row.dedupe_key]
    return [round((row.created_at - began).total_seconds() / 60) for row in rows]


def minutes_overdue(ward: Ward, chat_id: int | None, began: datetime, clock: str) -> list[int]:
    rows = [row for row in ward.sent(chat_id) if f":overdue:{clock}:" in row.dedupe_key]
    return [round((row.created_at - began).total_seconds() / 60) for row in rows]


def test_an_emergency_climbs_to_the_right_people_at_the_exact_minutes(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    lind, moe, hale = rota
    began = ward.now
    case = opened(ward, ana, SADDLE)
    minute_by_minute(ward, 80)
    assert minutes_told(ward, team.chat_id, began) == [0, 5, 10, 15, 30, 45, 60, 75]
    assert minutes_told(ward, lind.chat_id, began) == [0, 45, 60, 75]
    assert minutes_told(ward, moe.chat_id, began) == [15, 30, 45, 60, 75]
    assert minutes_told(ward, hale.chat_id, began) == [30, 45, 60, 75]
    assert [event.details["number"] for event in ward.events(case, "page")] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_an_emergency_goes_in_the_emergency_lane_and_is_sent_again_when_in_doubt(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    opened(ward, ana, SADDLE)
    rows = [*ward.sent(team.chat_id), *ward.sent(rota[0].chat_id)]
    assert {(row.lane, row.on_uncertain, row.fresh) for row in rows} == {(0, "resend", True)}


def test_an_urgent_case_goes_in_the_clinicians_lane(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    opened(ward, ana, JUMP)
    assert [row.lane for row in ward.sent(team.chat_id)] == [1]


def test_the_ladder_has_no_end_while_nobody_acknowledges(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    began = ward.now
    case = opened(ward, ana, SADDLE)
    for _ in range(4 * 24 * 5):
        ward.passes(minutes=15)
        ward.ticks()
    told = minutes_told(ward, rota[2].chat_id, began)
    assert told[-1] == 5 * 24 * 60
    assert all(later - earlier == 15 for earlier, later in itertools.pairwise(told))
    assert case.next_page_at == ward.now + timedelta(minutes=15)


def test_an_urgent_case_climbs_slower(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    lind, moe, hale = rota
    began = ward.now
    opened(ward, ana, JUMP)
    minute_by_minute(ward, 190)
    assert minutes_told(ward, team.chat_id, began) == [0, 30, 60, 120, 180]
    assert minutes_told(ward, lind.chat_id, began) == [30, 60, 120, 180]
    assert minutes_told(ward, moe.chat_id, began) == [60, 120, 180]
    assert minutes_told(ward, hale.chat_id, began) == []


def test_an_urgent_case_at_night_goes_to_the_on_call_at_once(
    ward: Ward, ana: Enrolment, rota: tuple[Staff, Staff, Staff]
) -> None:
    ward.now = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    opened(ward, ana, JUMP)
    assert minutes_told(ward, rota[0].chat_id, ward.now) == [0]


def test_a_review_is_shown_once_and_never_pages(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    case = opened(ward, ana, FALL)
    minute_by_minute(ward, 30)
    assert case.next_page_at is None
    assert len(ward.sent(team.chat_id)) == 1
    assert not ward.sent(rota[0].chat_id)


def test_an_acknowledgement_stops_the_ladder(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    case = opened(ward, ana, SADDLE)
    minute_by_minute(ward, 6)
    escalations.acknowledge(ward.session, case.id, rota[0], ward.now, ward.clinic)
    minute_by_minute(ward, 20)
    assert minutes_told(ward, team.chat_id, case.opened_at) == [0, 5]


def test_a_tick_at_the_same_instant_changes_nothing(ward: Ward, ana: Enrolment) -> None:
    case = opened(ward, ana, SADDLE)
    ward.passes(minutes=31)
    assert ward.ticks() == 1
    rows = len(ward.session.scalars(select(Outbox)).all())
    events = len(ward.events(case))
    assert [ward.ticks(), ward.ticks()] == [0, 0]
    assert len(ward.session.scalars(select(Outbox)).all()) == rows
    assert len(ward.events(case)) == events


def test_steps_missed_in_a_stand_still_are_one_page_to_everybody(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    began = ward.now
    case = opened(ward, ana, SADDLE)
    ward.passes(minutes=32)
    ward.ticks()
    assert minutes_told(ward, team.chat_id, began) == [0, 32]
    assert minutes_told(ward, rota[1].chat_id, began) == [32]
    assert minutes_told(ward, rota[2].chat_id, began) == [32]
    assert case.next_page_at == began + timedelta(minutes=45)


def test_an_empty_rung_falls_to_the_next_one_and_the_card_says_so(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    hale = ward.staff("Mrs Hale", team, "coordinator", "manager")
    case = opened(ward, ana, SADDLE)
    (page,) = ward.events(case, "page")
    assert page.details["instead"] == {"on_call": "manager"}
    assert page.details["staff"] == [hale.id]
    assert "on-call list is empty, so manager (Mrs Hale)" in ward.card(case, ward.group_of(team)).text


def test_an_empty_ladder_falls_to_all_clinicians_then_admins(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    office = ward.staff("Ada", ward.team("Office"), "admin")
    assert telling.standing(ward.session, team.id, "on_call") == ("all_admins", [office])
    admin = ward.staff("Eve", team, "admin")
    assert telling.standing(ward.session, team.id, "on_call") == ("admins", [admin])
    first, second = ward.staff("Dr A", team), ward.staff("Dr B", team)
    assert telling.standing(ward.session, team.id, "manager") == ("clinicians", [first, second])


def test_somebody_who_cannot_be_reached_does_not_stand_on_a_rung(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    asleep = ward.staff("Dr Lind", team, "clinician", "on_call")
    ward.session.get_one(Chat, asleep.chat_id).state = "blocked"
    gone = ward.staff("Dr Gone", team, "clinician", "on_call")
    gone.state = "left"
    moe = ward.staff("Dr Moe", team, "clinician", "second_on_call")
    assert telling.standing(ward.session, team.id, "on_call") == ("second_on_call", [moe])


def test_when_nobody_can_be_told_an_admin_hears_of_it_as_an_incident(ward: Ward) -> None:
    lonely = ward.team("Night", bound=False)
    case = opened(ward, ward.patient("Bea Lund", lonely, "BE02"), SADDLE)
    (incident,) = ward.session.scalars(select(Incident))
    assert (incident.kind, incident.subject) == ("nobody_to_page", f"team:{lonely.id}")
    assert ward.events(case, "page")[0].details["instead"] == {"on_call": None}
    chat = ward.session.get_one(Chat, ward.staff("Dr Late", lonely).chat_id)
    text = ward.card(case, chat).text
    assert "team has no group" in text
    assert "nobody stands in" in text
    ward.passes(minutes=5)
    ward.ticks()
    ward.session.refresh(incident)
    assert incident.cleared_at == ward.now, "Dr Late has come"


@pytest.mark.parametrize("finding", [JUMP, FALL])
def test_a_team_without_a_group_is_told_privately_by_its_on_call(
    ward: Ward, finding: tuple[str, str, dict[str, object]]
) -> None:
    night = ward.team("Night", bound=False)
    lind = ward.staff("Dr Lind", night, "clinician", "on_call")
    opened(ward, ward.patient("Bea Lund", night, "BE02"), finding)
    assert len(ward.sent(lind.chat_id)) == 1


def test_a_group_that_cannot_be_posted_to_sends_the_on_call(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    ward.group_of(team).state = "no_rights"
    case = opened(ward, ana, JUMP)
    assert ward.sent(team.chat_id) == []
    assert len(ward.sent(rota[0].chat_id)) == 1
    assert ward.events(case, "page")[0].details["team"] == "unreachable"


def test_a_group_lost_while_a_case_is_open_sends_the_on_call_at_once(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    case = opened(ward, ana, JUMP)
    taken = opened(ward, ward.patient("Bea Lund", team, "BE02"), JUMP)
    escalations.acknowledge(ward.session, taken.id, rota[0], ward.now, ward.clinic)
    group = ward.group_of(team)
    group.state = "gone"
    assert paging.unreachable(ward.session, group, ward.now, ward.clinic) == 1
    assert [row.ref for row in ward.sent(rota[0].chat_id)] == [case.id]
    assert case.next_page_at is not None


def test_an_on_call_person_who_blocks_the_bot_is_replaced_at_once(
    ward: Ward, ana: Enrolment, rota: tuple[Staff, Staff, Staff]
) -> None:
    lind, moe, _ = rota
    opened(ward, ana, SADDLE)
    chat = ward.session.get_one(Chat, lind.chat_id)
    chat.state = "blocked"
    ward.session.commit()
    assert paging.unreachable(ward.session, chat, ward.now, ward.clinic) == 1
    assert len(ward.sent(moe.chat_id)) == 1


def test_somebody_who_was_shown_nothing_may_go_without_a_page(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    opened(ward, ana, JUMP)
    okoro = ward.staff("Nurse Okoro", team, "coordinator")
    assert paging.unreachable(ward.session, ward.session.get_one(Chat, okoro.chat_id), ward.now, ward.clinic) == 0


def test_a_lost_chat_of_nobody_tells_nobody(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    opened(ward, ana, JUMP)
    assert paging.unreachable(ward.session, ward.chat(), ward.now, ward.clinic) == 0


def test_a_promise_to_ring_that_is_not_kept_is_told_hourly_to_the_team_and_to_who_gave_it(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    moe = rota[1]
    began = ward.now
    case = opened(ward, ana, JUMP)
    escalations.acknowledge(ward.session, case.id, moe, ward.now, ward.clinic)
    minute_by_minute(ward, 6 * 60 + 5)
    assert minutes_overdue(ward, team.chat_id, began, "contact") == [240, 300, 360]
    assert minutes_overdue(ward, moe.chat_id, began, "contact") == [240, 300, 360]
    assert "overdue by" in ward.card(case, ward.group_of(team)).text


def test_an_emergency_without_contact_goes_to_the_on_call_too(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    began = ward.now
    case = opened(ward, ana, SADDLE)
    escalations.acknowledge(ward.session, case.id, rota[1], ward.now, ward.clinic)
    minute_by_minute(ward, 95)
    assert minutes_overdue(ward, rota[0].chat_id, began, "contact") == [30, 90]


def test_a_missed_acknowledgement_is_written_once_while_the_ladder_speaks(
    ward: Ward, ana: Enrolment, team: CareTeam
) -> None:
    case = opened(ward, ana, SADDLE)
    minute_by_minute(ward, 100)
    clocks = [event.details["clock"] for event in ward.events(case, "overdue")]
    assert clocks == ["ack", "contact", "contact"]
    assert minutes_overdue(ward, team.chat_id, case.opened_at, "ack") == []


def test_a_raise_lets_each_deadline_speak_again(ward: Ward, ana: Enrolment, rota: tuple[Staff, Staff, Staff]) -> None:
    case = opened(ward, ana, JUMP)
    ward.passes(minutes=61)
    ward.ticks()
    opened(ward, ana, SADDLE)
    ward.passes(minutes=16)
    ward.ticks()
    assert [event.details["clock"] for event in ward.events(case, "overdue")] == ["ack", "ack"]


def test_a_case_that_is_not_settled_is_told_daily(
    ward: Ward, ana: Enrolment, team: CareTeam, rota: tuple[Staff, Staff, Staff]
) -> None:
    began = ward.now
    case = opened(ward, ana, SADDLE)
    escalations.contacted(ward.session, case.id, rota[0], ward.now, ward.clinic)
    for _ in range(4 * 24):
        ward.passes(hours=1)
        ward.ticks()
    assert minutes_overdue(ward, team.chat_id, began, "resolve") == [day * 24 * 60 for day in (1, 2, 3, 4)]
    assert len(minutes_overdue(ward, rota[0].chat_id, began, "resolve")) == 4


def test_an_overdue_review_is_mentioned_once_each_working_day(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    case = ward.finds(ana, FALL, within_days=1)
    assert case is not None
    for _ in range(24 * 10):
        ward.passes(hours=1)
        ward.ticks()
    times = [event.at for event in ward.events(case, "overdue") if event.details["clock"] == "contact"]
    assert times[0] == case.contact_by
    assert len({at.date() for at in times}) == len(times)
    assert all(at.weekday() < 5 and at.hour >= 9 for at in times[1:])
    assert len(times) == 8, "Tuesday to Friday, and Monday to Thursday"


def test_a_closed_case_is_left_alone(ward: Ward, ana: Enrolment, rota: tuple[Staff, Staff, Staff]) -> None:
    case = opened(ward, ana, SADDLE)
    escalations.close(ward.session, case.id, rota[0], "sent_to_emergency", None, ward.now, ward.clinic)
    ward.passes(days=3)
    assert ward.ticks() == 0


def test_a_ladder_that_was_emptied_stops_without_a_word(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    case = opened(ward, ana, FALL)
    case.next_page_at = ward.now
    assert ward.ticks() == 0
    assert case.next_page_at is None


def test_one_case_that_cannot_be_paged_holds_up_no_other(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    broken = opened(ward, ward.patient("Bea Lund", team, "BE02"), SADDLE)
    whole = opened(ward, ana, SADDLE)
    version = ward.session.get_one(PathwayVersion, ana.pathway_version_id)
    damaged = PathwayVersion(
        pathway=version.pathway,
        number=99,
        fingerprint="none",
        content="{}",
        files={},
        published_at=ward.now,
    )
    ward.session.add(damaged)
    ward.session.flush()
    ward.session.get_one(Enrolment, broken.enrolment_id).pathway_version_id = damaged.id
    ward.session.commit()
    ward.passes(minutes=5)
    assert ward.ticks() == 1
    assert whole.pages == 2
    assert broken.next_page_at == ward.now + timedelta(minutes=1)
    (incident,) = ward.session.scalars(select(Incident).where(Incident.kind == "paging_failed"))
    assert incident.subject == f"escalation:{broken.id}"
    ward.session.get_one(Enrolment, broken.enrolment_id).pathway_version_id = version.id
    ward.session.commit()
    ward.passes(minutes=1)
    assert ward.ticks() == 1
    ward.session.refresh(incident)
    assert incident.cleared_at == ward.now


def test_a_person_without_a_chat_is_never_paged_into_nothing(ward: Ward, team: CareTeam) -> None:
    invited = Staff(name="New", role="clinician", team_id=team.id, language="en", state="invited", created_at=ward.now)
    with pytest.raises(ValueError, match="without a chat"):
        telling._chat_of(invited)
