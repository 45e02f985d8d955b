"""A newer version migrates while the one before runs on; neither serves a schema that it does not know."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, text

from bot.db import migrate, models
from bot.db.engine import Database, open_engine
from tests.bot.db.test_migrate import NOW
from tests.conftest import KEY

ROOT = Path(__file__).parents[3]
Make = Callable[[str], str]
KINDS = ["sqlite", "postgresql"]

EXPANDING = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "29990101", "{head}", None, None
def upgrade():
    op.add_column("gaps", sa.Column("why", sa.Text(), nullable=True))
    op.create_table("rota", sa.Column("id", sa.BigInteger(), primary_key=True))
"""
CONTRACTING = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "29990102", "29990101", None, None
phase, after = "contract", "7.1"
def upgrade():
    op.drop_column("gaps", "why")
"""


class Newer:
    """A newer version of the program, installed elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for package in ("bot", "schedules"):
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("sentences", "__pycache__"))
        shutil.copytree(ROOT / "migrations", folder / "migrations")
        self.add("29990101_more", EXPANDING.format(head=migrate.head()))

    def add(self, name: str, text_of_it: str) -> None:
        (self.folder / "migrations" / "versions" / f"{name}.py").write_text(text_of_it)

    def types(self, url: str, *words: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder), "DATABASE_URL": url, "AFTERCARE_KEY": KEY}
        command = [sys.executable, "-m", "bot", *words]
        return subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def newer(tmp_path: Path) -> Newer:
    return Newer(tmp_path / "newer")


@pytest.fixture
def migrated(vacant: Make) -> Make:
    def make(kind: str) -> str:
        url = vacant(kind)
        migrate.upgrade(url, [KEY])
        return url

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_before_goes_on_while_a_newer_one_migrates_and_afterwards(
    migrated: Make, newer: Newer, kind: str
) -> None:
    url = migrated(kind)
    running = Database(url, [KEY])
    stop, written, waited = threading.Event(), 0, 0.0
    migrated_since, more = threading.Event(), threading.Event()

    def serve() -> None:
        nonlocal written, waited
        while not stop.wait(0.01):
            began, is_after = time.monotonic(), migrated_since.is_set()
            running.write_now(lambda s: s.add(models.Gap(began_at=NOW, ended_at=NOW, asked_again=0)))
            running.read_now(lambda s: s.query(models.Gap).count())
            waited = max(waited, time.monotonic() - began)
            written += 1
            if is_after:
                more.set()

    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(serve)
        done = newer.types(url, "migrate")
        migrated_since.set()
        still_serves = more.wait(20)
        stop.set()
        serving.result(20)
    assert still_serves
    assert done.returncode == 0, done.stderr
    assert "29990101" in done.stdout
    assert waited < 5
    assert running.read_now(lambda s: s.query(models.Gap).count()) == written
    running.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_before_does_not_start_again_on_a_schema_it_does_not_know(
    migrated: Make, newer: Newer, kind: str
) -> None:
    url = migrated(kind)
    assert newer.types(url, "migrate").returncode == 0
    with pytest.raises(migrate.DatabaseTooNew):
        migrate.upgrade(url, [KEY])


@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_version_brings_the_database_along_at_its_start(migrated: Make, newer: Newer, kind: str) -> None:
    url = migrated(kind)
    listed = newer.types(url, "staff", "list")
    assert listed.returncode == 0, listed.stderr
    engine = open_engine(url, [KEY])
    assert "rota" in inspect(engine).get_table_names()
    engine.dispose()


def test_on_postgresql_nothing_is_taken_away_before_somebody_says_that_nothing_older_runs(
    migrated: Make, newer: Newer
) -> None:
    url = migrated("postgresql")
    newer.add("29990102_less", CONTRACTING)
    refused = newer.types(url, "migrate")
    assert refused.returncode == 1
    assert "every process runs 7.1 or newer, then run: aftercare migrate --contract" in refused.stderr
    engine = open_engine(url, [KEY])
    assert migrate.current(engine) == migrate.head()
    assert newer.types(url, "staff", "list").returncode == 1
    assert newer.types(url, "migrate", "--contract").returncode == 0
    assert migrate.current(engine) == "29990102"
    engine.dispose()


def test_on_sqlite_the_only_process_takes_away_what_it_no_longer_needs(migrated: Make, newer: Newer) -> None:
    url = migrated("sqlite")
    newer.add("29990102_less", CONTRACTING)
    done = newer.types(url, "migrate")
    assert done.returncode == 0, done.stderr
    assert "to 29990102" in done.stdout


@pytest.fixture
def older(vacant: Make) -> str:
    """A PostgreSQL database at the first revision; the next one needs a lock on checkins."""
    url = vacant("postgresql")
    engine = migrate.migrating_engine(url, [KEY])
    with engine.begin() as connection:
        migrate.build(connection, "20261120")
    engine.dispose()
    return url


def test_a_migration_waits_for_the_bot_and_the_bot_hardly_for_it(older: str) -> None:
    engine = open_engine(older, [KEY])
    with ThreadPoolExecutor(1) as thread, engine.connect() as reading:
        reading.execute(text("SELECT count(*) FROM checkins"))  # holds the table until its transaction ends
        migrating = thread.submit(migrate.upgrade, older, [KEY])
        slowest = 0.0
        with engine.connect() as other:
            other.execute(text("SET statement_timeout = '4s'"))  # whoever waits for longer fails here
            other.commit()
            for _ in range(40):
                began = time.monotonic()
                other.execute(text("SELECT count(*) FROM checkins"))
                other.rollback()
                slowest = max(slowest, time.monotonic() - began)
                wait({migrating}, timeout=0.05)
        assert not migrating.done()
        reading.rollback()
        assert migrating.result(20) == migrate.head()
    engine.dispose()
    assert slowest > 0.05, "the migration never asked for the table"


def test_a_migration_that_never_gets_its_lock_gives_up_and_changes_nothing(older: str) -> None:
    engine = open_engine(older, [KEY])
    with engine.connect() as reading:
        reading.execute(text("SELECT count(*) FROM checkins"))
        with pytest.raises(migrate.MigrationBlocked):
            migrate.upgrade(older, [KEY], patience_s=0)
    assert migrate.current(engine) == "20261120"
    engine.dispose()


def test_processes_that_start_at_once_on_an_empty_database_migrate_it_once(vacant: Make) -> None:
    url = vacant("postgresql")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: migrate.upgrade(url, [KEY]), range(4)))
    assert found == [migrate.head()] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_the_version_before_are_still_there_after_a_migration(migrated: Make, newer: Newer, kind: str) -> None:
    url = migrated(kind)
    engine = open_engine(url, [KEY])
    with engine.begin() as connection:
        connection.execute(insert(models.Gap), {"began_at": NOW, "ended_at": NOW, "asked_again": 3})
    assert newer.types(url, "migrate").returncode == 0
    with engine.connect() as connection:
        assert connection.execute(text("SELECT asked_again, why FROM gaps")).all() == [(3, None)]
    engine.dispose()
