"""Telegram fails, moves, forgets and repeats; the alerts arrive all the same, and nothing counts twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db.models import Answer, CheckIn, Escalation, Gap, Inbox, Incident, Message
from bot.sandbox.calls import Call
from bot.sandbox.storylines.cast import Patient
from tests.stories.conftest import TEAM, Ward

REPEAT = "Repeat: you may have had this already"


async def before_the_red_answer(ward: Ward) -> Patient:
    """Ana, day 3, with the question about her bladder on the screen."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")
    return ana


async def red(ana: Patient) -> None:
    """The answer that pages."""
    await ana.person.taps("I can't pee")


async def taps_unheard(ward: Ward, ana: Patient) -> None:
    """The same answer, while the bot is not there to be told."""
    hit = (await ana.person.chat.look()).button("I can't pee")
    assert hit is not None
    tap = {"message_id": hit["message_id"], "row": hit["row"], "col": hit["col"]}
    await ward.sandbox.post(f"users/{ana.person.id}/tap", chat_id=ana.person.id, **tap)


async def urgent(ward: Ward) -> Patient:
    """Ana, day 3, in working hours: a swollen calf."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "10:00")
    await ana.checks_in({"general_symptoms": ["calf"]}, until="leg_pain")
    return ana


async def in_a_basic_group(ward: Ward) -> None:
    """The team's chat is a group of the old kind, which Telegram may turn into a supergroup."""
    staff = ward.staff
    people = (staff.mora, staff.okoro, staff.lind, staff.reyes)
    ward.team = await ward.sandbox.group(TEAM, *people, kind="group", bot_admin=True)
    await staff.mora.says("/bind", where=ward.team)


def sends(ward: Ward, chat: int, *parts: str) -> list[Call]:
    """The sends to this chat that contain every part, whatever became of them."""
    to = [call for call in ward.served.calls("sendMessage") if str(call.params["chat_id"]) == str(chat)]
    return [call for call in to if all(part in call.params["text"] for part in parts)]


def incidents(session: Session) -> set[str]:
    """What an admin must mend."""
    return set(session.scalars(select(Incident.kind).where(Incident.cleared_at.is_(None))))


async def test_a_group_that_becomes_a_supergroup_gets_the_case_and_the_next_page(ward: Ward) -> None:
    """The new chat shows the open case at once, its buttons work, and the ladder goes on there."""
    await in_a_basic_group(ward)
    ana = await before_the_red_answer(ward)
    await red(ana)
    old = ward.team.id
    before = len(sends(ward, old))
    await ward.team.migrates()
    await ana.case("EMERGENCY")
    await ward.advance(minutes=6)
    assert len(sends(ward, ward.team.id, "EMERGENCY")) >= 2
    assert len(sends(ward, old)) == before
    await ward.staff.lind.taps("Acknowledge", where=ward.team)
    await ana.case("Acknowledged by Dr Lind")


async def test_a_supergroup_that_only_the_refusal_tells_of_gets_the_page(ward: Ward) -> None:
    """The page goes out before the news of the migration came in: Telegram's refusal names the new chat."""
    await in_a_basic_group(ward)
    ana = await before_the_red_answer(ward)
    await red(ana)
    new = (await ward.sandbox.post(f"chats/{ward.team.id}/migrate"))["id"]
    ward.clock.advance(timedelta(minutes=5))
    await ward.app.ticks.run_all()
    await ward.app.sender.deliver_due()
    assert any(call.ok for call in sends(ward, new, "EMERGENCY", ana.code))
    await ward.rest()
    assert not await ward.read(incidents) & {"chat_unreachable", "team_chat_lost"}


async def test_a_bot_kicked_from_the_group_tells_the_people_on_call(ward: Ward) -> None:
    """What was shown only there is shown privately, and an admin is told how to mend it."""
    ana = await urgent(ward)
    await ward.staff.lind.sees_not(ana.code)
    await ward.team.kicks_the_bot()
    await ward.staff.lind.sees("URGENT", ana.code)
    await ward.staff.mora.sees("Needs mending", "/bind")
    assert "team_chat_lost" in await ward.read(incidents)


