"""The outbox under load: who goes first, what waits for what, and that an emergency waits for nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import cards
from bot.cards import Card
from bot.care import chats, delivery, landing, outbox, outcomes, showing, turns, uncertain
from bot.care.clinic import Clinic
from bot.care.delivery import Outgoing
from bot.care.landing import Landed
from bot.care.outbox import Lane
from bot.care.outcomes import Outcome
from bot.chat.limits import Limits
from bot.chat.sender import IDLE_S, Sender
from bot.clock import MovableClock, SystemClock
from bot.db.engine import Database
from bot.db.models import Incident, Outbox


class Wire:
    """Stands for Telegram: takes everything, notes when, or answers as it is told."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.sent: list[tuple[datetime, str]] = []
        self.answers: list[Outcome] = []
        self.news = asyncio.Event()

    async def deliver(self, outgoing: Outgoing) -> Outcome:
        if self.answers:
            return self.answers.pop(0)
        self.sent.append((self.clock.now(), outgoing.card.text))
        self.news.set()
        return outcomes.Sent(len(self.sent))

    async def reached(self, count: int) -> None:
        """Wait until so many were taken."""
        while len(self.sent) < count:
            self.news.clear()
            await self.news.wait()


@pytest.fixture
def clock(now: datetime) -> MovableClock:
    return MovableClock(now)


@pytest.fixture
def wire(clock: MovableClock) -> Wire:
    return Wire(clock)


@pytest.fixture
def sender(db: Database, clinic: Clinic, clock: MovableClock, wire: Wire) -> Sender:
    return Sender(db, clinic, clock, wire, showing.RENDERERS, limits=Limits())


def say(db: Database, clock: MovableClock, chat: int, text: str, lane: Lane = Lane.CONVERSATION, **more: Any) -> None:
    def unit(session: Any) -> None:
        to = chats.of(session, chat, "private", clock.now())
        outbox.say_card(session, to.id, Card(text=text), key=text, now=clock.now(), lane=lane, **more)

    db.write_now(unit)


async def deliver(sender: Sender, clock: MovableClock, until: datetime) -> None:
    while True:
        step = await sender.deliver_due()
        if step.next_at is None or step.next_at > until:
            return
        clock.move_to(max(clock.now(), step.next_at))


async def test_an_emergency_behind_a_thousand_check_ins_goes_at_once(
    db: Database, clock: MovableClock, sender: Sender, wire: Wire
) -> None:
    def fill(session: Any) -> None:
        for n in range(1000):
            to = chats.of(session, 10_000 + n, "private", clock.now())
            outbox.say_card(session, to.id, Card(text="bulk"), key=f"{n}", now=clock.now(), lane=Lane.CHECKIN)

    db.write_now(fill)
    began = clock.now()
    await deliver(sender, clock, began + timedelta(seconds=5))
    asked = clock.now()
    say(db, clock, 1, "Ring now", Lane.EMERGENCY)
    await deliver(sender, clock, began + timedelta(seconds=90))
    (went,) = [at for at, text in wire.sent if text == "Ring now"]
    assert went - asked < timedelta(milliseconds=200)
    bulk = [at for at, text in wire.sent if text == "bulk"]
    assert len(bulk) == 1000
    assert timedelta(seconds=33) < bulk[-1] - began < timedelta(seconds=38)


async def test_lanes_go_before_age(db: Database, clock: MovableClock, sender: Sender, wire: Wire) -> None:
    for n, lane in enumerate((Lane.DIGEST, Lane.CHECKIN, Lane.CONVERSATION, Lane.CLINICIAN, Lane.EMERGENCY)):
        say(db, clock, 100 + n, lane.name, lane)
    await sender.deliver_due()
    assert [text for _, text in wire.sent] == ["EMERGENCY", "CLINICIAN", "CONVERSATION", "CHECKIN", "DIGEST"]


async def test_one_chat_gets_its_messages_in_order(
    db: Database, clock: MovableClock, sender: Sender, wire: Wire
) -> None:
    for n in range(8):
        say(db, clock, 1, str(n))
    await deliver(sender, clock, clock.now() + timedelta(seconds=30))
    assert [text for _, text in wire.sent] == [str(n) for n in range(8)]


async def test_nothing_goes_before_its_time(db: Database, clock: MovableClock, sender: Sender, wire: Wire) -> None:
    later = clock.now() + timedelta(hours=1)
    say_later = {"key": "l", "now": clock.now(), "not_before": later, "payload": cards.to_json(Card(text="Later"))}
    db.write_now(lambda s: outbox.say(s, "card", chats.of(s, 1, "private", clock.now()).id, **say_later))
    assert (await sender.deliver_due()).next_at == later
    assert wire.sent == []


def rows(db: Database) -> list[tuple[str, int, str | None]]:
    return db.read_now(lambda s: [(r.state, r.attempts, r.error) for r in s.query(Outbox).order_by(Outbox.id)])


async def test_a_conversation_that_never_gets_through_ends_after_hours_and_is_told(
    db: Database, clock: MovableClock, sender: Sender, wire: Wire
) -> None:
    wire.answers = [outcomes.NotSent("ConnectError")] * 40
    say(db, clock, 1, "Hello")
    began = clock.now()
    await deliver(sender, clock, began + timedelta(days=1))
    assert rows(db)[0] == ("dead", 20, "ConnectError")
    assert timedelta(hours=2) < clock.now() - began < timedelta(hours=4)


