"""A site of its own for each command: settings, an empty folder, and a sandbox that answers for Telegram."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot import __main__ as command_line
from bot import keyfile
from bot.clock import SystemClock
from bot.db.engine import Database
from bot.sandbox import server
from tests.conftest import KEY


@dataclass(kw_only=True)
class Terminal:
    """A shell in the site's folder. `database` is what the commands work on."""

    folder: Path
    env: dict[str, str | None]
    runner: CliRunner = field(default_factory=CliRunner)

    @property
    def file(self) -> Path:
        """The database's file."""
        return self.folder / "aftercare.db"

    def types(self, *words: str, answer: str | None = None, **env: str | None) -> Result:
        """Type `aftercare` and these words; `answer` is typed when it asks."""
        return self.runner.invoke(command_line.app, [*words], input=answer, env={**self.env, **env})

    def database(self) -> Database:
        """What the commands wrote. Close it."""
        return Database(f"sqlite:///{self.file}", [KEY])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        database = self.database()
        try:
            return database.read_now(lambda s: [tuple(row) for row in s.connection().exec_driver_sql(query)])
        finally:
            database.close()


@pytest.fixture(scope="session")
def telegram() -> Iterator[server.Served]:
    """A sandbox in a thread of its own, as commands have no event loop."""
    ready: Future[tuple[server.Served, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        leave = asyncio.Event()
        async with server.serve(SystemClock(), limits=False) as served:
            ready.set_result((served, asyncio.get_running_loop(), leave))
            await leave.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    served, loop, leave = ready.result(timeout=20)
    yield served
    loop.call_soon_threadsafe(leave.set)
    thread.join(timeout=20)


@pytest.fixture
def empty(tmp_path: Path, telegram: server.Served, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Everything is set, nothing was ever started."""
    monkeypatch.chdir(tmp_path)
    return Terminal(
        folder=tmp_path,
        env={
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_API_URL": telegram.url,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'aftercare.db'}",
            "AFTERCARE_KEY_FILE": str(tmp_path / "aftercare.key"),
            "CLINIC_NAME": "Northside Spine",
            "CLINIC_TIMEZONE": "Europe/London",
            "TEAM_PHONE": "020 7188 7188",
            "EMERGENCY_NUMBER": "999",
            "OUT_OF_HOURS": "111",
            "CRISIS_LINE": "116 123",
            "COLUMNS": "200",
        },
    )


@pytest.fixture
def terminal(empty: Terminal, template: Path) -> Terminal:
    """A site that was started once."""
    shutil.copyfile(template, empty.file)
    keyfile.write(empty.folder / "aftercare.key", (KEY,))
    return empty
