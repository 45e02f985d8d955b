"""Somebody opens a link: who they are, what they agree to, and everybody else who might hold it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from bot.cards import Card
from bot.care import enrolment, invitations, pathways, publishing, staffing
from bot.chat.incoming import Kind, Media
from bot.db.models import Audit, CheckIn, Enrolment, Escalation, EscalationFinding, Invitation, Message, Patient, Staff
from schedules import catalog
from tests.bot.care.test_enrolment import ANA
from tests.bot.desk import Desk, joins
from tests.bot.ward import Ward

ANAS_PHONE = 501


@pytest.fixture
def okoro(ward: Ward) -> Desk:
    """Nurse Okoro, coordinator, who enrols everybody here."""
    return joins(ward, "Okoro", "coordinator")


@pytest.fixture
def link(ward: Ward, okoro: Desk) -> str:
    """Ana's link."""
    return enrols(ward)


@pytest.fixture
def ana(ward: Ward, link: str) -> Desk:
    """Ana's phone, with the link opened."""
    desk = Desk(ward=ward, telegram_id=ANAS_PHONE)
    desk.commands("start", link)
    return desk


def enrols(ward: Ward, **changes: object) -> str:
    """Okoro registers Ana, or somebody else."""
    session = ward.session
    okoro = session.scalars(select(Staff).where(Staff.role == "coordinator")).first()
    team = staffing.team(session, "Spine team")
    by = okoro.id if okoro else None
    _, payload = enrolment.enrol(session, replace(ANA, **changes), team, by=by, now=ward.now)  # type: ignore[arg-type]  # fields
    session.commit()
    return payload


def case_of(ward: Ward) -> Enrolment:
    """Ana's enrolment."""
    return ward.session.scalars(select(Enrolment).order_by(Enrolment.id)).all()[0]


def labels(card: Card) -> list[str]:
    """The words on its buttons."""
    return [one.label for row in card.rows for one in row]


def found(ward: Ward) -> list[str]:
    """What the team was told."""
    return list(ward.session.scalars(select(EscalationFinding.rule).order_by(EscalationFinding.id)))


def test_year_and_yes_begin_the_programme(ward: Ward, okoro: Desk, ana: Desk) -> None:
    assert "Northside Spine" in ana.sees().text
    ana.says(" 1961 ")
    assert "Please read this" in ana.sees().text
    ana.taps("I agree")
    assert "first check-in comes on Wednesday, 4 March" in ana.sees().text
    assert "not watched all the time" in ana.sees().text
    assert "999" in ana.sees().text
    assert case_of(ward).state == "active"
    code = ward.session.scalars(select(Patient.code)).one()
    assert f"<code>{code}</code> has started: first check-in on Wednesday, 4 March" in okoro.sees().text


def test_the_consent_is_versioned_and_on_record(ward: Ward, ana: Desk) -> None:
    ana.says("1961")
    ana.taps("I agree")
    case = case_of(ward)
    assert (case.consent_version, case.consent_language) == (catalog.shipped().consent.version, "en")
    details = ward.session.scalars(select(Audit.details).where(Audit.action == "consent given")).one()
    assert details == {"version": case.consent_version, "language": "en"}


def test_what_was_agreed_stays_readable_without_its_buttons(ana: Desk) -> None:
    ana.says("1961")
    ana.taps("I agree")
    consent = next(card for card in ana.cards() if "What we ask" in card.text)
    assert consent.rows == ()
    assert "I agree</b>: Monday, 2 March" in consent.text


def test_the_language_can_be_changed_before_consent_and_is_the_one_agreed_in(ward: Ward, ana: Desk) -> None:
    ana.taps("Español")
    assert "en qué año nació" in ana.sees().text
    ana.says("1961")
    assert "No estoy de acuerdo" in labels(ana.sees())
    ana.taps("English")
    ana.taps("Español")
    ana.taps("Estoy de acuerdo")
    case = case_of(ward)
    assert (case.state, case.consent_language) == ("active", "es")
    assert "Gracias" in ana.sees().text


def test_three_wrong_years_close_the_link_and_tell_the_coordinator(ward: Ward, okoro: Desk, ana: Desk) -> None:
    ana.says("1960")
    assert "not the year we have" in ana.sees().text
    ana.says("19")
    assert "four numbers" in ana.sees().text
    ana.says("1962")
    ana.says("1963")
    assert "could not be sure it is you" in ana.sees().text
    assert found(ward) == ["identity_failed"]
    assert "three wrong years of birth" in okoro.sees().text
    ana.says("1961")
    assert "link does not work any more" in ana.sees().text
    assert case_of(ward).state == "invited"


def test_not_me_closes_the_link_and_tells_the_coordinator(ward: Ward, okoro: Desk, ana: Desk) -> None:
    ana.taps("This is not me")
    assert "closed this link" in ana.sees().text
    assert found(ward) == ["not_the_patient"]
    assert "says it is not them" in okoro.sees().text
    assert labels(next(card for card in ana.cards() if "year were you born" in card.text)) == []


