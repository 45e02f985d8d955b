"""A backup is one file that only the keys open: made while the bot writes, proven by restoring, restored as a whole."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, insert, select, text

from bot.db import backup, migrate, models, moving, sealed
from bot.db.copying import Differs, compare
from bot.db.engine import Database, open_engine
from bot.db.keys import rotate
from bot.db.types import KeyMissing
from tests.bot.db.filling import AWKWARD
from tests.bot.db.test_migrate import NOW
from tests.bot.db.test_moving import Make, counted, is_vacant
from tests.conftest import KEY

KINDS = ["sqlite", "postgresql"]
NEWER = Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def made(full_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a database with something in every table."""
    file = tmp_path_factory.mktemp("backup") / "a.backup"
    backup.make(f"sqlite:///{full_file}", [KEY], file, NOW)
    return file


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_what_is_restored_is_what_was_backed_up(
    full: Make, vacant: Make, tmp_path: Path, source: str, target: str
) -> None:
    old, new, file = full(source), vacant(target), tmp_path / "a.backup"
    content = backup.make(old, [KEY], file, NOW)
    assert backup.restore(file, new, [KEY]) == content
    assert content.tables == counted(new)
    assert all(content.tables.values()), "a table without rows proves nothing"
    with moving.snapshot(old, [KEY]) as one, moving.snapshot(new, [KEY]) as other:
        assert compare(one, other) == content.tables


