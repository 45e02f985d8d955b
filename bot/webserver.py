"""Serves an ASGI application in the present event loop, without touching the process's signals."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from bot import handover
from bot.errors import AftercareError

GRACE_S = 3
WAITING = 512  # connections that may wait to be taken


class CannotListen(AftercareError):
    """Another program listens there, or the address is not this machine's."""


class _Server(uvicorn.Server):
    """uvicorn looks ten times a second whether it is to stop, for as long as nothing happens; this one is told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leave = asyncio.Event()

    async def main_loop(self) -> None:
        await self.leave.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, host: str, port: int) -> None:
    """Listen on host and port until cancelled; requests under way are answered first. Raises CannotListen."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        date_header=False,  # it would be the date of the start
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    with listening(host, port) as listener:
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            server.leave.set()
            await serving


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there, ours or one that systemd handed over. Raises CannotListen."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        held = handover.taken(address)
        if held is not None:
            return held
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot(host, port, error) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(WAITING)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _cannot(host, port, error) from None
    return listener


def _cannot(host: str, port: int, error: OSError) -> CannotListen:
    remedy = "Stop what listens there, or set another address in WEBHOOK_LISTEN or CONSOLE_LISTEN."
    return CannotListen(f"Nothing can listen on {host}:{port} ({error.strerror or type(error).__name__}). {remedy}")
