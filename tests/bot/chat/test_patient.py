"""What a patient may say and tap in any state: stop, help, pause, status, data, language, and words of any kind."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.chat import patient
from bot.chat.incoming import Incoming, Kind
from bot.db.models import Chat, CheckIn, Enrolment, Outbox
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward


@pytest.fixture
def ana(ward: Ward) -> Phone:
    return phone(ward, ward.team("Spine"))


def said(one: Phone) -> dict[str, Any]:
    """The last message of its own, as a payload."""
    rows = select(Outbox).where(Outbox.chat_id == one.person.chat_id, Outbox.purpose == "card")
    payload: dict[str, Any] = one.session.scalars(rows.order_by(Outbox.id.desc())).first().payload  # type: ignore[union-attr]  # a test may fail on None
    return payload


def labels(payload: dict[str, Any]) -> list[str]:
    return [button["label"] for row in payload["rows"] for button in row]


def tap(one: Phone, label: str) -> Any:
    """Tap a button of the last message of its own."""
    action = next(b["action"] for row in said(one)["rows"] for b in row if b["label"] == label)
    return one.does(action[0], *action[1:])


# Stop, help, emergency


@pytest.mark.parametrize("words", ["STOP", "stop", "Parar", "stop."])
def test_the_word_stop_stops_at_once_in_the_middle_of_a_question(ana: Phone, words: str) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.types(words)
    assert ana.enrolment.state == "withdrawn"
    assert "We stopped." in said(ana)["text"]
    live = select(CheckIn).where(CheckIn.enrolment_id == ana.enrolment.id, CheckIn.state != "ended")
    assert ana.session.scalars(live).all() == []
    assert ana.messages() == []


def test_stopping_leaves_an_open_escalation_open(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.taps("Yes, it is new or worse")
    ana.types("stop")
    case = ana.escalation()
    assert case is not None
    assert case.state == "open"


def test_the_command_stop_asks_once_more(ana: Phone) -> None:
    ana.commands("stop")
    assert labels(said(ana)) == ["Yes, stop", "No, go on"]
    assert ana.enrolment.state == "active"
    tap(ana, "No, go on")
    assert ana.enrolment.state == "active"
    ana.commands("stop")
    tap(ana, "Yes, stop")
    assert ana.enrolment.state == "withdrawn"
    assert [row.actor for row in ana.ward.audited("withdrawn")] == [f"patient:{ana.person.id}"]


def test_a_second_stop_is_answered_and_changes_nothing(ana: Phone) -> None:
    ana.types("stop")
    ana.commands("stop")
    assert "We stopped." in said(ana)["text"]
    assert len(ana.ward.audited("withdrawn")) == 1


def test_the_stop_button_of_somebody_else_stops_nothing(ana: Phone, ward: Ward) -> None:
    ben = phone(ward, ward.team("Other"), "BE18")
    toast = ben.does("p_stop", ana.enrolment.id)
    assert toast is not None
    assert "old" in toast.text
    assert {ana.enrolment.state, ben.enrolment.state} == {"active"}


@pytest.mark.parametrize("words", ["help", "HELP", "ayuda"])
def test_help_works_in_the_middle_of_a_question(ana: Phone, words: str) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.types(words)
    assert "Ring 01632 960123" in said(ana)["text"]
    assert labels(said(ana)) == ["Something has changed"]
    assert ana.standing("saddle_numbness") == []


@pytest.mark.parametrize("words", ["emergencia", "SOS"])
def test_an_emergency_word_is_the_alarm_itself(ana: Phone, words: str) -> None:
    ana.types(words)
    assert "emergency_word" in ana.findings()
    assert "ring 999 now" in said(ana)["text"]
    assert ana.session.scalars(select(Outbox.lane).where(Outbox.dedupe_key.like("%emergency:m%"))).all() == [0]
    assert ana.messages()[0].read_at is None


def test_words_after_a_command_are_screened_too(ana: Phone) -> None:
    ana.commands("help", "numb round my back passage")
    assert "free_text_emergency" in ana.findings()


# Status, pause, data, language


def test_status_says_what_comes_next_and_when(ana: Phone) -> None:
    ana.commands("status")
    assert "Your next check-in comes on Thursday, 5 March, 09:30." in said(ana)["text"]


def test_status_brings_an_open_check_in_to_the_bottom(ana: Phone) -> None:
    ana.goes_to(3)
    ana.commands("status")
    assert "You have an open check-in." in said(ana)["text"]
    assert len(ana.shown(fresh=True)) == 2


def test_status_when_nothing_is_planned(ana: Phone) -> None:
    for row in ana.session.scalars(select(CheckIn).where(CheckIn.state == "planned")):
        row.state, row.end_reason, row.ended_at = "ended", "cancelled", ana.now
    ana.commands("status")
    assert "No check-in is planned." in said(ana)["text"]


def test_status_after_the_end_says_so(ana: Phone) -> None:
    ana.enrolment.state = "ended"
    ana.commands("start")
    assert "Your planned check-ins are over." in said(ana)["text"]


def test_a_pause_is_chosen_in_days_and_can_be_ended(ana: Phone) -> None:
    ana.commands("pause")
    assert labels(said(ana)) == ["1 day", "3 days", "7 days", "Go on"]
    tap(ana, "3 days")
    assert ana.enrolment.paused_until == ana.now + timedelta(days=3)
    assert "Paused until Thursday, 5 March, 09:00." in said(ana)["text"]
    ana.commands("status")
    assert "Paused until" in said(ana)["text"]
    tap(ana, "Go on")
    assert ana.enrolment.state == "active"
    assert any("Welcome back." in text for text in ana.told())
    ana.commands("resume")
    assert len([text for text in ana.told() if "Welcome back." in text]) == 1


@pytest.mark.parametrize(("name", "args"), [("p_days", (30,)), ("p_days", ()), ("p_days", (1, 2))])
def test_a_pause_that_was_not_offered_is_refused(ana: Phone, name: str, args: tuple[int, ...]) -> None:
    toast = ana.does(name, *args)
    assert toast is not None
    assert "old" in toast.text
    assert ana.enrolment.state == "active"


def test_who_has_stopped_cannot_pause_or_resume(ana: Phone) -> None:
    ana.types("stop")
    ana.commands("pause")
    assert "Your planned check-ins are over." in said(ana)["text"]
    for name, args in {"p_days": (3,), "p_resume": ()}.items():
        toast = ana.does(name, *args)
        assert toast is not None
        assert ana.enrolment.state == "withdrawn"


def test_a_paused_patient_is_not_reminded(ana: Phone) -> None:
    ana.goes_to(3)
    ana.commands("pause")
    tap(ana, "1 day")
    ana.goes_to(3, "15:31")
    assert ana.reminders("day3")[0].state == "cancelled"


def test_their_data_comes_as_a_file_to_read_and_one_for_machines(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.taps("No")
    ana.types("kinda")
    ana.taps("Normal for me")
    ana.types("stop touching my scar is what they said")
    ana.commands("mydata")
    rows = select(Outbox).where(Outbox.chat_id == ana.person.chat_id, Outbox.purpose == "card")
    files = [row.payload["file"] for row in ana.session.scalars(rows.order_by(Outbox.id)) if row.payload["file"]]
    assert [file["name"] for file in files] == ["my-answers.txt", "my-answers.json"]
    text, data = (b64decode(file["content"]).decode() for file in files)
    assert "Normal for me (corrected)" in text
    assert "kinda" in text
    held = json.loads(data)["enrolments"][0]
    assert held["checkins"][1]["answers"][0]["value"] == "absent"
    assert held["messages"][0]["text"] == "kinda"
    assert "phone" not in json.loads(data)


def test_the_language_changes_at_once_and_so_does_what_is_on_the_screen(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.types("a strange day so far")
    ana.ward.deliver()
    ana.commands("language")
    assert ana.person.language == "es"
    assert "A partir de ahora escribimos en español." in said(ana)["text"]
    assert "1 de 10" in ana.sees().text
    assert "¿Le pasa algo de esto ahora?" in ana.rescreen().text
    assert [row.fresh for row in (ana.shown()[-1], ana.shown("rescreen")[-1])] == [False, False]
    ana.commands("language")
    assert ana.person.language == "en"


def test_an_unknown_language_becomes_one_of_the_pathway(ana: Phone) -> None:
    ana.person.language = "fr"
    ana.commands("language")
    assert ana.person.language == "en"


# Typed buttons


def test_buttons_may_be_typed_in_either_language(ana: Phone) -> None:
    ana.goes_to(3)
    ana.types("start")
    ana.types("no")
    ana.types("atrás")
    assert ana.checkin().question == "saddle_numbness"
    ana.types("pause")
    assert ana.checkin().stage == "paused"
    ana.types("Go on")
    for words in ("1", "1", "1"):
        ana.types(words)
    ana.taps("A fall or a bad jolt")
    ana.types("done")
    assert ana.standing("general_symptoms")[0].value == ["fall"]
    ana.answers()
    assert ana.checkin().end_reason == "answered"
    ana.types("Change an answer")
    assert "p_again" in {one.action.name for row in ana.sees().rows for one in row if one.action}
    ana.types("Back")
    assert "These are your answers." in ana.sees().text
    assert ana.messages() == []


def test_back_typed_at_the_summary_changes_nothing(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.answers()
    ana.types("back")
    assert ana.checkin().stage == "summary"


def test_something_has_changed_may_be_typed_or_tapped(ana: Phone) -> None:
    ana.types("Something has changed")
    assert ana.checkin().kind == "adhoc"
    ana.taps("Start")
    ana.does("p_changed", ana.enrolment.id)
    assert ana.checkin().checkin == "adhoc-2"


def test_a_typed_button_without_a_check_in_is_a_message(ana: Phone) -> None:
    ana.types("done")
    assert [row.body for row in ana.messages()] == ["done"]


def test_a_withdrawn_patient_who_says_that_something_changed_is_told_whom_to_ring(ana: Phone) -> None:
    ana.types("stop")
    ana.commands("changed")
    assert "Go to A&amp;E, or ring 999, if you get" in said(ana)["text"]
    assert not ana.session.scalars(select(CheckIn).where(CheckIn.kind == "adhoc")).all()


def test_a_typed_late_answer_counts_and_is_marked(ana: Phone) -> None:
    ana.goes_to(3)
    ana.goes_to(5, "10:00")
    ana.types("start")
    ana.types("no")
    assert ana.standing("saddle_numbness")[0].late


def test_words_about_a_closed_check_in_are_a_message_of_their_own(ana: Phone) -> None:
    ana.goes_to(3)
    ana.goes_to(5, "10:00")
    ana.types("sorry I was away")
    assert ana.messages()[0].checkin_id is None


def test_a_command_nobody_knows_is_a_message(ana: Phone) -> None:
    incoming = Incoming(
        kind=Kind.COMMAND,
        chat=1,
        chat_kind="private",
        at=ana.now,
        command="appointment",
        text="on Friday",
        message_id=1,
    )
    patient.text(ana.session, ana.ward.clinic, ana.person, incoming, ana.now)
    assert [row.body for row in ana.messages()] == ["/appointment on Friday"]


# Blocked and back


def test_blocking_the_bot_is_a_phone_task_and_coming_back_shows_what_was_open(ana: Phone) -> None:
    ana.goes_to(3)
    patient.blocked(ana.session, ana.ward.clinic, ana.person, ana.now)
    assert "bot_blocked" in ana.findings()
    ana.ward.passes(hours=1)
    patient.came_back(ana.session, ana.ward.clinic, ana.person, ana.now)
    assert "Welcome back." in said(ana)["text"]
    assert len(ana.shown(fresh=True)) == 2


def test_coming_back_with_nothing_open_says_only_that(ana: Phone) -> None:
    patient.came_back(ana.session, ana.ward.clinic, ana.person, ana.now)
    assert ana.shown() == []


def test_who_is_in_no_programme_blocks_and_comes_back_without_a_call(ana: Phone) -> None:
    ana.types("stop")
    told = len(ana.told())
    patient.blocked(ana.session, ana.ward.clinic, ana.person, ana.now)
    patient.came_back(ana.session, ana.ward.clinic, ana.person, ana.now)
    assert ana.findings() == set()
    assert len(ana.told()) == told


def test_somebody_whose_record_is_empty_gets_no_answer_and_breaks_nothing(ward: Ward, ana: Phone) -> None:
    nobody = ana.person
    other = phone(ward, ward.team("Other"), "BE18")
    for row in ward.session.scalars(select(Enrolment).where(Enrolment.id == ana.enrolment.id)):
        row.patient_id = other.person.id
        row.state = "void"
    ward.session.commit()
    chat = ward.session.get_one(Chat, nobody.chat_id)
    incoming = Incoming(kind=Kind.TEXT, chat=chat.telegram_id, chat_kind="private", at=ward.now, text="hello")
    for handler in (patient.text, patient.media, patient.edited, *patient.COMMANDS.values(), *patient.ACTIONS.values()):
        toast = handler(ward.session, ward.clinic, nobody, incoming, ward.now)
        assert toast is None or toast.text == ""
    assert ward.said(nobody.chat_id) == []
