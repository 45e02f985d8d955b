"""`aftercare migrate`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bot.db import migrate
from tests.bot.commands.conftest import Terminal

ROOT = Path(__file__).parents[3]


def test_a_new_database_is_made_and_a_second_time_changes_nothing(empty: Terminal) -> None:
    first = empty.types("migrate")
    assert first.exit_code == 0, first.output
    assert f"A new database was made, at {migrate.head()}" in first.stdout
    assert "already; nothing was changed" in empty.types("migrate").stdout


def test_a_database_of_a_newer_version_is_refused(terminal: Terminal) -> None:
    database = terminal.database()
    database.write_now(
        lambda s: s.connection().exec_driver_sql("UPDATE alembic_version SET version_num = 'later'").close()
    )
    database.close()
    done = terminal.types("migrate")
    assert done.exit_code == 1
    assert "newer version" in done.stderr


def test_the_bot_does_not_start_on_a_database_of_a_newer_version(terminal: Terminal) -> None:
    database = terminal.database()
    database.write_now(
        lambda s: s.connection().exec_driver_sql("UPDATE alembic_version SET version_num = 'later'").close()
    )
    database.close()
    given = {name: value for name, value in terminal.env.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=terminal.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "newer version" in done.stderr
