"""`aftercare run`: the bot itself, until it is told to stop."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
from collections.abc import Sequence
from typing import Annotated

import structlog
import typer

from bot import app, log, texts
from bot import settings as configuration
from bot.clock import SystemClock
from bot.errors import AftercareError
from bot.settings import Settings

events = structlog.get_logger()


def run(
    only: Annotated[
        str, typer.Option(help="Parts for this process, of intake,care,delivery,console; the others run elsewhere.")
    ] = ",".join(app.PARTS),
) -> None:
    """Serve patients and staff with the settings of the environment and .env, until stopped."""
    try:
        settings = configuration.load()
        _need_translations()
        keys = configuration.encryption_keys(settings)
        log.configure(settings.log_level)
        faulthandler.enable()  # systemd's watchdog ends a process with SIGABRT: then the log says where it hung
        asyncio.run(_serve(settings, keys, [part.strip() for part in only.split(",") if part.strip()]))
    except AftercareError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _need_translations() -> None:
    missing = texts.missing(texts.languages())
    if missing:
        raise AftercareError("Translations are missing:\n  " + "\n  ".join(missing))


async def _serve(settings: Settings, keys: tuple[str, ...], parts: Sequence[str]) -> None:
    """Run until SIGINT or SIGTERM; a part that fails by itself ends the process non-zero."""
    loop = asyncio.get_running_loop()
    async with app.build(settings, keys, SystemClock(), parts=parts) as aftercare:
        running = asyncio.create_task(aftercare.run())
        stopping = False

        def stop() -> None:
            nonlocal stopping
            stopping = True
            running.cancel()

        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop)
        try:
            await running
        except asyncio.CancelledError:
            if not stopping:
                raise
        events.info("stopped")
