"""Our bot in a process of its own: the composition root as in production, with a clock that began when it was told."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import time
from datetime import datetime

from pydantic import SecretStr

from bot import app as composition
from bot import log
from bot.app import App
from bot.clock import MovableClock
from bot.db import listening
from bot.sandbox.storylines.cast import NUMBERS
from bot.settings import Settings
from tests.benchmarks import processes


async def main() -> None:
    """Serve until told to stop. `--parts answers` takes answers in and handles them, and sends nothing."""
    began = time.monotonic()
    given = argparse.ArgumentParser()
    given.add_argument("--database", required=True)
    given.add_argument("--url", required=True)
    given.add_argument("--token", required=True)
    given.add_argument("--start", type=datetime.fromisoformat, required=True)
    given.add_argument("--parts", choices=("all", "answers"), default="all")
    asked = given.parse_args()
    log.configure("ERROR")
    settings = Settings(
        telegram_bot_token=SecretStr(asked.token),
        telegram_api_url=asked.url,
        database_url=asked.database,
        clinic_name="Northside Spine Unit",
        clinic_timezone="Europe/London",
        **NUMBERS,
    )
    clock = MovableClock(asked.start, running=True)
    async with composition.build(settings, [os.environ["BENCH_KEY"]], clock) as app:
        serving = asyncio.create_task(_serve(app, asked.parts))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
        processes.tell(built_s=time.monotonic() - began)
        try:
            await serving
        except asyncio.CancelledError:
            return


async def _serve(app: App, parts: str) -> None:
    if parts == "answers":
        await app.presence.poll()
        polling = app.polling.lead(app.poller.run)
        await asyncio.gather(polling, app.intake.run(), listening.listen(app.db))
    else:
        await app.run()


if __name__ == "__main__":
    asyncio.run(main())
