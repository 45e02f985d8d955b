"""`make bench`: every figure of the promise to be fast, beside what people would otherwise use."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable

from tests.benchmarks import answers, databases, enrolled, plans, rows, sending, wave
from tests.benchmarks.databases import Databases
from tests.benchmarks.rows import Row

MEASURES: dict[str, Callable[[Databases], Awaitable[list[Row]]]] = {
    "wave": wave.limit,
    "reds": wave.reds,
    "sending": sending.unlimited,
    "answers": answers.whole_path,
    "enrolled": enrolled.all_rows,
    "plans": plans.adding,
}


def main() -> int:
    """Measure, print, and say by the exit code whether everything was reached."""
    given = argparse.ArgumentParser(prog="make bench")
    given.add_argument("--database", choices=(*databases.KINDS, "both"), default="sqlite", help="what to measure on")
    given.add_argument("--json", action="store_true", help="end with one line for programs")
    given.add_argument("--only", choices=MEASURES, action="append", help="measure this alone; may be repeated")
    asked = given.parse_args()
    signal.signal(signal.SIGTERM, _end)
    found: list[Row] = []
    for kind in databases.KINDS if asked.database == "both" else (asked.database,):
        with databases.served(kind) as where:
            found += asyncio.run(_measured(asked.only or MEASURES, where))
    rows.show(found, as_json=asked.json)
    return 0 if all(row.reached for row in found) else 1


async def _measured(names: Iterable[str], where: Databases) -> list[Row]:
    return [row for name in names for row in await MEASURES[name](where)]


def _end(number: int, _frame: object) -> None:
    """Leave by way of every `finally`: a database server would otherwise stay behind."""
    signal.signal(number, signal.SIG_IGN)  # `timeout` says it twice, and the second must not cut the leaving short
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
