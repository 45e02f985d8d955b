"""Why a case has its level, for whoever asks: grounds, words, earlier values, sources; nothing that names anybody."""

from __future__ import annotations

import html
import re

import pytest

from bot.db.models import CareTeam, Escalation, Staff
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward


@pytest.fixture
def team(ward: Ward) -> CareTeam:
    return ward.team("Spine")


@pytest.fixture
def lind(ward: Ward, team: CareTeam) -> Staff:
    return ward.staff("Dr Lind", team)


def patient(ward: Ward, team: CareTeam, language: str = "en") -> Phone:
    one = phone(ward, team, language=language)
    one.goes_to(3)
    return one


def case(one: Phone) -> Escalation:
    found = one.escalation()
    assert found is not None
    return found


def told(ward: Ward, staff: Staff, one: Phone) -> str:
    """What this person reads after tapping Why."""
    seen = len(ward.said(staff.chat_id))
    ward.taps(staff, "c_why", case(one).id)
    return "\n".join(html.unescape(re.sub("<[^>]+>", "", text)) for text in ward.said(staff.chat_id)[seen:])


def test_a_finding_comes_with_its_ground_sources_and_what_would_undo_it(
    ward: Ward, team: CareTeam, lind: Staff
) -> None:
    ana = patient(ward, team)
    ana.taps("Start")
    ana.answers(until="bladder")
    ana.taps("Not sure")
    why = told(ward, lind, ana)
    assert "URGENT · AN17" in why
    assert "Microdiscectomy, day 3 after surgery" in why
    assert "Because: Slow but improving flow is common after surgery" in why
    assert "(POUR, GIRFT)" in why
    assert "POUR: Retention after lumbar/spine surgery" in why
    assert "Not lower unless: bladder “Normal for me” or “An old problem, no worse since my operation”" in why


def test_the_next_level_up_says_what_it_still_needs(ward: Ward, team: CareTeam, lind: Staff) -> None:
    ana = patient(ward, team)
    ana.taps("Start")
    ana.answers(until="bladder")
    ana.taps("Not sure")
    why = told(ward, lind, ana)
    assert "Why not higher" in why
    assert "ces two soft signs (emergency): needs saddle numbness" in why


def test_the_words_are_those_the_patient_saw_with_the_english_beside(ward: Ward, team: CareTeam, lind: Staff) -> None:
    ana = patient(ward, team, language="es")
    ana.taps("Empezar")
    ana.taps("No")
    ana.taps("No estoy seguro/a")
    why = told(ward, lind, ana)
    question = ana.standing("bladder")[0]
    assert question.language == "es"
    assert "(How is peeing?)" in why
    assert "→ No estoy seguro/a (Not sure)" in why


def test_the_earlier_values_stand_beside_the_new_one(ward: Ward, team: CareTeam, lind: Staff) -> None:
    ana = patient(ward, team)
    ana.taps("Start")
    ana.answers()
    ana.goes_to(14)
    ana.taps("Start")
    ana.answers(until="leg_pain")
    ana.taps("9")
    assert "before: 2/10 (day 3); 7/10 (before surgery)" in told(ward, lind, ana)


def test_both_wordings_are_told_when_a_question_was_asked_again(ward: Ward, team: CareTeam, lind: Staff) -> None:
    ana = patient(ward, team)
    ana.taps("Start")
    ana.answers(until="activity")
    ana.taps("I can't walk across the room")
    ana.taps("Go on")
    ward.passes(seconds=20)
    ana.taps("A bit weaker")
    why = told(ward, lind, ana)
    assert "• How strong are your legs?\n   → Strong, no problem\n   asked again: We want to be sure" in why
    assert "→ A bit weaker, new or worse, but I can lift my foot" in why
    assert "The answers have changed since. A finding stays until a person closes the case." in why


def test_details_show_the_wording_of_each_answer(ward: Ward, team: CareTeam, lind: Staff) -> None:
    ana = patient(ward, team)
    ana.taps("Start")
    ana.answers(until="activity")
    ana.taps("I can't walk across the room")
    ana.taps("Go on")
    ward.passes(seconds=20)
    ana.taps("A bit weaker")
    ward.taps(lind, "c_details", case(ana).id)
    details = "\n".join(ward.said(lind.chat_id))
    assert "lifting your toes off the floor" in details
    assert "asked again; before: Strong, no problem" in details


def test_nothing_names_the_patient_or_repeats_their_words(ward: Ward, team: CareTeam, lind: Staff) -> None:
    ana = patient(ward, team)
    ana.taps("Start")
    ana.answers(until="anything_else")
    ana.taps("I want to write something")
    ana.types("Ana Ruiz here, my left toes catch on the carpet and I trip")
    why = told(ward, lind, ana)
    assert "Typed words" in why or "typed words" in why
    for private in ("Ana", "Ruiz", "carpet", "07700", "1961"):
        assert private not in why


def test_what_happened_to_the_messages_needs_no_ground(ward: Ward, team: CareTeam, lind: Staff) -> None:
    ana = patient(ward, team)
    ana.taps("Start")
    ana.sends("photo")
    assert "Something that happened to the messages, not an answer." in told(ward, lind, ana)


def test_it_goes_to_the_private_chat_of_whoever_asked_and_the_look_is_on_record(
    ward: Ward, team: CareTeam, lind: Staff
) -> None:
    ana = patient(ward, team)
    ana.taps("Start")
    ana.taps("Not sure")
    group = ward.group_of(team)
    before = len(ward.said(group.id))
    toast = ward.taps(lind, "c_why", case(ana).id, chat=group)
    assert toast is not None
    assert toast.text == "Sent to your private chat with me."
    assert len(ward.said(group.id)) == before
    assert [row.actor for row in ward.audited("reasons viewed")] == [f"staff:{lind.id}"]


def test_another_team_learns_nothing(ward: Ward, team: CareTeam) -> None:
    stranger = ward.staff("Dr Other", ward.team("Hips"))
    ana = patient(ward, team)
    ana.taps("Start")
    ana.taps("Not sure")
    ward.taps(stranger, "c_why", case(ana).id)
    assert not ward.said(stranger.chat_id)
