"""Takes over a listening socket that systemd holds, so that connections wait while the bot restarts.

systemd hands sockets over to the process LISTEN_PID, as file descriptors from 3 on, LISTEN_FDS of them (sd_listen_fds).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

FIRST = 3


def taken(address: tuple[object, ...], environ: Mapping[str, str] = os.environ) -> socket.socket | None:
    """A copy of the socket that was handed over for this host and port, non-blocking; None when none was.

    It may be closed and taken again: the one handed over stays as it is.
    """
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    for descriptor in range(FIRST, FIRST + int(environ.get("LISTEN_FDS", "0"))):
        os.set_inheritable(descriptor, False)
        found = socket.socket(fileno=os.dup(descriptor))
        if _listens(found, address):
            found.setblocking(False)
            return found
        found.close()
    return None


def _listens(found: socket.socket, address: tuple[object, ...]) -> bool:
    if found.family not in (socket.AF_INET, socket.AF_INET6) or found.type != socket.SOCK_STREAM:
        return False
    return tuple(found.getsockname()[:2]) == tuple(address[:2])