def test_declining_plans_nothing_and_tells_the_coordinator(ward: Ward, okoro: Desk, ana: Desk) -> None:
    ana.says("1961")
    ana.taps("I do not agree")
    assert "Your care stays the same" in ana.sees().text
    assert case_of(ward).state == "void"
    assert ward.session.scalars(select(CheckIn).where(CheckIn.kind == "scheduled")).all() == []
    assert found(ward) == ["consent_declined"]
    assert "does not agree" in okoro.sees().text
    assert len(ward.audited("consent declined")) == 1


def test_nobody_reads_the_consent_without_the_year(ward: Ward, ana: Desk) -> None:
    """A sticker, a command or a forged tap is no year of birth."""
    ana.does(Kind.MEDIA, media=Media(kind="sticker", file_id="x"))
    ana.commands("help")
    invitation = ward.session.scalars(select(Invitation).where(Invitation.enrolment_id.is_not(None))).one()
    for name in ("e_agree", "e_decline"):
        assert "button is old" in str(ana.presses(name, invitation.id, 1, 0))
    assert "What we ask" not in ana.texts()
    assert case_of(ward).state == "invited"


def test_a_second_tap_on_the_yes_changes_nothing(ward: Ward, ana: Desk) -> None:
    ana.says("1961")
    card = ana.sees()
    ana.taps("I agree", card)
    ana.taps("I agree", card)
    ana.taps("I do not agree", card)
    assert case_of(ward).state == "active"
    assert len(ward.audited("consent given")) == 1


def test_scanning_the_link_again_after_joining_shows_where_things_stand(ward: Ward, ana: Desk, link: str) -> None:
    ana.says("1961")
    ana.taps("I agree")
    ana.commands("start", link)
    assert "Your next check-in comes on" in ana.sees().text
    assert ward.session.scalars(select(Message)).all() == []


def test_scanning_the_link_again_in_the_middle_shows_the_same_step(ana: Desk, link: str) -> None:
    ana.says("1961")
    ana.commands("start", link)
    assert "Please read this" in ana.sees().text


def test_a_consent_that_changed_while_it_was_read_is_shown_anew(ward: Ward, ana: Desk) -> None:
    """Nobody agrees to a text they have not read."""
    ana.says("1961")
    card = ana.sees()
    files = catalog.shipped_files()
    files["pathway.yaml"] = files["pathway.yaml"].replace('version: "2026-1"', 'version: "2026-2"', 1)
    edited = catalog.load_files(files)
    publishing.publish(ward.session, edited, files, "all", by=None, note=None, now=ward.now, clinic=ward.clinic)
    assert "button is old" in str(ana.taps("I agree", card))
    assert case_of(ward).state == "invited"
    ana.taps("I agree")
    assert case_of(ward).consent_version == "2026-2"


def test_another_version_with_the_same_consent_does_not_ask_again(ward: Ward, ana: Desk) -> None:
    ana.says("1961")
    card = ana.sees()
    files = catalog.shipped_files()
    files["pathway.yaml"] = files["pathway.yaml"].replace("offset_days: 14", "offset_days: 13", 1)
    publishing.publish(
        ward.session, catalog.load_files(files), files, "all", by=None, note=None, now=ward.now, clinic=ward.clinic
    )
    ana.taps("I agree", card)
    assert case_of(ward).state == "active"
    assert pathways.current(ward.session).number == 2


def test_a_forged_version_or_language_is_no_consent(ward: Ward, ana: Desk) -> None:
    ana.says("1961")
    number = ward.session.scalars(select(Invitation.id).where(Invitation.enrolment_id.is_not(None))).one()
    for args in ((number,), (number, 99, 0), (number, 1, 7), (number, 1, 1), (99, 1, 0), ()):
        ana.presses("e_agree", *args)
    assert case_of(ward).state == "invited"


def test_a_forwarded_link_opens_on_one_phone_only(ward: Ward, okoro: Desk, ana: Desk, link: str) -> None:
    other = Desk(ward=ward, telegram_id=502)
    other.commands("start", link)
    assert "does not work any more" in other.sees().text
    assert "opened on a second phone" in okoro.sees().text
    other.commands("start", link)
    assert okoro.texts().count("second phone") == 1


def test_a_link_that_ran_out_tells_both(ward: Ward, okoro: Desk, link: str) -> None:
    ward.passes(hours=73)
    late = Desk(ward=ward, telegram_id=ANAS_PHONE, language="es-MX")
    late.commands("start", link)
    assert "enlace ya no funciona" in late.sees().text
    assert "tried a link that has run out" in okoro.sees().text


def test_a_link_that_runs_out_while_it_is_answered_says_so(ward: Ward, ana: Desk) -> None:
    ward.passes(hours=73)
    ana.says("1961")
    assert "does not work any more" in ana.sees().text


def test_a_guessed_link_reaches_nothing(ward: Ward) -> None:
    stranger = Desk(ward=ward, telegram_id=777)
    for payload in ("i" + "A" * 43, "x", "i", "i" + "é" * 60, "x" * 4000):
        stranger.commands("start", payload)
        assert "does not work any more" in stranger.sees().text


