"""Storylines in which nothing hurts: well, silent, typing, gone. The bot must notice each for what it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from bot.sandbox.storylines.cast import WELL, Stage, admitted


async def well(stage: Stage, surgery: date) -> None:
    """Four check-ins answered with taps; nobody is disturbed."""
    margaret = await admitted(stage, "Margaret", "Hale", surgery=surgery, birth_year="1958")
    for day in (3, 14, 42, 90):
        await margaret.at(day, "10:15")
        await margaret.checks_in()
        await margaret.person.sees("We have your answers for today")
    await stage.team.shows_not(margaret.code)


async def silent(stage: Stage, surgery: date) -> None:
    """No check-in is ever answered: reminders, then a person is asked to phone, each time in the risky fortnight."""
    walter = await admitted(stage, "Walter", "Boone", surgery=surgery, birth_year="1949", procedure="laminectomy")
    await walter.at(3, "16:00")
    await walter.person.sees("waiting for you")
    await walter.at(4, "11:00")
    await walter.person.sees("closes on")
    await walter.at(5, "09:45")
    await walter.case("REVIEW", "Phone")
    await walter.is_worked(stage.staff.okoro, outcome="Could not reach", acknowledge=20, reach=30, close=60)
    await walter.at(18, "09:45")
    await walter.case("REVIEW", "Phone")
    await walter.is_worked(stage.staff.okoro, outcome="Advice", acknowledge=15, reach=40, close=50)


async def typist(stage: Stage, surgery: date) -> None:
    """Every answer typed, with words and numbers; and a remark that a person then reads."""
    priya = await admitted(stage, "Priya", "Nair", surgery=surgery, birth_year="1984")
    await priya.at(3, "18:40")
    await priya.person.taps("Start")
    typed = {
        **dict.fromkeys(("saddle_numbness",), "no"),
        **dict.fromkeys(("bladder", "bowel"), "normal"),
        "leg_weakness": "strong",
        "general_symptoms": "none",
        "leg_pain": "two",
        "back_pain": "3/10",
        "pain_meds": "none",
        "activity": "Well, a bit more each week",
        "anything_else": "no",
    }
    while (question := await priya.question()) is not None:
        await priya.person.says(typed[question.id])
    await priya.person.sees("We have your answers for today")
    await priya.at(9, "20:00")
    await priya.person.says("walked to the shop and back today, very pleased")
    await priya.person.sees("Is any of this happening now?")
    await priya.person.taps("None of these")
    await priya.person.taps("Done")
    for day in (14, 42, 90):
        await priya.at(day, "19:05")
        await priya.checks_in()


async def blocker(stage: Stage, surgery: date) -> None:
    """Blocks the bot after the first check-in: a same-day phone task, and nothing more is sent into the void."""
    leo = await admitted(stage, "Leo", "Marsh", surgery=surgery, birth_year="1990")
    await leo.at(3, "09:45")
    await leo.checks_in({**WELL, "leg_pain": "2"})
    await leo.at(11, "12:00")
    await leo.person.blocks()
    await leo.case("Phone today")
    await leo.is_worked(stage.staff.okoro, outcome="Advice", acknowledge=10, reach=25, close=30)
    await stage.theatre.until(stage.theatre.clock.now() + timedelta(days=1))


async def rounds(stage: Stage, surgery: date) -> None:
    """Every working day the coordinator works what is left: each open review ends with a call and an outcome."""
    okoro = stage.staff.okoro
    for day in range(2, 104):
        today = surgery + timedelta(days=day)
        if today.isoweekday() > 5:
            continue
        await stage.theatre.until(datetime.combine(today, time(15, 30), UTC))
        while (card := await _waiting_review(stage)) is not None:
            for label in ("Acknowledge", "Reached patient", "Close", "Advice given"):
                await okoro.taps(label, where=stage.team, message=card)
                await stage.theatre.until(stage.theatre.clock.now() + timedelta(minutes=4))


async def _waiting_review(stage: Stage) -> int | None:
    """The newest card of a review that nobody has acknowledged."""
    for item in reversed((await stage.team.look()).messages):
        labels = [button["text"] for row in item["keyboard"] or () for button in row]
        if "REVIEW" in (item["text"] or "") and "Acknowledge" in labels:
            return int(item["id"])
    return None
