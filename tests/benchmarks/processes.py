"""Processes of a measurement: each side runs in one of its own, and says in one line of JSON that it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 300
STOPS_WITHIN_S = 30
_TICK_HZ = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Running:
    """A process that said it is ready. `told` is what it said."""

    process: asyncio.subprocess.Process
    told: dict[str, Any]

    def cpu_s(self) -> float:
        """Processor time used so far, all threads, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK_HZ

    def rss_mb(self) -> float:
        """Resident memory now, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    async def says(self) -> dict[str, Any]:
        """Its next line. Raises RuntimeError when it ended instead."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), READY_WITHIN_S)
        if not line:
            raise RuntimeError(
                f"a process of the measurement ended: see its messages above ({await self.process.wait()})"
            )
        said: dict[str, Any] = json.loads(line)
        return said


@contextlib.asynccontextmanager
async def running(module: str, *arguments: object) -> AsyncIterator[Running]:
    """Run `tests.benchmarks.<module>` until the block ends, then tell it to stop."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.benchmarks.{module}",
        *map(str, arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    try:
        begun = Running(process=process, told={})
        begun.told.update(await begun.says())
        yield begun
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOPS_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def tell(**said: Any) -> None:
    """From inside such a process: say something to the one that measures."""
    print(json.dumps(said), flush=True)  # noqa: T201 - the line the parent waits for


async def until_stopped() -> None:
    """From inside such a process: wait for SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


class Phone:
    """The sandbox's control API, with one connection kept open."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=60, trust_env=False)

    async def __aenter__(self) -> Phone:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: int) -> Any:
        """GET under /sandbox."""
        return (await self._http.get(f"/sandbox/{path}", params=query)).raise_for_status().json()

    async def post(self, path: str, **body: Any) -> Any:
        """POST under /sandbox."""
        return (await self._http.post(f"/sandbox/{path}", json=body)).raise_for_status().json()
