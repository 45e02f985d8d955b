"""A flagged patient and the team: who is told, who takes it, how it ends."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Audit, CheckIn, Escalation
from bot.sandbox.actors import Person
from bot.sandbox.storylines.cast import Patient
from tests.stories.conftest import Ward

PHONE = "+44 1632 960777"


async def emergency(ward: Ward) -> Patient:
    """Ana, day 3 in the morning: numb between the legs."""
    ana = await ward.enrols("Ana", phone=PHONE)
    await ward.until(3, "09:40")
    await ana.checks_in({"saddle_numbness": "new_or_worse"}, until="bladder")
    return ana


async def urgent(ward: Ward, clock: str) -> Patient:
    """Ana, day 3: a swollen calf."""
    ana = await ward.enrols("Ana")
    await ward.until(3, clock)
    await ana.checks_in({"general_symptoms": ["calf"]}, until="leg_pain")
    return ana


async def works(ward: Ward, by: Person, *labels: str) -> None:
    """Tap these buttons in the group, one after the other."""
    for label in labels:
        await by.taps(label, where=ward.team)


def pages(ward: Ward, person: Person) -> int:
    """How many cards of an emergency were sent to this person privately."""
    sent = [call for call in ward.served.calls("sendMessage") if call.ok and int(call.params["chat_id"]) == person.id]
    return sum("EMERGENCY" in call.params["text"] for call in sent)


def cases(session: Session) -> list[tuple[str, str | None, str | None]]:
    """State, outcome and note of every case."""
    return [(row.state, row.outcome, row.note) for row in session.scalars(select(Escalation))]


async def test_the_first_tap_wins_and_the_other_is_told_who(ward: Ward) -> None:
    """Both tapped before either was answered; one has it, the other reads who and when."""
    ana = await emergency(ward)
    card = (await ana.case("EMERGENCY"))["id"]
    queries = []
    for person in (ward.staff.lind, ward.staff.reyes):
        tapped = await ward.sandbox.post(f"users/{person.id}/tap", chat_id=ward.team.id, message_id=card, row=0, col=0)
        queries.append(tapped["callback_query_id"])
    await ward.rest()
    first, second = [(await ward.sandbox.get(f"queries/{query}"))["answer"]["text"] for query in queries]
    assert first.startswith("You have taken this")
    assert second.startswith("Dr Lind took this at 09:4")


async def test_the_card_always_shows_the_state(ward: Ward) -> None:
    """Nobody, then who took it, then who reached the patient: in the group and in the private copy alike."""
    ana = await emergency(ward)
    await ana.case("Nobody has acknowledged yet", "Acknowledge by 09:5")
    await works(ward, ward.staff.reyes, "Acknowledge")
    for copy in (await ana.case("Acknowledged by Dr Reyes"), await ward.staff.lind.sees("Acknowledged by Dr Reyes")):
        assert not any("Acknowledge" in button["text"] for row in copy["keyboard"] for button in row)
    await works(ward, ward.staff.reyes, "Reached patient")
    await ana.case("Patient reached by Dr Reyes")


async def test_the_card_names_code_procedure_day_and_the_answers_that_fired(ward: Ward) -> None:
    """What a clinician needs to decide, and no name."""
    ana = await emergency(ward)
    shown = await ana.case("EMERGENCY", "icrodiscectomy", "day 3 after surgery", "09:5")
    assert "Ana" not in shown["text"]


async def test_the_ladder_tells_the_second_on_call_at_15_minutes(ward: Ward) -> None:
    """Not before: until then the team and the first on call are asked."""
    ana = await emergency(ward)
    await ward.advance(minutes=13)
    assert pages(ward, ward.staff.reyes) == 0
    await ward.advance(minutes=3)
    assert pages(ward, ward.staff.reyes) == 1
    await ward.staff.reyes.sees("EMERGENCY", ana.code)


async def test_the_ladder_tells_the_manager_at_30_minutes_and_goes_on_without_end(ward: Ward) -> None:
    """Every quarter of an hour, everybody again, for as long as nobody takes it."""
    await emergency(ward)
    await ward.advance(minutes=28)
    assert pages(ward, ward.staff.mora) == 0
    await ward.advance(minutes=3)
    assert pages(ward, ward.staff.mora) == 1
    await ward.advance(minutes=60)
    assert pages(ward, ward.staff.mora) == 5


async def test_the_ladder_stops_when_somebody_acknowledges(ward: Ward) -> None:
    """From then on the second on call is left in peace."""
    await emergency(ward)
    await ward.advance(minutes=5)
    await works(ward, ward.staff.lind, "Acknowledge", "Reached patient")
    await ward.advance(hours=2)
    assert (pages(ward, ward.staff.reyes), pages(ward, ward.staff.mora)) == (0, 0)


async def test_the_ladder_climbs_on_after_a_restart(ward: Ward) -> None:
    """The next step is a row in the database, not a timer."""
    await emergency(ward)
    await ward.advance(minutes=10)
    await ward.restarts()
    await ward.advance(minutes=6)
    assert pages(ward, ward.staff.reyes) == 1


async def test_an_urgent_case_by_day_is_for_the_team_alone_at_first(ward: Ward) -> None:
    """The person on call hears of it after half an hour."""
    ana = await urgent(ward, "10:00")
    await ana.case("URGENT")
    await ward.staff.lind.sees_not("URGENT", ana.code)
    await ward.advance(minutes=31)
    await ward.staff.lind.sees("URGENT", ana.code)


async def test_an_urgent_case_out_of_hours_reaches_the_person_on_call_at_once(ward: Ward) -> None:
    """At half past eight in the evening nobody watches the group."""
    ana = await urgent(ward, "20:30")
    await ward.staff.lind.sees("URGENT", ana.code)
    await ana.person.sees("111")


async def test_closing_asks_for_an_outcome_and_offers_a_note_in_private(ward: Ward) -> None:
    """The outcome in the group; the words only in the private chat."""
    ana = await emergency(ward)
    await works(ward, ward.staff.lind, "Acknowledge", "Reached patient", "Close", "Seen today")
    await ana.case("CLOSED", "Seen today")
    await ward.staff.lind.says("Scanned, no compression")
    await ward.staff.lind.sees("Note kept", ana.code)
    assert await ward.read(cases) == [("closed", "seen_today", "Scanned, no compression")]
    await ward.team.shows_not("no compression")


async def test_a_case_can_be_closed_across_a_restart(ward: Ward) -> None:
    """Between Close and the outcome the process ends, and again before the note."""
    await emergency(ward)
    await works(ward, ward.staff.lind, "Acknowledge", "Reached patient", "Close")
    await ward.restarts()
    await works(ward, ward.staff.lind, "Sent to emergency")
    await ward.restarts()
    await ward.staff.lind.says("By ambulance")
    assert await ward.read(cases) == [("closed", "sent_to_emergency", "By ambulance")]


async def test_an_emergency_is_not_closed_with_advice_before_the_patient_was_reached(ward: Ward) -> None:
    """Only "could not reach" and "sent to emergency" are true without a call."""
    await emergency(ward)
    await works(ward, ward.staff.lind, "Acknowledge", "Close")
    tapped = await ward.staff.lind.taps("Advice given", where=ward.team)
    assert "Tap Reached patient first" in tapped["answer"]["text"]
    assert await ward.read(cases) == [("acknowledged", None, None)]


async def test_a_coordinator_takes_but_does_not_close_an_emergency(ward: Ward) -> None:
    """They may acknowledge and ring; the end is a clinician's word."""
    await emergency(ward)
    await works(ward, ward.staff.okoro, "Acknowledge", "Reached patient")
    tapped = await ward.staff.okoro.taps("Close", where=ward.team)
    assert "Only a clinician or an admin closes an emergency case" in tapped["answer"]["text"]
    assert await ward.read(cases) == [("contacted", None, None)]


