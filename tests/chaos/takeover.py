"""Leaders that die or stand still, and restarts while answers flow: how long nobody listened, how long nobody sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos import holding
from tests.chaos.hour import Hour
from tests.chaos.processes import BotProcess

TAKEN_OVER_WITHIN_S = 10.0
LISTENED_WITHIN_S = 150.0
LONGEST_WAIT_S = 30.0


@dataclass(kw_only=True)
class Asked:
    """When Telegram was asked for updates, on the machine's monotonic clock."""

    hour: Hour
    at: list[float] = field(default_factory=list)

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            last = self.hour.ground.served.desk.polling.asked_at
            if self.at[-1:] != [last]:
                self.at.append(last)
            await asyncio.sleep(0.02)

    def next_after(self, instant: float) -> float:
        """How many seconds after this instant updates were asked for again."""
        return min((at for at in self.at if at > instant), default=time.monotonic()) - instant


async def leaders_fall(hour: Hour, times: int) -> Sequence[str]:
    """Kill the leader, then freeze the next one, and so on. Notes how long each takeover took."""
    took: dict[str, list[float]] = {"kill": [], "freeze": []}
    for number in range(times):
        how = ("kill", "freeze")[number % 2]
        leader = await _leader(hour)
        others = [process for process in hour.processes if process is not leader]
        began = time.monotonic()
        if how == "kill":
            await asyncio.to_thread(leader.kill)
            hour.kills += 1
        else:
            leader.freeze()
        hour.in_flight += await hour.ground.look(holding.in_flight)
        await _leads(hour, others)
        took[how].append(time.monotonic() - began)
        if how == "kill":
            await asyncio.to_thread(leader.start)
        else:
            await asyncio.sleep(2)
            leader.thaw()
        await hour.is_up()
    slow = [
        f"{seconds:.1f} s after a {how}"
        for how, all_ in took.items()
        for seconds in all_
        if seconds > TAKEN_OVER_WITHIN_S
    ]
    hour.broken += [f"the sender was taken over only {each}" for each in slow]
    return [f"taken over {max(seconds):.1f} s after a {how} at the latest" for how, seconds in took.items() if seconds]


async def restarts(hour: Hour, times: int) -> Sequence[str]:
    """Restart every process in turn, several times, while patients answer."""
    asked = Asked(hour=hour)
    watching = asyncio.create_task(asked.watch())
    stopped: list[float] = []
    try:
        for _ in range(times):
            for process in hour.processes:
                if process.leads("poller"):
                    stopped.append(time.monotonic())
                await asyncio.to_thread(process.stop)
                await asyncio.to_thread(process.start)
                await hour.is_up()
            await asyncio.sleep(2)
    finally:
        watching.cancel()
    longest = max(asked.next_after(instant) for instant in stopped)
    if longest >= LISTENED_WITHIN_S:
        hour.broken.append(f"nobody listened for {longest:.0f} s: taps expire after 150")
    return [f"nobody listened for {longest:.1f} s at the most, in {len(stopped)} restarts of the poller"]


async def _leader(hour: Hour) -> BotProcess:
    """Who sends now."""
    deadline = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < deadline:
        for process in hour.processes:
            if process.leads("sender"):
                return process
        await asyncio.sleep(0.05)
    raise AssertionError("nobody sends")


async def _leads(hour: Hour, others: Sequence[BotProcess]) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while not all(any(one.leads(part) for one in others) for part in ("sender", "poller")):
        if time.monotonic() > deadline:
            hour.broken.append(f"nobody took over within {LONGEST_WAIT_S:g} s")
            return
        await asyncio.sleep(0.02)
