"""After storms, outages and lost taps: everybody is asked again once, ends up answered, and no red answer waits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import ledger
from bot.chat.webhook import HEADER, Webhook
from bot.db.models import Answer, CheckIn, Escalation, Gap
from bot.sandbox.calls import Call
from bot.sandbox.storylines.cast import Patient
from schedules import timeline
from tests.stories.conftest import Ward

SECRET = "a-secret-for-the-webhook"
QUIET = ("21:00", "08:00")
DAY_3 = "It is time for your day 3 check-in"


def sent(ward: Ward, chat: int, *parts: str) -> list[Call]:
    """What surely arrived in this chat with every part, oldest first."""
    to = [call for call in ward.served.calls("sendMessage") if str(call.params["chat_id"]) == str(chat) and call.ok]
    return [call for call in to if all(part in call.params["text"] for part in parts)]


def reasons(session: Session, checkin: str = "day3") -> list[str | None]:
    rows = select(CheckIn.end_reason).where(CheckIn.checkin == checkin).order_by(CheckIn.id)
    return list(session.scalars(rows))


def given(session: Session) -> list[tuple[str, Any]]:
    rows = session.scalars(select(Answer).join(CheckIn).where(CheckIn.kind != "baseline").order_by(Answer.id))
    return [(row.question, row.value) for row in rows]


def balanced(session: Session, ward: Ward) -> bool:
    return ledger.balance(session).balanced and not ledger.exceptions(session, ward.clock.now())


async def goes_dark(ward: Ward, *, minutes: float, kind: str = "outage") -> None:
    """From now on nothing gets through for so long; people go on with what they do."""
    await ward.sandbox.fails(kind, seconds=minutes * 60)
    ward.sandbox.settle = None


async def passes_in_the_dark(ward: Ward, minutes: float, *, step: float = 10) -> None:
    """Time goes by; the bot polls, ticks and tries to send all the while, as it does in production."""
    until = ward.clock.now() + timedelta(minutes=minutes)
    while ward.clock.now() < until:
        ward.clock.move_to(min(until, ward.clock.now() + timedelta(minutes=step)))
        await ward.app.ticks.run_all()
        await ward.app.poller.poll_once(0)
        await ward.app.sender.deliver_due()


async def comes_back(ward: Ward, *, minutes: float = 5) -> None:
    """A little later the line is back: the first poll finds how long nobody had listened."""
    ward.clock.advance(timedelta(minutes=minutes))
    await ward.app.poller.poll_once(0)
    ward.sandbox.settle = ward.rest
    await ward.rest()


async def taps_unheard(ward: Ward, one: Patient, label: str) -> None:
    """A tap while the bot is not there to be told of it."""
    hit = (await one.person.chat.look()).button(label)
    assert hit is not None
    tap = {"message_id": hit["message_id"], "row": hit["row"], "col": hit["col"]}
    await ward.sandbox.post(f"users/{one.person.id}/tap", chat_id=one.person.id, **tap)


async def test_whoever_tapped_in_an_hours_outage_is_asked_again_and_ends_up_answered(ward: Ward) -> None:
    """Taps die after 150 seconds; the check-in of the third day ends answered all the same, red ones first."""
    ana, ben = await ward.enrols("Ana"), await ward.enrols("Ben")
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")
    await ben.checks_in({}, until="bowel")
    await goes_dark(ward, minutes=60)
    await passes_in_the_dark(ward, 20)
    await taps_unheard(ward, ana, "I can't pee")
    await taps_unheard(ward, ben, "Normal for me")
    await passes_in_the_dark(ward, 38)
    await comes_back(ward)
    assert await ward.read(lambda session: session.scalars(select(Gap.asked_again)).all()) == [2]
    await ward.team.shows("The bot heard nobody", "2 patients", ana.code, ben.code)
    for one in (ana, ben):
        await one.person.sees("Our service was down for a while", "please press it again", "999")
        await one.person.taps("Go on")
    await ana.person.taps("I can't pee")
    await ana.case("EMERGENCY")
    await ana.person.taps("Go on")
    await ana.checks_in({})
    await ben.checks_in({})
    assert await ward.read(reasons) == ["answered", "answered"]
    assert await ward.read(balanced, ward)


async def test_a_check_in_due_in_an_hours_outage_comes_once_and_the_ladder_goes_on(ward: Ward) -> None:
    """Sent once when the line is back, without a reminder behind it; the open emergency was paged meanwhile."""
    ana, ben = await ward.enrols("Ana"), await ward.enrols("Ben")
    await ward.until(3, "09:00")
    await ana.person.says("I can't pee since this morning")
    await ana.case("EMERGENCY")
    await goes_dark(ward, minutes=60)
    await passes_in_the_dark(ward, 58)
    await comes_back(ward)
    await ward.advance(minutes=5)
    assert len(sent(ward, ben.person.id, DAY_3)) == 1
    assert len(sent(ward, ben.person.id, "Our service was down")) == 1  # nobody knew whether the first had arrived
    await ward.staff.reyes.sees("EMERGENCY", ana.code)
    await ward.staff.lind.taps("Acknowledge", where=ward.team)
    await ben.checks_in({})
    assert await ward.read(balanced, ward)


async def test_an_outage_that_ends_at_night_wakes_nobody_but_for_what_saves_a_life(ward: Ward) -> None:
    """The red answer's card comes at eleven at night; the questions of the others wait for the morning."""
    ana, ben = await ward.enrols("Ana"), await ward.enrols("Ben")
    await ward.until(3, "20:30")
    await ana.checks_in({}, until="bladder")
    await ben.checks_in({}, until="bowel")
    await goes_dark(ward, minutes=150)
    await ward.sandbox.post(f"users/{ana.person.id}/text", chat_id=ana.person.id, text="I can't pee at all")
    before = len(ward.served.calls("sendMessage"))
    await passes_in_the_dark(ward, 148, step=30)
    await comes_back(ward)
    assert timeline.in_quiet_hours(ward.clock.now(), QUIET, "Europe/London")
    await ana.person.sees("Go to A&E now")
    await ana.case("EMERGENCY")
    heard = [call for call in ward.served.calls("sendMessage")[before:] if call.ok]
    assert not [call for call in heard if call.params["chat_id"] in (ben.person.id, str(ben.person.id))]
    await ward.until(4, "08:05")
    await ben.person.sees("Our service was down for a while")
    await ben.person.taps("Go on")
    await ben.checks_in({})


