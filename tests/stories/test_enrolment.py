"""From /enrol to a patient who has agreed, and everything that may go wrong on the way."""

from __future__ import annotations

import re

from sqlalchemy import func, select

from bot.db.models import CheckIn, Enrolment, Patient, Staff
from bot.sandbox.actors import Person
from bot.sandbox.client import Json
from schedules import catalog
from tests.stories.conftest import Ward

LEAFLET = {
    "name": "Ana Ruiz",
    "phone": "+44 1632 960001",
    "birth_year": "1961",
    "language": "en",
    "timezone": "Europe/London",
    "procedure": "microdiscectomy",
    "surgery_date": "2026-03-01",
}
PATHWAY = catalog.shipped()
MICRODISCECTOMY = PATHWAY.procedure_of("microdiscectomy").title.in_("en")


async def about_the_patient(okoro: Person) -> None:
    """The first four answers of the form."""
    await okoro.says("/enrol")
    for answer in ("Ana Ruiz", "+44 1632 960001", "1961"):
        await okoro.says(answer)
    await okoro.taps("English")


async def about_the_operation(okoro: Person) -> None:
    """The rest of the form, up to the link."""
    for label in ("Europe/London", MICRODISCECTOMY, "Yesterday", "Skip"):
        await okoro.taps(label)
    for _ in PATHWAY.baseline_fields:
        await okoro.taps("Skip")
    await okoro.sees("Ana Ruiz", "2026-03-01", "confirm")
    await okoro.taps("Confirm and make the link")


def link_in(picture: Json) -> str:
    """The link under the QR picture."""
    found = re.search(r"https://t\.me/\S+start=\S+", picture["caption"])
    assert found is not None, picture["caption"]
    return found.group()


async def states(ward: Ward) -> list[str]:
    """The state of every enrolment."""
    return list(await ward.read(lambda session: session.scalars(select(Enrolment.state)).all()))


async def test_a_coordinator_is_led_from_enrol_to_the_picture_across_a_restart(ward: Ward) -> None:
    """Half-way the process ends; the form goes on where it was."""
    okoro = ward.staff.okoro
    await about_the_patient(okoro)
    await ward.restarts()
    await about_the_operation(okoro)
    picture = await okoro.sees("The link for patient", "72 hours")
    assert picture["kind"] == "photo"
    assert await states(ward) == ["invited"]


async def test_the_link_of_the_form_brings_the_patient_in(ward: Ward) -> None:
    """Start, year, consent: then four check-ins are planned and the coordinator hears of it."""
    okoro = ward.staff.okoro
    await about_the_patient(okoro)
    await about_the_operation(okoro)
    ana = await ward.sandbox.person("Ana")
    await ana.start(link_in(await okoro.sees("The link for patient")))
    await ana.says("1961")
    await ana.sees("not watched all the time", "999")
    await ana.taps("I agree")
    await ana.sees("You are set up", "999")
    await okoro.sees("has started")
    planned = await ward.read(lambda session: session.scalar(select(func.count()).where(CheckIn.state == "planned")))
    assert planned == 4


async def test_consent_survives_a_restart_between_year_and_agreement(ward: Ward) -> None:
    """What the patient has shown so far is not asked again."""
    _code, link = await ward.registers(LEAFLET)
    ana = await ward.sandbox.person("Ana")
    await ana.start(link)
    await ana.says("1961")
    await ward.restarts()
    await ana.taps("I agree")
    await ana.sees("You are set up")
    assert await states(ward) == ["active"]


async def test_an_entry_that_does_not_fit_is_asked_again_with_the_remedy(ward: Ward) -> None:
    """What is wrong and how to write it, above the same question."""
    okoro = ward.staff.okoro
    await okoro.says("/enrol")
    await okoro.says("Ana Ruiz")
    await okoro.says("ring the ward")
    await okoro.sees("Which telephone number", "country code after a +")
    await okoro.says("+44 1632 960001")
    await okoro.says("61")
    await okoro.sees("In which year was the patient born", "four digits, for example 1957")


async def test_an_unusual_surgery_date_is_asked_twice(ward: Ward) -> None:
    """A date of a month ago is more often a slip than true."""
    okoro = ward.staff.okoro
    await about_the_patient(okoro)
    for label in ("Europe/London", MICRODISCECTOMY):
        await okoro.taps(label)
    await okoro.says("2026-02-01")
    await okoro.sees("2026-02-01", "29 days ago", "Is that right?")
    await okoro.taps("No, go back")
    await okoro.sees("On which date was the operation?")


async def test_a_clinician_cannot_enrol(ward: Ward) -> None:
    """Only coordinators and admins do."""
    await ward.staff.lind.says("/enrol")
    await ward.staff.lind.sees("Only coordinators and admins can enrol")
    await ward.staff.lind.sees_not("full name?")


async def test_enrol_in_the_group_points_to_the_private_chat(ward: Ward) -> None:
    """No name is ever asked for in a group."""
    await ward.staff.okoro.says("/enrol", where=ward.team)
    await ward.team.shows("in our private chat")
    await ward.team.shows_not("full name?")


async def test_the_link_works_once(ward: Ward) -> None:
    """A second phone gets nothing, and the first patient stays."""
    code, link = await ward.registers(LEAFLET)
    ana, other = await ward.sandbox.person("Ana"), await ward.sandbox.person("Otto")
    await ana.start(link)
    await ana.says("1961")
    await ana.taps("I agree")
    await other.start(link)
    await other.sees("does not work any more", "999")
    await other.says("1961")
    await other.sees_not("I agree")
    owner = await ward.read(lambda session: session.scalars(select(Patient).where(Patient.code == code)).one().chat_id)
    assert owner is not None
    assert await states(ward) == ["active"]


