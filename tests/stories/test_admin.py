"""The admin at work in the chat: a chat for the team, another pathway, other dates."""

from __future__ import annotations

import base64
import re
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import CareTeam, CheckIn, Escalation, PathwayVersion
from bot.sandbox.actors import Person
from bot.sandbox.client import Json
from bot.sandbox.places import Group
from bot.sandbox.storylines.cast import Staff
from schedules import catalog
from tests.stories.conftest import TEAM, Ward

NAME = "pathway.yaml"
PUBLISHED = catalog.shipped_files()[NAME]
SOONER = PUBLISHED.replace("offset_days: 14", "offset_days: 10", 1)
FAULTY = PUBLISHED.replace("offset_days: 14", "offset_days: soon", 1)
FAULTY_LINE = PUBLISHED[: PUBLISHED.index("offset_days: 14")].count("\n") + 1
PUBLIC = {"username": "spine_news"}


async def sends_back(admin: Person, text: str) -> Json:
    """Send an edited pathway file."""
    return await admin.sends("document", name=NAME, content_b64=base64.b64encode(text.encode()).decode())


async def says_in_public(ward: Ward, person: Person, group: Group, text: str) -> None:
    """A message in a group that has a public address, as Telegram tells it."""
    words = {
        "message_id": 900,
        "date": int(ward.clock.now().timestamp()),
        "from": {"id": person.id, "is_bot": False, "first_name": person.name},
        "chat": {"id": group.id, "type": "supergroup", "title": group.name, **PUBLIC},
        "text": text,
        "entities": [{"type": "bot_command", "offset": 0, "length": 5}],
    }
    await ward.sandbox.act("updates/raw", update={"message": words})


def bound(session: Session) -> bool:
    """Whether the team has a chat."""
    return session.scalars(select(CareTeam.chat_id)).one() is not None


def due(session: Session) -> dict[str, date]:
    """When each scheduled check-in is sent, in the patient's days."""
    rows = session.scalars(select(CheckIn).where(CheckIn.kind != "baseline"))
    return {row.checkin: row.local_date for row in rows}


async def test_bind_makes_a_group_the_chat_of_the_team(bare: Ward) -> None:
    """The bot says so there, which shows that it may post, and tells the admin privately where to look."""
    mora = await bare.invites("Nina Mora", "admin")
    group = await bare.sandbox.group("Spine", mora, bot_admin=True)
    await mora.says("/bind", where=group)
    await group.shows("now the chat of Spine team")
    await mora.sees("The chat of Spine team is set")
    assert await bare.read(bound)


async def test_bind_refuses_a_public_group(bare: Ward) -> None:
    """Anybody could read it."""
    mora = await bare.invites("Nina Mora", "admin")
    group = await bare.sandbox.group("Spine", mora, bot_admin=True)
    await says_in_public(bare, mora, group, "/bind")
    await group.shows("public address", "Make it private")
    assert not await bare.read(bound)


async def test_bind_refuses_somebody_who_is_not_an_admin(bare: Ward) -> None:
    """A coordinator is told whom to ask; a stranger is told nothing of use."""
    okoro = await bare.invites("Ada Okoro", "coordinator")
    otto = await bare.sandbox.person("Otto")
    group = await bare.sandbox.group("Spine", okoro, otto, bot_admin=True)
    for person in (okoro, otto):
        await person.says("/bind", where=group)
    await group.shows("Only an admin can bind a chat")
    assert not await bare.read(bound)


async def test_a_channel_is_bound_by_a_code_and_its_buttons_work(bare: Ward) -> None:
    """Nobody is named in a channel; whoever taps still is somebody."""
    mora = await bare.invites("Nina Mora", "admin", "manager")
    lind = await bare.invites("Dr Lind", "clinician", "on_call")
    channel = await bare.sandbox.group("Spine alerts", mora, lind, kind="channel", bot_admin=True)
    await mora.says("/bind")
    code = re.search(r"/bind \w+$", (await mora.sees("private channel", TEAM))["text"])
    assert code is not None
    await mora.says(code.group(), where=channel)
    await channel.shows("now the chat of Spine team")
    bare.team, bare.staff = channel, Staff(mora=mora, okoro=mora, lind=lind, reyes=lind)
    ana = await bare.enrols("Ana")
    await ana.person.says("I cannot pee at all")
    await ana.case("EMERGENCY")
    await lind.taps("Acknowledge", where=channel)
    await channel.shows("Acknowledged by Dr Lind")
    assert await bare.read(lambda session: session.scalars(select(Escalation.state)).all()) == ["acknowledged"]


async def test_a_code_binds_once(bare: Ward) -> None:
    """The same code in a second channel is worth nothing."""
    mora = await bare.invites("Nina Mora", "admin")
    one, two = [await bare.sandbox.group(name, mora, kind="channel", bot_admin=True) for name in ("One", "Two")]
    await mora.says("/bind")
    code = re.search(r"/bind \w+$", (await mora.sees("private channel"))["text"])
    assert code is not None
    for channel in (one, two):
        await mora.says(code.group(), where=channel)
    await one.shows("now the chat of")
    await two.shows("not valid")


async def test_pathway_sends_the_files_in_force(ward: Ward) -> None:
    """Exactly what was published, as files to edit."""
    await ward.staff.mora.says("/pathway")
    await ward.staff.mora.sees("version 1", "send it back")
    sent = [item for item in await ward.staff.mora.chat.messages() if item["kind"] == "document"]
    assert sorted(item["caption"] for item in sent) == sorted(catalog.shipped_files())


