"""How fast we may send: our own token buckets, on the time they are given. Pure: no clock, no waiting, no I/O.

Telegram's FAQ: about 30 messages a second overall, one a second per private chat with short bursts, 20 a minute per
group. No second ever sees more than 30; the last two of these are kept for alerts, which so go at once in the midst of
bulk, and every place that comes free after them is theirs first. A 429 is taken at its word. Edits count like messages:
Telegram counts them in the same budgets, and says nowhere that they are cheaper.

Telegram counts when a message arrives, which is some time between our call and its answer. So a message keeps its place
from the call until a second after the answer, however long that took: then no second there can see too many.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.care.outbox import Lane

TOTAL = 30  # in any SECOND
ALERT_RESERVE = 2  # of these: for alerts alone
SECOND = timedelta(milliseconds=1005)  # as we count it: no two clocks go quite alike
EVENLY_PER_S = 28.0  # all but alerts, so that the places of a second do not all come free at its end
OTHERS_BURST, BULK_BURST = 4.0, 3.0  # so much is made up for after a moment in which nothing could be sent
PRIVATE_PER_S, PRIVATE_BURST = 1.0, 3.0
GROUP_PER_MIN, GROUP_RESERVE = 18, 2  # the reserve is for emergencies alone
FLOOD_WINDOW = timedelta(seconds=5)
SLOW_FOR = timedelta(minutes=2)
_MINUTE = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class Bucket:
    """Tokens that come back at `per_s` up to `burst`."""

    per_s: float
    burst: float
    tokens: float = field(init=False)
    since: datetime | None = None

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def ready_at(self, now: datetime) -> datetime:
        """When the next token is there: `now` at the earliest."""
        self._refill(now)
        missing = 1.0 - self.tokens
        if missing <= 1e-9:
            return now
        return now + timedelta(microseconds=int(missing / self.per_s * 1_000_000) + 1)

    def take(self, now: datetime) -> None:
        """Use one token."""
        self._refill(now)
        self.tokens -= 1.0

    def give_back(self) -> None:
        """The token was not needed after all."""
        self.tokens = min(self.burst, self.tokens + 1.0)

    def set_rate(self, per_s: float, now: datetime) -> None:
        """From now on tokens come at another rate."""
        self._refill(now)
        self.per_s = per_s

    def _refill(self, now: datetime) -> None:
        if self.since is not None and now > self.since:
            self.tokens = min(self.burst, self.tokens + (now - self.since).total_seconds() * self.per_s)
        self.since = now  # also when a clock is set back: nobody waits for time that was already spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the limits need to know of a message: its lane and where it goes."""

    chat: int
    group: bool
    lane: Lane


