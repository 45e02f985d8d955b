"""Storylines with a red flag: each must reach a person, and each must end with what that person did."""

from __future__ import annotations

from datetime import date

from bot.sandbox.storylines.cast import Stage, admitted


async def wound_infection(stage: Stage, surgery: date) -> None:
    """Red, spreading wound with fever in week 2: urgent, seen the same day."""
    tom = await admitted(stage, "Tom", "Fenwick", surgery=surgery, birth_year="1972", procedure="fusion")
    await tom.at(3, "10:00")
    await tom.checks_in({"leg_pain": "2", "back_pain": "4"})
    await tom.at(14, "10:20")
    await tom.checks_in(
        {
            "general_symptoms": ["fever", "wound"],
            "fever_unwell": "absent",
            "fever_temp": "No thermometer",
            "wound_signs": ["redness_spreading", "swelling_warm"],
            "back_pain": "5",
        }
    )
    await tom.person.sees("Ring", "now")
    await tom.case("URGENT", "Wound")
    await tom.is_worked(stage.staff.lind, outcome="Seen today", acknowledge=6, reach=20, close=240)
    for day in (42, 90):
        await tom.at(day, "10:00")
        await tom.checks_in({"back_pain": "3"})


async def bladder(stage: Stage, surgery: date) -> None:
    """A bladder change on day 3: the action card at once, the page at once; the ladder climbs while nobody takes it."""
    grace = await admitted(stage, "Grace", "Adeyemi", surgery=surgery, birth_year="1966")
    await grace.at(3, "21:10")
    await grace.checks_in({"bladder": "reduced_feeling"}, until="bowel")
    await grace.person.sees("Go to A&E now")
    await grace.case("EMERGENCY", "bladder")
    await grace.waits(17)  # nobody acknowledges: at 15 minutes the second on call is told
    await stage.staff.reyes.sees(grace.code, "EMERGENCY")
    await grace.is_worked(stage.staff.reyes, outcome="Sent to emergency", acknowledge=1, reach=4, close=90)
    await grace.at(14, "12:00")
    await grace.checks_in({"back_pain": "3"})
    for day in (42, 90):
        await grace.at(day, "12:00")
        await grace.checks_in()


async def sudden_pain(stage: Stage, surgery: date) -> None:
    """Relief, then at week 6 the leg pain is back from one day to the next."""
    ivan = await admitted(stage, "Ivan", "Petrov", surgery=surgery, birth_year="1979")
    for day in (3, 14):
        await ivan.at(day, "09:50")
        await ivan.checks_in({"leg_pain": "1"})
    await ivan.at(42, "09:50")
    await ivan.checks_in(
        {
            "leg_pain": "7",
            "leg_pain_side": "one",
            "leg_pain_onset": "sudden_after_better",
            "leg_pain_type": ["sharp_shooting"],
            "pain_relief": "helps_a_bit",
            "pain_meds": "simple",
            "med_frequency": "some_days",
            "med_side_effects": ["none"],
        }
    )
    await ivan.case("URGENT")
    await ivan.is_worked(stage.staff.lind, outcome="Appointment", acknowledge=9, reach=35, close=60)
    await ivan.at(90, "10:00")
    await ivan.checks_in({"leg_pain": "2"})


async def spanish(stage: Stage, surgery: date) -> None:
    """The same care in Spanish, from another zone; a swollen calf in week 2."""
    carmen = await admitted(
        stage, "Carmen", "Ortega", surgery=surgery, birth_year="1963", language="es", timezone="Europe/Madrid"
    )
    await carmen.at(3, "11:00")
    await carmen.checks_in()
    await carmen.person.sees("Tenemos sus respuestas de hoy")
    await carmen.at(14, "11:00")
    await carmen.checks_in({"general_symptoms": ["calf"]})
    await carmen.person.sees("Llame ahora")
    await carmen.case("URGENT")
    await carmen.is_worked(stage.staff.lind, outcome="Sent to emergency", acknowledge=3, reach=10, close=180)
    for day in (42, 90):
        await carmen.at(day, "11:30")
        await carmen.checks_in()
