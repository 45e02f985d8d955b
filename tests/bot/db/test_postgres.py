"""What several processes share on PostgreSQL: lost races run again, wake-ups cross over, a leader is replaced."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.care import inbox, watchdog
from bot.care.inbox import Raw
from bot.db import alone, election, listening, postgres
from bot.db.election import Election
from bot.db.engine import TOGETHER, Database, wake
from bot.db.models import Chat, Inbox
from tests import database
from tests.conftest import KEY

PATIENCE_S = 20.0


@pytest.fixture
def url(postgres: str, postgres_template: str) -> Iterator[str]:
    """A database of this test's own, on PostgreSQL whatever the others run on."""
    with database.copied(postgres, postgres_template) as make:
        yield make()


@pytest.fixture
def two(url: str) -> Iterator[tuple[Database, Database]]:
    """Two processes on one database, as far as the database can tell."""
    one, other = Database(url, [KEY]), Database(url, [KEY])
    yield one, other
    one.close()
    other.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for it, but not for ever."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


def add_chat(session: Session, number: int, now: datetime) -> int:
    session.add(Chat(telegram_id=number, kind="private", state="ok", state_since=now))
    session.flush()
    return number


def chats(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Chat)) or 0


async def test_units_that_count_and_then_write_never_see_half_of_each_other(
    two: tuple[Database, Database], now: datetime
) -> None:
    def numbered(session: Session) -> int:
        return add_chat(session, 1 + chats(session), now)  # a read, then a write that follows from it

    given = await asyncio.gather(*(two[number % 2].write(numbered) for number in range(24)))
    assert sorted(given) == list(range(1, 25))


async def test_a_unit_that_loses_a_race_for_a_key_finds_the_other_s_row(
    two: tuple[Database, Database], now: datetime
) -> None:
    together = threading.Barrier(2)
    first = {"one": True, "other": True}

    def ensure(session: Session, who: str) -> int:
        found = session.scalar(select(Chat.id).where(Chat.telegram_id == 7))
        if first[who]:
            first[who] = False
            together.wait(PATIENCE_S)
        return found or add_chat(session, 7, now)

    await asyncio.gather(two[0].write(ensure, "one"), two[1].write(ensure, "other"))
    assert two[0].read_now(chats) == 1


async def test_a_unit_that_keeps_losing_is_given_its_turn_alone(two: tuple[Database, Database], now: datetime) -> None:
    tries: list[int] = []

    waited: list[threading.Thread] = []

    def faster() -> None:
        two[1].write_now(lambda other: add_chat(other, 1 + chats(other), now))

    def slow(session: Session) -> int:
        seen = chats(session)
        tries.append(seen)
        if len(tries) <= TOGETHER:  # somebody else is always faster
            faster()
        else:
            late = threading.Thread(target=faster)
            late.start()
            late.join(0.2)
            assert late.is_alive()  # and now has to wait
            waited.append(late)
        return add_chat(session, 1000 + seen, now)

    assert await two[0].write(slow) == 1000 + TOGETHER
    assert tries == list(range(TOGETHER + 1))
    await asyncio.to_thread(waited[0].join, PATIENCE_S)


async def test_while_a_unit_runs_alone_others_wait_and_see_what_it_wrote(
    two: tuple[Database, Database], now: datetime
) -> None:
    inside, seen = threading.Event(), threading.Event()

    def alone(session: Session) -> None:
        postgres.queue_up(session, alone=True)
        inside.set()
        assert not seen.wait(0.2)  # the other has not got in
        add_chat(session, 7, now)

    def other(session: Session) -> int:
        seen.set()
        return chats(session)

    first = asyncio.create_task(two[0].write(alone))
    await asyncio.to_thread(inside.wait, PATIENCE_S)
    assert await two[1].write(other) == 1
    await first


async def test_a_key_that_is_taken_for_good_is_an_error_in_the_end(
    two: tuple[Database, Database], now: datetime
) -> None:
    await two[0].write(add_chat, 7, now)
    with pytest.raises(IntegrityError):
        await two[0].write(add_chat, 7, now)


async def test_readers_see_one_instant(two: tuple[Database, Database], now: datetime) -> None:
    def twice(session: Session) -> tuple[int, int]:
        before = chats(session)
        two[1].write_now(add_chat, 9, now)
        return before, chats(session)

    assert await two[0].read(twice) == (0, 0)
    assert two[0].read_now(chats) == 1