class Limits:
    """The budgets of one bot. One process sends for a bot, so they live in memory."""

    def __init__(self, jitter: random.Random | None = None) -> None:
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._under_way = 0  # messages called for and not answered
        self._second: deque[datetime] = deque()  # when the latest of the others were answered
        self._others = Bucket(per_s=EVENLY_PER_S, burst=OTHERS_BURST)
        self._bulk = Bucket(per_s=EVENLY_PER_S, burst=BULK_BURST)  # check-ins and digests
        self._private: dict[int, Bucket] = {}
        self._groups: dict[int, deque[datetime]] = {}
        self._held: dict[int, datetime] = {}
        self._floods: deque[tuple[datetime, int]] = deque(maxlen=16)
        self._slow_until: datetime | None = None
        self._latest = datetime.min.replace(tzinfo=UTC)  # what the clock last said

    def ready_at(self, turn: Turn, now: datetime) -> datetime:
        """When this message may go: `now` when it may go at once."""
        self._end_slowness(now)
        times = [bucket.ready_at(now) for bucket in self._shared(turn)]
        times.append(self._second_ready(turn, now))
        times.append(self._group_ready(turn, now) if turn.group else self._private_of(turn.chat).ready_at(now))
        times.append(self._held.get(turn.chat, now))
        return max(times)

    def take(self, turn: Turn, now: datetime) -> None:
        """This message goes now. `answered` or `give_back` must follow."""
        for bucket in self._shared(turn):
            bucket.take(now)
        self._under_way += 1
        if turn.group:
            self._groups.setdefault(turn.chat, deque()).append(now)
        else:
            self._private_of(turn.chat).take(now)

    def answered(self, now: datetime) -> None:
        """One that was taken has its answer, or will get none: it arrived by now if ever."""
        self._under_way -= 1
        self._second.append(now)

    def give_back(self, turn: Turn) -> None:
        """It did not go after all."""
        for bucket in self._shared(turn):
            bucket.give_back()
        self._under_way -= 1
        if turn.group:
            self._groups[turn.chat].pop()
        else:
            self._private_of(turn.chat).give_back()

    def flooded(self, chat: int, retry_after_s: float, now: datetime) -> datetime:
        """Telegram answered 429: this chat waits as long as it says and a little more. Returns until when.

        Two chats within five seconds mean that we are too fast altogether: bulk goes at half its rate for a while.
        """
        until = now + timedelta(seconds=retry_after_s + self._jitter.uniform(0.1, 1.0))
        self._held[chat] = max(until, self._held.get(chat, until))
        self._floods.append((now, chat))
        if len({other for at, other in self._floods if now - at <= FLOOD_WINDOW}) > 1:
            self._slow_until = now + SLOW_FOR
            self._bulk.set_rate(EVENLY_PER_S / 2, now)
        return self._held[chat]

    def held(self, now: datetime) -> dict[int, datetime]:
        """Chats (Telegram ids) that wait after a 429, and until when."""
        if now + SECOND < self._latest:  # the clock was set back: what Telegram said was counted on the other time
            self._held = {chat: now + (until - self._latest) for chat, until in self._held.items()}
            self._slow_until = None if self._slow_until is None else min(self._slow_until, now + SLOW_FOR)
        self._latest = now
        self._held = {chat: until for chat, until in self._held.items() if until > now}
        return dict(self._held)

    def forget_idle(self, now: datetime) -> None:
        """Drop what no longer limits anything, so that memory does not grow with the number of patients."""
        self._private = {chat: bucket for chat, bucket in self._private.items() if not _full(bucket, now)}
        self._groups = {chat: sent for chat, sent in self._groups.items() if sent and now - sent[-1] < _MINUTE}
        self.held(now)

    def _shared(self, turn: Turn) -> tuple[Bucket, ...]:
        if turn.lane <= Lane.CLINICIAN:
            return ()
        if turn.lane < Lane.CHECKIN:
            return (self._others,)
        return self._others, self._bulk

    def _second_ready(self, turn: Turn, now: datetime) -> datetime:
        allowed = TOTAL if turn.lane <= Lane.CLINICIAN else TOTAL - ALERT_RESERVE
        return _window_ready(self._second, allowed - self._under_way, SECOND, now)

    def _private_of(self, chat: int) -> Bucket:
        return self._private.setdefault(chat, Bucket(per_s=PRIVATE_PER_S, burst=PRIVATE_BURST))

    def _group_ready(self, turn: Turn, now: datetime) -> datetime:
        allowed = GROUP_PER_MIN + (GROUP_RESERVE if turn.lane is Lane.EMERGENCY else 0)
        return _window_ready(self._groups.setdefault(turn.chat, deque()), allowed, _MINUTE, now)

    def _end_slowness(self, now: datetime) -> None:
        if self._slow_until is not None and now >= self._slow_until:
            self._slow_until = None
            self._bulk.set_rate(EVENLY_PER_S, now)


def _window_ready(sent: deque[datetime], allowed: int, span: timedelta, now: datetime) -> datetime:
    """The earliest that one more fits among `allowed` in any `span`. Forgets what is over, and what a clock set back
    put ahead.
    """
    while sent and not timedelta(0) <= now - sent[0] < span:
        sent.popleft()
    if allowed <= 0:
        return now + span
    return now if len(sent) < allowed else sent[len(sent) - allowed] + span


def _full(bucket: Bucket, now: datetime) -> bool:
    bucket.ready_at(now)
    return bucket.tokens >= bucket.burst