async def test_a_deleted_group_found_by_the_page_itself_sends_the_people_on_call(ward: Ward) -> None:
    """Telegram does not tell the bot that a group was deleted; the refused page does."""
    ana = await ward.enrols("Ana")
    await ward.team.is_deleted()
    await ward.until(3, "10:00")
    await ana.checks_in({"general_symptoms": ["calf"]}, until="leg_pain")
    await ward.staff.lind.sees("URGENT", ana.code)
    assert "chat_unreachable" in await ward.read(incidents)


async def test_a_group_without_the_right_to_post_sends_the_people_on_call(ward: Ward) -> None:
    """And once the right is back, the group is used again."""
    ana = await urgent(ward)
    await ward.sandbox.act(f"chats/{ward.team.id}/rights", admin=False, can_post=False)
    await ward.staff.lind.sees("URGENT", ana.code)
    await ward.team.lets_the_bot_post(allowed=True)
    shown = len(sends(ward, ward.team.id, "URGENT"))
    await ward.advance(minutes=31)
    assert len(sends(ward, ward.team.id, "URGENT")) > shown


async def test_an_emergency_page_after_a_server_error_is_sent_again_as_a_repeat(ward: Ward) -> None:
    """502: nobody can know whether it arrived. Twice is better than never."""
    ana = await before_the_red_answer(ward)
    await ward.sandbox.fails("http", method="sendMessage", chat_id=ward.team.id, code=502)
    await red(ana)
    await ana.case("EMERGENCY", REPEAT)


async def test_an_emergency_page_cut_off_after_arrival_is_sent_again_as_a_repeat(ward: Ward) -> None:
    """The first copy did arrive; the second one says that it may be one too many, and its buttons work."""
    ana = await before_the_red_answer(ward)
    await ward.sandbox.fails("reset_after", method="sendMessage", chat_id=ward.team.id)
    await red(ana)
    copies = [item for item in await ward.team.messages() if "EMERGENCY" in item["text"]]
    assert [REPEAT in item["text"] for item in copies] == [False, True]
    await ward.staff.lind.taps("Acknowledge", where=ward.team, message=copies[1]["id"])
    await ana.case("Acknowledged by Dr Lind")


async def test_a_button_of_the_uncertain_copy_works_as_well(ward: Ward) -> None:
    """Whichever copy is tapped, it is the same case."""
    ana = await before_the_red_answer(ward)
    await ward.sandbox.fails("reset_after", method="sendMessage", chat_id=ward.team.id)
    await red(ana)
    await ward.staff.lind.taps_old("Acknowledge", where=ward.team)
    states = await ward.read(lambda session: session.scalars(select(Escalation.state)).all())
    assert states == ["acknowledged"]


async def test_a_digest_cut_off_after_arrival_is_let_be(ward: Ward) -> None:
    """That something is mended is not worth telling twice."""
    await ward.team.kicks_the_bot()
    await ward.sandbox.fails("reset_after", method="sendMessage", chat_id=ward.staff.mora.id)
    await ward.team.adds_the_bot(admin=True)
    await ward.advance(minutes=10)
    told = sends(ward, ward.staff.mora.id, "Mended")
    assert [call.fault for call in told] == ["reset_after"]


async def test_a_storm_of_429_delays_the_page_by_seconds_and_doubles_nothing(ward: Ward) -> None:
    """Refused for being too fast is surely not sent: tried again, once each."""
    ana = await before_the_red_answer(ward)
    before = ward.clock.now()
    await ward.sandbox.fails(
        "http",
        method="sendMessage",
        code=429,
        description="Too Many Requests: retry after 3",
        parameters={"retry_after": 3},
        times=6,
    )
    await red(ana)
    await ana.person.sees("Go to A&E now")
    assert [call.ok for call in sends(ward, ward.team.id, "EMERGENCY")].count(True) == 1
    await ana.case("EMERGENCY")
    assert ward.clock.now() - before < timedelta(minutes=2)


async def test_after_ten_minutes_without_telegram_the_open_questions_are_asked_again(ward: Ward) -> None:
    """A tap lives 150 seconds there: the one made in between is lost, so the patient is told and asked again."""
    ana = await before_the_red_answer(ward)
    await ward.sandbox.fails("outage", seconds=600)
    ward.sandbox.settle = None
    await ward.app.poller.poll_once(0)
    ward.clock.advance(timedelta(minutes=3))
    await taps_unheard(ward, ana)
    ward.clock.advance(timedelta(minutes=8))
    await ward.app.poller.poll_once(0)
    ward.sandbox.settle = ward.rest
    await ward.rest()
    await ana.person.sees("Our service was down for a while", "please press it again", "999")
    assert await ward.read(lambda session: session.scalars(select(Gap.asked_again)).all()) == [1]
    await red(ana)
    await ana.case("EMERGENCY")


