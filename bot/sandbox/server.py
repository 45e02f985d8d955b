"""The sandbox as a running server: the Bot API, the control API and the page on one address of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.clock import Clock
from bot.sandbox import calls, control, dispatch, schema, webhook, wire, world

PAGE = Path(__file__).parent / "page"
BOT = world.Bot(
    id=7_000_000_001,
    token="7000000001:AAH4q9-sandbox-token-that-opens-nothing",  # noqa: S106 - known to all: it opens only the sandbox
    username="aftercare_sandbox_bot",
    first_name="Aftercare",
)
GRACE_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running sandbox. `url` serves the page and is the Bot API's address without the token."""

    url: str
    desk: dispatch.Dispatch

    @property
    def world(self) -> world.World:
        """The state behind it."""
        return self.desk.world

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.bot.token

    @property
    def api_url(self) -> str:
        """What a client puts before the token: `<url>/bot`."""
        return f"{self.url}/bot"

    @property
    def file_url(self) -> str:
        """What a client puts before the token to download files: `<url>/file/bot`."""
        return f"{self.url}/file/bot"

    @property
    def violations(self) -> Sequence[schema.Violation]:
        """Where a call or an object departed from the Bot API's description, if one was given."""
        return self.desk.violations

    def calls(self, method: str | None = None) -> list[calls.Call]:
        """The Bot API calls so far, all or of one method."""
        return [call for call in self.desk.log.after(0) if method in (None, call.method)]


class _Server(uvicorn.Server):
    """uvicorn inside a loop that belongs to someone else: leaves signals alone, stops at once when told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leave = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.leave.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn sleeps in steps of 0.1 s here; a sandbox per test would pay for that a hundred times.
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = list(self.server_state.tasks)
        unfinished = (await asyncio.wait(tasks, timeout=GRACE_S))[1] if tasks else set()
        for task in unfinished:
            task.cancel()
        # One turn of the loop in which closed transports tell their protocols.
        await asyncio.sleep(0)


def _listen(host: str, port: int) -> socket.socket:
    # asyncio turns Nagle's delay off (40 ms a call) only where it sees the protocol named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    # Connections queue from here on, before uvicorn takes them.
    listener.listen(512)
    listener.setblocking(False)
    return listener


@contextlib.asynccontextmanager
async def serve(
    clock: Clock,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    bot: world.Bot = BOT,
    next_event: control.NextEvent | None = None,
    storyline: Callable[[], str | None] = lambda: None,
    limits: bool = True,
    description: schema.Description | None = None,
    strict: bool = False,
    webhook_backoff: webhook.Backoff | None = None,
) -> AsyncIterator[Served]:
    """Run a sandbox in the present event loop until the block ends, on an IPv4 address of this machine.

    `port` 0 takes any free one. `next_event` says when the next thing happens (UTC), for the clock's "to the next
    event". `limits` are Telegram's sending limits. `description` is the Bot API as data (schema.Description.read):
    what departs from it is collected in `violations`, and with `strict` fails. Raises OSError when the port is taken.
    """
    desk = dispatch.Dispatch(
        world.World(clock, bot),
        limited=limits,
        backoff=webhook_backoff or webhook.Backoff(),
        description=description,
        strict=strict,
    )
    connections = wire.Connections()
    api = wire.BotApi(desk, connections)
    desk_control = control.Control(desk, next_event=next_event, storyline=storyline)
    listener = _listen(host, port)
    server = _Server(_config(_app(api, desk_control), connections))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield Served(url=f"http://{host}:{listener.getsockname()[1]}", desk=desk)
    finally:
        api.close()
        desk_control.close()
        await desk.close()
        server.leave.set()
        await running


def _app(api: wire.BotApi, people: control.Control) -> Starlette:
    return Starlette(
        routes=[
            Route("/bot{token}/{method}", api.call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", api.download, methods=["GET"]),
            *people.routes(),
            Mount("/", StaticFiles(directory=PAGE, html=True, check_dir=False)),
        ]
    )


def _config(app: Starlette, connections: wire.Connections) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=connections.protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=60,
    )
