"""Chats: one row per chat for ever, whatever Telegram does to its id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.care import chats, escalations, watchdog
from bot.db.engine import Database
from bot.db.models import CareTeam, Chat, Heartbeat, Incident, Outbox, Surface
from schedules.levels import Level
from tests.bot.ward import Ward


def telegram_ids(ward: Ward) -> list[int]:
    return list(ward.session.scalars(select(Chat.telegram_id).order_by(Chat.id)))


def test_a_chat_is_made_on_first_sight_and_found_again(ward: Ward) -> None:
    one = chats.of(ward.session, 5, "private", ward.now)
    chats.mark(ward.session, one, "blocked", ward.now)
    assert chats.of(ward.session, 5, "private", ward.now).state == "blocked"


def test_hearing_from_a_chat_opens_it_and_is_news_once(ward: Ward) -> None:
    chat = chats.of(ward.session, 5, "private", ward.now)
    chats.mark(ward.session, chat, "blocked", ward.now)
    assert chats.heard(ward.session, chat, ward.now)
    assert not chats.heard(ward.session, chat, ward.now)
    assert (chat.state, chat.last_heard_at) == ("ok", ward.now)


def test_a_migration_changes_one_row_and_may_be_told_twice(ward: Ward) -> None:
    team = ward.team("Spine")
    old = ward.session.get_one(Chat, team.chat_id or 0).telegram_id
    for _ in range(2):
        chats.migrate(ward.session, old, -100_5, ward.now)
    assert telegram_ids(ward) == [-100_5]


def test_a_supergroup_that_wrote_before_its_migration_was_told_becomes_one_with_the_group(ward: Ward) -> None:
    team = ward.team("Spine")
    old = ward.session.get_one(Chat, team.chat_id or 0)
    double = chats.of(ward.session, -100_5, "supergroup", ward.now)
    ward.session.add(CareTeam(name="Other", timezone="UTC", chat_id=double.id, created_at=ward.now))
    ward.session.flush()
    chats.migrate(ward.session, old.telegram_id, -100_5, ward.now)
    assert telegram_ids(ward) == [-100_5]
    assert set(ward.session.scalars(select(CareTeam.chat_id))) == {old.id}


def test_after_a_migration_open_cases_are_shown_anew(ward: Ward) -> None:
    team = ward.team("Spine")
    ana = ward.patient("Ana", team, "A-1")
    case = escalations.operational(ward.session, ana, "unprocessed_message", ward.now, ward.clinic, level=Level.URGENT)
    shown: dict[str, Any] = {"kind": "escalation", "ref": case.id, "chat_id": team.chat_id}
    ward.session.add(Surface(telegram_message_id=9, digest="d", current=True, shown_at=ward.now, **shown))
    for row in ward.session.scalars(select(Outbox)):
        row.state = "sent"
    ward.session.flush()
    old = ward.session.get_one(Chat, team.chat_id or 0).telegram_id
    chats.migrate(ward.session, old, -100_5, ward.now)
    assert [row.ref for row in ward.session.scalars(select(Outbox).where(Outbox.state == "pending"))] == [case.id]


def test_a_group_nobody_knew_of_is_noted_under_its_new_id(ward: Ward) -> None:
    chats.migrate(ward.session, -5, -100_5, ward.now)
    assert telegram_ids(ward) == [-100_5]


def test_an_incident_is_told_to_every_admin_once_however_often_it_happens(ward: Ward) -> None:
    team = ward.team("Spine")
    ward.staff("Root", team, role="admin")
    ward.staff("Okoro", team)
    for _ in range(3):
        watchdog.incident(ward.session, "second_reader", "bot", "Stop the other one.", ward.now)
    assert ward.session.scalars(select(Incident)).one().times == 3
    assert len(ward.session.scalars(select(Outbox)).all()) == 1


def test_trouble_that_comes_back_within_the_hour_is_the_same_incident(ward: Ward) -> None:
    watchdog.incident(ward.session, "k", "bot", "r", ward.now)
    assert watchdog.clear(ward.session, "k", "bot", ward.now)
    assert not watchdog.clear(ward.session, "k", "bot", ward.now)
    ward.passes(minutes=10)
    assert not watchdog.incident(ward.session, "k", "bot", "r", ward.now)
    watchdog.clear(ward.session, "k", "bot", ward.now)
    ward.passes(hours=2)
    assert watchdog.incident(ward.session, "k", "bot", "r", ward.now)


def test_a_sign_of_life_replaces_the_one_before(ward: Ward) -> None:
    for n in range(2):
        watchdog.beat(ward.session, "pages", 10, {"done": n}, ward.now)
    assert ward.session.scalars(select(Heartbeat)).one().counts == {"done": 1}


def test_the_state_of_a_chat_is_news_once(db: Database, now: datetime) -> None:
    def unit(session: Any) -> list[bool]:
        chat = chats.of(session, 5, "private", now)
        return [chats.mark(session, chat, state, now) for state in ("ok", "gone", "gone", "ok")]

    assert db.write_now(unit) == [False, True, False, True]
