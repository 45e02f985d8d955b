"""The running bot, seen from outside: health, metrics and the heartbeat of a process that serves a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bot.app import App
from bot.care import gaps
from bot.errors import AftercareError
from tests.stories.conftest import Ward

PATIENCE_S = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def running(app: App, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The bot serves, with a web endpoint, until the block ends."""
    listen = f"127.0.0.1:{free_port()}"
    site = app.settings.model_copy(update={"console_listen": listen, **settings})
    serving = asyncio.create_task(replace(app, settings=site).run())
    try:
        async with httpx.AsyncClient(base_url=f"http://{listen}") as client:
            yield client
        assert not serving.done() or serving.exception() is None
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def until(client: httpx.AsyncClient, path: str, well: Callable[[httpx.Response], bool]) -> httpx.Response:
    """Ask until the answer is as wanted, for a while."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await client.get(path)
                if well(answer):
                    return answer
            await asyncio.sleep(0.05)


async def test_a_bot_that_serves_is_alive_and_soon_ready(ward: Ward) -> None:
    async with running(ward.app) as client:
        assert (await until(client, "/healthz", lambda answer: answer.is_success)).text == "ok\n"
        said = (await until(client, "/readyz", lambda answer: '"poller":true' in answer.text)).json()
    assert (said["ready"], said["problems"]) == (True, [])
    assert {"pages", "signs of life", "uncertain messages"} <= set(said["ticks"])
    assert said["leading"] == {"poller": True, "sender": True}


async def test_what_the_bot_does_is_counted(ward: Ward) -> None:
    okoro = ward.staff.okoro
    async with running(ward.app) as client:
        await until(client, "/readyz", lambda answer: answer.is_success)
        await okoro.says("/open")
        shown = await until(client, "/metrics", lambda answer: 'updates_total{result="processed"}' in answer.text)
    assert 'aftercare_polls_total{result="ok"}' in shown.text
    assert 'aftercare_tick_runs_total{result="ok",tick="pages"}' in shown.text


async def test_a_telegram_that_is_away_breaks_a_promise_within_a_minute(ward: Ward) -> None:
    async with running(ward.app) as client:
        await until(client, "/readyz", lambda answer: answer.is_success)
        await ward.sandbox.fails("http", method="getUpdates", code=502, description="Bad Gateway", times=1000)
        ward.clock.advance(gaps.TOLERATED / 2 + gaps.TOLERATED / 100)
        said = await until(client, "/readyz", lambda answer: "listened to Telegram" in answer.text)
        assert said.status_code == 503
        assert (await client.get("/healthz")).is_success
        await ward.sandbox.mends()


async def test_a_port_that_is_taken_ends_the_start_in_words(ward: Ward) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site = ward.app.settings.model_copy(update={"console_listen": f"127.0.0.1:{taken.getsockname()[1]}"})
        with pytest.raises(AftercareError, match="CONSOLE_LISTEN"):
            await asyncio.wait_for(replace(ward.app, settings=site).run(), PATIENCE_S)
