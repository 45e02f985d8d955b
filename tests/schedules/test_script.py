"""Scripts of patients are read strictly: every fault with its line and how to mend it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schedules import script
from tests.schedules.cases import PATHWAY
from tests.schedules.scripted import checkins, written


def problems(text: str) -> list[str]:
    with pytest.raises(script.ScriptError) as caught:
        script.read(PATHWAY, "script.yaml", text)
    return [str(problem) for problem in caught.value.problems]


def test_a_script_holds_who_it_is_and_how_everything_goes() -> None:
    read = script.read(
        PATHWAY,
        "script.yaml",
        written(
            checkins=checkins(week2="silent", week6={"after_h": 2.5, "answers": {"leg_pain": 6, "mood": None}}),
            messages=[{"day": 5, "at": "20:15", "text": "Can I bathe?", "rescreen": ["none"]}],
            something_changed=[{"day": 30, "at": "10:00", "answers": {"leg_pain": 5}}],
            rechecks=["silent", {}],
        ),
    )
    assert (read.surgery_date, read.timezone, read.language) == (date(2026, 1, 5), "Europe/London", "en")
    assert read.checkins["week2"] is None
    assert read.checkins["week6"] == script.Reply(after=timedelta(hours=2.5), answers={"leg_pain": 6, "mood": None})
    assert read.checkins["day3"] == script.Reply(after=timedelta(hours=1), answers={})
    assert read.messages[0].at == datetime(2026, 1, 10, 20, 15, tzinfo=UTC)
    assert read.messages[0].rescreen == ("none",)
    assert read.changes[0].reply.answers == {"leg_pain": 5}
    assert [reply is None for reply in read.rechecks] == [True, False]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"patient": None}, "patient: A text is missing."),
        ({"procedure": "tonsils"}, "procedure: tonsils is no operation. Use microdiscectomy,"),
        ({"surgery_date": "5 January"}, "surgery_date: 5 January is no day. Write it as YYYY-MM-DD"),
        ({"surgery_date": "0001-01-01"}, "surgery_date: 0001-01-01 is no day."),
        ({"surgery_date": "9999-12-31"}, "surgery_date: 9999-12-31 is no day."),
        ({"surgery_date": None}, "surgery_date: Nothing is no day."),
        ({"joined": "later"}, "joined: later is no day."),
        ({"timezone": "Madrid"}, "timezone: Madrid is no time zone. Use an IANA name"),
        ({"timezone": ""}, "timezone:  is no time zone."),
        ({"language": "fr"}, "language: fr is no language of the pathway. Use en or es."),
        ({"colour": "blue"}, "colour: colour is not known here. Use patient,"),
        ({"baseline": {"mood": "ok"}}, "baseline.mood: This is not recorded before surgery."),
        ({"baseline": {"leg_pain": 70}}, "baseline.leg_pain: 70 is no answer to leg_pain. Use 0 to 10"),
        ({"usual": {"blader": "normal"}}, "usual.blader: There is no question blader."),
        ({"usual": [1]}, "usual: This is no mapping from question to answer."),
        ({"checkins": None}, "checkins: How the check-ins go is missing."),
        ({"checkins": {"day3": {}}}, "checkins: How week2 goes is missing. Write week2: silent,"),
        ({"checkins": checkins(week9={})}, "checkins.week9: week9 is not known here. Use day3, week2,"),
        ({"checkins": checkins(adhoc={})}, "checkins.adhoc: adhoc is not known here."),
        ({"checkins": checkins(day3="quiet")}, "checkins.day3: This is no reply. Write silent,"),
        ({"checkins": checkins(day3={"after_h": "soon"})}, "checkins.day3.after_h: This is no number of hours."),
        ({"checkins": checkins(day3={"after_h": -1})}, "checkins.day3.after_h: This is no number of hours."),
        ({"checkins": checkins(day3={"after_h": None})}, "checkins.day3.after_h: This is no number of hours."),
        (
            {"checkins": checkins(day3={"answers": {"mood": "ok"}})},
            "checkins.day3.answers.mood: There is no question mood at day3.",
        ),
        (
            {"checkins": checkins(day3={"answers": {"bladder": "kinda"}})},
            "checkins.day3.answers.bladder: kinda is no answer to bladder. Use normal, old_problem,",
        ),
        (
            {"checkins": checkins(day3={"answers": {"fever_temp": 60}})},
            "fever_temp: 60 is no answer to fever_temp. Use 30 to 45 or none,",
        ),
        ({"rechecks": {}}, "rechecks: This is no list."),
        ({"messages": ["hello"]}, "messages[0]: This is no mapping."),
        ({"messages": [{"day": 1, "at": "25:00", "text": "x"}]}, "messages[0].at: This is no time of day."),
        ({"messages": [{"day": "x", "at": "10:00", "text": "x"}]}, "messages[0].day: This is no day after surgery."),
        ({"messages": [{"day": 1, "at": "10:00"}]}, "messages[0].text: A text is missing."),
        (
            {"messages": [{"day": 1, "at": "10:00", "text": "x", "rescreen": ["sad"]}]},
            "messages[0].rescreen: ['sad'] is no answer to the re-screen. Use none, saddle,",
        ),
        ({"something_changed": [{"day": 900, "at": "10:00"}]}, "something_changed[0].day: This is no day"),
    ],
)
def test_every_fault_is_named_with_its_remedy(changes: dict[str, Any], why: str) -> None:
    found = problems(written(**changes))
    assert any(why in problem for problem in found), found


def test_a_fault_names_its_line() -> None:
    text = written(checkins=checkins(week6={"answers": {"leg_pain": "awful"}}))
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "awful" in line)
    assert problems(text)[0].startswith(f"script.yaml:{line}: checkins.week6.answers.leg_pain: awful is no answer")


def test_all_faults_are_named_at_once() -> None:
    assert len(problems(written(language="fr", timezone="Madrid", usual={"x": 1}))) == 3


@pytest.mark.parametrize("text", ["", "- a\n- b", "just words", "a: [", "a: &x 1\nb: *x", "\x00"])
def test_what_is_no_script_is_refused_in_words(text: str) -> None:
    assert problems(text)
