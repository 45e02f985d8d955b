"""The command line: `aftercare <command>`. Each command lives in a file of its own in `commands/`.

A command is loaded when it is named: `triage`, `screen` and `pathway check` need neither Telegram nor a database, and
should not wait for them.
"""

from __future__ import annotations

import importlib
from typing import Any, ClassVar, cast

import typer
from typer.core import TyperGroup


class _OnDemand(TyperGroup):
    """Commands by name, each with the module in `bot.commands` that holds it: a function, or `app`, of that name."""

    modules: ClassVar[dict[str, str]]

    def list_commands(self, ctx: Any) -> list[str]:
        """Every name, without loading anything."""
        return list(self.modules)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, loaded now; None when there is none of this name."""
        if cmd_name not in self.modules:
            return None
        command = typer.main.get_command(_pathway if cmd_name == "pathway" else self._load(cmd_name))
        command.name = cmd_name
        return command

    def _load(self, name: str) -> typer.Typer:
        module = importlib.import_module(f"bot.commands.{self.modules[name]}")
        if not hasattr(module, name):
            return cast("typer.Typer", module.app)
        alone = typer.Typer(add_completion=False)
        alone.command(name)(getattr(module, name))
        return alone


class _Commands(_OnDemand):
    modules: ClassVar[dict[str, str]] = {
        name: name
        for group in (
            ("run", "demo", "enrol", "staff", "doctor", "ledger", "triage", "screen", "pathway"),
            ("keys", "migrate", "backup", "restore", "move"),
        )
        for name in group
    }


class _PathwayCommands(_OnDemand):
    modules: ClassVar[dict[str, str]] = {
        "check": "pathway",
        "export": "pathway",
        "publish": "publish",
        "preview": "preview",
        "replay": "replay",
        "simulate": "simulate",
        "explain": "explain",
        "train": "sentences",
        "measure": "sentences",
    }


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False)
_pathway = typer.Typer(cls=_PathwayCommands, no_args_is_help=True, add_completion=False)


@app.callback()
def _program() -> None:
    """Follows people home after lumbar spine surgery."""


@_pathway.callback()
def _about_pathways() -> None:
    """Check, preview, publish and write out pathways: what is asked, when, and what it means."""


def main() -> None:
    """Run the command typed after `aftercare`."""
    app()


if __name__ == "__main__":
    main()
