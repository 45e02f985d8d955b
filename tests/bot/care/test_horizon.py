"""The next instant at which anything is due."""

from __future__ import annotations

from datetime import timedelta

from bot.care import horizon, inbox, planning
from bot.care.inbox import Raw
from bot.db.models import Inbox
from tests.bot.ward import Ward


def test_an_empty_ward_has_nothing_ahead(ward: Ward) -> None:
    assert horizon.next_event(ward.session, ward.now) is None


def test_the_next_check_in_is_next(ward: Ward) -> None:
    case = ward.patient("Ana Ruiz", ward.team("Spine team"), "K7Q2M")
    planning.plan(ward.session, case, ward.now, ward.clinic)
    due = planning.next_planned(ward.session, case)
    assert due is not None
    assert horizon.next_event(ward.session, ward.now) == due.due_at


def test_an_update_that_waits_for_another_try_counts(ward: Ward) -> None:
    inbox.store(ward.session, 7, [Raw(update_id=1, chat_key=5, body="{}")], ward.now)
    ward.session.query(Inbox).one().not_before = ward.now + timedelta(seconds=4)
    ward.session.flush()
    assert horizon.next_event(ward.session, ward.now) == ward.now + timedelta(seconds=4)
    assert horizon.next_event(ward.session, ward.now + timedelta(seconds=5)) is None
