"""The sandbox's page in a real browser, in the words of somebody who uses it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Locator, Page, Playwright, ViewportSize

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1440, 900)
PHONE = (390, 844)


async def launch(playwright: Playwright) -> Browser:
    """Chromium of this machine. Without one the test is skipped in words; where CI is set it fails."""
    path = shutil.which("chromium")
    if path is None:
        missing = "no chromium on this machine: install it to run the browser tests"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return await playwright.chromium.launch(executable_path=path, args=FLAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One browser page on a sandbox. `problems` are console errors and uncaught exceptions so far."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def chat(self, name: str) -> Locator:
        """The phone or group with this title."""
        return self.page.get_by_role("article", name=name)

    def messages(self, name: str) -> Locator:
        """All messages of a chat."""
        return self.chat(name).locator(".message")

    async def starts(self, name: str) -> None:
        """Press Start on a phone."""
        await self.chat(name).get_by_role("button", name="Start", exact=True).click()

    async def says(self, name: str, text: str) -> None:
        """Type and send."""
        await self.chat(name).get_by_label("Message", exact=True).fill(text)
        await self.chat(name).get_by_role("button", name="Send").click()

    async def scrolls_sideways(self) -> bool:
        """Whether the page is wider than its window."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    async def photograph(self, path: Path) -> None:
        """A picture of what is in the window, once pictures and fonts are there."""
        await self.page.evaluate("Promise.all([document.fonts.ready, ...[...document.images].map(i => i.decode())])")
        await self.page.screenshot(path=path, animations="disabled")


async def enter(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
    touch: bool = False,
) -> Room:
    """Open the page at `url` in a window of its own. `size` is width and height in CSS pixels."""
    viewport = ViewportSize(width=size[0], height=size[1])
    context = await browser.new_context(viewport=viewport, color_scheme=scheme, has_touch=touch, locale="en-GB")
    room = Room(page=await context.new_page())
    room.page.set_default_timeout(10_000)

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            room.problems.append(message.text)

    def thrown(error: Error) -> None:
        room.problems.append(str(error))

    room.page.on("console", heard)
    room.page.on("pageerror", thrown)
    await room.page.goto(url)
    return room
