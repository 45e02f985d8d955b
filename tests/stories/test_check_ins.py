"""The check-in as a patient sees it, from the first message to its end, over the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Answer, CheckIn, Escalation, EscalationFinding, Message
from bot.sandbox.storylines.cast import Patient, admitted
from tests.stories.conftest import SURGERY, Ward

WELL_TYPED = ("no", "normal for me", "1", "1", "none", "2", "two", "1", "1", "1")


def reasons(session: Session) -> dict[str, str | None]:
    rows = session.scalars(select(CheckIn).where(CheckIn.kind != "baseline").order_by(CheckIn.id))
    return {row.checkin: row.end_reason for row in rows}


def given(session: Session) -> list[tuple[str, Any, bool]]:
    rows = session.scalars(select(Answer).join(CheckIn).where(CheckIn.kind != "baseline").order_by(Answer.id))
    return [(row.question, row.value, row.late) for row in rows]


def findings(session: Session) -> set[str]:
    return set(session.scalars(select(EscalationFinding.rule)))


def levels(session: Session) -> list[str]:
    return list(session.scalars(select(Escalation.level).order_by(Escalation.id)))


def bodies(session: Session) -> list[tuple[str, str | None]]:
    return [(row.kind, row.body) for row in session.scalars(select(Message).order_by(Message.id))]


async def on_day_3(ward: Ward, name: str = "Ana", **fields: str) -> Patient:
    """A patient whose first check-in has just come."""
    one = await ward.enrols(name, **fields)
    await ward.until(3, "09:40")
    return one


# Answering


async def test_a_well_check_in_by_taps_ends_with_the_routine_card_and_no_escalation(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in()
    await ana.person.sees("We have your answers for today", "These are your answers.")
    assert (await ward.read(reasons))["day3"] == "answered"
    assert await ward.read(levels) == []


async def test_every_answer_may_be_typed(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.person.says("start")
    for words in WELL_TYPED:
        await ana.person.says(words)
    await ana.person.sees("We have your answers for today")
    assert (await ward.read(reasons))["day3"] == "answered"
    assert await ward.read(bodies) == []


async def test_a_check_in_in_spanish_is_spanish_to_its_end(ward: Ward) -> None:
    luz = await on_day_3(ward, "Luz", language="es")
    await luz.checks_in()
    shown = await luz.person.sees("Estas son sus respuestas")
    assert "Your" not in shown["text"]
    assert (await ward.read(reasons))["day3"] == "answered"


async def test_back_shows_the_question_before_and_takes_another_answer(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in(until="bowel")
    await ana.person.taps("Back")
    await ana.person.sees("2 of 10", "Your answer now: Normal for me")
    await ana.person.taps("Not sure")
    values = [value for question, value, _ in await ward.read(given) if question == "bladder"]
    assert values == ["normal", "not_sure"]


async def test_an_answer_changed_after_the_end_is_judged_again_beside_the_first(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in()
    await ana.person.taps("Change an answer")
    await ana.person.taps("How is peeing?")
    await ana.person.taps("Not sure")
    await ana.case("URGENT")
    values = [value for question, value, _ in await ward.read(given) if question == "bladder"]
    assert values == ["normal", "not_sure"]


async def test_the_list_of_answers_leads_back_without_a_change(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in()
    before = await ward.read(given)
    await ana.person.taps("Change an answer")
    await ana.person.taps("Back")
    await ana.person.sees("These are your answers.")
    assert await ward.read(given) == before


async def test_a_paused_check_in_goes_on_after_a_restart(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in(until="bowel")
    await ana.person.taps("Pause")
    await ana.person.sees("We paused.")
    await ward.restarts()
    await ana.person.taps("Go on")
    await ana.person.sees("3 of 10")
    await ana.checks_in(until="leg_weakness")
    assert [question for question, _, _ in await ward.read(given)] == ["saddle_numbness", "bladder", "bowel"]


# Time


async def test_a_check_in_left_half_way_closes_as_partly_answered_for_review(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in(until="bowel")
    await ward.until(5, "09:40")
    assert (await ward.read(reasons))["day3"] == "partly_answered"
    assert "failsafe_redflag_missing" in await ward.read(findings)
    assert await ward.read(levels) == ["review"]


async def test_a_late_answer_is_taken_and_marked_late(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ward.until(5, "10:00")
    await ana.person.sees("We have not had all your answers.")
    await ana.checks_in(until="bowel")
    assert await ward.read(given) == [("saddle_numbness", "absent", True), ("bladder", "normal", True)]


async def test_reminders_come_until_the_check_in_closes(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ward.until(3, "15:40")
    await ana.person.sees("Your check-in is waiting for you.")
    await ward.until(4, "09:40")
    await ana.person.sees("Your check-in closes on")


async def test_reminders_stop_once_the_check_in_is_finished(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in()
    before = len(await ana.person.chat.messages())
    await ward.until(5, "10:00")
    assert len(await ana.person.chat.messages()) == before


# At any time


async def test_something_has_changed_starts_an_extra_check_in(ward: Ward) -> None:
    ana = await ward.enrols("Ana")
    await ward.advance(hours=3)
    await ana.person.taps("Something has changed")
    await ana.person.sees("Let us look at what has changed.")
    await ana.checks_in()
    assert (await ward.read(reasons))["adhoc"] == "answered"


async def test_stop_in_the_middle_stops_everything(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in(until="bowel")
    await ana.person.says("STOP")
    await ana.person.sees("We stopped.")
    before = len(await ana.person.chat.messages())
    await ward.until(15, "10:00")
    assert set((await ward.read(reasons)).values()) == {"withdrawn"}
    assert len(await ana.person.chat.messages()) == before


async def test_status_says_what_is_next(ward: Ward) -> None:
    ana = await ward.enrols("Ana")
    await ana.person.says("/status")
    await ana.person.sees("Your next check-in comes on Wednesday, 4 March")


async def test_a_pause_of_days_keeps_the_check_in_away(ward: Ward) -> None:
    ana = await ward.enrols("Ana")
    await ana.person.says("/pause")
    await ana.person.taps("7 days")
    await ana.person.sees("Paused until Monday, 9 March")
    await ward.until(3, "09:40")
    assert (await ward.read(reasons))["day3"] == "paused"
    await ana.person.sees_not("It is time for your day 3 check-in.")


async def test_mydata_brings_the_answers_as_a_file(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in()
    await ana.person.says("/mydata")
    shown = await ana.person.sees("Here are your answers as a file.")
    assert shown["kind"] == "document"


async def test_language_changes_the_question_on_the_screen(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in(until="bowel")
    await ana.person.says("/language")
    await ana.person.sees("3 de 10")
    await ana.person.sees_not("3 of 10")


async def test_language_changes_a_finished_check_in_too(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in()
    await ana.person.says("/language")
    await ana.person.sees("Estas son sus respuestas")


# Words, pictures and edits


async def test_a_typed_remark_is_asked_back_about_and_kept_for_a_person(ward: Ward) -> None:
    ana = await ward.enrols("Ana")
    await ana.person.says("The stairs were hard today")
    await ana.person.sees("A person will read this.", "Is any of this happening now?")
    assert await ward.read(bodies) == [("text", "The stairs were hard today")]


async def test_a_red_option_of_the_question_about_a_remark_pages_the_team(ward: Ward) -> None:
    ana = await ward.enrols("Ana")
    await ana.person.says("The stairs were hard today")
    await ana.person.taps("numb")
    await ana.person.taps("Done")
    await ana.person.sees("Go to A&E now", "999")
    await ana.case("EMERGENCY")
    await ward.staff.lind.sees("EMERGENCY", ana.code)


async def test_a_photo_and_a_voice_note_wait_for_a_person(ward: Ward) -> None:
    ana = await ward.enrols("Ana")
    await ana.person.sends_photo("my wound")
    await ana.person.sends("voice")
    await ana.person.sees("A person will look at this.")
    assert [kind for kind, _ in await ward.read(bodies)] == ["photo", "voice"]


async def test_an_edited_message_is_screened_again(ward: Ward) -> None:
    ana = await ward.enrols("Ana")
    said = await ana.person.says("The stairs were hard today")
    await ana.person.edits(said["id"], "I can't pee since this morning")
    await ana.person.sees("Go to A&E now")
    await ana.case("EMERGENCY")


async def test_an_unreadable_red_flag_answer_reaches_a_clinician_after_ten_minutes(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.person.taps("Start")
    await ana.person.says("kinda")
    await ana.person.sees("We could not read that.")
    await ward.team.shows_not(ana.code)
    await ward.advance(minutes=12)
    await ana.case("URGENT")


async def test_a_red_flag_on_day_200_still_gets_the_card_and_a_page(ward: Ward) -> None:
    surgery = SURGERY - timedelta(days=94)
    ana = await admitted(ward.stage, "Ana", "Test", surgery=surgery)
    await ward.advance(minutes=40)
    await ana.checks_in()
    await ana.at(200, "10:00")
    await ana.person.sees("Your planned check-ins are over.")
    await ana.person.says("I can't pee since this morning")
    await ana.person.sees("Go to A&E now", "999")
    await ana.case("EMERGENCY")


# Buttons that do not fit


async def test_a_forged_tap_changes_nothing(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in(until="bladder")
    before = await ward.read(given)
    shown = await ana.person.last()
    real = shown["keyboard"][0][0]["data"]
    for data in (real[:-1] + ("A" if real[-1] != "A" else "B"), "p_ans:1:1:1", "x" * 64, "p_stop"):
        await ana.person.forges(data, message=shown["id"])
    assert await ward.read(given) == before
    assert await ana.question() is not None


async def test_the_button_of_another_patient_changes_nothing(ward: Ward) -> None:
    ana = await ward.enrols("Ana")
    ben = await ward.enrols("Ben")
    await ward.until(3, "09:40")
    await ana.person.taps("Start")
    await ben.person.taps("Start")
    hers, his = await ana.person.last(), await ben.person.last()
    for row in hers["keyboard"]:
        for button in row:
            await ben.person.forges(button["data"], message=his["id"])
    assert await ward.read(given) == []


async def test_a_button_of_an_earlier_check_in_gets_a_polite_word(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in()
    await ward.until(14, "09:40")
    tapped = await ana.person.taps("Change an answer")
    assert "closed" in str(tapped["answer"])


# Blocked and back


async def test_a_patient_who_blocks_the_bot_is_phoned(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.person.blocks()
    await ward.rest()
    await ana.case()
    assert "bot_blocked" in await ward.read(findings)


async def test_a_patient_who_comes_back_finds_the_open_question_again(ward: Ward) -> None:
    ana = await on_day_3(ward)
    await ana.checks_in(until="bowel")
    await ana.person.blocks()
    await ward.rest()
    await ana.person.unblocks()
    await ana.person.start()
    await ana.person.sees("Welcome back.")
    await ana.checks_in()
    assert (await ward.read(reasons))["day3"] == "answered"
