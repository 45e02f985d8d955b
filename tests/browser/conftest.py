"""A sandbox with a small bot under it, three people and a group, and a real Chromium that looks at its page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bot.clock import MovableClock
from bot.sandbox import actors, server
from tests.browser import echo_bot, room

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests; each enters by a window of its own."""
    async with async_playwright() as playwright:
        browser = await room.launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def served() -> AsyncIterator[server.Served]:
    """A sandbox on Monday 23 November 2026, 09:00 UTC, with the echo bot polling it."""
    clock = MovableClock(MORNING, running=True)
    async with server.serve(clock, limits=False) as running, echo_bot.running(running.api_url, running.token):
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(served: server.Served) -> AsyncIterator[actors.Sandbox]:
    """The sandbox with Ana and Benjamin (patients), Maya and Tom (staff) and their group."""
    async with actors.Sandbox(served.url) as here:
        await here.person("Ana", last_name="Silva")
        await here.person("Benjamin", last_name="Okafor", language_code="es")
        maya = await here.person("Maya", last_name="Lind", role="clinician")
        tom = await here.person("Tom", last_name="Okoro", role="coordinator")
        await here.group("Spine team", maya, tom, bot_admin=True)
        yield here


@pytest_asyncio.fixture(loop_scope="session")
async def desk(chromium: Browser, served: server.Served, sandbox: actors.Sandbox) -> AsyncIterator[room.Room]:
    """The page in a wide window. At the end nothing may have gone wrong in its console."""
    entered = await room.enter(chromium, served.url)
    yield entered
    await entered.page.context.close()
    assert entered.problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def phone(chromium: Browser, served: server.Served, sandbox: actors.Sandbox) -> AsyncIterator[room.Room]:
    """The page on a phone 390 wide. At the end nothing may have gone wrong in its console."""
    entered = await room.enter(chromium, served.url, size=room.PHONE, touch=True)
    yield entered
    await entered.page.context.close()
    assert entered.problems == []
