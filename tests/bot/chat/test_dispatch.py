"""Whose business an update is: strangers, forged taps, groups, blocked chats, everything that may come in."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.cards import Action
from bot.care import planning
from bot.chat import admin, clinician, dispatch, enrolling, enrolment, patient, tokens
from bot.chat.incoming import Kind, Media
from bot.db.models import CareTeam, Chat, CheckIn, Enrolment, Escalation, Form, Incident, Message, Outbox, Staff
from tests.bot.desk import Desk, joins
from tests.bot.ward import Ward

STRANGER = 777


@pytest.fixture
def okoro(ward: Ward) -> Desk:
    """Nurse Okoro, coordinator."""
    return joins(ward, "Okoro", "coordinator")


@pytest.fixture
def case(ward: Ward, okoro: Desk) -> Enrolment:
    """Ana, in the programme."""
    enrolment = ward.patient("Ana Ruiz", ward.session.scalars(select(CareTeam)).one(), "K7Q2M")
    planning.plan(ward.session, enrolment, ward.now, ward.clinic)
    ward.session.commit()
    return enrolment


@pytest.fixture
def ana(ward: Ward, case: Enrolment) -> Desk:
    """Ana's chat."""
    chat = ward.session.scalars(select(Chat).where(Chat.id > 1).order_by(Chat.id.desc())).first()
    assert chat is not None
    return Desk(ward=ward, telegram_id=chat.telegram_id)


def rows(ward: Ward) -> dict[str, int]:
    """How much there is of what a stranger must not change."""
    counted = (Staff, Enrolment, CheckIn, Escalation, Message, Form)
    return {table.__tablename__: ward.session.scalar(select(func.count()).select_from(table)) or 0 for table in counted}


@pytest.mark.parametrize("name", sorted({*dispatch.STAFF_ACTIONS, "p_go", "p_changed", "nonsense"}))
def test_a_stranger_taps_nothing(ward: Ward, case: Enrolment, name: str) -> None:
    """Not even with the right signature and somebody else's ids."""
    before = rows(ward)
    stranger = Desk(ward=ward, telegram_id=STRANGER)
    for args in ((), (1,), (1, 1), (1, 1, 1), (1, 1, 1, 1)):
        assert "no longer valid" in str(stranger.presses(name, *args))
    assert rows(ward) == before


@pytest.mark.parametrize("name", sorted(dispatch.STAFF_COMMANDS))
def test_a_stranger_commands_nothing(ward: Ward, case: Enrolment, name: str) -> None:
    before = rows(ward)
    stranger = Desk(ward=ward, telegram_id=STRANGER)
    stranger.commands(name, "" if name == "start" else "K7Q2M")
    assert "for patients of a clinic who have a link" in stranger.sees().text
    assert "Ana" not in stranger.texts()
    assert rows(ward) == before


@pytest.mark.parametrize("name", sorted(dispatch.STAFF_ACTIONS))
def test_a_patient_taps_nothing_of_the_staff(ward: Ward, ana: Desk, name: str) -> None:
    before = rows(ward)
    toast = ana.presses(name, 1, 1, 1)
    assert toast is not None
    assert "button is old" in toast.text
    assert rows(ward) == before


@pytest.mark.parametrize("name", sorted({*dispatch.STAFF_COMMANDS} - {"help", "start"}))
def test_a_patients_staff_command_is_a_message_to_read(ward: Ward, ana: Desk, name: str) -> None:
    ana.commands(name, "K7Q2M")
    assert ward.session.scalars(select(Message.body)).all() == [f"/{name} K7Q2M"]


@pytest.mark.parametrize("name", sorted(dispatch.STAFF_ACTIONS))
def test_staff_taps_with_made_up_numbers_change_nothing(ward: Ward, okoro: Desk, case: Enrolment, name: str) -> None:
    before = rows(ward)
    for args in ((), (99,), (99, 99), (-1, -1, -1), (2**40, 0, 0, 0)):
        okoro.presses(name, *args)
    assert rows(ward) == before


def test_a_forged_token_is_answered_and_does_nothing(ward: Ward, okoro: Desk, ana: Desk) -> None:
    """A tap whose signature is wrong arrives without a meaning."""
    for desk in (okoro, ana, Desk(ward=ward, telegram_id=STRANGER)):
        toast = desk.does(Kind.TAP, action=None)
        assert toast is not None
        assert toast.text


