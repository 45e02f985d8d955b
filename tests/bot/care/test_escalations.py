"""Escalations: opened, joined, raised, taken, answered with a call, closed by a person."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.care import escalations, pathways
from bot.care.clinic import Clinic
from bot.care.escalations import Outcome
from bot.db.engine import Database
from bot.db.models import OUTCOMES, CareTeam, Enrolment, Escalation, EscalationFinding, Staff
from schedules import triage
from schedules.case import Case
from schedules.pathway import Level
from tests.bot.ward import Ward

SADDLE = ("ces_saddle_new", "emergency", {"saddle_numbness": "new_or_worse"})
BLADDER = ("ces_bladder", "emergency", {"bladder": "leaking"})
JUMP = ("leg_pain_jump", "urgent", {"leg_pain": 8})
CALF = ("dvt_suspected", "urgent", {"general_symptoms": ["calf"]})
FALL = ("fall_any", "review", {"general_symptoms": ["fall"]})
MOOD = ("mood_low", "review", {"mood": "low_most"})


@pytest.fixture
def team(ward: Ward) -> CareTeam:
    return ward.team("Spine")


@pytest.fixture
def lind(ward: Ward, team: CareTeam) -> Staff:
    return ward.staff("Dr Lind", team, "clinician", "on_call")


@pytest.fixture
def okoro(ward: Ward, team: CareTeam) -> Staff:
    return ward.staff("Nurse Okoro", team, "coordinator")


@pytest.fixture
def ana(ward: Ward, team: CareTeam, lind: Staff) -> Enrolment:
    return ward.patient("Ana Ruiz", team, "AN17")


def found(ward: Ward, case: Escalation) -> set[tuple[str, str]]:
    rows = ward.session.query(EscalationFinding).filter_by(escalation_id=case.id)
    return {(row.rule, row.level) for row in rows}


def acknowledge(ward: Ward, case: Escalation, by: Staff) -> Outcome:
    return escalations.acknowledge(ward.session, case.id, by, ward.now, ward.clinic)


def contacted(ward: Ward, case: Escalation, by: Staff) -> Outcome:
    return escalations.contacted(ward.session, case.id, by, ward.now, ward.clinic)


def close(ward: Ward, case: Escalation, by: Staff, outcome: str, note: str | None = None) -> Outcome:
    return escalations.close(ward.session, case.id, by, outcome, note, ward.now, ward.clinic)


def opened(ward: Ward, enrolment: Enrolment, *findings: tuple[str, str, dict[str, object]]) -> Escalation:
    case = ward.finds(enrolment, *findings)
    assert case is not None
    return case


def test_nothing_to_act_on_opens_nothing(ward: Ward, ana: Enrolment) -> None:
    assert ward.finds(ana) is None
    assert ward.finds(ana, ("recovering", "routine")) is None


def test_an_emergency_opens_with_its_clocks_and_is_on_record(ward: Ward, ana: Enrolment) -> None:
    case = opened(ward, ana, SADDLE)
    assert (case.level, case.state) == ("emergency", "open")
    assert case.ack_by == ward.now + timedelta(minutes=15)
    assert case.contact_by == ward.now + timedelta(minutes=30)
    assert case.resolve_by == ward.now + timedelta(hours=24)
    assert [event.kind for event in ward.events(case)] == ["opened", "page"]
    assert ward.audited("escalation opened")[0].subject == f"escalation:{case.id}"


def test_the_highest_finding_gives_the_level_and_all_are_attached(ward: Ward, ana: Enrolment) -> None:
    case = opened(ward, ana, FALL, JUMP, ("well", "routine", {}))
    assert case.level == "urgent"
    assert found(ward, case) == {("fall_any", "review"), ("leg_pain_jump", "urgent")}


def test_the_shortest_deadline_of_its_rules_holds(ward: Ward, ana: Enrolment) -> None:
    case = ward.finds(ana, FALL, within_days=1)
    assert case is not None
    assert case.contact_by == ward.now + timedelta(days=1)


def test_a_level_without_clocks_of_its_own_is_still_settled_some_day(ward: Ward, ana: Enrolment) -> None:
    case = opened(ward, ana, FALL)
    assert ward.now < case.ack_by <= case.contact_by <= case.resolve_by


def test_the_same_findings_after_each_answer_change_nothing(ward: Ward, ana: Enrolment) -> None:
    checkin = ward.checkin(ana)
    case = ward.finds(ana, SADDLE, checkin=checkin)
    assert case is not None
    before = [event.kind for event in ward.events(case)]
    ward.passes(minutes=2)
    assert ward.finds(ana, SADDLE, checkin=checkin) is case
    assert [event.kind for event in ward.events(case)] == before
    assert case.raised_at == case.opened_at


def test_a_review_and_then_an_emergency_is_a_second_loud_alert(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    case = opened(ward, ana, FALL)
    assert ward.card(case, ward.group_of(team)).silent
    ward.deliver()
    ward.passes(minutes=10)
    assert opened(ward, ana, SADDLE) is case
    assert (case.level, case.raised_at) == ("emergency", ward.now)
    assert len(ward.sent(team.chat_id)) == 2
    assert not ward.card(case, ward.group_of(team)).silent


def test_a_worse_finding_voids_the_acknowledgement_and_pages_again(
    ward: Ward, ana: Enrolment, lind: Staff, okoro: Staff, team: CareTeam
) -> None:
    case = opened(ward, ana, JUMP)
    contacted(ward, case, okoro)
    assert case.next_page_at is None
    ward.passes(minutes=10)
    opened(ward, ana, SADDLE)
    assert case.state == "open"
    assert case.acknowledged_by is case.contacted_by is case.acknowledged_at is case.contacted_at is None
    assert case.ack_by == ward.now + timedelta(minutes=15)
    assert case.contact_by == ward.now + timedelta(minutes=30)
    assert case.paging_since == ward.now
    assert case.next_page_at == ward.now + timedelta(minutes=5)
    assert ward.events(case, "ack_voided")[0].details == {"staff": [okoro.id], "state": "contacted"}
    assert len(ward.sent(team.chat_id)) == 2
    assert ward.sent(lind.chat_id), "on call is told"
    assert ward.sent(okoro.chat_id), "who had taken it is told too"
    text = ward.card(case, ward.group_of(team)).text
    assert "raised from urgent to emergency" in text
    assert "no longer counts" in text


def test_a_new_finding_at_the_same_level_voids_the_acknowledgement_too(
    ward: Ward, ana: Enrolment, lind: Staff, team: CareTeam
) -> None:
    case = opened(ward, ana, JUMP)
    acknowledge(ward, case, lind)
    ward.passes(minutes=5)
    opened(ward, ana, CALF)
    assert (case.state, case.acknowledged_by) == ("open", None)
    assert "a new finding" in ward.card(case, ward.group_of(team)).text


def test_a_lesser_finding_joins_silently_but_can_be_seen(
    ward: Ward, ana: Enrolment, lind: Staff, team: CareTeam
) -> None:
    case = opened(ward, ana, SADDLE)
    acknowledge(ward, case, lind)
    ward.deliver()
    ward.passes(minutes=5)
    opened(ward, ana, FALL)
    assert (case.state, case.level, case.acknowledged_by) == ("acknowledged", "emergency", lind.id)
    assert ward.sent(team.chat_id, since=ward.now) == []
    assert len(ward.sent(team.chat_id, fresh=False, since=ward.now)) == 1
    text = ward.card(case, ward.group_of(team)).text
    assert "Line of fall_any." in text
    assert "of a lower level" in text


def test_new_answers_while_nobody_acknowledges_do_not_send_the_ladder_back_to_its_foot(
    ward: Ward, ana: Enrolment, lind: Staff, team: CareTeam
) -> None:
    checkin = ward.checkin(ana)
    case = ward.finds(ana, SADDLE, checkin=checkin)
    assert case is not None
    began, due = case.paging_since, case.next_page_at
    ward.passes(minutes=4)
    ward.finds(ana, SADDLE, BLADDER, checkin=checkin)
    assert (case.paging_since, case.next_page_at) == (began, due)
    assert case.ack_by == began + timedelta(minutes=15)
    assert len(ward.sent(team.chat_id)) == 2
    assert len(ward.sent(lind.chat_id)) == 2


def test_a_raise_never_gives_a_running_clock_more_time(ward: Ward, ana: Enrolment, lind: Staff) -> None:
    case = opened(ward, ana, JUMP)
    contact_by = case.contact_by
    acknowledge(ward, case, lind)
    ward.passes(minutes=30)
    opened(ward, ana, CALF)
    assert case.contact_by == contact_by
    ward.passes(hours=5)
    opened(ward, ana, ("cannot_walk", "urgent", {"activity": "cannot_walk"}))
    assert case.contact_by == ward.now + timedelta(hours=4), "a clock that ran out starts again"


def test_a_review_grows_in_place_while_one_check_in_is_answered(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    checkin = ward.checkin(ana)
    case = ward.finds(ana, FALL, checkin=checkin)
    ward.deliver()
    ward.finds(ana, FALL, MOOD, checkin=checkin)
    assert case is not None
    assert len(ward.sent(team.chat_id)) == 1
    assert len(ward.sent(team.chat_id, fresh=False)) == 1
    ward.passes(days=1)
    ward.finds(ana, ("wants_contact", "review", {"anything_else": "call_me"}), checkin=ward.checkin(ana, "adhoc"))
    assert len(ward.sent(team.chat_id)) == 2


def test_a_later_well_answer_closes_nothing(ward: Ward, ana: Enrolment) -> None:
    case = opened(ward, ana, SADDLE)
    ward.passes(hours=2)
    assert ward.finds(ana, checkin=ward.checkin(ana, "adhoc", saddle_numbness="absent")) is None
    assert (case.state, case.level) == ("open", "emergency")


def test_a_closed_case_is_not_opened_again_by_the_same_answers(ward: Ward, ana: Enrolment, lind: Staff) -> None:
    checkin = ward.checkin(ana)
    case = ward.finds(ana, SADDLE, checkin=checkin)
    assert case is not None
    assert close(ward, case, lind, "sent_to_emergency").done
    assert ward.finds(ana, SADDLE, checkin=checkin) is None
    again = ward.finds(ana, SADDLE, BLADDER, checkin=checkin)
    assert again is not None
    assert found(ward, again) == {("ces_bladder", "emergency")}


def test_the_same_finding_in_a_later_check_in_opens_a_new_case(ward: Ward, ana: Enrolment, lind: Staff) -> None:
    case = ward.finds(ana, SADDLE, checkin=ward.checkin(ana))
    assert case is not None
    close(ward, case, lind, "sent_to_emergency")
    assert ward.finds(ana, SADDLE, checkin=ward.checkin(ana, "adhoc")) is not None


def test_a_repeated_report_brings_the_finding_up_to_date(ward: Ward, ana: Enrolment) -> None:
    checkin = ward.checkin(ana)
    case = ward.finds(ana, JUMP, checkin=checkin)
    ward.passes(minutes=3)
    ward.finds(ana, ("leg_pain_jump", "urgent", {"leg_pain": 9}), checkin=checkin)
    (row,) = ward.session.query(EscalationFinding)
    assert (row.because, row.at) == ({"leg_pain": 9}, ward.now)
    assert case is not None
    assert [event.kind for event in ward.events(case)][-1] == "finding"


def test_what_happened_to_the_messages_opens_a_case_by_the_pathway(ward: Ward, ana: Enrolment) -> None:
    case = escalations.operational(ward.session, ana, "bot_blocked", ward.now, ward.clinic)
    assert case.level == "review"
    (row,) = ward.session.query(EscalationFinding)
    assert "blocked" in row.said
    again = escalations.operational(ward.session, ana, "bot_blocked", ward.now, ward.clinic)
    assert again is case


def test_an_operational_finding_the_pathway_does_not_name_is_a_review_within_a_day(ward: Ward, ana: Enrolment) -> None:
    case = escalations.operational(
        ward.session, ana, "odd_thing", ward.now, ward.clinic, because={"note": "Ana Ruiz", "tries": 3}
    )
    (row,) = ward.session.query(EscalationFinding)
    assert (case.level, row.within_days, row.because) == ("review", 1, {"note": None, "tries": 3})
    raised = escalations.operational(ward.session, ana, "odd_thing", ward.now, ward.clinic, level=Level.URGENT)
    assert (raised is case, case.level) == (True, "urgent")


def test_an_operational_finding_cannot_be_routine(ward: Ward, ana: Enrolment) -> None:
    with pytest.raises(ValueError, match="at least review"):
        escalations.operational(ward.session, ana, "odd_thing", ward.now, ward.clinic, level=Level.ROUTINE)


def test_the_first_tap_takes_it_and_stops_the_paging(ward: Ward, ana: Enrolment, lind: Staff, okoro: Staff) -> None:
    case = opened(ward, ana, SADDLE)
    ward.passes(minutes=3)
    assert acknowledge(ward, case, okoro).done
    assert (case.state, case.acknowledged_by, case.acknowledged_at) == ("acknowledged", okoro.id, ward.now)
    assert case.next_page_at is None
    ward.passes(minutes=1)
    second = acknowledge(ward, case, lind)
    assert not second.done
    assert second.said == "Nurse Okoro took this at 09:03 on Mon 2 Mar."
    own = acknowledge(ward, case, okoro)
    assert own.said == "You took this at 09:03 on Mon 2 Mar."
    assert len(ward.events(case, "acknowledged")) == 1
    assert len(ward.audited("escalation acknowledged")) == 1


async def test_of_two_racing_taps_one_wins(
    ward: Ward, db: Database, ana: Enrolment, lind: Staff, okoro: Staff, clinic: Clinic, now: datetime
) -> None:
    case = opened(ward, ana, SADDLE)
    results = await asyncio.gather(
        *(db.write(escalations.acknowledge, case.id, who, now, clinic) for who in (lind, okoro, lind, okoro))
    )
    assert [result.done for result in results].count(True) == 1
    assert len(ward.events(case, "acknowledged")) == 1


def test_reaching_the_patient_counts_as_taking_it(ward: Ward, ana: Enrolment, lind: Staff) -> None:
    case = opened(ward, ana, SADDLE)
    assert contacted(ward, case, lind).done
    assert (case.acknowledged_by, case.acknowledged_at) == (lind.id, ward.now)
    assert [event.kind for event in ward.events(case)][-2:] == ["acknowledged", "contacted"]


def test_who_took_it_stays_when_another_reaches_the_patient(
    ward: Ward, ana: Enrolment, lind: Staff, okoro: Staff
) -> None:
    case = opened(ward, ana, SADDLE)
    acknowledge(ward, case, okoro)
    ward.passes(minutes=4)
    assert contacted(ward, case, lind).done
    assert (case.acknowledged_by, case.contacted_by) == (okoro.id, lind.id)
    late = contacted(ward, case, okoro)
    assert late.said == "Dr Lind reached the patient at 09:04 on Mon 2 Mar."
    assert not acknowledge(ward, case, okoro).done


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_case_whose_patient_was_reached_closes_with_any_outcome(
    ward: Ward, ana: Enrolment, lind: Staff, outcome: str
) -> None:
    case = opened(ward, ana, SADDLE)
    contacted(ward, case, lind)
    assert close(ward, case, lind, outcome, "seen in clinic").done
    assert (case.state, case.outcome, case.closed_by, case.note) == ("closed", outcome, lind.id, "seen in clinic")
    assert ward.events(case, "closed")[0].details == {"outcome": outcome}


@pytest.mark.parametrize("finding", [SADDLE, JUMP])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_without_a_recorded_contact_only_two_outcomes_close(
    ward: Ward, ana: Enrolment, lind: Staff, finding: tuple[str, str, dict[str, object]], outcome: str
) -> None:
    case = opened(ward, ana, finding)
    result = close(ward, case, lind, outcome)
    assert result.done == (outcome in ("could_not_reach", "sent_to_emergency"))
    if not result.done:
        assert "Tap Reached patient first" in result.said
        assert case.state == "open"


@pytest.mark.parametrize("outcome", ["", "fine", "SEEN_TODAY"])
def test_nothing_closes_without_an_outcome(ward: Ward, ana: Enrolment, lind: Staff, outcome: str) -> None:
    case = opened(ward, ana, FALL)
    assert not close(ward, case, lind, outcome).done
    assert case.state == "open"


def test_a_coordinator_closes_reviews_only(ward: Ward, ana: Enrolment, okoro: Staff) -> None:
    case = opened(ward, ana, JUMP)
    contacted(ward, case, okoro)
    refused = close(ward, case, okoro, "advice")
    assert not refused.done
    assert "clinician or an admin" in refused.said
    assert case.state == "contacted"


def test_a_coordinator_closes_a_review_without_a_call(ward: Ward, ana: Enrolment, okoro: Staff) -> None:
    case = opened(ward, ana, FALL)
    assert close(ward, case, okoro, "no_problem_found").done
    assert case.acknowledged_by == okoro.id


def test_an_admin_closes_an_emergency(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    admin = ward.staff("Ada", team, "admin")
    case = opened(ward, ana, SADDLE)
    assert close(ward, case, admin, "sent_to_emergency").done


def test_a_closed_case_says_who_closed_it_and_stays_as_it_was(
    ward: Ward, ana: Enrolment, lind: Staff, okoro: Staff
) -> None:
    case = opened(ward, ana, FALL)
    close(ward, case, okoro, "advice")
    ward.passes(hours=1)
    for result in (close(ward, case, lind, "appointment"), contacted(ward, case, lind), acknowledge(ward, case, lind)):
        assert result == Outcome(done=False, said="Nurse Okoro closed this at 09:00 on Mon 2 Mar.")
    assert (case.outcome, case.closed_by) == ("advice", okoro.id)


def test_somebody_of_another_team_can_do_nothing(ward: Ward, ana: Enrolment) -> None:
    stranger = ward.staff("Dr Far", ward.team("Knee"), "clinician")
    case = opened(ward, ana, SADDLE)
    attempts = (
        acknowledge(ward, case, stranger),
        contacted(ward, case, stranger),
        close(ward, case, stranger, "sent_to_emergency"),
        escalations.add_note(ward.session, case.id, stranger, "x", ward.now),
    )
    assert not any(attempt.done for attempt in attempts)
    assert all("not on this team's list" in attempt.said for attempt in attempts)
    assert case.state == "open"
    assert len(ward.audited("refused")) == 4


def test_who_has_left_can_do_nothing(ward: Ward, ana: Enrolment, lind: Staff) -> None:
    case = opened(ward, ana, SADDLE)
    lind.state = "left"
    assert not acknowledge(ward, case, lind).done


def test_an_admin_of_another_team_works_a_case_only_after_the_ladder_fell_to_them(ward: Ward, clinic: Clinic) -> None:
    empty = ward.team("Night", bound=False)
    admin = ward.staff("Ada", ward.team("Office"), "admin")
    bea = ward.patient("Bea Lund", empty, "BE02")
    cal = ward.patient("Cal Moss", ward.team("Knee"), "CA03")
    night, knee = opened(ward, bea, SADDLE), opened(ward, cal, FALL)
    assert acknowledge(ward, night, admin).done
    assert not acknowledge(ward, knee, admin).done


def test_a_note_is_added_below_the_one_before(ward: Ward, ana: Enrolment, okoro: Staff) -> None:
    case = opened(ward, ana, FALL)
    close(ward, case, okoro, "advice", "rang twice")
    escalations.add_note(ward.session, case.id, okoro, " husband answered ", ward.now)
    assert case.note == "rang twice\nhusband answered"
    assert "husband" not in repr([event.details for event in ward.events(case)])
    assert "husband" not in repr([row.details for row in ward.audited("escalation noted")])


def test_every_step_shows_the_card_again_everywhere(
    ward: Ward, ana: Enrolment, lind: Staff, okoro: Staff, team: CareTeam
) -> None:
    case = opened(ward, ana, SADDLE)
    for step in (acknowledge, contacted):
        ward.deliver()
        ward.passes(minutes=1)
        step(ward, case, okoro)
        for chat_id in (team.chat_id, lind.chat_id):
            assert len(ward.sent(chat_id, fresh=False, since=ward.now)) == 1


def test_the_card_is_shown_to_the_teams_chat_and_its_people_only(
    ward: Ward, ana: Enrolment, lind: Staff, team: CareTeam
) -> None:
    case = opened(ward, ana, SADDLE)
    far = ward.staff("Dr Far", ward.team("Knee"), "clinician")
    old_group = ward.group_of(team)
    team.chat_id = ward.chat("supergroup").id
    lind_chat, far_chat = (ward.session.get_one(type(old_group), one.chat_id) for one in (lind, far))
    for chat in (old_group, far_chat, ward.chat()):
        assert escalations.card(ward.session, case.id, chat, ward.clinic, ward.now) is None
    assert escalations.card(ward.session, case.id, lind_chat, ward.clinic, ward.now) is not None
    lind.state = "left"
    assert escalations.card(ward.session, case.id, lind_chat, ward.clinic, ward.now) is None
    assert escalations.card(ward.session, 4711, old_group, ward.clinic, ward.now) is None


def test_what_triage_finds_is_what_the_card_says(ward: Ward, ana: Enrolment, team: CareTeam) -> None:
    pathway = pathways.of(ward.session, ana.pathway_version_id)
    week2 = ward.checkin(ana)
    found = triage.evaluate(
        pathway,
        Case(
            id="AN17",
            procedure="microdiscectomy",
            surgery_date=ana.surgery_date,
            checkin="week2",
            answered_on=ward.now.date(),
            status="completed",
            answers={
                "saddle_numbness": "new_or_worse",
                "bladder": "my name is Ana Ruiz",
                "leg_pain": 8,
                "back_pain": 3,
                "general_symptoms": ["fall", "calf"],
            },
        ),
    )
    case = escalations.assess(ward.session, ana, found, checkin=week2, message=None, now=ward.now, clinic=ward.clinic)
    assert case is not None
    text = ward.card(case, ward.group_of(team)).text
    assert "EMERGENCY" in text
    assert "Saddle numbness: Yes, it is new or worse" in text
    assert "Calf swollen" in text
    assert "Fall/jolt" in text, "another symptom of the same question is not hidden"
    assert "Unsure about saddle numbness" not in text, "what says less about the same answer is"
    assert "Ana" not in text
