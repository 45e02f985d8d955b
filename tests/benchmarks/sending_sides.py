"""The two senders of row 3, each in a process of its own: `ours` empties an outbox, `bare` loops over send_message."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from datetime import datetime
from itertools import count

os.environ.setdefault("PTB_TIMEDELTA", "true")

from telegram import Bot

from bot import log
from bot.care import showing
from bot.care.clinic import Clinic
from bot.care.delivery import Outgoing
from bot.care.outcomes import Outcome
from bot.chat.courier import Courier
from bot.chat.limits import Limits, Turn
from bot.chat.sender import OTHERS_IN_FLIGHT, Sender
from bot.clock import MovableClock
from bot.db.engine import Database
from bot.sandbox.storylines.cast import NUMBERS
from tests.benchmarks import clinic, processes
from tests.benchmarks.sandbox_server import PATIENTS_FROM
from tests.benchmarks.sending import MESSAGES, TEXT


class Unlimited(Limits):
    """Everything may go at once."""

    def ready_at(self, turn: Turn, now: datetime) -> datetime:
        """Now."""
        return now


class Counting:
    """A courier that knows when the last message was taken."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._left = MESSAGES
        self.all_taken = asyncio.Event()

    async def deliver(self, outgoing: Outgoing) -> Outcome:
        """Send it, and count it."""
        outcome = await self._courier.deliver(outgoing)
        self._left -= 1
        if not self._left:
            self.all_taken.set()
        return outcome


async def ours(url: str, token: str, database: str) -> tuple[float, float]:
    """Seconds to send what waits in the outbox, from the first look at it, and processor time."""
    db = Database(database, [clinic.KEY])
    courier = Courier(token, url, b"secret")
    counting = Counting(courier)
    where = Clinic(name="Bench", timezone="Europe/London", values=NUMBERS, bot_username="bench_bot")
    sender = Sender(
        db, where, MovableClock(clinic.START, running=True), counting, showing.RENDERERS, limits=Unlimited()
    )
    began, cpu = time.perf_counter(), time.process_time()
    running = asyncio.create_task(sender.run())
    await counting.all_taken.wait()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await sender.finish(10)
    await courier.close()
    db.close()
    return seconds, cpu


async def bare(url: str, token: str) -> tuple[float, float]:
    """Seconds and processor time to send as many with the library alone, as many at a time as our sender does."""
    numbers = count()
    async with Bot(token, base_url=f"{url}/bot") as bot:

        async def work() -> None:
            while (number := next(numbers)) < MESSAGES:
                await bot.send_message(PATIENTS_FROM + number, TEXT, parse_mode="HTML")

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(OTHERS_IN_FLIGHT)))
        return time.perf_counter() - began, time.process_time() - cpu


async def main() -> None:
    """Measure one side and say how long it took."""
    given = argparse.ArgumentParser()
    given.add_argument("side", choices=("ours", "bare"))
    given.add_argument("--url", required=True)
    given.add_argument("--token", required=True)
    given.add_argument("--database", default="")
    asked = given.parse_args()
    log.configure("ERROR")
    processes.tell()
    url, token = asked.url, asked.token
    seconds, cpu = await (ours(url, token, asked.database) if asked.side == "ours" else bare(url, token))
    processes.tell(seconds=seconds, cpu_ms=cpu / MESSAGES * 1000)


if __name__ == "__main__":
    asyncio.run(main())