def test_whoever_taps_in_the_group_is_looked_up_by_their_own_id(ward: Ward, okoro: Desk, case: Enrolment) -> None:
    team = ward.session.scalars(select(CareTeam)).one()
    team.chat_id = ward.chat("supergroup").id
    group = ward.group_of(team)
    escalation = ward.finds(case, ("ces_bladder", "emergency"))
    assert escalation is not None
    stranger = Desk(ward=ward, telegram_id=group.telegram_id, kind="supergroup", user=STRANGER)
    assert "not on this team's list" in str(stranger.presses("c_ack", escalation.id, 1))
    assert escalation.state == "open"
    colleague = Desk(ward=ward, telegram_id=group.telegram_id, kind="supergroup", user=okoro.telegram_id)
    colleague.taps("Acknowledge")
    assert escalation.state == "acknowledged"


def test_a_group_ignores_small_talk_and_unknown_commands(ward: Ward, okoro: Desk) -> None:
    group = Desk(ward=ward, telegram_id=-5, kind="supergroup", user=okoro.telegram_id)
    group.says("Lunch?")
    group.commands("weather")
    group.does(Kind.MEDIA, media=Media(kind="photo", file_id="f"))
    group.does(Kind.OTHER)
    assert group.cards() == []


def test_a_stranger_asks_nothing_in_a_group(ward: Ward, case: Enrolment) -> None:
    group = Desk(ward=ward, telegram_id=-5, kind="supergroup", user=STRANGER)
    for name in dispatch.GROUP_COMMANDS:
        group.commands(name)
    assert "K7Q2M" not in "".join(card.text for card in group.cards())
    assert len(ward.audited("refused")) >= 5


def test_a_group_that_becomes_a_supergroup_keeps_its_row(ward: Ward, okoro: Desk) -> None:
    group = Desk(ward=ward, telegram_id=-5, kind="group", user=okoro.telegram_id)
    group.commands("schedule")
    before = group.chat.id
    group.does(Kind.MIGRATED, migrated_to=-1005)
    group.does(Kind.MIGRATED)
    assert ward.session.scalars(select(Chat.id).where(Chat.telegram_id == -1005)).one() == before


def test_a_patient_who_blocks_the_bot_is_a_phone_task_and_is_welcomed_back(ward: Ward, ana: Desk) -> None:
    ana.does(Kind.MEMBER, membership="kicked")
    ana.does(Kind.MEMBER, membership="kicked")
    assert ana.chat.state == "blocked"
    assert len(ward.session.scalars(select(Escalation)).all()) == 1
    ana.does(Kind.MEMBER, membership="member")
    assert ana.chat.state == "ok"
    assert "Welcome back" in ana.sees().text


def test_a_patient_who_writes_has_unblocked_the_bot(ward: Ward, ana: Desk) -> None:
    """The update that said so may have been lost."""
    ana.does(Kind.MEMBER, membership="kicked")
    ana.commands("status")
    assert ana.chat.state == "ok"
    assert "Welcome back" in ana.texts()


def test_a_colleague_who_blocks_the_bot_is_an_incident(ward: Ward, okoro: Desk) -> None:
    okoro.does(Kind.MEMBER, membership="kicked")
    row = ward.session.scalars(select(Incident)).one()
    assert (row.kind, row.cleared_at) == ("staff_unreachable", None)
    okoro.does(Kind.MEMBER, membership="member")
    assert row.cleared_at is not None


def test_a_stranger_who_blocks_the_bot_is_nobodys_business(ward: Ward) -> None:
    Desk(ward=ward, telegram_id=STRANGER).does(Kind.MEMBER, membership="kicked")
    assert ward.session.scalars(select(Outbox)).all() == []


def test_staff_hear_what_they_can_do(ward: Ward, okoro: Desk) -> None:
    okoro.commands("nonsense")
    assert "What you can do here" in okoro.sees().text
    okoro.says("hello")
    assert "Nothing here waits for a text" in okoro.sees().text
    before = len(okoro.cards())
    okoro.does(Kind.OTHER)
    okoro.does(Kind.EDITED, text="hello!")
    assert len(okoro.cards()) == before


def test_what_a_patient_sends_reaches_their_own_chat_only(ward: Ward, ana: Desk) -> None:
    ana.says("my leg tingles")
    ana.does(Kind.EDITED, text="my leg tingles a lot")
    ana.does(Kind.MEDIA, media=Media(kind="photo", file_id="f"))
    ana.does(Kind.OTHER)
    ana.commands("weather", "today")
    bodies = ward.session.scalars(select(Message.body).order_by(Message.id)).all()
    assert "my leg tingles" in bodies
    assert "/weather today" in bodies
    assert len(bodies) == 4


def test_every_action_has_one_handler_and_fits_a_token() -> None:
    """A name used twice would be answered by whichever came last."""
    groups = (clinician.ACTIONS, admin.ACTIONS, enrolling.ACTIONS, enrolment.STRANGER_ACTIONS, patient.ACTIONS)
    names = [name for actions in groups for name in actions]
    assert len(names) == len(set(names))
    for name in names:
        assert tokens.encode(Action(name, (2**31, 99, 99)), -(10**13), b"secret")