def test_a_shared_phone_cannot_lose_the_first_patient(ward: Ward, okoro: Desk, ana: Desk) -> None:
    """One chat, one record (hazard H15)."""
    ana.says("1961")
    ana.taps("I agree")
    husband = enrols(ward, name="Luis Ruiz", birth_year=1960)
    ana.commands("start", husband)
    assert "open it on another phone" in ana.sees().text
    assert "another patient's check-ins run" in okoro.sees().text
    assert ward.session.scalars(select(Patient.chat_id).order_by(Patient.id)).all()[0] is not None
    assert invitations.opened_in(ward.session, ana.chat, ward.now) is None


def test_two_links_on_one_phone_before_either_is_answered_are_not_mixed_up(ward: Ward, ana: Desk) -> None:
    ana.says("1961")
    first = ana.sees()
    ana.commands("start", enrols(ward, name="Luis Ruiz", birth_year=1960))
    assert "button is old" in str(ana.taps("I agree", first))
    ana.says("1960")
    ana.taps("I agree")
    assert ward.session.scalars(select(Enrolment.state).order_by(Enrolment.id)).all() == ["invited", "active"]


def test_somebody_operated_on_again_joins_anew_in_the_same_chat(ward: Ward, ana: Desk) -> None:
    ana.says("1961")
    ana.taps("I agree")
    case_of(ward).state = "ended"
    again = enrols(ward, surgery_date=date(2026, 2, 27))
    ana.commands("start", again)
    ana.says("how are you")
    assert ward.session.scalars(select(Message.body)).one() == "how are you"
    ana.says("1961")
    ana.taps("I agree")
    states = ward.session.scalars(select(Enrolment.state).order_by(Enrolment.id)).all()
    assert states == ["ended", "active"]


def test_staff_opening_a_patients_link_do_not_become_the_patient(ward: Ward, okoro: Desk, link: str) -> None:
    okoro.commands("start", link)
    assert "This is a patient's link and still works" in okoro.sees().text
    ana = Desk(ward=ward, telegram_id=ANAS_PHONE)
    ana.commands("start", link)
    assert "year were you born" in ana.sees().text


def test_a_patient_under_care_cannot_become_staff_in_the_same_chat(ward: Ward, ana: Desk) -> None:
    """Their answers would be read as a colleague's words."""
    ana.says("1961")
    ana.taps("I agree")
    team = staffing.team(ward.session, "Spine team")
    member, payload = staffing.invite(
        ward.session, name="Ana", role="clinician", team=team, rung=None, by=None, now=ward.now
    )
    ana.commands("start", payload)
    assert member.state == "invited"
    assert "open it on another phone" in ana.sees().text


def test_words_of_alarm_before_joining_reach_a_person(ward: Ward, okoro: Desk, ana: Desk) -> None:
    ana.says("I cannot pee and I am numb between my legs")
    assert "Go to A&amp;E now" in ana.texts()
    assert ward.session.scalars(select(Escalation.level)).one() == "emergency"
    assert "wrote words of alarm" in okoro.sees().text
    assert "four numbers" in ana.sees().text
    assert ward.session.scalars(select(Message)).all() == [], "before consent the words are not kept"


def test_an_emergency_word_works_before_joining(ward: Ward, ana: Desk) -> None:
    ana.says("1961")
    ana.says("EMERGENCY")
    assert "ring 999 now" in ana.texts()
    assert found(ward) == ["emergency_word"]
    assert "Please read this" in ana.sees().text


def test_strangers_hear_how_to_get_help_in_their_language(ward: Ward) -> None:
    stranger = Desk(ward=ward, telegram_id=777, language="es")
    stranger.says("hola")
    assert "Este chat es para pacientes" in stranger.sees().text
    assert "no longer valid" in str(stranger.presses("p_go", 1))
    assert "botón" in str(stranger.presses("e_agree", 1, 1, 0))
    before = len(stranger.cards())
    stranger.does(Kind.OTHER)
    assert len(stranger.cards()) == before


def test_a_colleague_joins_once(ward: Ward) -> None:
    team = staffing.ensure_team(ward.session, "Spine team", "Europe/London", ward.now)
    member, payload = staffing.invite(
        ward.session, name="Lind", role="clinician", team=team, rung="on_call", by=None, now=ward.now
    )
    lind = Desk(ward=ward, telegram_id=601)
    lind.commands("start", payload)
    assert "Welcome, <b>Lind</b>" in lind.sees().text
    assert "on call" in lind.sees().text
    assert member.state == "active"
    lind.commands("start", payload)
    assert "What you can do here" in lind.sees().text
    thief = Desk(ward=ward, telegram_id=602)
    thief.commands("start", payload)
    assert "does not work any more" in thief.sees().text


def test_a_late_start_with_nothing_left_says_that_a_person_rings(ward: Ward, okoro: Desk) -> None:
    ana = Desk(ward=ward, telegram_id=ANAS_PHONE)
    ana.commands("start", enrols(ward, surgery_date=date(2025, 11, 3)))
    ana.says("1961")
    ana.taps("I agree")
    assert "No more check-ins are planned" in ana.sees().text
    assert "no check-in is left" in okoro.texts()
