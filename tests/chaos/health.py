"""What every process says of itself while something is wrong, and afterwards: it must not look well when it is not."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine
from typing import Any

import httpx

from tests.chaos.hour import Hour

EVERY_S = 0.25
NOTICED_S = 10.0  # what lasts longer must be seen; on the hour's clock this is a minute
WELL_AGAIN_S = 60.0
AWAY = "does not answer"
_FIGURES = re.compile(r"[\d.:]+")


async def watched(hour: Hour, trouble: Coroutine[Any, Any, Any]) -> str:
    """Have the trouble, and ask each process for `/readyz` meanwhile and until nothing of it is left. A line to note.

    What was wrong before (a case that waits for its clinician) is not counted.
    """
    before = await _problems(hour)
    began = time.monotonic()
    lasting = asyncio.create_task(trouble)
    told_after: float | None = None
    came: set[str] = set()
    while not lasting.done():
        await asyncio.sleep(EVERY_S)
        new = await _problems(hour) - before
        came |= new
        if new and told_after is None and not lasting.done():
            told_after = time.monotonic() - began
    await lasting
    ended = time.monotonic()
    if told_after is None:
        if ended - began > NOTICED_S:
            hour.broken.append("/readyz said nothing of it while it lasted")
        return "/readyz said nothing"
    while left := await _problems(hour) & came:
        if time.monotonic() - ended > WELL_AGAIN_S:
            hour.broken.append(f"/readyz still says {WELL_AGAIN_S:g} s later: {'; '.join(sorted(left))}")
            break
        hour.keep_up()
        await asyncio.sleep(EVERY_S)
    return (
        f"/readyz said so after {told_after:.1f} s, and was well again {time.monotonic() - ended:.1f} s after its end"
    )


async def _problems(hour: Hour) -> set[str]:
    """What all processes say is wrong, without the figures, which change from second to second."""
    said: set[str] = set()
    async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
        for number, process in enumerate(hour.processes):
            try:
                answer = await http.get(f"http://{process.plan.settings.console_listen}/readyz")
            except httpx.HTTPError:
                said.add(f"process {number} {AWAY}")
                continue
            said |= {f"process {number}: {_FIGURES.sub('#', problem)}" for problem in answer.json()["problems"]}
    return said
