"""Whatever is sent outside the questions: a flag, or the re-screen; and always a person who reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.care import messages, reading, rescreening
from bot.care.messages import Sent
from bot.db.models import Chat
from schedules import catalog, freetext
from tests.bot.phone import Phone, pathway_of, phone
from tests.bot.ward import Ward
from tests.conftest import SHARED

ASKED = "Is any of this happening now?"


@pytest.fixture
def ana(ward: Ward) -> Phone:
    return phone(ward, ward.team("Spine"))


@pytest.fixture
def later(ward: Ward) -> Phone:
    """A patient in the fourth week: messages may wait for the next working day."""
    return phone(ward, ward.team("Spine"), surgery=ward.now.date() - timedelta(days=25))


# The net


@pytest.mark.parametrize(
    ("words", "finding", "level"),
    [
        ("numb round my back passage", "free_text_emergency", "emergency"),
        ("no fever but the cut is weeping yellow", "free_text_urgent", "urgent"),
    ],
)
def test_a_red_flag_in_typed_words_gets_the_card_and_a_clinician(
    ana: Phone, words: str, finding: str, level: str
) -> None:
    ana.types(words)
    assert finding in ana.findings()
    case = ana.escalation()
    assert case is not None
    assert (case.level, ana.messages()[0].level) == (level, level)
    assert "now" in ana.told()[0]
    assert ana.messages()[0].rescreen == "none"


def test_a_red_flag_in_spanish_is_caught_whatever_the_language_set(ana: Phone) -> None:
    ana.types("entrepierna dormida desde ayer")
    assert "free_text_emergency" in ana.findings()


def test_words_of_a_crisis_get_the_crisis_card_and_stop_the_questions(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.types("ive had enough of living")
    assert "You matter." in ana.told()[0]
    assert "A&amp;E" not in " ".join(ana.told())
    assert ana.checkin().stage == "paused"
    assert ana.sees().rows == ()


def test_a_review_finding_reaches_the_worklist_and_is_asked_back_about(ana: Phone) -> None:
    ana.types("sciatica has come back worse")
    assert "free_text_review" in ana.findings()
    assert ASKED in ana.rescreen().text


def test_nothing_found_is_no_all_clear_but_a_question_and_a_reader(ana: Phone) -> None:
    ana.types("when can I walk the dog again")
    row = ana.messages()[0]
    assert (row.level, row.rescreen, row.read_at) == ("routine", "asked", None)
    assert ASKED in ana.rescreen().text
    assert ana.escalation() is None


@pytest.mark.parametrize("words", ["hello", "thank you", "Gracias", "ok thanks", "good morning"])
def test_a_bare_greeting_is_not_asked_back_about_but_is_kept(ana: Phone, words: str) -> None:
    ana.types(words)
    assert [row.rescreen for row in ana.messages()] == ["none"]
    assert "not watched all the time" in ana.told()[-1]


def test_a_question_about_what_might_be_gets_the_warning_signs_and_is_asked_back(ana: Phone) -> None:
    ana.types("what should I do if I get a fever")
    assert "Go to A&amp;E, or ring 999, if you get" in ana.told()[0]
    assert ASKED in ana.rescreen().text


def test_words_that_are_an_answer_and_an_alarm_count_as_both(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.taps("No")
    ana.types("i can't pee")
    assert ana.standing("bladder")[0].value == "cannot_pee"
    assert {"ces_bladder", "free_text_emergency"} <= ana.findings()
    assert len(ana.told()) == 1
    assert ana.checkin().stage == "action"


def test_words_that_are_no_answer_are_kept_as_both_and_asked_back_about(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.types("well you know how it is")
    assert not ana.standing("saddle_numbness")[0].readable
    assert ana.messages()[0].rescreen == "asked"
    assert "We could not read that." in ana.sees().text


def test_an_alarm_in_the_middle_of_a_question_offers_to_go_on(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.types("I have chest pain and cannot breathe")
    assert ana.checkin().stage == "action"
    assert ana.level() == "emergency"
    ana.taps("Go on")
    assert "We could not read that." in ana.sees().text


def test_every_message_of_the_development_set_ends_in_a_flag_or_a_question_and_a_reader(ana: Phone) -> None:
    path = SHARED / "clinical" / "freetext-dev.json"
    if not path.exists():
        pytest.skip("the labelled development messages are not part of this repository")
    cases = json.loads(path.read_text())
    texts = [case["text"] for case in (cases if isinstance(cases, list) else cases["messages"])][::8]
    for number, text in enumerate(texts):
        row = messages.receive(
            ana.session,
            ana.enrolment,
            Sent(body=text, telegram_message_id=number),
            ana.now + timedelta(hours=number),
            ana.ward.clinic,
        )
        assert row.level in ("emergency", "urgent") or row.rescreen == "asked" or len(text.split()) <= 3, text
        assert row.read_by > row.received_at


# The re-screen


def test_every_kind_of_message_ends_in_a_flag_or_a_question_and_always_with_a_reader(ana: Phone) -> None:
    """One message of every label and language that the classifier was set with, those that must not flag included."""
    folder = Path(catalog.__file__).parent / "pathways" / "lumbar_surgery" / "sentences" / "dev"
    files = sorted(folder.glob("*/*.txt"))
    assert len(files) > 40
    for number, file in enumerate(files):
        text = next(line for line in file.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
        sent = Sent(body=text, telegram_message_id=number)
        row = messages.receive(ana.session, ana.enrolment, sent, ana.now + timedelta(hours=number), ana.ward.clinic)
        greeting = freetext.is_greeting(pathway_of(ana).freetext, text)
        assert row.level in ("emergency", "urgent") or row.rescreen == "asked" or greeting, text
        assert row.read_by > row.received_at


def test_none_of_these_is_thanked_and_still_read_by_a_person(ana: Phone) -> None:
    ana.types("when can I walk the dog again")
    ana.taps("None of these", ana.rescreen())
    ana.taps("Done", ana.rescreen())
    assert "A person will read this." in ana.rescreen().text
    assert ana.messages()[0].read_at is None
    assert ana.escalation() is None


def test_a_red_answer_to_the_rescreen_is_an_emergency(ana: Phone) -> None:
    ana.types("things are a bit odd today")
    ana.taps("New weak leg or foot", ana.rescreen())
    ana.taps("Done", ana.rescreen())
    case = ana.escalation()
    assert case is not None
    assert case.level == "emergency"
    assert "Go to A&amp;E now" in ana.told()[-1]


def test_who_is_not_safe_in_the_rescreen_gets_the_crisis_card(ana: Phone) -> None:
    ana.goes_to(3)
    ana.types("things are a bit odd today")
    ana.taps("I do not feel safe", ana.rescreen())
    ana.taps("Done", ana.rescreen())
    assert "You matter." in ana.told()[-1]
    assert ana.checkin().stage == "paused"


def test_the_rescreen_may_be_answered_by_typing(ana: Phone) -> None:
    ana.types("things are a bit odd today")
    ana.types("2, 4")
    assert ana.messages()[0].rescreen_picks == ["saddle", "legs"]
    assert ana.messages()[0].rescreen == "answered"
    assert len(ana.messages()) == 1


def test_a_review_finding_is_answered_with_its_card_after_the_rescreen(ana: Phone) -> None:
    ana.types("sciatica has come back worse")
    ana.types("none")
    assert "A team member will look at this" in ana.told()[-1]


def test_done_without_a_tick_asks_for_one(ana: Phone) -> None:
    ana.types("things are a bit odd today")
    toast = ana.taps("Done", ana.rescreen())
    assert toast is not None
    assert toast.alert
    assert ana.messages()[0].rescreen == "asked"


def test_the_rescreen_is_answered_once(ana: Phone) -> None:
    ana.types("things are a bit odd today")
    card = ana.rescreen()
    ana.taps("None of these", card)
    ana.taps("Done", card)
    toast = ana.taps("Done", card)
    assert toast is not None
    assert "old" in toast.text
    assert not rescreening.answer(ana.session, ana.messages()[0], ("none",), ana.now, ana.ward.clinic)


def test_several_lines_in_a_row_share_one_question_at_the_bottom(ana: Phone) -> None:
    ana.types("things are a bit odd today")
    ana.types("since I got up that is")
    assert [row.rescreen for row in ana.messages()] == ["asked", "none"]
    assert len(ana.shown("rescreen", fresh=True)) == 2


def test_an_unanswered_rescreen_is_asked_again_and_then_read_the_same_day(later: Phone) -> None:
    later.types("things are a bit odd today, you know")
    later.ward.passes(minutes=31)
    assert later.ticks()["rescreen_due"] == 1
    assert "We have not had your answer." in later.rescreen().text
    assert later.ticks()["rescreen_due"] == 0
    later.ward.passes(minutes=90)
    assert later.ticks()["rescreen_due"] == 1
    row = later.messages()[0]
    assert row.rescreen == "expired"
    assert row.read_by.date() == later.now.date()
    assert "rescreen_unanswered" in later.findings()
    assert later.ticks()["rescreen_due"] == 0


def test_a_rescreen_answered_late_still_counts(ana: Phone) -> None:
    ana.types("things are a bit odd today")
    card = ana.rescreen()
    ana.ward.passes(hours=3)
    ana.ticks()
    ana.ticks()
    ana.taps("New weak leg or foot", card)
    ana.taps("Done", card)
    assert ana.messages()[0].level == "emergency"


def test_no_rescreen_reminder_goes_out_at_night(ana: Phone) -> None:
    ana.ward.now = ana.now.replace(hour=22)
    ana.types("things are a bit odd today")
    ana.ward.passes(minutes=31)
    ana.ticks()
    assert len(ana.shown("rescreen", fresh=True)) == 1


def test_there_is_no_rescreen_where_none_was_asked(ana: Phone) -> None:
    ana.types("hello")
    row = ana.messages()[0]
    assert messages.rescreen_card(ana.session, row.id, ana.ward.clinic, ana.now) is None
    assert messages.rescreen_card(ana.session, 999, ana.ward.clinic, ana.now) is None
    assert not rescreening.tick(ana.session, row, 99, True, ana.now)


def test_nobody_answers_the_rescreen_of_somebody_else(ana: Phone, ward: Ward) -> None:
    ben = phone(ward, ward.team("Other"), "BE18")
    ana.types("things are a bit odd today")
    row = ana.messages()[0]
    for name, args in {"p_rs": (row.id, 1, 1), "p_rsd": (row.id,)}.items():
        toast = ben.does(name, *args)
        assert toast is not None
        assert "old" in toast.text
    ana.does("p_rs", row.id, 99, 1)
    assert (row.rescreen, row.rescreen_picks) == ("asked", None)


# Pictures, voice notes, edits


@pytest.mark.parametrize("kind", ["photo", "voice", "video", "sticker", "document"])
def test_what_cannot_be_screened_is_asked_back_about_and_looked_at_the_same_day(later: Phone, kind: str) -> None:
    later.sends(kind)
    row = later.messages()[0]
    assert (row.kind, row.rescreen, row.body, row.file_id) == (kind, "asked", None, "file")
    assert row.read_by.date() == later.now.date()
    assert "photo_received" in later.findings()
    assert "A person will look at this." in later.told()[-1]


def test_a_caption_is_screened(ana: Phone) -> None:
    ana.sends("photo", "the scar is oozing green")
    assert "free_text_urgent" in ana.findings()


def test_changed_words_are_screened_again_beside_the_first_ones(ana: Phone) -> None:
    ana.types("all quiet here today", message_id=77)
    ana.edits(77, "numb round my back passage")
    first, second = ana.messages()
    assert (second.edit_of, second.level) == (first.id, "emergency")
    assert first.body == "all quiet here today"


def test_an_edit_that_changes_no_word_changes_nothing(ana: Phone) -> None:
    ana.types("all quiet here today", message_id=77)
    ana.edits(77, "all quiet here today")
    assert len(ana.messages()) == 1


def test_an_edited_answer_is_a_message_of_its_own(ana: Phone) -> None:
    ana.goes_to(3)
    ana.taps("Start")
    ana.types("no", message_id=78)
    ana.edits(78, "no feeling when I wipe")
    assert ana.messages()[0].edit_of is None
    assert ana.messages()[0].level == "emergency"


# A person reads it


def test_in_the_first_days_every_message_is_read_the_same_day(ana: Phone) -> None:
    ana.types("when can I walk the dog again")
    assert ana.messages()[0].read_by == datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


def test_later_a_message_is_read_by_the_end_of_the_next_working_day(later: Phone) -> None:
    later.types("when can I walk the dog again")
    assert later.messages()[0].read_by == datetime(2026, 3, 3, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("words", ["je ne sens plus rien quand je marche", "мне сегодня очень плохо"])
def test_a_language_nobody_knows_here_is_read_the_same_day(later: Phone, words: str) -> None:
    later.types(words)
    assert later.messages()[0].read_by.date() == later.now.date()
    assert "unknown_language" in later.findings()
    assert later.messages()[0].rescreen == "asked"


def test_a_message_nobody_read_in_time_becomes_work_once(later: Phone) -> None:
    later.types("when can I walk the dog again")
    later.types("none")
    later.ward.now = later.messages()[0].read_by + timedelta(minutes=1)
    assert later.ticks()["overdue_reads"] == 1
    assert later.ticks()["overdue_reads"] == 0
    assert "unread_message" in later.findings()


def test_a_message_read_in_time_is_no_work_and_the_first_reader_counts(later: Phone, ward: Ward) -> None:
    team = ward.team("Other")
    okoro, lind = ward.staff("Nurse Okoro", team), ward.staff("Dr Lind", team)
    later.types("when can I walk the dog again")
    row = later.messages()[0]
    assert messages.mark_read(later.session, row.id, okoro, later.now)
    assert not messages.mark_read(later.session, row.id, lind, later.now)
    later.session.refresh(row)
    assert row.reader_id == okoro.id
    later.ward.now = row.read_by + timedelta(minutes=1)
    assert later.ticks()["overdue_reads"] == 0
    assert [entry.subject for entry in ward.audited("message read")] == [f"message:{row.id}"]


@pytest.mark.parametrize(
    ("received", "deadline"),
    [
        ("2026-03-06 10:00", "2026-03-09 17:00"),
        ("2026-03-07 10:00", "2026-03-09 17:00"),
        ("2026-03-08 23:30", "2026-03-09 17:00"),
        ("2026-03-09 16:59", "2026-03-10 17:00"),
    ],
)
def test_the_next_working_day_skips_the_weekend(received: str, deadline: str) -> None:
    at = datetime.fromisoformat(received).replace(tzinfo=UTC)
    assert reading.next_working_day(at, "Europe/London") == datetime.fromisoformat(deadline).replace(tzinfo=UTC)


def test_late_in_the_evening_a_message_is_read_within_two_hours() -> None:
    at = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
    assert reading.same_day(at, "Europe/London") == at + timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("my leg is worse than it was", True),
        ("me duele mucho la pierna hoy", True),
        ("aua", True),
        ("ich habe seit gestern starke Schmerzen", False),
        ("لا أستطيع المشي", False),
    ],
)
def test_doubt_about_a_language_is_doubt(text: str, known: bool) -> None:
    assert reading.known_language(text) is known


# Outside the programme


@pytest.mark.parametrize(("state", "by"), [("withdrawn", "patient"), ("ended", "programme"), ("ended", "staff:1")])
def test_a_red_flag_after_the_end_still_gets_card_and_clinician_and_the_notice(ana: Phone, state: str, by: str) -> None:
    ana.enrolment.state, ana.enrolment.ended_by = state, by
    ana.ward.passes(days=200)
    ana.types("I cannot pee since this morning")
    assert "free_text_emergency" in ana.findings()
    assert "Go to A&amp;E now" in ana.told()[0]
    assert "This chat is not watched all the time." in ana.told()[-1]


def test_after_the_end_any_message_is_asked_back_about_and_read(ana: Phone) -> None:
    ana.enrolment.state, ana.enrolment.ended_by = "ended", "programme"
    ana.types("when can I walk the dog again")
    assert ana.messages()[0].rescreen == "asked"


def test_somebody_without_a_chat_is_still_put_before_a_clinician(ana: Phone) -> None:
    ana.person.chat_id = None
    ana.session.commit()
    for number, body in enumerate(("numb round my back passage", "things are a bit odd today")):
        sent = Sent(body=body, telegram_message_id=number)
        messages.receive(ana.session, ana.enrolment, sent, ana.now, ana.ward.clinic)
    assert "free_text_emergency" in ana.findings()
    assert ana.session.query(Chat).count() == 2
