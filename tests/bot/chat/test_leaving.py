"""/end: the team ends a programme when the patient cannot say so: after a death, a readmission."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.db.models import CareTeam, CheckIn, Outbox
from tests.bot.desk import Desk, joins
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward


@pytest.fixture
def lind(ward: Ward) -> Desk:
    return joins(ward, "Dr Lind", "clinician")


@pytest.fixture
def ana(ward: Ward, lind: Desk) -> Phone:
    """Day 3, the first question on the screen."""
    one = phone(ward, ward.session.scalars(select(CareTeam)).one())
    one.goes_to(3)
    one.taps("Start")
    return one


def new_messages(one: Phone) -> list[Outbox]:
    """What waits to be sent to the patient as a message of its own."""
    waiting = select(Outbox).where(Outbox.chat_id == one.person.chat_id, Outbox.state == "pending", Outbox.fresh)
    return list(one.session.scalars(waiting))


def check_ins_left(one: Phone) -> int:
    """How many check-ins are planned or open."""
    running = select(func.count()).where(CheckIn.enrolment_id == one.enrolment.id, CheckIn.state != "ended")
    return one.session.scalar(running) or 0


def test_the_team_ends_a_programme_and_the_patient_hears_nothing_more(ana: Phone, lind: Desk) -> None:
    lind.commands("end", "an17 died")
    assert "AN17</b> gets no more check-ins and reminders" in lind.sees().text
    assert ana.enrolment.state == "ended"
    for day in range(3, 122):
        ana.goes_to(day)
    assert new_messages(ana) == []
    asked = select(CheckIn.end_reason).where(CheckIn.enrolment_id == ana.enrolment.id, CheckIn.kind != "baseline")
    assert set(ana.session.scalars(asked)) == {"cancelled"}


def test_the_question_on_the_screen_gives_way_without_a_new_message(ana: Phone, lind: Desk) -> None:
    lind.commands("end", "AN17 readmitted")
    assert "This check-in is closed" in ana.sees().text
    ana.taps("Something has changed")
    assert "999" in ana.told()[-1]
    assert check_ins_left(ana) == 0


def test_an_open_case_stays_open(ana: Phone, lind: Desk) -> None:
    ana.taps("Yes, it is new or worse")
    lind.commands("end", "AN17 readmitted")
    case = ana.escalation()
    assert case is not None
    assert (case.state, case.level) == ("open", "emergency")
    assert "A case is still open" in lind.sees().text


def test_what_the_patient_writes_later_is_still_read(ana: Phone, lind: Desk) -> None:
    lind.commands("end", "AN17 moved")
    ana.types("I cannot pee since this morning")
    assert "free_text_emergency" in ana.findings()


def test_a_paused_programme_can_be_ended(ana: Phone, lind: Desk) -> None:
    ana.enrolment.state, ana.enrolment.paused_until = "paused", ana.now.replace(year=2027)
    lind.commands("end", "AN17 asked")
    assert ana.enrolment.state == "ended"
    assert not ana.enrolment.paused_until


def test_who_ended_it_and_why_is_on_record(ana: Phone, lind: Desk) -> None:
    lind.commands("end", "AN17 died")
    (row,) = ana.ward.audited("programme ended")
    assert row.details == {"enrolment": ana.enrolment.id, "reason": "died"}
    assert row.actor == ana.enrolment.ended_by
    assert row.actor.startswith("staff:")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("", "Send the code and the reason"),
        ("AN17", "Send the code and the reason"),
        ("AN17 bored", "died, readmitted, asked, moved"),
        ("ZZZZZ died", "no such patient code"),
    ],
)
def test_nothing_ends_without_a_code_and_a_known_reason(ana: Phone, lind: Desk, said: str, answer: str) -> None:
    lind.commands("end", said)
    assert answer in lind.sees().text
    assert ana.enrolment.state == "active"


def test_a_programme_ends_once(ana: Phone, lind: Desk) -> None:
    lind.commands("end", "AN17 died")
    lind.commands("end", "AN17 died")
    assert "is not in the programme" in lind.sees().text
    assert len(ana.ward.audited("programme ended")) == 1


def test_another_team_ends_nothing(ana: Phone, ward: Ward) -> None:
    far = joins(ward, "Dr Far", "clinician", team="Hip team")
    far.commands("end", "AN17 died")
    assert "no such patient code" in far.sees().text
    assert ana.enrolment.state == "active"
    assert len(ward.audited("refused")) == 1


def test_it_is_not_said_in_a_group(ana: Phone, lind: Desk) -> None:
    group = Desk(ward=ana.ward, telegram_id=-5, kind="supergroup", user=lind.telegram_id)
    group.commands("end", "AN17 died")
    assert "in our private chat" in group.sees().text
    assert ana.enrolment.state == "active"