async def test_an_update_in_hand_elsewhere_is_left_alone(two: tuple[Database, Database], now: datetime) -> None:
    raw = Raw(update_id=5, chat_key=7, body="{}")
    await two[0].write(inbox.store, 1, [raw], now)
    row_id = two[0].read_now(lambda session: session.scalars(select(Inbox.id)).one())

    def in_hand(session: Session) -> tuple[bool, bool]:
        return inbox.take(session, row_id), two[1].write_now(inbox.take, row_id)

    assert await two[0].write(in_hand) == (True, False)
    assert await two[1].write(inbox.take, row_id)


async def test_a_tick_runs_in_one_process_at_a_time(two: tuple[Database, Database]) -> None:
    def inside(session: Session) -> tuple[bool, bool, bool]:
        mine = postgres.alone_in(session, "tick pages")
        others = two[1].write_now(postgres.alone_in, "tick pages")
        return mine, others, two[1].write_now(postgres.alone_in, "tick reminders")

    assert await two[0].write(inside) == (True, False, True)


async def test_a_commit_wakes_the_other_process_and_not_its_own_twice(
    two: tuple[Database, Database], now: datetime
) -> None:
    heard: list[frozenset[str]] = []
    two[1].on_commit(heard.append)
    task = asyncio.create_task(listening.listen(two[1]))
    await until(lambda: len(heard) == 1)  # whatever was said before it listened
    await two[0].write(lambda session: wake(session, "outbox"))
    await asyncio.to_thread(_shout, two[0].engine.url.render_as_string(hide_password=False))
    await until(lambda: frozenset({"inbox"}) in heard)
    task.cancel()
    await asyncio.wait({task})
    assert heard[1:] == [frozenset({"inbox"})]  # both databases live in this process: what it said itself is not news


def _shout(url: str) -> None:
    database.run(url, f"SELECT pg_notify('{postgres.CHANNEL}', 'another-process inbox')")


@asynccontextmanager
async def candidate(url: str, leads: list[str], name: str) -> AsyncIterator[asyncio.Task[None]]:
    """A process that would lead, and says so in `leads` when it does."""

    async def work() -> None:
        leads.append(name)
        await asyncio.Event().wait()

    task = asyncio.create_task(Election(url, "poller 1").lead(work))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_one_leads_and_the_next_follows_when_it_ends(url: str) -> None:
    leads: list[str] = []
    async with candidate(url, leads, "second") as waiting:
        async with candidate(url, leads, "first"):
            await until(lambda: len(leads) == 1)
        await until(lambda: len(set(leads)) == 2 or leads == ["second"])
        assert not waiting.done()


async def test_a_leader_whose_session_ends_stops_and_another_takes_over_within_ten_seconds(url: str) -> None:
    leads: list[str] = []
    loop = asyncio.get_running_loop()
    async with candidate(url, leads, "first"):
        await until(lambda: leads == ["first"])
        async with candidate(url, leads, "second"):
            began = loop.time()
            await asyncio.to_thread(_end_leader, url)
            await until(lambda: len(leads) > 1)
            assert loop.time() - began < 10


def _end_leader(url: str) -> None:
    leaders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = "
    database.run(url, leaders + str(postgres.LOCKS))


async def test_a_session_that_says_nothing_loses_the_lead(url: str) -> None:
    quiet = await Election(url, "poller 1")._connect(postgres.address(url))
    async with quiet:
        await Election(url, "poller 1")._elected(quiet)
        leads: list[str] = []
        async with candidate(url, leads, "next"):
            async with asyncio.timeout(election.SILENCE_S + 4):
                await until(lambda: leads == ["next"])


async def test_what_ends_by_itself_ends_the_election_with_its_error(url: str) -> None:
    async def breaks() -> None:
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        await Election(url, "poller 1").lead(breaks)


async def test_on_sqlite_whoever_asks_leads() -> None:
    done: list[bool] = []

    async def work() -> None:
        done.append(True)

    await Election("sqlite:///aftercare.db", "poller 1").lead(work)
    assert done == [True]


def test_a_second_process_on_one_sqlite_file_is_refused(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/aftercare.db"
    with alone.serving(url), pytest.raises(alone.AlreadyServed), alone.serving(url):
        pass
    with alone.serving(url):
        pass


async def test_an_incident_found_by_two_at_once_is_one(two: tuple[Database, Database], now: datetime) -> None:
    await asyncio.gather(
        *(two[number % 2].write(watchdog.incident, "k", "bot", "Mend it.", now) for number in range(8))
    )
    rows = two[0].read_now(lambda s: s.execute(text("SELECT count(*), sum(times) FROM incidents")).one())
    assert tuple(rows) == (1, 8)