async def test_a_storm_of_429_over_many_chats_delays_everybody_and_loses_nobody(ward: Ward) -> None:
    """Whatever it says of how long to wait: nothing at all, or half a minute."""
    people = [await ward.enrols(name) for name in ("Ana", "Ben", "Cleo")]
    await ward.until(3, "09:20")
    for wait in (0, 30, 0, 7):
        await ward.sandbox.fails(
            "http",
            method="sendMessage",
            code=429,
            description=f"Too Many Requests: retry after {wait}",
            parameters={"retry_after": wait},
            times=3,
        )
    await ward.until(3, "09:45")
    assert [len(sent(ward, one.person.id, DAY_3)) for one in people] == [1, 1, 1]
    await people[0].checks_in({}, until="bladder")
    await people[0].person.taps("I can't pee")
    await people[0].person.sees("Go to A&E now")
    await people[0].case("EMERGENCY")


async def test_a_group_held_for_an_hour_does_not_hold_the_people_on_call(ward: Ward) -> None:
    """Telegram refuses the group for an hour: the emergency reaches Dr Lind's own chat at once."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")
    before = ward.clock.now()
    await ward.sandbox.fails(
        "http",
        method="sendMessage",
        chat_id=ward.team.id,
        code=429,
        description="Too Many Requests: retry after 3600",
        parameters={"retry_after": 3600},
    )
    await ana.person.taps("I can't pee")
    await ward.staff.lind.sees("EMERGENCY", ana.code)
    await ana.person.sees("Go to A&E now")
    assert ward.clock.now() - before < timedelta(minutes=1)
    await ward.advance(minutes=65)
    await ana.case("EMERGENCY")


async def test_update_ids_that_start_anew_in_the_middle_of_a_check_in_lose_no_answer(ward: Ward) -> None:
    """After an idle week Telegram may count from another number, lower ones too."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")
    await ward.sandbox.act("updates/restart", next_id=5)
    await ana.person.taps("I can't pee")
    await ana.case("EMERGENCY")
    await ana.person.taps("Go on")
    await ana.checks_in({})
    assert await ward.read(reasons) == ["answered"]


