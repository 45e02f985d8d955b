"""`aftercare keys rotate`."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography.fernet import Fernet

from bot import keyfile
from bot.care import watchdog
from bot.db.engine import Database
from bot.db.models import Staff
from tests.bot.commands.conftest import Terminal
from tests.conftest import KEY


def names(terminal: Terminal, *keys: str) -> list[str | None]:
    """The names of the staff, read with these keys."""
    database = Database(f"sqlite:///{terminal.file}", list(keys))
    try:
        return database.read_now(lambda s: [row.name for row in s.query(Staff)])
    finally:
        database.close()


def test_a_new_key_writes_everything_anew(terminal: Terminal) -> None:
    terminal.types("staff", "invite", "--name", "Dr Lind", "--role", "admin")
    done = terminal.types("keys", "rotate")
    assert done.exit_code == 0, done.output
    newest, old = keyfile.read(terminal.folder / "aftercare.key")
    assert old == KEY
    assert names(terminal, newest) == ["Dr Lind"]
    assert terminal.types("keys", "rotate", "--drop-old").exit_code == 0
    assert len(keyfile.read(terminal.folder / "aftercare.key")) == 1
    assert "Dr Lind" in terminal.types("staff", "list").stdout


def test_a_running_bot_stops_it(terminal: Terminal) -> None:
    database = terminal.database()
    database.write_now(watchdog.beat, "pages", 10, {}, datetime.now(UTC))
    database.close()
    done = terminal.types("keys", "rotate")
    assert done.exit_code == 1
    assert "The bot is running" in done.stderr
    assert keyfile.read(terminal.folder / "aftercare.key") == (KEY,)


def test_keys_from_the_environment_are_used_and_not_written(terminal: Terminal) -> None:
    terminal.types("staff", "invite", "--name", "Dr Lind", "--role", "admin")
    newest = Fernet.generate_key().decode()
    done = terminal.types("keys", "rotate", AFTERCARE_KEY=f"{newest},{KEY}", AFTERCARE_KEY_FILE=None)
    assert done.exit_code == 0, done.output
    assert "AFTERCARE_KEY" in done.stdout
    assert names(terminal, newest) == ["Dr Lind"]
