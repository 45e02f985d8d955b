"""Buttons and commands of staff: who may tap what, where, and what a second tap does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.care import escalations, forms, showing
from bot.chat import clinician, group
from bot.chat.incoming import Incoming, Kind
from bot.db.models import OUTCOMES, CareTeam, Chat, Enrolment, Escalation, Form, Incident, Outbox, Patient, Staff
from tests.bot.ward import Ward

SADDLE = ("ces_saddle_new", "emergency", {"saddle_numbness": "new_or_worse"})
JUMP = ("leg_pain_jump", "urgent", {"leg_pain": 8})
FALL = ("fall_any", "review", {"general_symptoms": ["fall"]})
STEPS = ["c_ack", "c_reach", "c_close", "c_outcome"]
FIRED = ("saddle_numbness", "bladder", "leg_pain", "fever_temp", "free_text", "category", "note", "unreadable")
LOST = [("kicked", None, "gone"), ("administrator", False, "no_rights")]
NOT_LISTED = "You are not on this team's list"


@pytest.fixture
def team(ward: Ward) -> CareTeam:
    return ward.team("Spine")


@pytest.fixture
def lind(ward: Ward, team: CareTeam) -> Staff:
    return ward.staff("Dr Lind", team, "clinician", "on_call")


@pytest.fixture
def okoro(ward: Ward, team: CareTeam) -> Staff:
    return ward.staff("Nurse Okoro", team, "coordinator")


@pytest.fixture
def far(ward: Ward) -> Staff:
    return ward.staff("Dr Far", ward.team("Knee"))


@pytest.fixture
def ana(ward: Ward, team: CareTeam, lind: Staff) -> Enrolment:
    return ward.patient("Ana Ruiz", team, "AN17")


@pytest.fixture
def case(ward: Ward, ana: Enrolment) -> Escalation:
    found = ward.finds(ana, SADDLE)
    assert found is not None
    return found


def labels(ward: Ward, case: Escalation, chat: Chat) -> list[str]:
    return [button.label for row in ward.card(case, chat).rows for button in row]


def everything(ward: Ward, case: Escalation) -> tuple[Any, ...]:
    ward.session.refresh(case)
    return (case.state, case.acknowledged_by, case.contacted_by, case.outcome, case.note, len(ward.events(case)))


def test_a_case_goes_from_acknowledged_to_reached_to_closed_in_the_group(
    ward: Ward, team: CareTeam, okoro: Staff, lind: Staff, case: Escalation
) -> None:
    room = ward.group_of(team)
    assert "You have taken this" in ward.taps_on(okoro, "c_ack", case, chat=room).text
    assert "was reached" in ward.taps_on(okoro, "c_reach", case, chat=room).text
    assert ward.taps_on(lind, "c_close", case, chat=room).text == "How did it end?"
    assert "Advice given" in labels(ward, case, room)
    assert "Advice given" not in labels(ward, case, ward.session.get_one(Chat, lind.chat_id))
    closed = ward.taps_on(lind, "c_outcome", case, OUTCOMES.index("advice"), chat=room)
    assert (closed.text, closed.alert) == ("Closed: advice given.", False)
    assert case.outcome == "advice"
    assert labels(ward, case, room) == ["Details", "Why"]


def test_the_second_tap_is_told_who_was_first(ward: Ward, okoro: Staff, lind: Staff, case: Escalation) -> None:
    ward.taps_on(okoro, "c_ack", case)
    before = everything(ward, case)
    toast = ward.taps_on(lind, "c_ack", case)
    assert toast.text.startswith("Nurse Okoro took this at 09:00")
    assert toast.alert
    assert everything(ward, case) == before


@pytest.mark.parametrize("action", STEPS)
def test_a_tap_on_a_card_from_before_a_raise_changes_nothing(
    ward: Ward, ana: Enrolment, lind: Staff, case: Escalation, action: str
) -> None:
    stale = escalations.version(case)
    ward.passes(minutes=1)
    ward.finds(ana, ("ces_bladder", "emergency", {"bladder": "leaking"}))
    before = everything(ward, case)
    toast = ward.taps(lind, action, case.id, stale, 0)
    assert "has changed" in toast.text
    assert everything(ward, case) == before


@pytest.mark.parametrize("action", sorted(clinician.ACTIONS))
def test_a_stranger_in_the_group_changes_nothing_with_any_button(
    ward: Ward, team: CareTeam, case: Escalation, action: str
) -> None:
    before = everything(ward, case)
    toast = ward.taps(None, action, case.id, escalations.version(case), 0, chat=ward.group_of(team))
    assert NOT_LISTED in toast.text
    assert everything(ward, case) == before
    (row,) = ward.audited("refused")
    assert row.details == {"attempted": action}


@pytest.mark.parametrize("where", ["their own chat", "the case's group", "their group"])
@pytest.mark.parametrize(
    "action", ["c_ack", "c_reach", "c_close", "c_outcome", "c_back", "c_details", "c_show", "c_note"]
)
def test_staff_of_another_team_change_and_see_nothing(
    ward: Ward, team: CareTeam, far: Staff, case: Escalation, action: str, where: str
) -> None:
    own_group = ward.group_of(ward.session.get_one(CareTeam, far.team_id))
    rooms = {"their own chat": None, "the case's group": ward.group_of(team), "their group": own_group}
    before = everything(ward, case)
    rows = len(ward.session.scalars(select(Outbox)).all())
    toast = ward.taps(far, action, case.id, escalations.version(case), 0, chat=rooms[where])
    assert NOT_LISTED in toast.text
    assert everything(ward, case) == before
    assert len(ward.session.scalars(select(Outbox)).all()) == rows
    assert len(ward.audited("refused")) == 1


def test_a_button_of_one_team_does_nothing_in_the_group_of_another(
    ward: Ward, far: Staff, lind: Staff, case: Escalation
) -> None:
    elsewhere = ward.group_of(ward.session.get_one(CareTeam, far.team_id))
    assert NOT_LISTED in ward.taps_on(lind, "c_ack", case, chat=elsewhere).text
    assert case.state == "open"


def test_who_has_left_the_team_changes_nothing(ward: Ward, lind: Staff, case: Escalation) -> None:
    lind.state = "left"
    assert NOT_LISTED in ward.taps_on(lind, "c_ack", case).text
    assert case.state == "open"


@pytest.mark.parametrize("action", ["c_ack", "c_details", "c_messages", "c_read", "c_show", "c_back", "c_note"])
@pytest.mark.parametrize("args", [(), (0,), (4711, 5), (-1, -1)])
def test_a_button_of_something_that_is_not_there_says_so(
    ward: Ward, lind: Staff, action: str, args: tuple[int, ...]
) -> None:
    assert "not there any more" in ward.taps(lind, action, *args).text


def test_a_coordinator_is_not_offered_the_outcomes_of_an_emergency(
    ward: Ward, okoro: Staff, team: CareTeam, case: Escalation
) -> None:
    toast = ward.taps_on(okoro, "c_close", case, chat=ward.group_of(team))
    assert "Only a clinician or an admin" in toast.text
    assert "Back" not in labels(ward, case, ward.group_of(team))


def test_back_returns_to_the_card(ward: Ward, lind: Staff, team: CareTeam, case: Escalation) -> None:
    room = ward.group_of(team)
    ward.taps_on(lind, "c_close", case, chat=room)
    ward.taps(lind, "c_back", case.id, chat=room)
    assert "Acknowledge" in labels(ward, case, room)
    assert "Back" not in labels(ward, case, room)


@pytest.mark.parametrize("finding", [("ces_bladder", "emergency", {"bladder": "leaking"}), FALL])
def test_a_finding_that_comes_while_an_outcome_is_chosen_ends_the_choice(
    ward: Ward, ana: Enrolment, lind: Staff, team: CareTeam, case: Escalation, finding: tuple[str, str, dict[str, Any]]
) -> None:
    room = ward.group_of(team)
    ward.taps_on(lind, "c_close", case, chat=room)
    ward.passes(minutes=1)
    ward.finds(ana, finding)
    assert "Back" not in labels(ward, case, room)


@pytest.mark.parametrize("index", [-1, 6, 99])
def test_an_outcome_that_does_not_exist_closes_nothing(ward: Ward, lind: Staff, case: Escalation, index: int) -> None:
    ward.taps_on(lind, "c_reach", case)
    toast = ward.taps_on(lind, "c_outcome", case, index)
    assert "Choose an outcome" in toast.text
    assert case.state == "contacted"
    ward.taps_on(lind, "c_outcome", case)
    assert case.state == "contacted"


def test_closing_what_is_closed_says_who_did(ward: Ward, lind: Staff, case: Escalation) -> None:
    ward.taps_on(lind, "c_outcome", case, 0)
    for action in ("c_close", "c_outcome", "c_reach", "c_ack"):
        assert "You closed this" in ward.taps_on(lind, action, case, 1).text
    assert case.outcome == OUTCOMES[0]


def test_a_note_is_typed_in_private_after_closing(ward: Ward, lind: Staff, team: CareTeam, case: Escalation) -> None:
    ward.taps_on(lind, "c_outcome", case, 0, chat=ward.group_of(team))
    assert "Type a note" in ward.said(lind.chat_id)[-1]
    ward.passes(hours=3)
    assert ward.types(lind, "ambulance came at nine")
    assert case.note == "ambulance came at nine"
    assert "Note kept" in ward.said(lind.chat_id)[-1]
    assert not ward.types(lind, "and another thing")
    assert case.note == "ambulance came at nine"


def test_a_note_may_be_skipped_once(ward: Ward, lind: Staff, case: Escalation) -> None:
    ward.taps_on(lind, "c_outcome", case, 0)
    assert ward.taps(lind, "c_skip", 4711).text == ""
    assert ward.taps(lind, "c_skip", case.id).text == "No note."
    assert ward.taps(lind, "c_skip", case.id).text == ""
    assert not ward.types(lind, "late words")
    assert case.note is None


def test_closing_never_costs_a_form_that_is_half_filled_in(ward: Ward, lind: Staff, case: Escalation) -> None:
    form = Form(chat_id=lind.chat_id, kind="enrol", step="name", data={"name": "Bea"}, updated_at=ward.now)
    ward.session.add(form)
    ward.session.commit()
    ward.taps_on(lind, "c_outcome", case, 0)
    assert "You have a form open" in ward.said(lind.chat_id)[-1]
    assert not ward.types(lind, "Bea Lund")
    assert "Finish or cancel" in ward.taps(lind, "c_note", case.id).text
    assert case.note is None
    forms.drop(ward.session, ward.session.get_one(Chat, lind.chat_id), ward.now)
    assert ward.taps(lind, "c_note", case.id).text == "Type the note now."
    assert ward.types(lind, "rang at ten")
    assert case.note == "rang at ten"


def test_the_note_of_the_last_closed_case_is_the_one_waited_for(
    ward: Ward, team: CareTeam, lind: Staff, case: Escalation
) -> None:
    other = ward.finds(ward.patient("Bea Lund", team, "BE02"), FALL)
    assert other is not None
    ward.taps_on(lind, "c_outcome", case, 0)
    ward.passes(seconds=5)
    ward.taps_on(lind, "c_outcome", other, 3)
    ward.types(lind, "for Bea")
    assert (case.note, other.note) == (None, "for Bea")


def test_an_open_case_takes_no_note(ward: Ward, lind: Staff, case: Escalation) -> None:
    ward.taps(lind, "c_note", case.id)
    assert not ward.types(lind, "too early")


def test_only_typed_words_in_private_are_a_note(ward: Ward, lind: Staff, team: CareTeam, case: Escalation) -> None:
    ward.taps_on(lind, "c_outcome", case, 0)
    chat = ward.session.get_one(Chat, lind.chat_id)
    typed = Incoming(kind=Kind.TEXT, chat=chat.telegram_id, chat_kind="private", at=ward.now, text="x", inbox_id=1)
    for other in (replace(typed, kind=Kind.EDITED), replace(typed, chat_kind="supergroup"), replace(typed, text="  ")):
        assert not clinician.form_text(ward.session, ward.clinic, lind, other, ward.now)
    assert case.note is None


def test_details_go_to_the_private_chat_and_are_on_record(
    ward: Ward, lind: Staff, team: CareTeam, ana: Enrolment, case: Escalation
) -> None:
    ward.writes(ana, "please ring my daughter")
    room = ward.group_of(team)
    assert "private chat" in ward.taps(lind, "c_details", case.id, chat=room).text
    assert "Ana Ruiz" in ward.said(lind.chat_id)[0]
    assert ward.said(room.id) == []
    assert [row.subject for row in ward.audited("details viewed")] == [f"patient:{ana.patient_id}"]
    assert len(ward.audited("message viewed")) == 1


def test_who_never_opened_a_private_chat_is_told_how(
    ward: Ward, lind: Staff, team: CareTeam, ana: Enrolment, case: Escalation
) -> None:
    ward.session.get_one(Chat, lind.chat_id).state = "blocked"
    for action, about in (("c_details", case.id), ("c_messages", ana.id)):
        toast = ward.taps(lind, action, about, chat=ward.group_of(team))
        assert "@aftercare_test_bot" in toast.text
        assert toast.alert
    assert not ward.audited("details viewed")


def test_messages_are_read_in_private_and_the_first_reader_counts(
    ward: Ward, lind: Staff, okoro: Staff, team: CareTeam, far: Staff, ana: Enrolment
) -> None:
    message = ward.writes(ana, "it hurts")
    room = ward.group_of(team)
    assert "Sent to your private chat" in ward.taps(lind, "c_messages", ana.id, chat=room).text
    assert NOT_LISTED in ward.taps(far, "c_messages", ana.id).text
    assert NOT_LISTED in ward.taps(far, "c_read", message.id).text
    assert NOT_LISTED in ward.taps(lind, "c_read", message.id, chat=room).text
    assert message.read_at is None
    assert ward.taps(lind, "c_read", message.id).text == "Marked as read."
    assert message.reader_id == lind.id
    assert "already" in ward.taps(okoro, "c_read", message.id).text
    assert message.reader_id == lind.id


def test_a_patient_without_messages_has_none_to_show(ward: Ward, lind: Staff, ana: Enrolment) -> None:
    assert "no message" in ward.taps(lind, "c_messages", ana.id).text


def test_show_brings_the_card_to_the_bottom(ward: Ward, lind: Staff, case: Escalation) -> None:
    count = len(ward.sent(lind.chat_id))
    ward.taps(lind, "c_show", case.id)
    assert len(ward.sent(lind.chat_id)) == count + 1


def test_the_worklist_has_names_in_private_and_none_in_the_group(
    ward: Ward, lind: Staff, team: CareTeam, case: Escalation
) -> None:
    room = ward.group_of(team)
    ward.asks(lind, "open", chat=room)
    ward.asks(lind, "open")
    ward.taps(lind, "c_open", 0)
    assert "Ana" not in ward.said(room.id)[0]
    assert "AN17" in ward.said(room.id)[0]
    assert ["Ana Ruiz" in text for text in ward.said(lind.chat_id)] == [True, True]


@pytest.mark.parametrize("command", ["open", "patient"])
def test_staff_ask_in_their_own_groups_only(
    ward: Ward, far: Staff, team: CareTeam, case: Escalation, command: str
) -> None:
    room = ward.group_of(team)
    assert NOT_LISTED in ward.asks(far, command, "AN17", chat=room).text
    assert ward.said(room.id) == []


def test_the_story_is_asked_for_by_code(
    ward: Ward, lind: Staff, team: CareTeam, far: Staff, ana: Enrolment, case: Escalation
) -> None:
    room = ward.group_of(team)
    ward.asks(lind, "patient", "an17")
    ward.asks(lind, "patient", "an17", chat=room)
    assert "Ana Ruiz" in ward.said(lind.chat_id)[0]
    assert "Ana" not in ward.said(room.id)[0]
    ward.asks(lind, "patient")
    assert "for example /patient" in ward.said(lind.chat_id)[-1]
    ward.asks(lind, "patient", "NO00")
    ward.asks(far, "patient", "AN17")
    assert ward.said(lind.chat_id)[-1] == ward.said(far.chat_id)[-1], "unknown and another team's sound alike"
    assert len(ward.audited("story viewed")) == 2


def test_help_and_stray_words_say_what_can_be_done(ward: Ward, lind: Staff) -> None:
    ward.asks(lind, "help")
    chat = ward.session.get_one(Chat, lind.chat_id)
    stray = Incoming(kind=Kind.TEXT, chat=chat.telegram_id, chat_kind="private", at=ward.now, text="hm")
    clinician.text(ward.session, ward.clinic, lind, stray, ward.now)
    assert all("/open" in text for text in ward.said(lind.chat_id))
    assert len(ward.said(lind.chat_id)) == 2


def member(ward: Ward, chat: Chat, status: str, *, can_post: bool | None = None) -> None:
    incoming = Incoming(
        kind=Kind.MEMBER,
        chat=chat.telegram_id,
        chat_kind=chat.kind,
        at=ward.now,
        membership=status,
        can_post=can_post,
    )
    group.membership(ward.session, ward.clinic, chat, incoming, ward.now)
    ward.session.commit()


@pytest.mark.parametrize(
    ("status", "can_post", "state"), [("kicked", None, "gone"), ("administrator", False, "no_rights")]
)
def test_a_bot_put_out_of_the_group_tells_an_admin_and_the_on_call(
    ward: Ward, team: CareTeam, ana: Enrolment, lind: Staff, status: str, can_post: bool | None, state: str
) -> None:
    case = ward.finds(ana, JUMP)
    assert case is not None
    room = ward.group_of(team)
    member(ward, room, status, can_post=can_post)
    member(ward, room, status, can_post=can_post)
    assert room.state == state
    (incident,) = ward.session.scalars(select(Incident))
    assert (incident.kind, incident.subject, incident.times) == ("team_chat_lost", f"team:{team.id}", 1)
    assert len(ward.sent(lind.chat_id)) == 1
    member(ward, room, "member")
    assert room.state == "ok"
    ward.session.refresh(incident)
    assert incident.cleared_at is not None


def test_being_put_out_of_a_chat_that_is_no_teams_tells_nobody(ward: Ward, case: Escalation) -> None:
    member(ward, ward.chat("supergroup"), "left")
    assert not ward.session.scalars(select(Incident)).all()


SECRETS = st.text(alphabet="QXZJqxzj", min_size=6, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=SECRETS, phone=st.from_regex(r"\+99[0-9]{9}", fullmatch=True), words=SECRETS, kin=SECRETS, data=st.data())
def test_no_message_to_a_group_ever_carries_who_a_patient_is_or_what_they_wrote(
    ward: Ward, name: str, phone: str, words: str, kin: str, data: st.DataObject
) -> None:
    number = next(ward.numbers)
    team = ward.team(f"Team {number}")
    lind = ward.staff("Dr Lind", team, "clinician", "on_call")
    ana = ward.patient(name, team, f"C{number}", phone=phone, kin_name=kin, kin_phone=phone[::-1], birth_year="1893")
    week2 = ward.checkin(ana, leg_pain=8, saddle_numbness=words, general_symptoms=[words])
    ward.typed(week2, "bladder", f"{words} {name}")
    message = ward.writes(ana, f"{words} {name} {phone}")
    because = {
        key: data.draw(st.sampled_from([words, [words, name], {"said": words}, 8, "new_or_worse", None]))
        for key in (
            "saddle_numbness",
            "bladder",
            "leg_pain",
            "fever_temp",
            "free_text",
            "category",
            "note",
            "unreadable",
        )
    }
    case = ward.finds(ana, ("ces_saddle_new", "emergency", because), checkin=week2, message=message)
    assert case is not None
    room = ward.group_of(team)
    shown = [ward.card(case, room)]
    for action in ("c_ack", "c_reach", "c_close", "c_details", "c_messages"):
        ward.taps_on(lind, action, case, chat=room)
        shown.append(ward.card(case, room))
    ward.taps_on(lind, "c_outcome", case, 0, chat=room)
    ward.types(lind, f"{words} {name}")
    ward.asks(lind, "open", chat=room)
    ward.asks(lind, "patient", f"C{number}", chat=room)
    shown.append(ward.card(case, room))
    rows = ward.session.scalars(select(Outbox).where(Outbox.chat_id == room.id)).all()
    seen = repr(shown) + json.dumps([row.payload for row in rows])
    for secret in (name, phone, phone[::-1], words, kin, "1893"):
        assert secret not in seen
    assert {row.surface for row in rows} <= {"escalation", None}


def test_each_surface_of_the_clinicians_has_its_renderer(
    ward: Ward, lind: Staff, ana: Enrolment, case: Escalation
) -> None:
    ward.writes(ana, "hello")
    ward.taps(lind, "c_details", case.id)
    rows = ward.session.scalars(select(Outbox).where(Outbox.chat_id == lind.chat_id)).all()
    assert {row.purpose for row in rows} == {"escalation", "card", "message"}
    for row in rows:
        assert showing.RENDERERS[row.purpose](ward.session, row, ward.clinic, ward.now) is not None
    assert ward.session.get_one(Patient, ana.patient_id).name == "Ana Ruiz"