async def test_an_alert_is_tried_without_end(db: Database, clock: MovableClock, sender: Sender, wire: Wire) -> None:
    wire.answers = [outcomes.NotSent("ConnectError")] * 200
    say(db, clock, 1, "Ring now", Lane.EMERGENCY)
    await deliver(sender, clock, clock.now() + timedelta(days=1))
    assert [text for _, text in wire.sent] == ["Ring now"]


async def test_alerts_that_may_all_have_arrived_are_not_repeated_for_ever(
    db: Database, clock: MovableClock, sender: Sender, wire: Wire
) -> None:
    wire.answers = [outcomes.Uncertain("ReadTimeout")] * 200
    say(db, clock, 1, "Ring now", Lane.EMERGENCY, on_uncertain="resend")
    await deliver(sender, clock, clock.now() + timedelta(days=1))
    assert 3 <= len(rows(db)) <= 7


async def test_an_outcome_that_comes_after_the_lease_still_tells_of_an_arrival(
    db: Database, clinic: Clinic, clock: MovableClock
) -> None:
    say(db, clock, 1, "Ring now", Lane.EMERGENCY, on_uncertain="resend")
    out = db.write_now(delivery.claim, 1, "me", showing.RENDERERS, clinic, clock.now())
    assert out is not None
    clock.advance(timedelta(seconds=61))
    db.write_now(uncertain.sweep, clock.now(), clinic)
    db.write_now(landing.settle, out, outcomes.Sent(5), clinic, clock.now())
    assert [state for state, _, _ in rows(db)] == ["sent", "dropped"]


async def test_a_row_is_claimed_once(db: Database, clinic: Clinic, clock: MovableClock) -> None:
    say(db, clock, 1, "Hello")
    claims = [db.write_now(delivery.claim, 1, who, showing.RENDERERS, clinic, clock.now()) for who in ("a", "b")]
    assert claims[0] is not None
    assert claims[1] is None


async def test_a_chat_with_a_message_under_way_waits(db: Database, clinic: Clinic, clock: MovableClock) -> None:
    say(db, clock, 1, "One")
    say(db, clock, 1, "Two")
    db.write_now(delivery.claim, 1, "a", showing.RENDERERS, clinic, clock.now())
    assert db.read_now(turns.waiting, clock.now(), list(Lane), [], 10) == []


async def test_running_it_sends_what_is_written_meanwhile(db: Database, clinic: Clinic) -> None:
    clock = MovableClock(SystemClock().now(), running=True)
    wire = Wire(clock)
    sender = Sender(db, clinic, clock, wire, showing.RENDERERS)
    running = asyncio.create_task(sender.run())
    say(db, clock, 1, "before")
    await db.write(lambda s: outbox.say_card(s, 1, Card(text="after"), key="after", now=clock.now()))
    await asyncio.wait_for(wire.reached(2), 10)
    running.cancel()
    await sender.finish(1)
    assert [text for _, text in wire.sent] == ["before", "after"]


class Slow(Wire):
    """Takes the first message at once and answers it when it is told to."""

    def __init__(self, clock: MovableClock) -> None:
        super().__init__(clock)
        self.answer = asyncio.Event()

    async def deliver(self, outgoing: Outgoing) -> Outcome:
        outcome = await super().deliver(outgoing)
        if len(self.sent) == 1:
            await self.answer.wait()
        return outcome


async def test_an_alert_that_waited_for_its_chat_goes_as_soon_as_it_is_free(db: Database, clinic: Clinic) -> None:
    clock = MovableClock(SystemClock().now(), running=True)
    wire = Slow(clock)
    sender = Sender(db, clinic, clock, wire, showing.RENDERERS)
    running = asyncio.create_task(sender.run())
    say(db, clock, 1, "Your check-in")
    sender.wake()
    await asyncio.wait_for(wire.reached(1), 10)
    await db.write(
        lambda s: outbox.say_card(s, 1, Card(text="Ring now"), key="r", now=clock.now(), lane=Lane.EMERGENCY)
    )
    for _ in range(10):  # meanwhile it looked, and found the chat busy
        await db.read(lambda session: None)
    wire.answer.set()
    await asyncio.wait_for(wire.reached(2), IDLE_S / 2)  # not only when it looks again by itself
    running.cancel()
    await sender.finish(1)
    assert [text for _, text in wire.sent] == ["Your check-in", "Ring now"]


def test_messages_that_landed_together_are_settled_each_by_what_came_before(
    db: Database, clinic: Clinic, clock: MovableClock
) -> None:
    for chat in (1, 2, 3):
        say(db, clock, chat, str(chat))
    ids = [waiting.row_id for waiting in db.read_now(turns.waiting, clock.now(), list(Lane), [], 10)]
    out = db.write_now(delivery.claim_all, ids, "me", showing.RENDERERS, clinic, clock.now())
    together = zip(out, (outcomes.Sent(1), outcomes.NotAuthorized(), outcomes.Sent(2)), strict=True)
    landed = [Landed(outgoing=each, outcome=how, at=clock.now()) for each, how in together if each]
    db.write_now(landing.settle_all, landed, clinic)
    assert [state for state, _, _ in rows(db)] == ["sent", "pending", "sent"]
    assert db.read_now(lambda s: [row.cleared_at is None for row in s.scalars(select(Incident))]) == [False]
