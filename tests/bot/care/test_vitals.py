"""What the database says of the promises: an age for everything that waits, and words for whatever is broken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.care import gaps, outbox, vitals, watchdog
from bot.care.outbox import Lane
from bot.db.models import Inbox, Outbox
from tests.bot.ward import Ward

EXPECTED = {"pages": 10}


def well(ward: Ward) -> None:
    """Everything has just run."""
    watchdog.beat(ward.session, "pages", 10, {}, ward.now)
    watchdog.beat(ward.session, gaps.LISTENING, gaps.EVERY_S, {}, ward.now)


def look(ward: Ward) -> vitals.Vitals:
    ward.session.flush()
    return vitals.read(ward.session, ward.now)


def problems(ward: Ward) -> list[str]:
    return vitals.broken(look(ward), EXPECTED)


def update(ward: Ward, **more: Any) -> None:
    row = Inbox(
        bot_id=1, update_id=1, digest="d", chat_key=1, raw="{}", received_at=ward.now, **{"state": "new", **more}
    )
    ward.session.add(row)


def waits(ward: Ward, lane: Lane, **more: Any) -> None:
    outbox.say(ward.session, "card", ward.chat().id, key="k", now=ward.now, lane=lane, **more)


def test_where_everything_has_just_run_no_promise_is_broken(ward: Ward) -> None:
    well(ward)
    assert problems(ward) == []


def test_before_anything_has_run_nothing_can_be_promised(ward: Ward) -> None:
    said = problems(ward)
    assert any("'pages' has never run" in each for each in said)
    assert any("Nothing has listened" in each for each in said)


def test_a_tick_that_stopped_is_told_after_three_intervals(ward: Ward) -> None:
    well(ward)
    ward.passes(seconds=30)
    assert problems(ward) == []
    ward.passes(seconds=1)
    assert problems(ward) == ["The task 'pages' last ran 31 s ago. Restart the bot and read its log."]


def test_a_tick_whose_last_run_failed_is_told(ward: Ward) -> None:
    well(ward)
    watchdog.beat(ward.session, "pages", 10, {}, ward.now, failed="KeyError")
    assert "failed (KeyError)" in problems(ward)[0]


def test_a_tick_that_this_program_does_not_know_is_nobodys_concern(ward: Ward) -> None:
    watchdog.beat(ward.session, "of an older version", 10, {}, ward.now)
    ward.passes(hours=1)
    well(ward)
    assert problems(ward) == []


def test_not_listening_for_a_minute_is_told(ward: Ward) -> None:
    well(ward)
    ward.passes(seconds=vitals.POLL_S + 1)
    watchdog.beat(ward.session, "pages", 10, {}, ward.now)
    assert problems(ward)[0].startswith("Nothing has listened to Telegram for 61 s.")


def test_an_update_that_waits_for_a_minute_is_told(ward: Ward) -> None:
    update(ward)
    ward.passes(seconds=vitals.UNPROCESSED_S + 1)
    well(ward)
    assert look(ward).unprocessed_s == 61
    assert "61 s to be processed" in problems(ward)[0]


def test_updates_set_aside_are_counted_and_break_nothing(ward: Ward) -> None:
    update(ward, state="quarantined")
    well(ward)
    assert look(ward).quarantined == 1
    assert problems(ward) == []


@pytest.mark.parametrize("lane", list(Lane))
def test_each_lane_has_a_limit_of_its_own(ward: Ward, lane: Lane) -> None:
    waits(ward, lane)
    ward.passes(seconds=vitals.UNSENT_S[lane])
    well(ward)
    assert problems(ward) == []
    ward.passes(seconds=1)
    well(ward)
    assert f"({lane.name.lower()})" in problems(ward)[0]
    assert look(ward).unsent_s[lane] == vitals.UNSENT_S[lane] + 1


def test_a_message_for_the_morning_is_not_late_at_night(ward: Ward) -> None:
    waits(ward, Lane.CONVERSATION, not_before=ward.now + timedelta(hours=9))
    ward.passes(hours=8)
    well(ward)
    assert problems(ward) == []


@pytest.mark.parametrize("state", ["pending", "sending"])
def test_an_alert_that_is_put_off_again_and_again_grows_old_all_the_same(ward: Ward, state: str) -> None:
    waits(ward, Lane.EMERGENCY)
    ward.passes(seconds=31)
    row = ward.session.query(Outbox).one()
    row.not_before, row.state = ward.now + timedelta(seconds=30), state
    well(ward)
    assert "(emergency) has waited 31 s" in problems(ward)[0]


def escalated(ward: Ward) -> None:
    team = ward.team("Spine")
    ward.staff("Dr Lind", team, rung="on_call")
    ward.finds(ward.patient("Ana", team, "A-1"), ("ces_now", "emergency"))


def test_a_page_that_is_late_is_told_while_nobody_has_taken_the_case(ward: Ward) -> None:
    escalated(ward)
    well(ward)
    assert problems(ward) == []
    ward.passes(hours=1)
    well(ward)
    told = [each for each in problems(ward) if each.startswith("A page to clinicians")]
    assert told
    assert look(ward).page_overdue_s > vitals.PAGE_OVERDUE_S


def test_an_emergency_that_nobody_takes_is_told_when_the_ladder_has_been_climbed(ward: Ward) -> None:
    escalated(ward)
    ward.passes(hours=1)
    well(ward)
    assert look(ward).untaken == ["emergency"]
    assert look(ward).unacknowledged_s["emergency"] == 3600
    assert any("nobody has taken it" in each for each in problems(ward))


def test_an_alert_that_reaches_nobody_breaks_a_promise_while_it_is_news(ward: Ward) -> None:
    watchdog.incident(ward.session, "nobody_to_page", "team:1", "Bind the team's group.", ward.now)
    well(ward)
    assert problems(ward) == ["Needs mending (nobody to page): Bind the team's group."]
    ward.passes(hours=2)
    well(ward)
    assert problems(ward) == []


def test_an_incident_that_breaks_no_promise_is_only_counted(ward: Ward) -> None:
    watchdog.incident(ward.session, "ledger_not_balanced", "check-ins", "Look.", ward.now)
    well(ward)
    assert look(ward).incidents == 1
    assert problems(ward) == []


def test_a_team_whose_chat_is_lost_is_told(ward: Ward) -> None:
    team = ward.team("Spine")
    chat = ward.session.get_one(vitals.Chat, team.chat_id)
    chat.state = "gone"
    well(ward)
    assert problems(ward) == []  # nobody works in it
    ward.staff("Dr Lind", team)
    assert problems(ward)[0].startswith("The chats of 1 care teams cannot be reached.")
