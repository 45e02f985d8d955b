"""Brings an app to rest step by step, for tests and rehearsals on a clock that only moves when it is told to."""

from __future__ import annotations

from datetime import timedelta

from bot.app import App
from bot.clock import MovableClock

PATIENCE = timedelta(minutes=2)  # of rehearsed time: how long a message may wait for its turn under the sending limits
MOST_ROUNDS = 500
FULL_BATCH = 100  # updates that Telegram gives at once


class Restless(AssertionError):
    """The bot does not come to rest: something is sent or processed again and again."""


async def settle(app: App, clock: MovableClock, *, ticks: bool = True) -> None:
    """Take in, process, tick and send until nothing is left to do now; the clock moves only as the limits demand.

    Without `ticks` only what somebody just did is followed up, as between two ticks in production.
    """
    if ticks:
        await app.poller.clock_moved()
        await app.ticks.sweep()
    while await app.poller.poll_once(0) >= FULL_BATCH:
        continue
    await app.intake.process_due()
    for _ in range(MOST_ROUNDS):
        step = await app.sender.deliver_due()
        if step.next_at is None or step.next_at > clock.now() + PATIENCE:
            return
        if step.next_at > clock.now():
            clock.move_to(step.next_at)
    raise Restless(Restless.__doc__)
