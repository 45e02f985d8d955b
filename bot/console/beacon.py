"""The outbound heartbeat: a web address that is requested while every promise is kept, and only then.

Whoever watches it, at another place than the bot, hears when it stops, whatever has happened to this machine.
"""

from __future__ import annotations

import asyncio

import httpx
import structlog

from bot import metrics
from bot.console.judging import Judge

log = structlog.get_logger()

EVERY_S = 60.0
SOONER_S = 10.0  # after a beat that was withheld or did not arrive
TIMEOUT_S = 10.0


class Beacon:
    """Beats for `judge`. The address is a secret: whoever knows it can feign the bot's health."""

    def __init__(
        self,
        url: str,
        judge: Judge,
        *,
        every_s: float = EVERY_S,
        sooner_s: float = SOONER_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._url = url
        self._judge = judge
        self._every_s = every_s
        self._sooner_s = sooner_s
        self._timeout_s = timeout_s
        self._last = ""

    async def run(self) -> None:
        """Beat until cancelled."""
        await asyncio.sleep(self._sooner_s)  # at the start nothing has run yet
        while True:
            pause_s = self._every_s if await self.beat() else self._sooner_s
            await asyncio.sleep(pause_s)

    async def beat(self) -> bool:
        """Beat once, if every promise is kept. Returns whether the beat arrived; never raises."""
        report = await self._judge.look()
        if report.problems:
            self._note("withheld", f"{len(report.problems)} problems")
            return False
        try:
            async with httpx.AsyncClient(timeout=self._timeout_s) as http:
                answer = await http.get(self._url)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            self._note("failed", type(error).__name__)
            return False
        if answer.is_error:
            self._note("failed", answer.status_code)
            return False
        self._note("sent")
        return True

    def _note(self, result: str, why: int | str = "") -> None:
        """Count each; log what is news."""
        metrics.BEATS.labels(result).inc()
        if result != self._last:
            (log.info if result == "sent" else log.warning)("heartbeat", result=result, why=why)
        self._last = result
