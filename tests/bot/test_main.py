"""The command line itself: what is loaded, and what is listed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bot.__main__ import app

COMMANDS = (
    "run",
    "demo",
    "enrol",
    "staff",
    "keys",
    "doctor",
    "migrate",
    "backup",
    "restore",
    "move",
    "triage",
    "screen",
    "pathway",
)
OF_PATHWAYS = ("check", "export", "publish", "preview", "replay", "simulate", "explain", "train", "measure")


@pytest.mark.parametrize("command", [*COMMANDS, *(f"pathway {name}" for name in OF_PATHWAYS)])
def test_every_command_can_be_loaded_and_explains_itself(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"])
    assert shown.exit_code == 0
    assert f"Usage: root {command}" in " ".join(shown.stdout.split())


def test_the_commands_are_listed_by_name() -> None:
    listed = CliRunner().invoke(app, ["--help"]).stdout
    assert [name for name in COMMANDS if f"│ {name} " not in listed] == []


def test_an_unknown_command_is_refused() -> None:
    refused = CliRunner().invoke(app, ["pathway", "chekc"])
    assert refused.exit_code == 2
    assert "No such command" in refused.output


def test_screening_waits_neither_for_telegram_nor_for_a_database() -> None:
    asked = (
        "import sys; from typer.testing import CliRunner; from bot.__main__ import app;"
        "done = CliRunner().invoke(app, ['screen'], input='');"
        "print(done.exit_code, sorted({'telegram', 'sqlalchemy', 'apscheduler'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)  # noqa: S603 - a fixed command
    assert done.stdout.strip() == "0 []"
