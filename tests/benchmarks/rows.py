"""One line of the table: what was measured, ours beside theirs, and whether that is what we wanted."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`ours` and `beside` are words with a unit; `ratio` is a number whose meaning `target` gives.

    `database` is the kind that was measured on, one of databases.KINDS.
    """

    database: str
    what: str
    ours: str
    beside: str
    ratio: float
    target: str
    reached: bool


def table(rows: Sequence[Row]) -> Table:
    """The rows for a person."""
    drawn = Table(title="Side by side", show_lines=True)
    for name in ("database", "what", "ours", "beside", "ratio", "target", "reached"):
        drawn.add_column(name, overflow="fold")
    for row in rows:
        reached = "yes" if row.reached else "[bold]NO[/]"
        drawn.add_row(row.database, row.what, row.ours, row.beside, f"{row.ratio:.3g}", row.target, reached)
    return drawn


def show(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print the table, and with `as_json` one last line for programs."""
    Console(width=160).print(table(rows))
    if as_json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}))  # noqa: T201 - the output


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed. Raises IndexError when there is none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