async def test_opening_the_link_on_a_second_phone_tells_the_coordinator(ward: Ward) -> None:
    """While the first phone is answering, the link is taken."""
    code, link = await ward.registers(LEAFLET)
    ana, other = await ward.sandbox.person("Ana"), await ward.sandbox.person("Otto")
    await ana.start(link)
    await other.start(link)
    await other.sees("does not work any more")
    await ward.staff.okoro.sees(code, "second phone")


async def test_a_wrong_year_may_be_mended_twice(ward: Ward) -> None:
    """The third try is the last one, and it counts."""
    _code, link = await ward.registers(LEAFLET)
    ana = await ward.sandbox.person("Ana")
    await ana.start(link)
    for wrong in ("1916", "1691"):
        await ana.says(wrong)
        await ana.sees("not the year we have")
    await ana.says("1961")
    await ana.taps("I agree")
    assert await states(ward) == ["active"]


async def test_three_wrong_years_close_the_link_and_tell_the_team(ward: Ward) -> None:
    """Whoever holds the link is not let in, and a person looks into it."""
    code, link = await ward.registers(LEAFLET)
    stranger = await ward.sandbox.person("Otto")
    await stranger.start(link)
    for wrong in ("1950", "1951", "1952"):
        await stranger.says(wrong)
    await stranger.sees("We have told your team")
    await ward.staff.okoro.sees(code, "three wrong years of birth")
    await ward.team.shows(code, "REVIEW", "Three wrong birth years")
    await stranger.says("1961")
    await stranger.sees_not("What we ask")
    assert await states(ward) == ["invited"]


async def test_this_is_not_me_voids_the_link_and_tells_the_coordinator(ward: Ward) -> None:
    """The link reached the wrong person: nobody can use it any more."""
    code, link = await ward.registers(LEAFLET)
    stranger = await ward.sandbox.person("Otto")
    await stranger.start(link)
    await stranger.taps("This is not me")
    await stranger.sees("closed this link and told the team")
    await ward.staff.okoro.sees(code, "says it is not them")
    await stranger.start(link)
    await stranger.sees("does not work any more")


async def test_consent_is_read_in_spanish_after_tapping_the_language(ward: Ward) -> None:
    """From then on everything is in Spanish, and the record says in which language consent was given."""
    _code, link = await ward.registers(LEAFLET)
    ana = await ward.sandbox.person("Ana")
    await ana.start(link)
    await ana.taps("Español")
    await ana.sees("en qué año nació")
    await ana.says("1961")
    await ana.taps("Estoy de acuerdo")
    await ana.sees("Ya está todo")
    found = await ward.read(lambda session: session.scalars(select(Enrolment.consent_language)).all())
    assert found == ["es"]


async def test_a_patient_who_declines_is_sent_nothing_and_the_team_arranges_calls(ward: Ward) -> None:
    """A no ends it, kindly; the follow-up is by phone."""
    code, link = await ward.registers(LEAFLET)
    ana = await ward.sandbox.person("Ana")
    await ana.start(link)
    await ana.says("1961")
    await ana.taps("I do not agree")
    await ana.sees("Your care stays the same")
    await ward.staff.okoro.sees(code, "arrange the follow-up by phone")
    planned = await ward.read(lambda session: session.scalar(select(func.count()).where(CheckIn.kind == "scheduled")))
    assert (await states(ward), planned) == (["void"], 0)


async def test_a_link_runs_out_after_72_hours_and_the_coordinator_hears_of_the_try(ward: Ward) -> None:
    """A leaflet found later opens nothing."""
    code, link = await ward.registers(LEAFLET)
    await ward.advance(hours=73)
    ana = await ward.sandbox.person("Ana")
    await ana.start(link)
    await ana.sees("does not work any more", "999")
    await ward.staff.okoro.sees(code, "has run out", "/invite")


async def test_a_new_invitation_replaces_the_old_one(ward: Ward) -> None:
    """The old link is worthless from the moment the new one is made."""
    code, old = await ward.registers(LEAFLET)
    await ward.staff.okoro.says(f"/invite {code}")
    new = link_in(await ward.staff.okoro.sees(f"The link for patient {code}"))
    ana = await ward.sandbox.person("Ana")
    await ana.start(old)
    await ana.sees("does not work any more")
    await ana.start(new)
    await ana.sees("in which year were you born")


async def test_a_stranger_reaches_nothing(ward: Ward) -> None:
    """Commands, guesses and chatter of somebody without a link get one plain word."""
    await ward.registers(LEAFLET)
    otto = await ward.sandbox.person("Otto")
    await otto.start()
    for tried in ("/open", "/pathway", "/mydata", "1961", "hello"):
        await otto.says(tried)
    said = {item["text"] for item in await otto.chat.messages() if item["from_bot"]}
    assert said == {PATHWAY.texts["not_a_patient"].in_("en")}


async def test_a_forged_button_of_a_stranger_changes_nothing(ward: Ward) -> None:
    """A tap with data nobody made is answered, and that is all."""
    await ward.registers(LEAFLET)
    otto = await ward.sandbox.person("Otto")
    await otto.start()
    shown = await otto.last()
    tapped = await otto.forges("e_agree:1:1:0", message=shown["id"])
    assert tapped["answer"] is not None
    assert await states(ward) == ["invited"]


async def test_staff_join_by_their_link_and_read_what_they_can_do(bare: Ward) -> None:
    """One tap on the link; the welcome names role, team and next step."""
    mora = await bare.invites("Nina Mora", "admin", "manager")
    await mora.sees("Welcome", "Nina Mora", "admin", "Spine team", "/bind")
    found = await bare.read(lambda session: session.scalars(select(Staff.state)).all())
    assert found == ["active"]
