"""systemd hears that the bot is ready and alive, over the datagram socket it names."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.systemd import ALIVE, READY, Systemd


@pytest.fixture
def named() -> Iterator[tuple[socket.socket, str]]:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        path = str(Path(folder) / "notify")  # short: the path of a socket has at most 107 characters
        server.bind(path)
        server.settimeout(5)
        yield server, path


def test_systemd_is_told_on_its_socket(named: tuple[socket.socket, str]) -> None:
    server, path = named
    Systemd({"NOTIFY_SOCKET": path}).tell(READY)
    assert server.recv(100) == b"READY=1"


def test_a_socket_in_the_abstract_namespace_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(f"\0aftercare-{os.getpid()}")
        server.settimeout(5)
        Systemd({"NOTIFY_SOCKET": f"@aftercare-{os.getpid()}"}).tell(ALIVE)
        assert server.recv(100) == b"WATCHDOG=1"


def test_without_systemd_nothing_is_said_and_nothing_raised() -> None:
    systemd = Systemd({})
    systemd.tell(READY)
    assert systemd.every_s is None


def test_a_systemd_that_does_not_listen_stops_nothing(tmp_path: Path) -> None:
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "absent")}).tell(READY)


def test_systemd_hears_of_the_bot_three_times_within_its_patience() -> None:
    assert Systemd({"WATCHDOG_USEC": "60000000"}).every_s == 20


def test_the_patience_meant_for_another_process_is_not_ours() -> None:
    assert Systemd({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}).every_s is None
