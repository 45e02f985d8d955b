"""A red answer reaches the patient and the team at once, whatever the patient does next."""

from __future__ import annotations

from sqlalchemy import select

from bot.db.models import Escalation
from tests.stories.conftest import Ward


async def test_a_red_answer_shows_the_card_and_pages_the_team_before_the_next_question(ward: Ward) -> None:
    """One tap, then silence: the card is there, the group is paged, within the same minute (hazard H05)."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    before = ward.clock.now()
    await ana.checks_in({"saddle_numbness": "new_or_worse"}, until="bladder")
    await ana.person.sees("Go to A&E now", "999")
    await ward.team.shows("EMERGENCY", ana.code)
    await ward.staff.lind.sees("EMERGENCY", ana.code)
    assert (ward.clock.now() - before).total_seconds() < 60


async def test_a_red_answer_survives_a_restart_right_after_the_tap(ward: Ward) -> None:
    """The process dies with the page still to be sent: it goes out afterwards, once."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")
    ward.sandbox.settle = None
    await ana.person.taps("I can't pee")
    await ward.app.poller.poll_once(0)
    await ward.app.intake.process_due()
    ward.sandbox.settle = ward.rest
    await ward.restarts()
    await ana.person.sees("Go to A&E now")
    await ward.team.shows("EMERGENCY", ana.code)
    found = await ward.read(lambda session: session.scalars(select(Escalation.level)).all())
    assert found == ["emergency"]


async def test_a_red_answer_is_followed_by_the_offer_to_go_on(ward: Ward) -> None:
    """The card comes first, the offer as a new message below it, and the check-in goes on there to its end."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in(until="bladder")
    await ana.person.taps("I leak or wet myself")
    card = await ana.person.sees("Go to A&E now")
    offer = await ana.person.sees("please go on with the other questions")
    assert offer["id"] > card["id"]
    await ana.person.taps("Go on", message=offer["id"])
    await ana.checks_in()
    assert (await ana.person.sees("These are your answers."))["id"] == offer["id"]
    await ward.team.shows("EMERGENCY", ana.code)


async def test_a_second_worse_answer_voids_the_acknowledgement(ward: Ward) -> None:
    """Somebody has the urgent case; then the patient reports something worse: paging begins again."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({"general_symptoms": ["calf"]})
    await ana.case("URGENT")
    await ward.staff.lind.taps("Acknowledge", where=ward.team)
    await ward.advance(minutes=30)
    await ana.person.says("now my chest hurts and I can't get my breath")
    await ana.person.sees("Go to A&E now")
    card = await ana.case("EMERGENCY")
    assert any("Acknowledge" in button["text"] for row in card["keyboard"] for button in row)


async def test_a_later_well_answer_closes_nothing(ward: Ward) -> None:
    """Cauda equina comes and goes; only a person closes (hazard H39)."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({"saddle_numbness": "new_or_worse"})
    for label in ("Acknowledge", "Reached patient"):
        await ward.staff.lind.taps(label, where=ward.team)
    await ward.until(14, "10:00")
    await ana.checks_in()
    states = await ward.read(lambda session: session.scalars(select(Escalation.state)).all())
    assert states == ["contacted"]


async def test_thoughts_of_self_harm_get_the_crisis_card_and_no_more_questions(ward: Ward) -> None:
    """The crisis card, a page, and the check-in rests for the day (hazard H34)."""
    ana = await ward.enrols("Ana")
    await ward.until(14, "09:40")
    await ana.checks_in({"mood": "not_safe"})
    await ana.person.sees("You matter", "01632 960456")
    await ana.person.sees_not("Go to A&E now")
    await ward.team.shows("EMERGENCY", ana.code)
    assert await ana.question() is None
