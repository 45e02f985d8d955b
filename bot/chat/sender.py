"""Sends what waits in the outbox, as fast as the limits allow: claim, render, send with no transaction open, settle.

Two workers. Alerts have their own, with connections and a share of the rate that nothing else can use up.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.care import delivery, outcomes, turns, uncertain
from bot.care.clinic import Clinic
from bot.care.delivery import Courier, Outgoing, Renderers
from bot.care.landing import Landed
from bot.care.outbox import Lane
from bot.care.outcomes import Outcome
from bot.care.turns import Waiting
from bot.chat.limits import Limits, Turn
from bot.chat.settling import Settling
from bot.clock import Clock
from bot.db.engine import Database
from bot.pulse import Pulse

T = TypeVar("T")
log = structlog.get_logger()

ALERTS = (Lane.EMERGENCY, Lane.CLINICIAN)
OTHERS = (Lane.CONVERSATION, Lane.CHECKIN, Lane.DIGEST)
ALERTS_IN_FLIGHT, OTHERS_IN_FLIGHT = 4, 12
BULK_IN_FLIGHT = 6  # what is in flight at a crash may arrive twice: the fewer the better
LOOK_AT = 50  # waiting chats considered in one step
IDLE_S = 5.0  # the net under the wake-up after each commit
SHORTEST_S = 0.02
STILL_S = 45.0  # for one step of a worker, which claims messages and waits for none


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStep:
    """What one step did. `next_at` is when the earliest waiting message may go, None when nothing waits."""

    sent: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    tasks: Sequence[asyncio.Task[None]]
    ended: int
    next_at: datetime | None
    behind: bool  # something is due that could not go yet


class Sender:
    """The only one that hands messages to the courier. `owner` names this process in the leases."""

    def __init__(
        self,
        db: Database,
        clinic: Clinic,
        clock: Clock,
        courier: Courier,
        renderers: Renderers,
        *,
        limits: Limits | None = None,
        owner: str | None = None,
    ) -> None:
        self._db = db
        self._clinic = clinic
        self._clock = clock
        self._courier = courier
        self._renderers = renderers
        self._owner = owner or secrets.token_hex(4)
        self._recovered = False
        self._limits = limits or Limits()
        self._in_flight: dict[asyncio.Task[None], Turn] = {}
        self._landings = 0
        self._behind = {ALERTS: False, OTHERS: False}  # which of the workers waits, with something that is due
        self._settling = Settling(db, clinic)
        self._awake = {ALERTS: asyncio.Event(), OTHERS: asyncio.Event()}
        self._pulses = {ALERTS: Pulse("sender: alerts", STILL_S), OTHERS: Pulse("sender: others", STILL_S)}
        db.on_commit(lambda wakes: self.wake() if "outbox" in wakes else None)

    @property
    def pulses(self) -> Sequence[Pulse]:
        """The progress of each worker."""
        return tuple(self._pulses.values())

    async def recover(self) -> dict[str, int]:
        """At the start, before anything is sent: whatever was being sent when the last process ended is uncertain."""
        self._recovered = True
        return await self._settling.persist(
            lambda: self._db.write(uncertain.sweep, self._clock.now(), self._clinic, restarted=True)
        )

    async def run(self) -> None:
        """Send until cancelled. Calls under way then go on: see `finish`."""
        await self.recover()
        async with asyncio.TaskGroup() as workers:
            workers.create_task(self._work(ALERTS, ALERTS_IN_FLIGHT))
            workers.create_task(self._work(OTHERS, OTHERS_IN_FLIGHT))

    async def finish(self, within_s: float) -> None:
        """After `run` ended: let calls under way end and be settled; what takes longer becomes uncertain."""
        if self._in_flight:
            _done, late = await asyncio.wait(self._in_flight, timeout=within_s)
            for task in late:
                task.cancel()

    def wake(self) -> None:
        """Look at the outbox at once."""
        for event in self._awake.values():
            event.set()

    async def deliver_due(self) -> DeliveryStep:
        """Send everything that may go now, and settle it. For tests and rehearsals that move the clock themselves."""
        if not self._recovered:
            await self.recover()
        done = 0
        while True:
            started = await self._start((*ALERTS, *OTHERS), ALERTS_IN_FLIGHT + OTHERS_IN_FLIGHT)
            await asyncio.gather(*started.tasks)
            done += len(started.tasks) + started.ended
            if not started.tasks and not started.ended:
                return DeliveryStep(sent=done, next_at=started.next_at)

    async def _work(self, lanes: tuple[Lane, ...], room: int) -> None:
        awake = self._awake[lanes]
        while True:
            self._pulses[lanes].beat()
            awake.clear()
            landings = self._landings
            try:
                started = await self._start(lanes, room)
            except Exception as error:  # noqa: BLE001 - a database in trouble must not end the sending
                log.error("outbox not read", kind=type(error).__name__)  # noqa: TRY400 - a traceback quotes rows
                await asyncio.sleep(1)
                continue
            if started.tasks or started.ended or (started.behind and landings != self._landings):
                continue  # a chat may have come free while we looked
            self._behind[lanes] = started.behind
            with suppress(TimeoutError):
                async with asyncio.timeout(self._nap_s(started.next_at)):
                    await awake.wait()

    def _nap_s(self, next_at: datetime | None) -> float:
        if next_at is None:
            return IDLE_S
        return min(IDLE_S, max(SHORTEST_S, (next_at - self._clock.now()).total_seconds()))

    async def _start(self, lanes: tuple[Lane, ...], room: int) -> _Started:
        """Claim what may go now and begin to send it."""
        if sum(turn.lane in lanes for turn in self._in_flight.values()) >= room:
            return _Started(tasks=(), ended=0, next_at=None, behind=True)  # nothing to look for until one lands
        now = self._clock.now()
        self._limits.forget_idle(now)
        held = self._limits.held(now)
        busy = {turn.chat for turn in self._in_flight.values()}
        rows, behind, next_at = await self._db.read(_look, now, lanes, set(held))
        next_at = _earlier(next_at, min(held.values(), default=None))
        chosen: list[tuple[Waiting, Turn]] = []
        for row in rows:
            if row.chat in busy or self._full(lanes, room, row.lane, chosen):
                continue
            turn = Turn(chat=row.chat, group=row.group, lane=row.lane)
            ready = self._limits.ready_at(turn, now)
            if ready > now:
                next_at = _earlier(next_at, ready)
                continue
            self._limits.take(turn, now)
            chosen.append((row, turn))
        outgoing = await self._claimed(chosen, now) if chosen else []
        tasks = [self._begin(each, turn) for each, (_row, turn) in zip(outgoing, chosen, strict=True) if each]
        return _Started(tasks=tasks, ended=len(chosen) - len(tasks), next_at=next_at, behind=behind)

    def _full(self, lanes: tuple[Lane, ...], room: int, lane: Lane, chosen: Sequence[tuple[Waiting, Turn]]) -> bool:
        under_way = [turn.lane for turn in self._in_flight.values() if turn.lane in lanes]
        under_way += [turn.lane for _row, turn in chosen]
        bulk = sum(each >= Lane.CHECKIN for each in under_way)
        return len(under_way) >= room or (lane >= Lane.CHECKIN and bulk >= BULK_IN_FLIGHT)

    async def _claimed(self, chosen: Sequence[tuple[Waiting, Turn]], now: datetime) -> list[Outgoing | None]:
        """Claim these. None where nothing is to be sent, which then takes nobody's place."""
        claimed: list[Outgoing | None] = [None] * len(chosen)
        try:
            claimed = await self._claim([row.row_id for row, _turn in chosen], now)
        finally:
            for outgoing, (_row, turn) in zip(claimed, chosen, strict=True):
                if outgoing is None:
                    self._limits.give_back(turn)
        return claimed

    async def _claim(self, ids: Sequence[int], now: datetime) -> list[Outgoing | None]:
        """Claim these together, or each alone where one of them brings trouble."""
        try:
            return await self._db.write(delivery.claim_all, ids, self._owner, self._renderers, self._clinic, now)
        except OperationalError:
            raise  # the database is away: nothing can be said of the messages
        except Exception:  # noqa: BLE001 - whichever it was, it comes up again below and is dealt with there
            return [await self._claim_one(row_id, now) for row_id in ids]

    async def _claim_one(self, row_id: int, now: datetime) -> Outgoing | None:
        try:
            return await self._db.write(delivery.claim, row_id, self._owner, self._renderers, self._clinic, now)
        except OperationalError:
            return None  # the database is away: the message still waits, and nothing is held against it
        except Exception as error:  # noqa: BLE001 - whatever one message brings up, the others go out
            kind = type(error).__name__
            log.error("message not rendered", outbox=row_id, kind=kind)  # noqa: TRY400 - a traceback quotes rows
            await self._db.write(delivery.unrenderable, row_id, kind, self._clinic, now)
            return None

    def _begin(self, outgoing: Outgoing, turn: Turn) -> asyncio.Task[None]:
        task = asyncio.create_task(self._send(outgoing, turn))
        self._in_flight[task] = turn
        task.add_done_callback(self._landed)
        return task

    async def _send(self, outgoing: Outgoing, turn: Turn) -> None:
        try:
            outcome = await self._courier.deliver(outgoing)
        finally:
            now = self._clock.now()
            self._limits.answered(now)
        if isinstance(outcome, outcomes.RetryAfter):
            until = self._limits.flooded(turn.chat, outcome.seconds, now)
            outcome = outcomes.RetryAfter((until - now) / timedelta(seconds=1))
        _note(outgoing, outcome)
        await self._settling.settle(Landed(outgoing=outgoing, outcome=outcome, at=now))

    def _landed(self, task: asyncio.Task[None]) -> None:
        turn = self._in_flight.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery not settled", kind=type(error).__name__)  # the lease runs out: uncertain
        self._landings += 1
        for lanes, event in self._awake.items():
            if turn.lane in lanes or self._behind[lanes]:  # the other has nothing that waited for this chat
                event.set()


def _look(
    session: Session, now: datetime, lanes: tuple[Lane, ...], skip: set[int]
) -> tuple[list[Waiting], bool, datetime | None]:
    return turns.waiting(session, now, lanes, skip, LOOK_AT), *turns.outlook(session, now, lanes)


def _note(outgoing: Outgoing, outcome: Outcome) -> None:
    if not isinstance(outcome, outcomes.Sent | outcomes.Unchanged):
        log.warning(
            "message not sent", outbox=outgoing.row_id, outcome=type(outcome).__name__, attempt=outgoing.attempt
        )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)
