"""The worklist, the story of a case, and the details behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.care import dossier, escalations, pathways, story, worklist
from bot.db.models import CareTeam, Chat, Enrolment, Escalation, Invitation, Message, Outbox, Patient, Staff
from tests.bot.ward import Ward

SADDLE = ("ces_saddle_new", "emergency", {"saddle_numbness": "new_or_worse"})
JUMP = ("leg_pain_jump", "urgent", {"leg_pain": 8})
FALL = ("fall_any", "review", {"general_symptoms": ["fall"]})


@pytest.fixture
def team(ward: Ward) -> CareTeam:
    return ward.team("Spine")


@pytest.fixture
def lind(ward: Ward, team: CareTeam) -> Staff:
    return ward.staff("Dr Lind", team, "clinician", "on_call")


@pytest.fixture
def ana(ward: Ward, team: CareTeam) -> Enrolment:
    return ward.patient("Ana Ruiz", team, "AN17")


def opened(ward: Ward, enrolment: Enrolment, *findings: tuple[str, str, dict[str, object]]) -> Escalation:
    case = ward.finds(enrolment, *findings)
    assert case is not None
    return case


def codes(ward: Ward, staff: Staff) -> list[str]:
    return [task.code for task in worklist.tasks(ward.session, staff, ward.now, names=False)]


def patient_of(ward: Ward, enrolment: Enrolment) -> Patient:
    return ward.session.get_one(Patient, enrolment.patient_id)


def test_the_most_urgent_stands_first_and_what_nobody_took_before_what_is_taken(
    ward: Ward, team: CareTeam, lind: Staff
) -> None:
    people = [ward.patient(f"Person {number}", team, f"P{number}") for number in range(5)]
    review, urgent, taken, reached, emergency = people
    opened(ward, review, FALL)
    opened(ward, urgent, JUMP)
    escalations.acknowledge(ward.session, opened(ward, taken, JUMP).id, lind, ward.now, ward.clinic)
    escalations.contacted(ward.session, opened(ward, reached, JUMP).id, lind, ward.now, ward.clinic)
    opened(ward, emergency, SADDLE)
    assert codes(ward, lind) == ["P4", "P1", "P2", "P3", "P0"]
    tasks = worklist.tasks(ward.session, lind, ward.now, names=False)
    assert [task.next_action for task in tasks][:4] == [
        "acknowledge it, then ring the patient",
        "acknowledge it, then ring the patient",
        "ring the patient, then tap Reached patient",
        "close it with an outcome",
    ]
    assert tasks[0].due == "by 09:15, in 15 min"


def test_unread_messages_undelivered_patients_and_those_who_never_started_wait_too(
    ward: Ward, team: CareTeam, lind: Staff, ana: Enrolment
) -> None:
    ward.writes(ana, "hello?")
    ward.writes(ana, "anybody?")
    bea = ward.patient("Bea Lund", team, "BE02")
    ward.session.get_one(Chat, patient_of(ward, bea).chat_id).state = "blocked"
    cal = ward.patient("Cal Moss", team, "CA03", "invited")
    ward.patient("Dia Past", team, "DI04", "invited")
    ward.session.add(
        Invitation(token_hash="x", enrolment_id=cal.id, created_at=ward.now, expires_at=ward.now + timedelta(hours=72))
    )
    tasks = {task.code: task for task in worklist.tasks(ward.session, lind, ward.now, names=True)}
    assert list(tasks) == ["AN17", "BE02", "CA03", "DI04"]
    assert tasks["AN17"].headline == "✉️ 2 unread messages"
    assert "blocked the bot" in tasks["BE02"].due
    assert "works until Thu 5 Mar 09:00" in tasks["CA03"].due
    assert "has run out" in tasks["DI04"].due
    assert "new link" in tasks["DI04"].next_action
    assert tasks["BE02"].name == "Bea Lund"


def test_a_message_that_died_on_its_way_makes_its_patient_undelivered(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    ward.session.add(
        Outbox(
            lane=3,
            purpose="card",
            chat_id=patient_of(ward, ana).chat_id,
            dedupe_key="x",
            on_uncertain="never",
            state="dead",
            not_before=ward.now,
            created_at=ward.now,
        )
    )
    ward.session.flush()
    (task,) = worklist.tasks(ward.session, lind, ward.now, names=False)
    assert "could not be delivered" in task.due


def test_what_is_read_closed_or_of_another_team_does_not_wait(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    message = ward.writes(ana, "hello")
    message.read_at = ward.now
    case = opened(ward, ana, FALL)
    escalations.close(ward.session, case.id, lind, "advice", None, ward.now, ward.clinic)
    knee = ward.team("Knee")
    far = ward.patient("Far Away", knee, "FA05")
    opened(ward, far, SADDLE)
    ward.writes(far, "hello")
    assert codes(ward, lind) == []


def test_an_admin_also_sees_the_cases_that_fell_to_them(ward: Ward, lind: Staff) -> None:
    admin = ward.staff("Ada", ward.team("Office"), "admin")
    night = ward.team("Night", bound=False)
    opened(ward, ward.patient("Bea Lund", night, "BE02"), SADDLE)
    assert codes(ward, admin) == ["BE02"]
    assert codes(ward, lind) == []


def test_a_worklist_with_names_is_on_record_and_one_without_has_none(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    opened(ward, ana, JUMP)
    without = worklist.card(ward.session, lind, 0, ward.now, names=False)
    assert "Ana" not in without.text
    assert not ward.audited("worklist viewed")
    named = worklist.card(ward.session, lind, 0, ward.now, names=True)
    assert "Ana Ruiz" in named.text
    assert named.protect
    ward.session.flush()
    assert len(ward.audited("worklist viewed")) == 1


def test_a_story_is_found_by_its_code_within_the_team_only(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    far = ward.staff("Dr Far", ward.team("Knee"))
    assert story.find(ward.session, lind, " an17 ") is ana
    assert story.find(ward.session, lind, "XX99") is None
    assert story.find(ward.session, far, "AN17") is None


def told(ward: Ward, enrolment: Enrolment, staff: Staff, *, private: bool) -> str:
    return "\n".join(card.text for card in story.cards(ward.session, enrolment, staff, ward.now, private=private))


def lived(ward: Ward, ana: Enrolment, lind: Staff) -> Escalation:
    """A patient with a bit of everything behind her."""
    ward.checkin(ana, "baseline", -3, leg_pain=7)
    day3 = ward.checkin(ana, "day3", 3, leg_pain=2)
    day3.state, day3.end_reason, day3.ended_at, day3.sent_late = "ended", "answered", ward.now, True
    day3.level, day3.ended_by = "routine", f"staff:{lind.id}"
    ward.passes(hours=1)
    week2 = ward.checkin(ana, "week2", 14, leg_pain=8)
    ward.typed(week2, "bladder", "my name is Ana Ruiz")
    ward.typed(week2, "free_text", "Ana says it hurts at night")
    planned = ward.checkin(ana, "week6", 42)
    planned.state, planned.opened_at = "planned", None
    ended = ward.checkin(ana, "month3", 90)
    ended.state, ended.end_reason, ended.ended_at, ended.ended_by = "ended", "cancelled", ward.now, "patient"
    case = ward.finds(ana, JUMP, checkin=week2)
    assert case is not None
    escalations.acknowledge(ward.session, case.id, lind, ward.now, ward.clinic)
    ward.passes(minutes=5)
    ward.finds(ana, SADDLE, checkin=week2)
    ward.passes(minutes=20)
    ward.ticks()
    escalations.contacted(ward.session, case.id, lind, ward.now, ward.clinic)
    escalations.close(ward.session, case.id, lind, "advice", None, ward.now, ward.clinic)
    escalations.add_note(ward.session, case.id, lind, "Ana's husband drives", ward.now)
    first = ward.writes(ana, "Ana here, it hurts")
    first.read_at, first.reader_id = ward.now, lind.id
    ward.writes(ana, None, "photo")
    ana.ended_at = ward.now
    ward.session.commit()
    return case


def test_a_story_told_in_private_has_the_name_the_words_and_the_note(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    lived(ward, ana, lind)
    text = told(ward, ana, lind, private=True)
    for part in (
        "Ana Ruiz",
        "sent late",
        "Leg pain: 8/10",
        "typed “my name is Ana Ruiz”",
        "Free text: typed “Ana says it hurts at night”",
        "🗓 <b>Week 6</b> planned (day 42)",
        "<b>Month 3</b>: cancelled, by patient",
        "answered, by Dr Lind",
        "case opened, urgent: leg pain jump",
        "case raised, emergency",
        "no longer counts",
        "overdue: ack",
        "patient reached by Dr Lind",
        "closed by Dr Lind: advice given",
        "note: Ana's husband drives",
        "a message (text, read by Dr Lind): Ana here, it hurts",
        "a message (photo, unread)",
        "programme ended",
    ):
        assert part in text, part
    ward.session.flush()
    assert ward.audited("story viewed")[0].details == {"private": True}


def test_a_story_told_in_the_group_has_codes_only(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    lived(ward, ana, lind)
    text = told(ward, ana, lind, private=False)
    assert "AN17" in text
    assert "Leg pain: 8/10" in text
    for private in ("Ana", "Ruiz", "07700", "husband", "hurts", "Kin", "1961"):
        assert private not in text


def test_a_long_story_in_the_group_is_one_message_of_the_newest(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    for number in range(80):
        ward.passes(minutes=1)
        ward.checkin(ana, f"adhoc-{number + 1}", 14, leg_pain=number % 11)
    (card,) = story.cards(ward.session, ana, lind, ward.now, private=False)
    assert len(card.text) <= 4096
    assert "Earlier entries" in card.text
    assert len(story.cards(ward.session, ana, lind, ward.now, private=True)) > 1


def test_a_story_too_wide_for_one_message_is_cut_from_the_front(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    scores = {f"leg_pain_{number}": 1 for number in range(12)}
    for number in range(20):
        ward.passes(minutes=1)
        ward.checkin(ana, f"adhoc-{number + 1}", 14, **scores)
    (card,) = story.cards(ward.session, ana, lind, ward.now, private=False)
    assert len(card.text) <= 4096


def test_details_show_the_person_and_the_answers_in_the_words_the_patient_saw(ward: Ward, lind: Staff) -> None:
    rosa = ward.patient("Rosa Gil", ward.session.get_one(CareTeam, lind.team_id), "RO05", language="es")
    week2 = ward.checkin(rosa, leg_pain=3)
    ward.answers(week2, leg_pain=8, general_symptoms=["fever"], saddle_numbness="new_or_worse", unheard_of="x")
    ward.typed(week2, "bladder", "regular <nada>")
    ward.typed(week2, "free_text", "me duele de noche")
    case = ward.finds(rosa, SADDLE, checkin=week2)
    assert case is not None
    dossier.show(ward.session, case, lind, ward.clinic, "tap", ward.now)
    text = "\n".join(ward.said(lind.chat_id))
    option = pathways.of(ward.session, rosa.pathway_version_id).question("saddle_numbness").option("new_or_worse")
    for part in (
        "Rosa Gil",
        "07700 900123",
        "Next of kin: Ben Kin, 07700 900456",
        "Speaks: Spanish",
        "day 14 after surgery",
        f"{option.text.in_('es')} ({option.text.in_('en')})",
        "before: 3/10",
        "typed “regular &lt;nada&gt;”, could not be read",
        "<b>me duele de noche</b>",
        "Unheard of: could not be read",
    ):
        assert part in text, part
    rows = ward.session.scalars(select(Outbox).where(Outbox.purpose == "card"))
    assert "{emergency_number}" not in text
    assert "999" in text
    assert all(row.payload["protect"] and row.chat_id == lind.chat_id for row in rows)
    (look,) = ward.audited("details viewed")
    assert (look.actor, look.subject, look.at) == (f"staff:{lind.id}", f"patient:{rosa.patient_id}", ward.now)


def test_details_of_a_case_without_answers_say_so(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    patient = patient_of(ward, ana)
    patient.phone = patient.kin_name = patient.kin_phone = patient.name = None
    checkin = ward.checkin(ana, "odd_one")
    case = ward.finds(ana, FALL, checkin=checkin)
    assert case is not None
    dossier.show(ward.session, case, lind, ward.clinic, "tap", ward.now)
    text = "\n".join(ward.said(lind.chat_id))
    assert "Odd one" in text
    assert "No answers." in text
    assert "not recorded" in text


def message_text(ward: Ward, message: Message, staff: Staff) -> str:
    chat = ward.session.get_one(Chat, staff.chat_id)
    card = dossier.message_card(ward.session, message.id, chat, ward.clinic, ward.now)
    assert card is not None
    return card.text


def test_a_message_is_shown_with_its_state(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    message = ward.writes(ana, "I can't <sleep>")
    assert "I can't &lt;sleep&gt;" in message_text(ward, message, lind)
    assert "A person reads this by" in message_text(ward, message, lind)
    message.edit_of, message.read_at, message.reader_id = message.id, ward.now, lind.id
    assert "changed an earlier message" in message_text(ward, message, lind)
    assert "Read by Dr Lind" in message_text(ward, message, lind)
    message.reader_id = None
    assert "Read by a colleague" in message_text(ward, message, lind)
    photo = ward.writes(ana, None, "photo")
    assert "a photo; it cannot be shown here" in message_text(ward, photo, lind)


def test_a_message_is_shown_in_no_group_and_to_no_other_team(
    ward: Ward, lind: Staff, ana: Enrolment, team: CareTeam
) -> None:
    message = ward.writes(ana, "private words")
    far = ward.staff("Dr Far", ward.team("Knee"))
    for chat in (ward.group_of(team), ward.session.get_one(Chat, far.chat_id), ward.chat()):
        assert dossier.message_card(ward.session, message.id, chat, ward.clinic, ward.now) is None
    lind_chat = ward.session.get_one(Chat, lind.chat_id)
    assert dossier.message_card(ward.session, 4711, lind_chat, ward.clinic, ward.now) is None


def test_nobody_without_a_chat_is_shown_a_patient(ward: Ward, team: CareTeam, ana: Enrolment) -> None:
    invited = Staff(name="New", role="clinician", team_id=team.id, language="en", state="invited", created_at=ward.now)
    ward.writes(ana, "hello")
    with pytest.raises(ValueError, match="no private chat"):
        dossier.messages(ward.session, ana, invited, "tap", ward.now)
