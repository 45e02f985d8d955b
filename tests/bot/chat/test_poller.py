"""Updates in, by polling: stored before they are confirmed, in spite of everything Telegram and the network do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.care import gaps, watchdog
from bot.chat.poller import AWAY_S, LONGEST_PAUSE_S, Poller
from bot.db.models import Gap, Heartbeat, Inbox, Incident, Outbox
from tests.bot.chat.conftest import Line


def another(line: Line) -> Poller:
    """The poller of a process that starts now."""
    return Poller(line.db, line.clinic, line.clock, f"{line.served.url}/bot{line.served.token}", 7)


async def test_updates_are_stored_and_then_confirmed(line: Line) -> None:
    ana = await line.person("Ana")
    await ana.says("One")
    assert await line.poller.poll_once(0) == 1
    assert await line.poller.poll_once(0) == 0
    assert line.rows(Inbox)[-1].raw is not None


async def test_every_poll_names_the_updates_it_wants(line: Line) -> None:
    await line.poller.poll_once(0)
    wanted = {"message", "edited_message", "channel_post", "callback_query", "my_chat_member", "message_reaction"}
    assert set(line.served.world.updates.allowed) == wanted


async def test_what_cannot_be_committed_is_not_confirmed(line: Line) -> None:
    ana = await line.person("Ana")
    await ana.says("One")
    with line.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))
    assert await line.poller.poll_once(0) == 0
    assert line.poller.pause_s >= 0.6
    with line.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO inbox"))
    assert await line.poller.poll_once(0) == 1
    assert line.poller.pause_s == 0


async def test_while_the_database_is_away_it_is_asked_often_because_taps_expire(line: Line) -> None:
    ana = await line.person("Ana")
    await ana.says("One")
    with line.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))
    for _ in range(8):
        await line.poller.poll_once(0)
    assert line.poller.pause_s == AWAY_S


async def test_a_restart_before_the_confirmation_changes_nothing(line: Line) -> None:
    ana = await line.person("Ana")
    await ana.says("One")
    await line.poller.poll_once(0)
    again = another(line)
    assert await again.poll_once(0) == 0
    await line.intake.process_due()
    assert [incoming.text for incoming in line.heard] == ["One"]
    await again.close()


async def test_ids_that_start_anew_at_a_lower_number_are_taken_as_they_come(line: Line) -> None:
    ana = await line.person("Ana")
    await line.sandbox.post("updates/restart", next_id=900)
    await ana.says("One")
    await line.take_in()
    await line.sandbox.post("updates/restart", next_id=5)
    await ana.says("Two")
    await line.take_in()
    assert [incoming.text for incoming in line.heard] == ["One", "Two"]


@pytest.mark.parametrize(("code", "kind"), [(401, "not_authorized"), (404, "bot_not_found"), (409, "second_reader")])
async def test_a_refusal_is_an_incident_until_polling_works_again(line: Line, code: int, kind: str) -> None:
    await line.sandbox.fails("http", method="getUpdates", code=code, description="No")
    await line.poller.poll_once(0)
    assert line.row(Incident).kind == kind
    assert line.poller.pause_s >= 1
    await line.poller.poll_once(0)
    assert line.row(Incident).cleared_at is not None


FAULTS = ["html_404", "reset_before", "reset_after", "garble_after"]


@pytest.mark.parametrize("kind", FAULTS)
async def test_whatever_goes_wrong_the_next_poll_takes_the_update_in(line: Line, kind: str) -> None:
    ana = await line.person("Ana")
    await line.sandbox.fails(kind, method="getUpdates")
    await ana.says("One")
    await line.poller.poll_once(0)
    assert line.poller.pause_s > 0
    await line.take_in()
    assert [incoming.text for incoming in line.heard] == ["One"]


async def test_the_pause_grows_to_half_a_minute_and_no_further(line: Line) -> None:
    await line.sandbox.fails("http", method="getUpdates", times=12, code=502, description="Bad Gateway")
    for _ in range(12):
        await line.poller.poll_once(0)
    assert line.poller.pause_s == LONGEST_PAUSE_S


async def test_a_gap_of_more_than_two_minutes_asks_every_open_check_in_again_once(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    line.open_checkin()
    await line.poller.poll_once(0)
    line.passes(seconds=150)
    await line.poller.poll_once(0)
    await line.poller.poll_once(0)
    gap = line.row(Gap)
    assert (gap.asked_again, gap.ended_at - gap.began_at) == (1, timedelta(seconds=150))
    await line.deliver()
    assert len([row for row in line.rows(Outbox) if row.surface == "checkin"]) == 1
    assert await line.texts(ana.chat)


async def test_two_minutes_are_no_gap(line: Line) -> None:
    await line.poller.poll_once(0)
    line.passes(seconds=120)
    await line.poller.poll_once(0)
    assert line.rows(Gap) == []


async def test_a_gap_is_found_across_a_restart(line: Line) -> None:
    await line.poller.poll_once(0)
    line.passes(minutes=10)
    restarted = another(line)
    await restarted.poll_once(0)
    assert line.row(Gap).asked_again == 0
    await restarted.close()


async def test_a_rehearsal_that_moves_its_clock_makes_no_gap(line: Line) -> None:
    await line.poller.poll_once(0)
    line.passes(days=3)
    await line.poller.clock_moved()
    await line.poller.poll_once(0)
    assert line.rows(Gap) == []


async def test_a_gap_that_cannot_be_dealt_with_is_found_again(line: Line) -> None:
    await line.poller.poll_once(0)
    line.passes(minutes=10)
    with line.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gaps RENAME TO elsewhere"))
    await line.poller.poll_once(0)
    assert line.row(Incident).kind == "gap_not_handled"
    with line.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO gaps"))
    await line.poller.poll_once(0)
    assert len(line.rows(Gap)) == 1


async def test_where_a_webhook_listens_the_tick_finds_the_gap(line: Line) -> None:
    line.write(lambda s: gaps.alive(s, line.now, line.clinic))
    line.passes(minutes=5)
    line.write(lambda s: gaps.alive(s, line.now, line.clinic))
    assert line.row(Gap).asked_again == 0


async def test_a_poller_that_falls_silent_is_noticed(line: Line) -> None:
    await line.poller.poll_once(0)
    line.passes(seconds=61)
    assert line.write(lambda s: watchdog.look(s, line.now)) == 1
    assert line.row(Incident).subject == line.row(Heartbeat).name == "poll"


async def test_the_first_poll_of_a_process_does_not_wait_for_updates(line: Line) -> None:
    """So what waited, and how long nobody listened, is known at once."""
    listened, loop = asyncio.Event(), asyncio.get_running_loop()
    line.db.on_commit(lambda wakes: loop.call_soon_threadsafe(listened.set))
    polling = asyncio.create_task(line.poller.run())
    await asyncio.wait_for(listened.wait(), 10)
    polling.cancel()
    assert [heart.name for heart in line.rows(Heartbeat)] == [gaps.LISTENING]
