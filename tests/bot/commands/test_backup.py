"""`aftercare backup`, `restore` and `move`, and the drill that uses them all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import keyfile
from bot.care import audit
from bot.db.engine import Database
from tests.bot.commands.conftest import Terminal
from tests.conftest import KEY


def backups(terminal: Terminal, folder: str = "backups") -> list[Path]:
    return sorted((terminal.folder / folder).glob("*"))


def test_a_drill_the_clinic_is_back_from_backup_and_keys_alone(terminal: Terminal, tmp_path: Path) -> None:
    terminal.types("staff", "invite", "--name", "Dr Lind", "--role", "admin")
    done = terminal.types("backup")
    assert done.exit_code == 0, done.output
    (file,) = backups(terminal)
    keys = (terminal.folder / "aftercare.key").read_bytes()
    terminal.file.unlink()
    (terminal.folder / "aftercare.key").unlink()

    refused = terminal.types("restore", str(file))
    assert refused.exit_code == 1
    assert "Put its copy back first" in refused.stderr
    (terminal.folder / "aftercare.key").write_bytes(keys)
    (terminal.folder / "aftercare.key").chmod(0o600)
    done = terminal.types("restore", str(file))
    assert done.exit_code == 0, done.output
    assert "Dr Lind" in terminal.types("staff", "list").stdout
    assert ("database restored",) in terminal.rows("SELECT action FROM audit")


def test_the_keys_are_not_in_it_and_it_says_where_they_are(terminal: Terminal) -> None:
    done = terminal.types("backup")
    assert re.search(r"The keys \(\S*aftercare.key\) are not in it", done.stdout)
    assert KEY.encode() not in backups(terminal)[0].read_bytes()


def test_only_the_newest_backups_are_kept_and_other_files_are_left_alone(terminal: Terminal) -> None:
    folder = terminal.folder / "safe"
    folder.mkdir()
    for name in ("aftercare-20260101T000000Z.backup", "aftercare-20260102T000000Z.backup", "notes.txt", "my.backup"):
        (folder / name).write_text("old")
    done = terminal.types("backup", "--to", str(folder), "--keep", "2")
    assert done.exit_code == 0, done.output
    first, newest, *others = [file.name for file in backups(terminal, "safe")]
    assert first == "aftercare-20260102T000000Z.backup"
    assert newest > first
    assert others == ["my.backup", "notes.txt"]


def test_a_failed_backup_removes_no_older_one(terminal: Terminal) -> None:
    folder = terminal.folder / "safe"
    folder.mkdir()
    (folder / "aftercare-20260101T000000Z.backup").write_text("old")
    terminal.types("staff", "invite", "--name", "Dr Lind", "--role", "admin")
    keyfile.write(terminal.folder / "aftercare.key", ("A" * 43 + "=",))
    done = terminal.types("backup", "--to", str(folder), "--keep", "1")
    assert done.exit_code == 1
    assert [file.name for file in backups(terminal, "safe")] == ["aftercare-20260101T000000Z.backup"]


def test_a_file_can_be_named_and_is_never_overwritten(terminal: Terminal) -> None:
    file = terminal.folder / "before.backup"
    assert terminal.types("backup", "--to", str(file)).exit_code == 0
    made = file.read_bytes()
    again = terminal.types("backup", "--to", str(file))
    assert again.exit_code == 1
    assert "no backup overwrites another" in again.stderr
    assert file.read_bytes() == made
    assert terminal.types("backup", "--to", str(file), "--keep", "2").exit_code == 2


def test_a_restore_to_another_address_says_what_to_set(terminal: Terminal) -> None:
    terminal.types("backup", "--to", str(terminal.folder / "a.backup"))
    done = terminal.types("restore", str(terminal.folder / "a.backup"), "--to", f"sqlite:///{terminal.folder}/new.db")
    assert done.exit_code == 0, done.output
    assert "new.db and AFTERCARE_KEY_FILE to" in done.stdout
    assert "the bot runs nowhere else" in done.stdout


def test_a_restore_refuses_a_database_that_is_in_use(terminal: Terminal) -> None:
    terminal.types("backup", "--to", str(terminal.folder / "a.backup"))
    done = terminal.types("restore", str(terminal.folder / "a.backup"))
    assert done.exit_code == 1
    assert "exists and holds something" in done.stderr


def test_an_address_that_is_none_is_bad_input(terminal: Terminal) -> None:
    terminal.types("backup", "--to", str(terminal.folder / "a.backup"))
    assert terminal.types("restore", str(terminal.folder / "a.backup"), "--to", "mysql://x").exit_code == 2
    assert terminal.types("move", "--to", "here").exit_code == 2


def test_a_clinic_moves_and_hears_what_to_set(terminal: Terminal) -> None:
    terminal.types("staff", "invite", "--name", "Dr Lind", "--role", "admin")
    address = f"sqlite:///{terminal.folder}/new.db"
    done = terminal.types("move", "--to", address)
    assert done.exit_code == 0, done.output
    assert "Each was read again there and is the same." in done.stdout
    assert "DATABASE_URL" in done.stdout
    listed = terminal.types(
        "staff", "list", DATABASE_URL=address, AFTERCARE_KEY_FILE=str(terminal.folder / "aftercare.key")
    )
    assert "Dr Lind" in listed.stdout


def checked(terminal: Terminal) -> str:
    """What doctor says of backups."""
    (line,) = [line for line in terminal.types("doctor").stdout.splitlines() if " backup: " in line]
    return line


def test_doctor_warns_of_a_missing_and_of_an_old_backup_and_names_the_last(terminal: Terminal) -> None:
    assert checked(terminal).startswith("warn  backup: There is none.")
    database = Database(f"sqlite:///{terminal.file}", [KEY])
    for hours in (30, 27):
        at = datetime.now(UTC) - timedelta(hours=hours)
        database.write_now(lambda s, at=at: audit.record(s, "command", "backup made", "database", at))
    assert checked(terminal).startswith(f"warn  backup: The last was made {at:%Y-%m-%d %H:%M} UTC")
    database.close()
    terminal.types("backup")
    assert checked(terminal).startswith("ok    backup: The last was made")


def test_a_warning_is_no_fault(terminal: Terminal) -> None:
    said = terminal.types("doctor", "--json").stdout
    assert '"name": "backup", "ok": true' in said
