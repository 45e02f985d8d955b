"""Tells systemd that the bot is ready and alive, where it asks for that (Type=notify, WatchdogSec=). Never raises."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import structlog

log = structlog.get_logger()

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


class Systemd:
    """One datagram per message, to the socket named in NOTIFY_SOCKET; nothing where there is none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        named = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{named[1:]}" if named.startswith("@") else named  # @ is the abstract namespace
        micros = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.every_s = int(micros) / 3_000_000 if micros.isdigit() and ours else None

    def tell(self, message: str) -> None:
        """Send READY, ALIVE or STOPPING."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto(message.encode(), self._address)
        except OSError as error:
            log.warning("systemd not told", what=message, kind=type(error).__name__)
