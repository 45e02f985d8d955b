"""Connections wait at a socket that systemd holds while one process of the bot makes room for the next."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import handover

ROOT = Path(__file__).parents[2]
HANDED_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-c", sys.argv[2], *sys.argv[3:]])
"""
SERVING = """
import asyncio, sys
from bot import webserver
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": sys.argv[2].encode()})
asyncio.run(webserver.serve(app, "127.0.0.1", int(sys.argv[1])))
"""


@pytest.fixture
def held() -> Iterator[socket.socket]:
    """What systemd holds: a socket that listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@contextmanager
def process(held: socket.socket, answer: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that got the socket handed over and answers there."""
    command = [sys.executable, "-c", HANDED_OVER, str(held.fileno()), SERVING, str(held.getsockname()[1]), answer]
    with subprocess.Popen(command, cwd=ROOT, pass_fds=[held.fileno()]) as running:  # noqa: S603 - a fixed command
        try:
            yield running
        finally:
            running.kill()


def ask(held: socket.socket) -> socket.socket:
    asking = socket.create_connection(held.getsockname(), timeout=30)
    asking.sendall(b"GET / HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n")
    return asking


def answer_to(asking: socket.socket) -> str:
    with asking, asking.makefile("rb") as stream:
        return stream.read().decode()


def test_a_request_between_two_processes_waits_for_the_second(held: socket.socket) -> None:
    with process(held, "first") as running:
        assert "first" in answer_to(ask(held))
        running.kill()
        running.wait(20)
        waiting = ask(held)
        with process(held, "second"):
            assert "second" in answer_to(waiting)


def test_what_was_handed_over_to_another_process_is_not_taken(held: socket.socket) -> None:
    environ = {"LISTEN_PID": str(os.getppid()), "LISTEN_FDS": "1"}
    assert handover.taken(held.getsockname(), environ) is None


def test_without_systemd_nothing_is_taken(held: socket.socket) -> None:
    assert handover.taken(held.getsockname(), {}) is None


def test_of_several_sockets_the_one_of_the_address_is_taken(held: socket.socket) -> None:
    asked = f"""
import os, socket
from bot import handover
environ = {{"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2"}}
port = {held.getsockname()[1]}
print(handover.taken(("127.0.0.1", port), environ).getsockname()[1] == port)
print(handover.taken(("127.0.0.1", port), environ) is not None)
print(handover.taken(("127.0.0.1", 1), environ))
"""
    with socket.create_server(("127.0.0.1", 0)) as another:
        copied = f"one, two = os.dup({another.fileno()}), os.dup({held.fileno()})"
        before = f"import os; {copied}; os.dup2(one, 3); os.dup2(two, 4)\n"
        done = subprocess.run(  # noqa: S603 - a fixed command
            [sys.executable, "-c", before + asked],
            cwd=ROOT,
            pass_fds=[held.fileno(), another.fileno()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout.split() == ["True", "True", "None"], done.stderr