async def test_details_go_to_the_private_chat_and_on_record(ward: Ward) -> None:
    """Name and number for the one who asked, nothing in the group, and the look is kept."""
    ana = await emergency(ward)
    tapped = await ward.staff.lind.taps("Details", where=ward.team)
    assert "private chat" in tapped["answer"]["text"]
    await ward.staff.lind.sees("Ana Test", PHONE, "Sam Test", "+44 1632 960999", ana.code)
    await ward.staff.okoro.sees_not("Ana Test")
    await ward.team.shows_not("Ana Test")
    seen = select(Audit.actor, Audit.subject).where(Audit.action == "details viewed")
    rows = await ward.read(lambda session: [tuple(row) for row in session.execute(seen)])
    assert len(rows) == 1
    assert rows[0][0].startswith("staff:")
    assert rows[0][1].startswith("patient:")


async def test_somebody_outside_the_team_taps_and_nothing_changes(ward: Ward) -> None:
    """A member of the group without an invitation gets a polite word."""
    otto = await ward.sandbox.person("Otto")
    await ward.sandbox.act(f"chats/{ward.team.id}/member", user_id=otto.id, present=True)
    await emergency(ward)
    for label in ("Acknowledge", "Details", "Close"):
        tapped = await otto.taps(label, where=ward.team)
        assert "not on this team's list" in tapped["answer"]["text"]
    assert await ward.read(cases) == [("open", None, None)]


