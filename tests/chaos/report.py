"""How the acts went: one table, and each broken promise in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from tests.chaos.account import Account

MOST = 60  # broken promises told of one act


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One act. `noted` are figures of its own."""

    name: str
    database: str
    kills: int
    account: Account
    seconds: float
    noted: Sequence[str] = ()
    broken: Sequence[str] = field(default_factory=tuple)

    @property
    def held(self) -> bool:
        """Whether every promise held."""
        return not self.broken

    def __str__(self) -> str:
        return f"{'held' if self.held else 'BROKEN'} in {self.seconds:.0f} s"


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the table and what broke."""
    table = Table(
        "act",
        "database",
        "kills",
        "updates",
        "answers",
        "cases",
        "sent",
        "lost",
        "twice",
        "in flight",
        "expired",
        "s",
        "",
    )
    for one in outcomes:
        found = one.account
        figures = (
            one.kills,
            found.updates,
            found.answers + found.texts,
            found.escalations,
            found.sent,
            found.lost,
            found.doubled,
            found.allowed,
            found.expired,
            round(one.seconds),
        )
        table.add_row(one.name, one.database, *map(str, figures), "held" if one.held else "BROKEN")
    console.print(table)
    for one in outcomes:
        for line in one.noted:
            console.print(f"{one.database}, {one.name}: {line}")
        for line in one.broken[:MOST]:
            console.print(f"[red]{one.database}, {one.name}: {line}[/]")
        if len(one.broken) > MOST:
            console.print(f"[red]… and {len(one.broken) - MOST} more[/]")
    console.print(
        "twice: messages that may have come twice, at most those in flight when a process died; expired: taps that "
        "Telegram let go in a recorded gap, asked again"
    )
