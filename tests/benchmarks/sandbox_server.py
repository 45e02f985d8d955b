"""The sandbox in a process of its own, with people and groups in it. Both sides of a measurement talk to it alike."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
from datetime import datetime
from pathlib import Path

from bot.clock import MovableClock
from bot.sandbox import acts, groups, people, server
from bot.sandbox.server import Served
from tests.benchmarks import processes

PATIENTS_FROM, STAFF_FROM = 20_000_001, 10_000_001  # ids of the people


def fill(served: Served, patients: int, teams: int) -> list[int]:
    """Patients who pressed Start, and teams: one clinician with a private chat and one group each. Groups' ids."""
    world, found = served.world, []
    for number in range(patients):
        people.enter(world, acts.NewUser(id=PATIENTS_FROM + number, first_name="Patient"))
        world.chats[PATIENTS_FROM + number].started = True
    for number in range(teams):
        clinician = people.enter(world, acts.NewUser(id=STAFF_FROM + number, first_name="Clinician", role="clinician"))
        world.chats[clinician.id].started = True
        found.append(groups.found(world, acts.NewGroup(title=f"Team {number}", members=(clinician.id,))).id)
    return found


def _ask(served: Served) -> list[int]:
    """A message of the bot in each private chat. Their ids."""
    world = served.world
    chats = [chat for chat in world.chats.values() if chat.user_id is not None]
    return [world.post(chat, world.bot.id, text="How are you?").id for chat in chats]


def _tap(served: Served, taps: Path) -> None:
    """Everybody taps in one instant."""
    world = served.world
    for user, message, data in json.loads(taps.read_text(encoding="utf-8")):
        act = acts.Tap(chat_id=user, message_id=message, data=data, forge=True)
        people.tap(world, world.user(user), act)
    processes.tell(tapped=world.clock.now().isoformat())


async def main() -> None:
    """Serve until told to stop."""
    given = argparse.ArgumentParser()
    given.add_argument("--start", type=datetime.fromisoformat, required=True)
    given.add_argument("--patients", type=int, default=0)
    given.add_argument("--teams", type=int, default=0)
    given.add_argument("--asked", action="store_true", help="every chat has a message of the bot, and no limits")
    given.add_argument("--taps", type=Path, help="a list of (user, message, data): tapped at once at SIGUSR1")
    asked = given.parse_args()
    clock = MovableClock(asked.start, running=True)
    async with server.serve(clock, limits=not asked.asked) as served:
        found = fill(served, asked.patients, asked.teams)
        messages = _ask(served) if asked.asked else []
        now, monotonic = clock.now(), time.monotonic()
        processes.tell(
            url=served.url,
            token=served.token,
            groups=found,
            messages=messages,
            now=now.isoformat(),
            monotonic=monotonic,
        )
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, lambda: _tap(served, asked.taps))
        await processes.until_stopped()


if __name__ == "__main__":
    asyncio.run(main())