async def test_an_action_card_that_telegram_answers_with_502_comes_when_it_works_again(ward: Ward) -> None:
    """For two hours nobody can know whether anything arrives in her chat."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")
    await ward.sandbox.fails("http", method="sendMessage", chat_id=ana.person.id, code=502, times=1_000)
    await ana.person.taps("I can't pee")
    await ana.person.sees_not("Go to A&E now")
    await ward.advance(hours=2)
    await ward.sandbox.mends()
    await ward.advance(minutes=61)
    await ana.person.sees("In case this did not arrive", "Go to A&E now")
    arrived = len(sent(ward, ana.person.id, "Go to A&amp;E now"))
    await ward.advance(hours=3)
    assert len(sent(ward, ana.person.id, "Go to A&amp;E now")) == arrived == 1


async def test_a_patient_who_blocks_the_bot_after_a_red_answer_finds_the_card_when_they_come_back(ward: Ward) -> None:
    """The team is told at once that she cannot be reached; what she must do is the first thing she sees again."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")
    await ana.person.taps("I can't pee")
    await ana.person.blocks()
    await ana.case("EMERGENCY", "blocked the bot")
    await ana.person.unblocks()
    await ana.person.start()
    assert len(sent(ward, ana.person.id, "Go to A&amp;E now")) == 2
    await ana.person.taps("Go on")
    await ana.checks_in({})
    assert await ward.read(reasons) == ["answered"]


@pytest.mark.parametrize("first", [0, 1], ids=["as they were made", "the other way round"])
async def test_a_tap_and_a_text_that_change_places_on_the_way_keep_every_answer(ward: Ward, first: int) -> None:
    """A webhook may hand them over in any order: the red answer counts, and the level never falls."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")
    ward.sandbox.settle = None
    await taps_unheard(ward, ana, "I can't pee")
    await ward.sandbox.post(f"users/{ana.person.id}/text", chat_id=ana.person.id, text="normal for me")
    updates = (await waiting(ward))[-2:]
    await handed_over(ward, [updates[first], updates[1 - first]])
    ward.sandbox.settle = ward.rest
    await ward.rest()
    await ana.case("EMERGENCY")
    assert ("bladder", "cannot_pee") in await ward.read(given)
    assert await ward.read(lambda session: session.scalars(select(Escalation.level)).all()) == ["emergency"]
    await ana.person.taps("Go on")
    if first == 0:  # typed below the action card it was no answer: what it was about is asked
        await ana.person.taps("None of these")
        await ana.person.taps("Done")
    await ana.checks_in({})
    assert await ward.read(reasons) == ["answered"]
    assert await ward.read(lambda s: s.scalars(select(CheckIn.level).where(CheckIn.checkin == "day3")).all()) == [
        "emergency"
    ]


async def waiting(ward: Ward) -> list[dict[str, Any]]:
    """The updates that Telegram holds for the bot."""
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{ward.served.url}/bot{ward.served.token}/getUpdates", json={})
    return list(answer.json()["result"])


async def handed_over(ward: Ward, updates: Sequence[dict[str, Any]]) -> None:
    """Deliver them over the webhook in this order, and process each before the next comes."""
    hook = Webhook(ward.app.db, ward.clock, ward.served.desk.world.bot.id, SECRET)
    transport = httpx.ASGITransport(hook.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://clinic.test") as telegram:
        for update in updates:
            headers = {HEADER: SECRET, "content-type": "application/json"}
            answer = await telegram.post("/telegram", content=json.dumps(update), headers=headers)
            assert answer.status_code == 200
            await ward.app.intake.process_due()
            await ward.app.sender.deliver_due()