async def test_a_short_break_asks_nobody_again(ward: Ward) -> None:
    """Within two minutes no tap is lost: it is taken when the line is back."""
    ana = await before_the_red_answer(ward)
    await ward.sandbox.fails("outage", seconds=90)
    ward.sandbox.settle = None
    await ward.app.poller.poll_once(0)
    await taps_unheard(ward, ana)
    ward.clock.advance(timedelta(seconds=100))
    await ward.app.poller.poll_once(0)
    ward.sandbox.settle = ward.rest
    await ward.rest()
    await ana.case("EMERGENCY")
    await ana.person.sees_not("Our service was down")


async def test_a_poison_message_of_a_patient_is_set_aside_and_a_person_reads_it(ward: Ward) -> None:
    """It blocks nobody: the next message of the same patient is processed."""
    ana = await ward.enrols("Ana")
    poison = {"message": {"chat": {"id": ana.person.id}, "text": "I cannot pee at all", "message_id": "x"}}
    await ward.sandbox.act("updates/raw", update=poison)
    await ana.case("EMERGENCY", "could not be processed")
    await ana.person.says("/status")
    await ana.person.sees("Your next check-in comes on")
    found = await ward.read(lambda session: session.scalars(select(Inbox.state).where(Inbox.state != "done")).all())
    assert found == ["quarantined"]


async def test_poison_from_nowhere_is_set_aside_and_an_admin_is_told(ward: Ward) -> None:
    """Whatever its shape, the polling goes on."""
    shapes: tuple[dict[str, Any], ...] = (
        {"message": []},
        {"callback_query": {"id": 5}},
        {"message": {"chat": {"id": "x"}}},
        {"poll": None},
    )
    for shape in shapes:
        await ward.sandbox.act("updates/raw", update=shape)
    await ward.staff.mora.sees("Needs mending: unprocessed update")
    await ward.staff.okoro.says("/open")
    await ward.staff.okoro.sees("Nothing waits")


async def test_the_same_update_delivered_again_changes_nothing(ward: Ward) -> None:
    """Under its old id, as Telegram does when a confirmation was lost."""
    ana = await ward.enrols("Ana")
    last = await ward.read(lambda session: session.scalar(select(func.max(Inbox.update_id))))
    text = {
        "update_id": last + 1,
        "message": {
            "message_id": 77,
            "date": int(ward.clock.now().timestamp()),
            "from": {"id": ana.person.id, "is_bot": False, "first_name": "Ana"},
            "chat": {"id": ana.person.id, "type": "private", "first_name": "Ana"},
            "text": "Should I change the dressing?",
        },
    }
    for _ in range(3):
        await ward.sandbox.act("updates/raw", update=text)
    assert await ward.read(lambda session: session.scalar(select(func.count(Message.id)))) == 1


async def test_a_tap_delivered_to_two_processes_counts_once(ward: Ward) -> None:
    """Stored, then the process ends before it could confirm: the next one gets the same update."""
    ana = await before_the_red_answer(ward)
    ward.sandbox.settle = None
    await taps_unheard(ward, ana)
    await ward.app.poller.poll_once(0)
    await ward.restarts()
    answers = select(func.count(Answer.id)).where(Answer.question == "bladder").join(CheckIn)
    day3 = answers.where(CheckIn.checkin == "day3")
    assert await ward.read(lambda session: session.scalar(day3)) == 1
    assert len(sends(ward, ward.team.id, "EMERGENCY")) == 1


async def test_a_patient_who_blocked_the_bot_becomes_a_phone_task_at_once(ward: Ward) -> None:
    """Nobody waits for answers that cannot come."""
    ana = await ward.enrols("Ana")
    await ana.person.blocks()
    await ana.case("REVIEW", "blocked the bot", "Phone today")


async def test_a_deleted_account_is_found_by_the_next_message_and_becomes_a_phone_task(ward: Ward) -> None:
    """Telegram does not tell; the refusal of the check-in does."""
    ana = await ward.enrols("Ana")
    await ward.sandbox.act(f"users/{ana.person.id}/deactivate")
    await ward.until(3, "09:35")
    await ana.case("REVIEW", "deleted the account")