async def test_a_colleague_of_another_team_cannot_work_the_case(ward: Ward) -> None:
    """Being staff is not enough: it must be the team's own case."""
    await ward.invites("Nia Hart", "coordinator", team="Hip team")
    hart = await ward.invites("Dr Hart", "clinician", "on_call", team="Hip team")
    await ward.sandbox.act(f"chats/{ward.team.id}/member", user_id=hart.id, present=True)
    ana = await emergency(ward)
    await hart.taps("Acknowledge", where=ward.team)
    await hart.says(f"/patient {ana.code}")
    await hart.sees("no such patient code")
    assert await ward.read(cases) == [("open", None, None)]


async def test_open_lists_the_work_by_urgency(ward: Ward) -> None:
    """The emergency stands first though it came last; names only in private."""
    ben = await ward.enrols("Ben")
    cleo = await ward.enrols("Cleo")
    await ward.until(3, "09:40")
    await ben.checks_in({"general_symptoms": ["calf"]}, until="leg_pain")
    await cleo.checks_in({"bladder": "leaking"}, until="bowel")
    await ward.staff.okoro.says("/open")
    shown = (await ward.staff.okoro.sees("Open work of Spine team"))["text"]
    assert shown.index("EMERGENCY") < shown.index(cleo.code) < shown.index("URGENT") < shown.index(ben.code)
    assert "Cleo Test" in shown
    await ward.staff.okoro.says("/open", where=ward.team)
    assert "Cleo" not in (await ward.team.shows("Open work of Spine team"))["text"]


async def test_patient_tells_the_story_of_one_patient(ward: Ward) -> None:
    """Planned, sent, answered, escalated, in order of time."""
    ana = await emergency(ward)
    await works(ward, ward.staff.lind, "Acknowledge")
    await ward.staff.lind.says(f"/patient {ana.code}")
    shown = (await ward.staff.lind.sees("Ana Test", ana.code, "enrolled"))["text"]
    assert shown.index("enrolled") < shown.index("agreed to take part") < shown.index("EMERGENCY".lower())
    await ward.staff.lind.says(f"/patient {ana.code}", where=ward.team)
    assert "Ana" not in (await ward.team.shows("agreed to take part"))["text"]


async def test_a_silent_patient_becomes_a_phone_task(ward: Ward) -> None:
    """Two reminders, then the check-in closes and a person is asked to ring."""
    ana = await ward.enrols("Ana")
    await ward.until(5, "10:00")
    await ana.case("REVIEW")
    await ward.staff.okoro.says("/open")
    await ward.staff.okoro.sees("Open work", ana.code, "ring the patient")
    ended = select(CheckIn.end_reason).where(CheckIn.checkin == "day3")
    assert await ward.read(lambda session: session.scalars(ended).all()) == ["no_answer"]
