"""`aftercare run` as a process of its own: systemd, health, the heartbeat, and an orderly end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.clock import SystemClock
from bot.sandbox import server
from tests.bot.console.test_beacon import Listener, listening
from tests.conftest import KEY

PATIENCE_S = 60


@dataclass(kw_only=True)
class Running:
    """A bot that serves. `told` is where systemd listens."""

    process: asyncio.subprocess.Process
    console: str
    told: socket.socket

    async def hears(self, message: bytes) -> None:
        """Wait until systemd was told this."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_S):
            while await loop.sock_recv(self.told, 100) != message:
                continue

    async def ends(self, by: signal.Signals) -> int:
        self.process.send_signal(by)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)


@pytest.fixture
def systemd() -> Iterator[tuple[socket.socket, str]]:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        path = str(Path(folder) / "notify")
        told.bind(path)
        told.setblocking(False)
        yield told, path


@pytest.fixture
async def watcher() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@asynccontextmanager
async def started(folder: Path, systemd: tuple[socket.socket, str], watcher: Listener) -> AsyncIterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        console = f"127.0.0.1:{taken.getsockname()[1]}"
    async with server.serve(SystemClock()) as served:
        site = {
            "TELEGRAM_BOT_TOKEN": served.token,
            "TELEGRAM_API_URL": served.url,
            "DATABASE_URL": f"sqlite:///{folder / 'aftercare.db'}",
            "AFTERCARE_KEY": KEY,
            "CLINIC_NAME": "Northside Spine",
            "CLINIC_TIMEZONE": "Europe/London",
            "TEAM_PHONE": "020 8123 4567",
            "EMERGENCY_NUMBER": "999",
            "OUT_OF_HOURS": "NHS 111",
            "CRISIS_LINE": "NHS 111, option 2",
            "CONSOLE_LISTEN": console,
            "HEARTBEAT_URL": watcher.url,
            "NOTIFY_SOCKET": systemd[1],
            "WATCHDOG_USEC": "3000000",
            "PATH": os.environ["PATH"],
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=Path(__file__).parents[3], env=site, stderr=asyncio.subprocess.PIPE
        )
        try:
            yield Running(process=process, console=f"http://{console}", told=systemd[0])
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def test_it_says_that_it_serves_is_ready_beats_and_ends_in_order(
    tmp_path: Path, systemd: tuple[socket.socket, str], watcher: Listener
) -> None:
    async with started(tmp_path, systemd, watcher) as bot:
        await bot.hears(b"READY=1")
        await bot.hears(b"WATCHDOG=1")
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(base_url=bot.console) as client:
            assert (await client.get("/healthz")).text == "ok\n"
            await watcher.once.wait()
            assert (await client.get("/readyz")).json()["problems"] == []
        assert await bot.ends(signal.SIGTERM) == 0
        await bot.hears(b"STOPPING=1")


async def test_a_process_that_systemd_gives_up_shows_where_it_was(
    tmp_path: Path, systemd: tuple[socket.socket, str], watcher: Listener
) -> None:
    async with started(tmp_path, systemd, watcher) as bot:
        await bot.hears(b"READY=1")
        assert await bot.ends(signal.SIGABRT) == -signal.SIGABRT
        assert bot.process.stderr is not None
        said = (await bot.process.stderr.read()).decode()
        assert "Fatal Python error: Aborted" in said
        assert "Thread" in said
