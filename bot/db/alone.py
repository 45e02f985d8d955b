"""One process at a time serves a SQLite database: a second one would send everything twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from bot.db.engine import sqlite_file
from bot.errors import AftercareError


class AlreadyServed(AftercareError):
    """Another process serves this database: stop it first. Several processes need PostgreSQL (see deploy/README.md)."""


@contextmanager
def serving(url: str) -> Iterator[None]:
    """Hold the lock beside the SQLite file; nothing to hold elsewhere. The lock ends with its process, however it ends.

    Raises AlreadyServed.
    """
    path = sqlite_file(url)
    if path is None or str(path) == ":memory:":
        yield
        return
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServed from None
        yield
    finally:
        os.close(lock)