async def test_pathway_is_for_admins_in_private(ward: Ward) -> None:
    """A clinician is refused; the group is pointed to the private chat."""
    await ward.staff.lind.says("/pathway")
    await ward.staff.lind.sees("Only admins can change what is asked")
    await ward.staff.mora.says("/pathway", where=ward.team)
    await ward.team.shows("in our private chat")


async def test_an_edit_with_a_fault_names_the_line_and_the_remedy(ward: Ward) -> None:
    """Nothing is published, and there is no button that would."""
    await sends_back(ward.staff.mora, FAULTY)
    shown = await ward.staff.mora.sees(f"{NAME}, line {FAULTY_LINE}", "offset_days", "nothing was changed")
    assert "Publish" not in str(shown["keyboard"])


async def test_a_file_that_is_no_yaml_is_refused_in_words(ward: Ward) -> None:
    """A picture under the right name, say."""
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n\x00\xff\xfe").decode()
    await ward.staff.mora.sends("document", name=NAME, content_b64=picture)
    await ward.staff.mora.sees(NAME, "Save the file as UTF-8")


async def test_a_sound_edit_shows_its_effect_and_moves_the_check_ins_of_all(ward: Ward) -> None:
    """Seen first, then published: the patient's week 2 comes four days sooner."""
    await ward.enrols("Ana")
    await sends_back(ward.staff.mora, SOONER)
    await ward.staff.mora.sees("is sound", "offset days: 14 → 10", "1 patient: 1 check-in to be moved")
    before = (await ward.read(due))["week2"]
    await ward.staff.mora.taps("Publish for future check-ins of all")
    await ward.staff.mora.sees("Version 2 is published")
    after = (await ward.read(due))["week2"]
    assert (before, after) == (date(2026, 3, 15), date(2026, 3, 11))


async def test_publishing_for_new_patients_leaves_the_others_as_they_are(ward: Ward) -> None:
    """Only who is enrolled from now on has the new course."""
    await ward.enrols("Ana")
    await sends_back(ward.staff.mora, SOONER)
    await ward.staff.mora.taps("Publish for new patients")
    await ward.staff.mora.sees("Version 2 is published", "enrolled from now on")
    assert (await ward.read(due))["week2"] == date(2026, 3, 15)


async def test_an_edit_can_be_published_across_a_restart(ward: Ward) -> None:
    """The draft waits in the database."""
    await sends_back(ward.staff.mora, SOONER)
    await ward.restarts()
    await ward.staff.mora.taps("Publish for new patients")
    await ward.staff.mora.sees("Version 2 is published")
    numbers = await ward.read(lambda session: session.scalars(select(PathwayVersion.number)).all())
    assert numbers == [1, 2]


async def test_publish_tapped_twice_publishes_once(ward: Ward) -> None:
    """The second tap finds no draft."""
    await sends_back(ward.staff.mora, SOONER)
    shown = await ward.staff.mora.sees("is sound")
    tap = {"chat_id": ward.staff.mora.id, "message_id": shown["id"], "row": 0, "col": 0}
    for _ in range(2):
        await ward.sandbox.post(f"users/{ward.staff.mora.id}/tap", **tap)
    await ward.rest()
    numbers = await ward.read(lambda session: session.scalars(select(PathwayVersion.number)).all())
    assert numbers == [1, 2]


async def test_schedule_shows_the_course(ward: Ward) -> None:
    """When what is sent, how often it reminds, when it closes."""
    await ward.staff.okoro.says("/schedule")
    await ward.staff.okoro.sees("Week 2", "day 14", "reminders after", "09:30")


async def test_a_check_in_is_moved_after_a_preview_across_a_restart(ward: Ward) -> None:
    """Chosen, dated, previewed; the process ends; confirmed; and it comes on the new day."""
    ana = await ward.enrols("Ana")
    await ward.staff.okoro.says(f"/reschedule {ana.code}")
    await ward.staff.okoro.taps("week2")
    await ward.staff.okoro.says("2026-03-17")
    await ward.staff.okoro.sees("week2", "2026-03-17", "→")
    assert (await ward.read(due))["week2"] == date(2026, 3, 15)
    await ward.restarts()
    await ward.staff.okoro.taps("Confirm")
    await ward.staff.okoro.sees("Moved.")
    assert (await ward.read(due))["week2"] == date(2026, 3, 17)


async def test_a_corrected_surgery_date_moves_the_whole_course(ward: Ward) -> None:
    """A day later: every check-in that was not sent follows."""
    ana = await ward.enrols("Ana")
    await ward.staff.okoro.says(f"/reschedule {ana.code}")
    await ward.staff.okoro.taps("Surgery date")
    await ward.staff.okoro.says("2026-03-02")
    await ward.staff.okoro.taps("Confirm")
    days = await ward.read(due)
    assert (days["day3"], days["week2"]) == (date(2026, 3, 5), date(2026, 3, 16))


async def test_a_date_that_is_over_is_refused_with_the_remedy(ward: Ward) -> None:
    """And the form still waits for a better one."""
    ana = await ward.enrols("Ana")
    await ward.staff.okoro.says(f"/reschedule {ana.code}")
    await ward.staff.okoro.taps("week2")
    await ward.staff.okoro.says("2026-02-17")
    await ward.staff.okoro.sees("is over: choose a day from", "to which date?")


async def test_a_clinician_cannot_move_dates(ward: Ward) -> None:
    """That is for coordinators and admins."""
    ana = await ward.enrols("Ana")
    await ward.staff.lind.says(f"/reschedule {ana.code}")
    await ward.staff.lind.sees("Only coordinators and admins can move")
