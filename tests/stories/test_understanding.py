"""What a patient says twice in two ways is asked once more; what a surgeon expects is said beside the finding."""

from __future__ import annotations

from sqlalchemy import select

from bot.db.models import Answer, Escalation, EscalationFinding
from tests.stories.conftest import Ward

SURE = "We want to be sure we understood."


async def test_strong_legs_and_toes_that_catch_are_asked_about_once_more(ward: Ward) -> None:
    """The words page at once; the question comes back in other words, once; both answers stay, nothing is lowered."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({"anything_else": "write"}, until="free_text")
    await ana.person.says("all good, only my left toes keep catching on the carpet and I trip")
    await ana.person.sees("Go to A&E now", "999")
    await ana.case(
        "EMERGENCY", "Says strong legs, and elsewhere a weak leg or foot", "Leg weakness: Strong, no problem"
    )
    await ana.person.taps("Go on")
    await ana.person.sees(SURE, "lifting your toes off the floor")
    await ana.waits(1)
    await ana.person.taps("A bit weaker, new or worse")
    await ana.person.sees("These are your answers.")
    await ana.person.sees_not(SURE)
    await ana.case("EMERGENCY", "New or uncertain leg weakness: A bit weaker")
    given = await ward.read(
        lambda session: session.scalars(
            select(Answer.value).where(Answer.question == "leg_weakness").order_by(Answer.id)
        ).all()
    )
    assert given[-2:] == ["none", "weaker"]


async def test_why_tells_the_clinician_both_wordings_and_the_sources_in_private(ward: Ward) -> None:
    """The group keeps its short card; the grounds go to whoever asks (hazard H25)."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({"activity": "cannot_walk"})
    await ana.case("URGENT", "Says strong legs, and cannot walk across a room.")
    await ward.staff.lind.taps("Why", where=ward.team)
    await ward.staff.lind.sees("How strong are your legs?", "asked again:", SURE, "before: Strong, no problem")
    await ward.staff.lind.sees("Because: Loss of mobility after surgery", "Not lower unless: activity", "Sources")
    shown = await ward.team.look()
    assert SURE not in shown.transcript()


async def test_an_expected_finding_is_said_and_pages_as_ever(ward: Ward) -> None:
    """The surgeon knows of the tingling; the coordinator reads so beside it, and the case is worked all the same."""
    ana = await ward.enrols("Ana")
    await ward.staff.lind.says(f"/expect {ana.code} leg_numbness_new 2026-06-01 tingling, known", where=ward.team)
    await ward.team.shows("Noted.", "Level, deadlines and paging stay as they are.")
    await ward.until(3, "09:40")
    await ana.checks_in({"general_symptoms": ["leg_numb_new"]})
    await ana.case("REVIEW", "Expected until 2026-06-01 (Dr Lind): tingling, known")
    found = await ward.read(
        lambda session: session.execute(
            select(EscalationFinding.rule, Escalation.level, Escalation.state).join(Escalation)
        ).all()
    )
    assert ("leg_numbness_new", "review", "open") in [tuple(row) for row in found]
    await ward.staff.lind.says(f"/expect {ana.code} ces_saddle_new 2026-06-01 numb", where=ward.team)
    await ward.team.shows("ces_saddle_new is an emergency.")
