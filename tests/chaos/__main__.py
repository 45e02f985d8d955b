"""`python -m tests.chaos`: the whole of it, with a table in the end. Exits 1 when a promise broke.

`--full` takes ten to twenty-five minutes a database; without it a few kills only. What a seed decides: who answers
what, and when processes are killed; the machine decides what they were doing then.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.chaos import programme, report

KILLS, KILLS_SHORT = 200, 8


def main() -> int:
    """Run what the arguments say."""
    given = _arguments()
    seed = given.seed if given.seed is not None else secrets.randbelow(10_000)
    kills = given.kills or (KILLS if given.full else KILLS_SHORT)
    console = Console(width=120)
    databases = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    console.print(f"seed {seed}, {kills} kills, {' and '.join(databases)}")
    outcomes = []
    for database in databases:
        with tempfile.TemporaryDirectory(prefix="aftercare-chaos-") as folder:
            work = programme.of(database, Path(folder), seed=seed, kills=kills, full=given.full, only=given.only)
            outcomes += asyncio.run(work.played(console))
    report.show(console, outcomes)
    return 0 if all(outcome.held for outcome in outcomes) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--full", action="store_true", help="200 kills and every fault")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--kills", type=int, help="how many, in the busy hour")
    parser.add_argument("--seed", type=int, help="repeat a run")
    parser.add_argument("--only", help="the acts whose name contains this")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
