"""A coordinator enrols a patient in the chat, question by question."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Card
from bot.chat.incoming import Kind
from bot.db.models import Answer, CareTeam, Enrolment, Form, Invitation, Outbox, Patient
from tests.bot.desk import Desk, joins
from tests.bot.ward import Ward


@pytest.fixture
def okoro(ward: Ward) -> Desk:
    """Nurse Okoro, coordinator."""
    return joins(ward, "Okoro", "coordinator")


def fill(desk: Desk, *, name: str = "Ana Ruiz", date: str = "Today") -> None:
    """Answer everything up to the read-back."""
    desk.commands("enrol")
    desk.says(name)
    desk.says("+44 1632 960001")
    desk.says("1961")
    desk.taps("English")
    desk.taps("Europe/London")
    desk.taps("Microdiscectomy")
    desk.taps(date)
    desk.says("Luis Ruiz")
    desk.says("+44 1632 960002")
    desk.taps("7")
    desk.taps("3")
    for _ in range(5):
        desk.taps("Skip")


def link_of(card: Card) -> str:
    """The start payload on a bedside card."""
    return card.text.partition("?start=")[2].split()[0]


def test_the_form_ends_in_a_link_and_its_picture(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    assert "read it back" in okoro.sees().text
    okoro.taps("Confirm")
    card = okoro.sees()
    assert card.file is not None
    assert card.file.picture
    assert card.file.content.startswith(b"\x89PNG")
    assert "72 hours" in card.text
    person = ward.session.scalars(select(Patient)).one()
    assert (person.name, person.birth_year, person.kin_name) == ("Ana Ruiz", "1961", "Luis Ruiz")
    given = {row.question: row.value for row in ward.session.scalars(select(Answer))}
    assert given == {"leg_pain": 7, "back_pain": 3}
    assert ward.session.scalars(select(Form)).all() == []


def test_the_form_survives_a_restart(ward: Ward, okoro: Desk) -> None:
    """Nothing but the database knows where the form stands."""
    okoro.commands("enrol")
    okoro.says("Ana Ruiz")
    ward.session.commit()
    with Session(ward.session.get_bind(), expire_on_commit=False) as session:
        later = Desk(ward=Ward(session=session, clinic=ward.clinic, now=ward.now), telegram_id=okoro.telegram_id)
        later.ward.numbers = ward.numbers
        later.says("+44 1632 960001")
        assert "year was the patient born" in later.sees().text


def test_a_bad_entry_is_asked_again_with_its_remedy(okoro: Desk) -> None:
    okoro.commands("enrol")
    okoro.says("12345")
    assert "⚠️ Write the name in letters" in okoro.sees().text
    okoro.says("x" * 5000)
    assert "at most 100 characters" in okoro.sees().text
    okoro.says("Ana Ruiz")
    assert "⚠️" not in okoro.sees().text


def test_what_a_button_says_can_be_typed(ward: Ward, okoro: Desk) -> None:
    okoro.commands("enrol")
    for words in ("Ana Ruiz", "+44 1632 960001", "1961", "español", "europe/london"):
        okoro.says(words)
    assert "Which operation?" in okoro.sees().text
    assert ward.session.scalars(select(Form)).one().data["language"] == "es"


def test_skip_can_be_typed_and_leaves_the_next_of_kin_out(okoro: Desk) -> None:
    okoro.commands("enrol")
    for words in ("Ana Ruiz", "+44 1632 960001", "1961", "en", "Europe/London", "fusion", "2026-03-01", "skip"):
        okoro.says(words)
    assert "In the week <b>before</b>" in okoro.sees().text


def test_none_is_an_answer_where_the_question_has_it(ward: Ward, okoro: Desk) -> None:
    """ "No" to a question about the state before surgery is an answer, not a refusal to answer."""
    fill_to_saddle(okoro)
    okoro.says("no")
    assert ward.session.scalars(select(Form)).one().data["saddle_numbness"] == "absent"


def fill_to_saddle(desk: Desk) -> None:
    """Answer everything up to the question about numbness."""
    desk.commands("enrol")
    for words in ("Ana Ruiz", "+44 1632 960001", "1961", "en", "Europe/London", "fusion", "2026-03-01", "-"):
        desk.says(words)
    for _ in range(3):
        desk.taps("Skip")


def test_an_old_operation_is_confirmed_first(ward: Ward, okoro: Desk) -> None:
    """A slip in the date moves every check-in (hazard H14)."""
    okoro.commands("enrol")
    for words in ("Ana Ruiz", "+44 1632 960001", "1961", "en", "Europe/London", "fusion", "2026-02-02"):
        okoro.says(words)
    assert "28 days ago. Is that right?" in okoro.sees().text
    okoro.says("yes it is")
    assert "Is that right?" in okoro.sees().text
    okoro.taps("No, go back")
    assert "date was the operation" in okoro.sees().text
    okoro.says("2026-02-02")
    okoro.taps("Yes, that is right")
    assert "Who may we ring" in okoro.sees().text


def test_a_date_after_the_programme_is_refused(okoro: Desk) -> None:
    okoro.commands("enrol")
    for words in ("Ana Ruiz", "+44 1632 960001", "1961", "en", "Europe/London", "fusion", "2025-03-01"):
        okoro.says(words)
    assert "programme is over" in okoro.sees().text


def test_back_returns_to_the_question_before(okoro: Desk) -> None:
    fill(okoro)
    okoro.taps("Back")
    assert "leg" in okoro.sees().text
    for _ in range(3):
        okoro.taps("Back")
    okoro.taps("Skip")
    assert "⚠️" not in okoro.sees().text


def test_typing_at_the_read_back_shows_it_again(okoro: Desk) -> None:
    fill(okoro)
    okoro.says("looks good")
    assert "read it back" in okoro.sees().text


def test_cancel_enrols_nobody_and_takes_the_names_off_the_screen(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    okoro.delivered()
    toast = okoro.taps("Cancel")
    assert toast is not None
    assert "Nobody was enrolled" in toast.text
    assert ward.session.scalars(select(Patient)).all() == []
    assert okoro.sees().text == "This form is closed."


def test_a_button_of_an_answered_question_does_nothing(ward: Ward, okoro: Desk) -> None:
    fill_to_saddle(okoro)
    old = okoro.sees()
    okoro.taps("No")
    before = ward.session.scalars(select(Form)).one().step
    for label in ("Yes", "Skip", "Back"):
        assert "answered already" in str(okoro.taps(label, old))
    assert ward.session.scalars(select(Form)).one().step == before


def test_a_button_of_an_earlier_form_does_nothing(ward: Ward, okoro: Desk) -> None:
    """The row's number may come again; the form's token does not."""
    fill(okoro)
    old = okoro.sees()
    okoro.taps("Cancel")
    fill(okoro, name="Ben Adler")
    for label in ("Confirm", "Back", "Cancel"):
        assert "no longer open" in str(okoro.taps(label, old))
    assert ward.session.scalars(select(Patient)).all() == []
    assert ward.session.scalars(select(Form)).one().step == "read_back"


@pytest.mark.parametrize("name", ["e_pick", "e_skip", "e_back", "e_cancel", "e_date", "e_confirm"])
def test_a_forged_button_changes_nothing(ward: Ward, okoro: Desk, name: str) -> None:
    fill(okoro)
    for args in ((), (1,), (0, 0, 0, 0), (-1, -1)):
        assert "no longer open" in str(okoro.presses(name, *args))
    assert ward.session.scalars(select(Form)).one().step == "read_back"


def test_a_button_that_is_not_there_changes_nothing(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    okoro.taps("Back")
    form = ward.session.scalars(select(Form)).one()
    at = okoro.sees().rows[0][0].action
    assert at is not None
    okoro.presses("e_pick", at.args[0], at.args[1], 99)
    okoro.presses("e_date", at.args[0])
    okoro.presses("e_confirm", at.args[0])
    assert ward.session.scalars(select(Form)).one().step == form.step
    assert ward.session.scalars(select(Patient)).all() == []


def test_the_same_patient_is_not_enrolled_twice(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    okoro.taps("Confirm")
    code = ward.session.scalars(select(Patient.code)).one()
    fill(okoro, name="ana  ruiz")
    okoro.taps("Confirm")
    assert f"enrolled already, as {code}" in okoro.sees().text
    assert len(ward.session.scalars(select(Patient)).all()) == 1


def test_a_form_left_for_days_asks_its_date_again(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    ward.passes(days=10)
    okoro.taps("Confirm")
    assert "10 days ago" in okoro.sees().text
    assert ward.session.scalars(select(Patient)).all() == []


def test_clinicians_are_told_who_can_enrol(ward: Ward) -> None:
    lind = joins(ward, "Lind", "clinician")
    lind.commands("enrol")
    assert "Only coordinators and admins" in lind.sees().text
    lind.commands("invite", "K7Q2M")
    assert ward.session.scalars(select(Form)).all() == []
    assert len(ward.audited("refused")) == 2


def test_names_are_kept_out_of_a_group(ward: Ward, okoro: Desk) -> None:
    group = Desk(ward=ward, telegram_id=-500, kind="supergroup", user=okoro.telegram_id)
    for command in ("enrol", "invite", "uninvite"):
        group.commands(command, "K7Q2M")
        assert f"send /{command} to me in our private chat" in group.sees().text
    assert ward.session.scalars(select(Form)).all() == []


def test_only_an_admin_chooses_another_team(ward: Ward, okoro: Desk) -> None:
    mora = joins(ward, "Mora", "admin")
    joins(ward, "Berg", "coordinator", team="Hip team")
    fill(okoro)
    assert "Spine team" in okoro.sees().text
    fill(mora, name="Ben Adler")
    assert "Which care team" in mora.sees().text
    mora.says("Knee team")
    assert "Hip team, Spine team" in mora.sees().text
    mora.taps("Hip team")
    mora.taps("Confirm")
    team = ward.session.scalars(select(CareTeam).where(CareTeam.name == "Hip team")).one()
    assert ward.session.scalars(select(Enrolment.team_id)).one() == team.id


def test_a_coordinator_who_changes_team_cannot_finish_for_the_old_one(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    ward.team("Hip team")
    form = ward.session.scalars(select(Form)).one()
    form.data = {**form.data, "team": "Hip team"}
    ward.session.commit()
    assert "no longer open" in str(okoro.taps("Confirm"))
    assert ward.session.scalars(select(Patient)).all() == []


def test_a_new_link_voids_the_old_one(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    okoro.taps("Confirm")
    first = link_of(okoro.sees())
    code = ward.session.scalars(select(Patient.code)).one()
    okoro.commands("invite", code.lower())
    second = link_of(okoro.sees())
    assert first != second
    ana = Desk(ward=ward, telegram_id=501)
    ana.commands("start", first)
    assert "does not work any more" in ana.sees().text
    ana.commands("start", second)
    assert "in which year were you born" in ana.sees().text


def test_a_new_link_can_correct_the_year_of_birth(ward: Ward, okoro: Desk) -> None:
    """A year entered wrongly would lock the patient out for good."""
    fill(okoro)
    okoro.taps("Confirm")
    code = ward.session.scalars(select(Patient.code)).one()
    okoro.commands("invite", f"{code} 61")
    assert "four digits" in okoro.sees().text
    okoro.commands("invite", f"{code} 1962")
    assert okoro.sees().file is not None
    assert ward.session.scalars(select(Patient.birth_year)).one() == "1962"
    assert len(ward.audited("birth year corrected")) == 1


def test_an_enrolment_can_be_taken_back_before_it_starts(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    okoro.taps("Confirm")
    link, code = link_of(okoro.sees()), ward.session.scalars(select(Patient.code)).one()
    okoro.commands("uninvite", code)
    assert "off the list" in okoro.sees().text
    assert ward.session.scalars(select(Enrolment.state)).one() == "void"
    voided = select(Invitation.void_reason).where(Invitation.enrolment_id.is_not(None))
    assert ward.session.scalars(voided).one() == "taken back"
    okoro.commands("uninvite", code)
    assert "not waiting to start" in okoro.sees().text
    ana = Desk(ward=ward, telegram_id=501)
    ana.commands("start", link)
    assert "does not work any more" in ana.sees().text


def test_another_teams_patient_is_nobody(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    okoro.taps("Confirm")
    code = ward.session.scalars(select(Patient.code)).one()
    berg = joins(ward, "Berg", "coordinator", team="Hip team")
    for command in ("invite", "uninvite", "reschedule"):
        berg.commands(command, code)
        assert "No patient of your team" in berg.sees().text
    berg.commands("invite")
    assert "Which patient?" in berg.sees().text
    assert ward.session.scalars(select(Enrolment.state)).one() == "invited"
    assert len(ward.session.scalars(select(Invitation).where(Invitation.enrolment_id.is_not(None))).all()) == 1


def test_a_sticker_is_no_answer(ward: Ward, okoro: Desk) -> None:
    okoro.commands("enrol")
    okoro.does(Kind.MEDIA)
    assert ward.session.scalars(select(Form)).one().step == "name"


def test_a_question_that_a_new_version_dropped_is_passed_over(ward: Ward, okoro: Desk) -> None:
    """Publishing must not leave a half-filled form stuck."""
    okoro.commands("enrol")
    form = ward.session.scalars(select(Form)).one()
    form.step = "a_question_of_old"
    form.data = {**form.data, "name": "Ana Ruiz"}
    ward.session.commit()
    assert "read it back" in okoro.sees().text
    okoro.says("anything")
    okoro.taps("Confirm")
    assert "⚠️" in okoro.sees().text
    assert ward.session.scalars(select(Form)).one().step == "phone"


def test_nothing_said_in_the_form_stands_in_the_outbox_in_clear(ward: Ward, okoro: Desk) -> None:
    fill(okoro)
    okoro.taps("Confirm")
    raw = ward.session.connection().exec_driver_sql("SELECT payload FROM outbox WHERE payload IS NOT NULL").all()
    assert ward.session.scalars(select(Outbox)).first() is not None
    assert all(b"start=" not in bytes(row[0]) for row in raw)