def test_a_backup_is_its_owners_only_and_says_nothing_of_patients(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    raw = made.read_bytes()
    for text_of_the_database in (AWKWARD.encode(), b"leg_numbness_new", b"patients", KEY.encode()):
        assert text_of_the_database not in raw


def test_nothing_but_the_backup_is_left_behind(full: Make, tmp_path: Path) -> None:
    source = full("sqlite")
    before = set(tmp_path.iterdir())
    backup.make(source, [KEY], tmp_path / "a.backup", NOW)
    assert set(tmp_path.iterdir()) == before | {tmp_path / "a.backup"}


def test_no_backup_takes_the_place_of_another_file(full: Make, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    file.write_text("precious")
    with pytest.raises(backup.BackupExists):
        backup.make(full("sqlite"), [KEY], file, NOW)
    assert file.read_text() == "precious"


def test_a_database_whose_secrets_no_key_opens_makes_no_backup(full: Make, tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        backup.make(full("sqlite"), [NEWER], tmp_path / "a.backup", NOW)
    assert not list(tmp_path.glob("a.backup*"))


def test_a_row_that_points_at_nothing_makes_no_backup(full: Make, tmp_path: Path) -> None:
    source = full("sqlite")
    engine = migrate.migrating_engine(source, [KEY])  # foreign keys are off here, as in a damaged file
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM care_teams"))
    engine.dispose()
    with pytest.raises(Differs):
        backup.make(source, [KEY], tmp_path / "a.backup", NOW)
    assert not list(tmp_path.glob("a.backup*"))


def test_a_database_that_lost_a_guard_makes_no_backup(full: Make, tmp_path: Path) -> None:
    source = full("sqlite")
    engine = open_engine(source, [KEY])
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER tr_audit_kept"))
    engine.dispose()
    with pytest.raises(Differs, match="guard"):
        backup.make(source, [KEY], tmp_path / "a.backup", NOW)


def test_a_ring_with_a_newer_key_restores_it(made: Path, vacant: Make) -> None:
    new = vacant("sqlite")
    backup.restore(made, new, [NEWER, KEY])
    database = Database(new, [NEWER, KEY])
    rotate(database)
    assert database.read_now(lambda s: s.get_one(models.Message, 1).body) == AWKWARD
    database.close()


def test_without_the_key_nothing_is_restored(made: Path, vacant: Make) -> None:
    new = vacant("sqlite")
    with pytest.raises(sealed.KeyUnknown):
        backup.restore(made, new, [NEWER])
    assert is_vacant(new)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.999])
def test_a_damaged_or_truncated_file_restores_nothing(
    made: Path, vacant: Make, tmp_path: Path, kind: str, share: float
) -> None:
    new, raw = vacant(kind), bytearray(made.read_bytes())
    place, bad = int(len(raw) * share), tmp_path / "bad.backup"
    bad.write_bytes(raw[:place])
    with pytest.raises(sealed.Damaged):
        backup.restore(bad, new, [KEY])
    raw[place] ^= 1
    bad.write_bytes(raw)
    with pytest.raises(sealed.Damaged):
        backup.restore(bad, new, [KEY])
    assert is_vacant(new)


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_holds_something_is_left_alone(made: Path, full: Make, kind: str) -> None:
    there = full(kind)
    before = counted(there)
    with pytest.raises(moving.NotEmpty):
        backup.restore(made, there, [KEY])
    assert counted(there) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_that_fails_at_its_very_end_leaves_nothing_and_can_be_repeated(
    made: Path, vacant: Make, kind: str
) -> None:
    new = vacant(kind)

    def fail(_connection: object) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        backup.restore(made, new, [KEY], fail)
    assert is_vacant(new)
    assert backup.restore(made, new, [KEY]).rows


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_of_an_older_version_is_migrated_when_it_is_restored(vacant: Make, tmp_path: Path, kind: str) -> None:
    old, new, file = vacant("sqlite"), vacant(kind), tmp_path / "a.backup"
    migrate.make_private(old)
    engine = migrate.migrating_engine(old, [KEY])
    with engine.begin() as connection:
        migrate.build(connection, "20261120")
        row = {"id": 5, "telegram_id": 7, "kind": "private", "state": "ok", "state_since": NOW}
        connection.execute(insert(models.Chat), row)
    engine.dispose()
    assert backup.make(old, [KEY], file, NOW).revision == "20261120"
    backup.restore(file, new, [KEY])
    assert counted(new)["chats"] == 1
    engine = open_engine(new, [KEY])
    assert migrate.current(engine) == migrate.head()
    engine.dispose()


def test_a_backup_of_a_newer_version_is_refused(full: Make, vacant: Make, tmp_path: Path) -> None:
    file, new = tmp_path / "a.backup", vacant("sqlite")
    with file.open("wb") as out, sealed.Sealer(out, [KEY], {"made_at": "later", "revision": "29991231"}) as seal:
        seal.write(b"")
    with pytest.raises((migrate.DatabaseTooNew, sealed.Damaged)):
        backup.restore(file, new, [KEY])
    assert is_vacant(new)


class Writing:
    """Somebody who commits one update after the other, as the bot does, from a thread of their own."""

    def __init__(self, database: Database) -> None:
        self.database, self.done, self.slowest = database, 0, timedelta()
        self._stop, self.several = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def _go_on(self) -> None:
        while not self._stop.is_set():
            self.database.write_now(self._unit, self.done)
            self.done += 1
            if self.done >= 20:
                self.several.set()

    @staticmethod
    def _unit(session: object, number: int) -> None:
        row = {"bot_id": 9, "update_id": number, "digest": "d", "chat_key": 7, "raw": "{}", "received_at": NOW}
        session.execute(insert(models.Inbox), row | {"state": "new"})  # type: ignore[attr-defined]  # a session
        session.execute(insert(models.Gap), {"began_at": NOW, "ended_at": NOW, "asked_again": number})  # type: ignore[attr-defined]  # as above

    def __enter__(self) -> Writing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)


@pytest.fixture
def database(request: pytest.FixtureRequest, full: Callable[[str], str]) -> Iterator[tuple[str, Database]]:
    url = full(request.param)
    opened = Database(url, [KEY])
    yield url, opened
    opened.close()


@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_the_bot_writes_on_while_a_backup_is_made_of_one_instant(
    database: tuple[str, Database], vacant: Make, tmp_path: Path
) -> None:
    url, opened = database
    with Writing(opened) as bot:
        assert bot.several.wait(20)
        before = bot.done
        backup.make(url, [KEY], tmp_path / "a.backup", NOW)
        written_meanwhile = bot.done - before
    assert written_meanwhile > 20
    new = vacant("sqlite")
    backup.restore(tmp_path / "a.backup", new, [KEY])
    restored = Database(new, [KEY])
    updates = restored.read_now(lambda s: s.scalar(select(func.count()).where(models.Inbox.bot_id == 9)))
    gaps = restored.read_now(lambda s: s.scalar(select(func.count()).select_from(models.Gap)))
    restored.close()
    assert updates is not None
    assert before <= updates < bot.done, "it is of an instant while it was made"
    assert gaps == updates + 1, "a unit is in it as a whole or not at all"
