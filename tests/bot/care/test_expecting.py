"""What a surgeon expects of one patient stands beside the finding, until its day, and changes nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.db.models import CareTeam, Enrolment, Escalation, ExpectedFinding, Outbox, Staff
from tests.bot.ward import Ward

NOTE = "foot tingling, known since surgery"
UNTIL = "2026-04-10"


@pytest.fixture
def team(ward: Ward) -> CareTeam:
    return ward.team("Spine")


@pytest.fixture
def lind(ward: Ward, team: CareTeam) -> Staff:
    return ward.staff("Dr Lind", team)


@pytest.fixture
def ana(ward: Ward, team: CareTeam) -> Enrolment:
    """Operated on 16 February 2026, so the programme ends on 16 June."""
    return ward.patient("Ana Ruiz", team, "AN17")


def said(ward: Ward, who: Staff) -> str:
    return ward.said(who.chat_id)[-1]


def notes(ward: Ward) -> list[ExpectedFinding]:
    return list(ward.session.scalars(select(ExpectedFinding).order_by(ExpectedFinding.id)))


def opened(ward: Ward, enrolment: Enrolment, rule: str = "leg_numbness_new", level: str = "review") -> Escalation:
    case = ward.finds(enrolment, (rule, level))
    assert case is not None
    return case


def shown(ward: Ward, case: Escalation, team: CareTeam) -> str:
    return ward.card(case, ward.group_of(team)).text


def test_a_note_is_shown_beside_its_finding(ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment) -> None:
    ward.asks(lind, "expect", f"an17 leg_numbness_new {UNTIL} {NOTE}")
    assert said(ward, lind).startswith("Noted. leg_numbness_new shows your note until 2026-04-10.")
    case = opened(ward, ana)
    assert f"Line of leg_numbness_new.\n   📌 <i>Expected until {UNTIL} (Dr Lind): {NOTE}</i>" in shown(
        ward, case, team
    )


def test_a_note_stands_beside_no_other_finding(ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment) -> None:
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    assert "Expected until" not in shown(ward, opened(ward, ana, "fall_any"), team)
    bea = ward.patient("Bea", team, "BE22")
    assert "Expected until" not in shown(ward, opened(ward, bea), team)


def test_a_case_with_a_note_is_worked_like_one_without(ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment) -> None:
    bea = ward.patient("Bea", team, "BE22")
    ward.asks(lind, "expect", f"AN17 dvt_suspected {UNTIL} known swelling of the calf")
    noted, plain = opened(ward, ana, "dvt_suspected", "urgent"), opened(ward, bea, "dvt_suspected", "urgent")
    for minutes in (0, 30, 30, 60):
        ward.passes(minutes=minutes)
        ward.ticks()
        assert _worked(ward, noted) == _worked(ward, plain)
    assert _worked(ward, noted)[:2] == ("urgent", "open")


def _worked(ward: Ward, case: Escalation) -> tuple[object, ...]:
    ward.session.refresh(case)
    clocks = (case.ack_by, case.contact_by, case.resolve_by, case.next_page_at)
    pages = [event.details for event in ward.events(case) if event.kind in ("opened", "page", "raised")]
    rows = ward.session.scalars(select(Outbox).where(Outbox.ref == case.id, Outbox.surface == "escalation"))
    sent = sorted((row.lane, row.chat_id, row.fresh) for row in rows)
    return case.level, case.state, *clocks, pages, sent


def test_a_worse_finding_beside_an_expected_one_alerts_as_ever(
    ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment
) -> None:
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    case = opened(ward, ana)
    ward.finds(ana, ("leg_numbness_new", "review"), ("dvt_suspected", "urgent"))
    ward.session.refresh(case)
    assert (case.level, case.state) == ("urgent", "open")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (f"AN17 ces_saddle_new {UNTIL} numb before", "ces_saddle_new is an emergency"),
        (f"AN17 rescreen_saddle {UNTIL} numb before", "rescreen_saddle is an emergency"),
        (f"AN17 leg_numbness {UNTIL} numb before", "There is no rule leg_numbness. Did you mean leg_numbness_new?"),
        (f"AN17 zzz {UNTIL} numb before", "There is no rule zzz. Why on a case"),
        ("AN17 leg_numbness_new 2026-02-30 numb", "2026-02-30 is no such day"),
        ("AN17 leg_numbness_new tomorrow numb", "tomorrow is no such day"),
        ("AN17 leg_numbness_new 2026-03-01 numb", "Give a day from 2026-03-02 to 2026-06-16, the end of the programme"),
        ("AN17 leg_numbness_new 2026-06-17 numb", "Give a day from 2026-03-02 to 2026-06-16"),
        (f"AN17 leg_numbness_new {UNTIL}", "Send /expect CODE RULE YYYY-MM-DD note"),
        (f"AN17 leg_numbness_new {UNTIL} Mrs Ruiz says so", "names the patient or the next of kin"),
        (f"AN17 leg_numbness_new {UNTIL} ring ben first", "names the patient or the next of kin"),
        (f"AN17 leg_numbness_new {UNTIL} ring 07700 900123", "holds a long number"),
        (f"AN17 leg_numbness_new {UNTIL} {'long ' * 50}", "200 is the most"),
        (f"ZZ99 leg_numbness_new {UNTIL} numb", "no such patient code"),
    ],
)
def test_what_cannot_be_noted_is_refused_in_words(
    ward: Ward, lind: Staff, ana: Enrolment, command: str, words: str
) -> None:
    ward.asks(lind, "expect", command)
    assert words in said(ward, lind)
    assert not notes(ward)


def test_the_end_of_the_programme_is_still_a_day(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    ward.asks(lind, "expect", "AN17 leg_numbness_new 2026-06-16 numb")
    assert [row.until.isoformat() for row in notes(ward)] == ["2026-06-16"]


def test_only_clinicians_and_admins_say_what_is_expected(ward: Ward, team: CareTeam, ana: Enrolment) -> None:
    okoro = ward.staff("Ada Okoro", team, "coordinator")
    ward.asks(okoro, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    assert "Only a clinician or an admin" in said(ward, okoro)
    assert not notes(ward)


def test_another_team_can_note_nothing(ward: Ward, ana: Enrolment) -> None:
    stranger = ward.staff("Dr Other", ward.team("Hips"))
    ward.asks(stranger, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    assert "no such patient code" in said(ward, stranger)
    assert not notes(ward)


def test_a_note_is_not_shown_beside_an_emergency_of_the_same_rule(
    ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment
) -> None:
    """A later version of the pathway may make the rule an emergency."""
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    assert "Expected until" not in shown(ward, opened(ward, ana, level="emergency"), team)


def test_a_finding_after_the_last_day_is_shown_without_the_note(
    ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment
) -> None:
    ward.asks(lind, "expect", f"AN17 leg_numbness_new 2026-03-03 {NOTE}")
    ward.passes(days=1)
    last = opened(ward, ana)
    assert "Expected until" in shown(ward, last, team)
    ward.passes(days=1)
    ward.taps_on(lind, "c_reach", last)
    ward.taps_on(lind, "c_outcome", last, 3)
    assert "Expected until" not in shown(ward, opened(ward, ana), team)


def test_a_note_comes_onto_the_card_of_a_case_that_is_open(
    ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment
) -> None:
    case = opened(ward, ana)
    ward.deliver()
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    assert ward.sent(team.chat_id, fresh=False)
    assert "Expected until" in shown(ward, case, team)


def test_a_new_note_replaces_the_old_one_and_both_are_kept(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} left foot only")
    ward.asks(lind, "expected", "AN17")
    assert said(ward, lind) == f"leg_numbness_new: Expected until {UNTIL} (Dr Lind): left foot only"
    assert [(row.note, row.withdraws_id) for row in notes(ward)] == [
        (NOTE, None),
        (None, notes(ward)[0].id),
        ("left foot only", None),
    ]


def test_a_note_can_be_taken_back(ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment) -> None:
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    case = opened(ward, ana)
    ward.asks(lind, "unexpect", "AN17 leg_numbness_new")
    assert "Taken back." in said(ward, lind)
    assert "Expected until" not in shown(ward, case, team)
    ward.asks(lind, "unexpect", "AN17 leg_numbness_new")
    assert "There is no note beside leg_numbness_new" in said(ward, lind)
    ward.asks(lind, "expected", "AN17")
    assert said(ward, lind) == "Nothing is noted as expected for this patient."


def test_a_note_that_is_over_is_listed_as_such(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    ward.now += timedelta(days=60)
    ward.asks(lind, "expected", "AN17")
    assert said(ward, lind).endswith(f"{NOTE} (over)")


def test_the_trail_holds_the_rule_and_never_the_words(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    [row] = ward.audited("finding expected")
    assert row.subject == f"patient:{ana.patient_id}"
    assert row.details == {"rule": "leg_numbness_new", "until": UNTIL}


def test_why_names_the_rule_to_write_and_shows_the_note(
    ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment
) -> None:
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}")
    case = opened(ward, ana)
    ward.taps(lind, "c_why", case.id)
    assert "<code>leg_numbness_new</code>" in said(ward, lind)
    assert f"📌 Expected until {UNTIL} (Dr Lind): {NOTE}" in said(ward, lind)


def test_a_note_is_written_in_the_group_too(ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment) -> None:
    group = ward.group_of(team)
    ward.asks(lind, "expect", f"AN17 leg_numbness_new {UNTIL} {NOTE}", chat=group)
    assert ward.said(group.id)[-1].startswith("Noted.")


def test_nothing_is_noted_once_the_programme_is_over(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    ward.passes(days=200)
    ward.asks(lind, "expect", "AN17 leg_numbness_new 2026-10-10 numb")
    assert "The programme of this patient ended on 2026-06-16" in said(ward, lind)