async def test_a_patient_who_comes_back_is_asked_again(ward: Ward) -> None:
    """Unblocked: the check-ins reach them as before."""
    ana = await ward.enrols("Ana")
    await ana.person.blocks()
    await ana.person.unblocks()
    await ward.until(3, "09:40")
    await ana.checks_in({}, until="bladder")


async def test_a_question_whose_message_was_deleted_comes_as_a_new_one(ward: Ward) -> None:
    """The answer was taken; the next question cannot change a message that is no more."""
    ana = await before_the_red_answer(ward)
    shown = (await ana.person.chat.look()).card()
    assert shown is not None
    await ward.sandbox.fails(
        "http", method="editMessageText", code=400, description="Bad Request: message to edit not found"
    )
    await ana.person.taps("Normal")
    asked = await ana.question()
    assert asked is not None
    assert asked.id == "bowel"
    newest = (await ana.person.chat.look()).card()
    assert newest is not None
    assert newest["id"] != shown["id"]


async def test_an_alert_that_telegram_finds_faulty_goes_out_as_plain_words(ward: Ward) -> None:
    """Our own mistake in a card must not keep it from being read."""
    ana = await before_the_red_answer(ward)
    description = "Bad Request: can't parse entities: unsupported start tag"
    await ward.sandbox.fails("http", method="sendMessage", chat_id=ward.team.id, code=400, description=description)
    await red(ana)
    await ana.case("EMERGENCY")
    assert "message_refused" in await ward.read(incidents)


async def test_alerts_wait_while_telegram_does_not_know_the_bot(ward: Ward) -> None:
    """Nothing is lost while every send is refused as if the token were wrong."""
    ana = await before_the_red_answer(ward)
    await ward.sandbox.fails("html_404", method="sendMessage", times=4)
    await red(ana)
    await ward.advance(minutes=2)
    await ana.case("EMERGENCY")
    await ana.person.sees("Go to A&E now")


async def test_an_admin_hears_that_alerts_wait_and_that_they_go_again(ward: Ward) -> None:
    """Surely not sent, again and again: tried on without end, and the trouble ends with the first that arrives."""
    ana = await before_the_red_answer(ward)
    description = "Misdirected Request"
    await ward.sandbox.fails("http", method="sendMessage", code=421, description=description, times=25)
    await red(ana)
    await ward.advance(minutes=8)
    await ana.case("EMERGENCY")
    await ward.staff.mora.sees("Needs mending: alerts waiting")
    assert "alerts_waiting" not in await ward.read(incidents)


async def test_a_red_answer_just_before_an_outage_reaches_team_and_patient_after_it(ward: Ward) -> None:
    """Taken in, then ten minutes in which nothing goes out: both still learn of it."""
    ana = await before_the_red_answer(ward)
    await taps_unheard(ward, ana)
    await ward.app.poller.poll_once(0)
    await ward.app.intake.process_due()
    await ward.sandbox.fails("outage", seconds=600)
    await ward.rest()
    await ward.advance(minutes=16)
    await ana.case("EMERGENCY")
    await ward.staff.lind.sees("EMERGENCY", ana.code)
    await ana.person.sees("Go to A&E now")
    await ward.staff.mora.sees("Mended: alerts uncertain")


async def test_a_check_in_due_in_an_outage_is_asked_after_it(ward: Ward) -> None:
    """Half an hour of nothing at the hour of sending: nobody listened either, so it is asked again."""
    ana = await ward.enrols("Ana")
    await ward.until(3, "09:29")
    await ward.sandbox.fails("outage", seconds=1800)
    for minutes in (1, 2, 30):
        ward.clock.advance(timedelta(minutes=minutes))
        await ward.app.ticks.run_all()
        await ward.app.poller.poll_once(0)
        await ward.app.sender.deliver_due()
    await ward.rest()
    await ana.checks_in({}, until="bladder")


async def test_an_old_tap_that_cannot_be_answered_still_counts(ward: Ward) -> None:
    """The word that answers a tap may come too late; the answer is kept."""
    ana = await before_the_red_answer(ward)
    description = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    await ward.sandbox.fails("http", method="answerCallbackQuery", code=400, description=description, times=3)
    ward.sandbox.patience_s = 0.2
    await red(ana)
    await ana.case("EMERGENCY")
