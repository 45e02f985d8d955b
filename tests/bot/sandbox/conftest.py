"""A sandbox per test, checked against the Bot API's description where that lies beside the checkout."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import telegram
from telegram.request import HTTPXRequest

from bot import clock
from bot.sandbox import actors, schema, server
from tests.bot.sandbox import raw_calls

DESCRIPTION = Path(__file__).parents[3].parent / "shared" / "telegram-bot-api.json"
# Nothing here is encrypted: reading a machine's certificates for every client would only take time.
BARE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
PLAIN = {"trust_env": False, "verify": BARE}
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def movable() -> clock.MovableClock:
    return clock.MovableClock(MORNING)


@pytest.fixture(scope="session")
def description() -> schema.Description | None:
    """The Bot API as data, where it lies beside the checkout."""
    return schema.Description.read(DESCRIPTION) if DESCRIPTION.exists() else None


@pytest.fixture
async def served(movable: clock.MovableClock, description: schema.Description | None) -> AsyncIterator[server.Served]:
    async with server.serve(movable, limits=False, description=description) as running:
        yield running
        assert list(map(str, running.violations)) == []


@pytest.fixture
async def sandbox(served: server.Served) -> AsyncIterator[actors.Sandbox]:
    async with actors.Sandbox(served.url, patience_s=2) as client:
        yield client


@pytest.fixture
async def bot(served: server.Served) -> AsyncIterator[telegram.Bot]:
    ours = telegram.Bot(
        served.token,
        base_url=served.api_url,
        base_file_url=served.file_url,
        request=HTTPXRequest(connection_pool_size=4, httpx_kwargs=PLAIN),
        get_updates_request=HTTPXRequest(httpx_kwargs=PLAIN),
    )
    async with ours:
        yield ours


@pytest.fixture
async def http(served: server.Served) -> AsyncIterator[httpx.AsyncClient]:
    """The Bot API by hand: paths are method names."""
    base = f"{served.api_url}{served.token}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, verify=BARE, timeout=10) as client:
        yield client


@pytest.fixture
def raw(http: httpx.AsyncClient) -> raw_calls.Raw:
    return raw_calls.Raw(http)


@pytest.fixture
async def ana(sandbox: actors.Sandbox) -> actors.Person:
    """A patient who has pressed Start."""
    person = await sandbox.person("Ana")
    await person.start()
    return person


@pytest.fixture
async def lind(sandbox: actors.Sandbox) -> actors.Person:
    """Dr Lind, who owns the groups."""
    return await sandbox.person("Lind", role="clinician")
