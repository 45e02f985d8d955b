"""/reschedule CODE, from the choice to the confirmed move."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from bot.cards import Toast
from bot.care import planning
from bot.chat.incoming import Kind
from bot.db.models import CareTeam, CheckIn, Enrolment, Form, Staff
from tests.bot.desk import Desk, joins
from tests.bot.ward import Ward

CODE = "K7Q2M"


@pytest.fixture
def okoro(ward: Ward) -> Desk:
    """Nurse Okoro, coordinator."""
    return joins(ward, "Okoro", "coordinator")


@pytest.fixture
def ana(ward: Ward, okoro: Desk) -> Enrolment:
    """Ana, operated on 1 March, in the programme."""
    case = ward.patient("Ana Ruiz", ward.session.scalars(select(CareTeam)).one(), CODE)
    case.surgery_date = date(2026, 3, 1)
    planning.plan(ward.session, case, ward.now, ward.clinic)
    ward.session.commit()
    return case


def days(ward: Ward) -> dict[str, date]:
    """When each check-in that was not sent is planned."""
    rows = ward.session.scalars(select(CheckIn).where(CheckIn.state == "planned"))
    return {row.checkin: row.local_date for row in rows}


def test_a_check_in_moves_after_a_preview(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    okoro.commands("reschedule", CODE.lower())
    okoro.taps("week2")
    okoro.says("2026-03-18")
    assert "Sunday, 15 March, 09:30 → Wednesday, 18 March, 09:30" in okoro.sees().text
    assert days(ward)["week2"] == date(2026, 3, 15)
    assert okoro.taps("Confirm") == Toast(text="Moved.")
    assert days(ward)["week2"] == date(2026, 3, 18)
    assert ward.session.scalars(select(Form)).all() == []
    assert len(ward.audited("check-in moved")) == 1


def test_a_new_surgery_date_moves_everything_unsent(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    okoro.commands("reschedule", CODE)
    okoro.taps("Surgery date")
    okoro.says("2026-02-28")
    assert okoro.sees().text.count("→") == 4
    okoro.taps("Confirm")
    assert days(ward)["day3"] == date(2026, 3, 3)
    assert ana.surgery_date == date(2026, 2, 28)


def test_a_wrong_date_is_mended_before_the_patient_starts(ward: Ward, okoro: Desk) -> None:
    """The slip is noticed at the bedside; nothing is planned before consent (hazard H14)."""
    case = ward.patient("Ben Adler", ward.session.scalars(select(CareTeam)).one(), "B2B2B", state="invited")
    okoro.commands("reschedule", "B2B2B")
    okoro.taps("Surgery date")
    okoro.says("2026-02-27")
    assert "no planned check-in moves" in okoro.sees().text
    okoro.taps("Confirm")
    assert case.surgery_date == date(2026, 2, 27)
    assert days(ward) == {}


@pytest.mark.parametrize("raw", ["soon", "2026-02-30", "2026-03-01", "2027-01-01", "9" * 4000])
def test_a_date_that_cannot_be_is_asked_again(ward: Ward, okoro: Desk, ana: Enrolment, raw: str) -> None:
    okoro.commands("reschedule", CODE)
    okoro.taps("week2")
    okoro.says(raw)
    assert okoro.sees().text.startswith("⚠️")
    assert len(okoro.sees().text) < 1000
    assert ward.session.scalars(select(Form.step)).one() == "date"


def test_what_was_sent_meanwhile_stays(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    okoro.commands("reschedule", CODE)
    card = okoro.sees()
    okoro.taps("day3")
    okoro.says("2026-03-05")
    row = ward.session.scalars(select(CheckIn).where(CheckIn.checkin == "day3")).one()
    row.state, row.opened_at = "open", ward.now
    ward.session.commit()
    form = ward.session.scalars(select(Form)).one()
    assert "Nothing was moved" in str(okoro.presses("a_move", int(form.data["token"])))
    assert row.local_date == date(2026, 3, 4)
    okoro.commands("reschedule", CODE)
    assert "no longer open" in str(okoro.taps("day3", card))


def test_a_check_in_sent_before_the_choice_cannot_be_chosen(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    okoro.commands("reschedule", CODE)
    card = okoro.sees()
    row = ward.session.scalars(select(CheckIn).where(CheckIn.checkin == "day3")).one()
    row.state, row.opened_at = "open", ward.now
    ward.session.commit()
    assert "stays where it is" in str(okoro.taps("day3", card))


def test_a_button_of_an_earlier_form_moves_nothing(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    okoro.commands("reschedule", CODE)
    okoro.taps("week2")
    okoro.says("2026-03-18")
    old = okoro.sees()
    okoro.taps("Cancel")
    okoro.commands("reschedule", CODE)
    okoro.taps("week6")
    okoro.says("2026-04-20")
    assert "no longer open" in str(okoro.taps("Confirm", old))
    assert "no longer open" in str(okoro.taps("Cancel", old))
    assert days(ward)["week6"] == date(2026, 4, 12)


@pytest.mark.parametrize("name", ["a_target", "a_move", "a_cancel"])
def test_a_forged_button_changes_nothing(ward: Ward, okoro: Desk, ana: Enrolment, name: str) -> None:
    okoro.commands("reschedule", CODE)
    for args in ((), (1,), (1, 1), (-1, 0, 0, 0)):
        assert "no longer open" in str(okoro.presses(name, *args))
    assert ward.session.scalars(select(Form.step)).one() == "choose"


def test_somebody_who_lost_the_role_cannot_finish(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    okoro.commands("reschedule", CODE)
    okoro.taps("week2")
    okoro.says("2026-03-18")
    card = okoro.sees()
    staff = ward.session.scalars(select(Staff)).one()
    staff.role = "clinician"
    ward.session.commit()
    assert "no longer open" in str(okoro.taps("Confirm", card))
    okoro.says("2026-03-19")
    assert days(ward)["week2"] == date(2026, 3, 15)


def test_who_may_and_where_is_said(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    lind = joins(ward, "Lind", "clinician")
    lind.commands("reschedule", CODE)
    assert "Only coordinators and admins" in lind.sees().text
    okoro.commands("reschedule")
    assert "Which patient?" in okoro.sees().text
    okoro.commands("reschedule", "ZZZZZ")
    assert "No patient of your team" in okoro.sees().text
    group = Desk(ward=ward, telegram_id=-500, kind="supergroup", user=okoro.telegram_id)
    group.commands("reschedule", CODE)
    assert "in our private chat" in group.sees().text
    ana.state = "withdrawn"
    okoro.commands("reschedule", CODE)
    assert "No patient of your team" in okoro.sees().text


def test_typing_before_choosing_shows_the_choice_again(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    okoro.commands("reschedule", CODE)
    okoro.says("2026-03-18")
    assert "what should move?" in okoro.sees().text
    okoro.does(Kind.MEDIA)
    assert ward.session.scalars(select(Form.step)).one() == "choose"


def test_another_date_can_be_typed_over_the_preview(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    okoro.commands("reschedule", CODE)
    okoro.taps("week2")
    okoro.says("2026-03-18")
    okoro.says("2026-03-19")
    okoro.taps("Confirm")
    assert days(ward)["week2"] == date(2026, 3, 19)


def test_a_day_that_holds_an_ended_entry_is_refused(ward: Ward, okoro: Desk, ana: Enrolment) -> None:
    planned = ward.session.scalars(select(CheckIn).where(CheckIn.checkin == "week2")).one()
    ward.session.add(
        CheckIn(
            enrolment_id=ana.id,
            pathway_version_id=planned.pathway_version_id,
            checkin="week2",
            kind="scheduled",
            day=16,
            local_date=date(2026, 3, 17),
            due_at=ward.now,
            closes_at=ward.now,
            state="ended",
            ended_at=ward.now,
            end_reason="cancelled",
            ended_by="plan",
        )
    )
    ward.session.commit()
    okoro.commands("reschedule", CODE)
    okoro.taps("week2")
    okoro.says("2026-03-17")
    assert "already has an entry" in okoro.sees().text
