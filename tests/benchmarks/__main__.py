"""`make bench`: every figure of the promise to be fast, beside what people would otherwise use."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from tests.benchmarks import answers, enrolled, plans, rows, sending, wave
from tests.benchmarks.rows import Row

MEASURES: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "wave": wave.limit,
    "reds": wave.reds,
    "sending": sending.unlimited,
    "answers": answers.whole_path,
    "enrolled": enrolled.all_rows,
    "plans": plans.adding,
}


async def main() -> int:
    """Measure, print, and say by the exit code whether everything was reached."""
    given = argparse.ArgumentParser(prog="make bench")
    given.add_argument("--json", action="store_true", help="end with one line for programs")
    given.add_argument("--only", choices=MEASURES, action="append", help="measure this alone; may be repeated")
    asked = given.parse_args()
    found: list[Row] = []
    for name in asked.only or MEASURES:
        found += await MEASURES[name]()
    rows.show(found, as_json=asked.json)
    return 0 if all(row.reached for row in found) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
