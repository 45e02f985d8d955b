"""A web endpoint listens until it is told to stop, answers what is under way, and leaves its port free."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.webserver import CannotListen, listening, serve


class Slow:
    """A page that answers when it is let."""

    def __init__(self) -> None:
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def page(self, _request: Request) -> PlainTextResponse:
        self.asked.set()
        await self.let.wait()
        return PlainTextResponse("done")


def free_port() -> int:
    with listening("127.0.0.1", 0) as taken:
        port: int = taken.getsockname()[1]
        return port


async def test_what_is_under_way_is_answered_and_then_the_port_is_free_again() -> None:
    slow, port = Slow(), free_port()
    for _ in range(2):
        slow.asked.clear()
        slow.let.clear()
        serving = asyncio.create_task(serve(Starlette(routes=[Route("/", slow.page)]), "127.0.0.1", port))
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=10)) as client:
            asking = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/", timeout=10))
            await asyncio.wait_for(slow.asked.wait(), 10)
            serving.cancel()
            slow.let.set()
            assert (await asking).text == "done"
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(serving, 10)


async def test_a_port_that_is_taken_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{port} \(Address already in use\)"):
            await serve(Starlette(), "127.0.0.1", port)


def test_an_address_that_is_not_this_machines_is_told_in_words() -> None:
    with pytest.raises(CannotListen, match=r"WEBHOOK_LISTEN or CONSOLE_LISTEN"):
        listening("192.0.2.1", 0)


def test_it_can_listen_on_ipv6_as_well() -> None:
    try:
        listener = listening("::1", 0)
    except CannotListen:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert listener.family == socket.AF_INET6
