"""Whatever people, Telegram and the clock do, in whatever order: the promises hold.

A short form by default, the same each time; `CHAOS=1` looks much longer, and elsewhere each time.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.care.clinic import Clinic
from tests.properties.promises import Promises

CHAOS = bool(os.environ.get("CHAOS"))
BOUNDED = settings(
    max_examples=300 if CHAOS else 5,
    stateful_step_count=40 if CHAOS else 15,
    phases=(Phase.generate, Phase.shrink) if CHAOS else (Phase.generate,),  # a minute is better spent on looking
    derandomize=not CHAOS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_the_promises_hold_whatever_happens(template: Path, tmp_path: Path, clinic: Clinic, now: datetime) -> None:
    """Two patients, a clinician, faults, jumps of the clock, kills, moves and pauses."""
    run_state_machine_as_test(lambda: Promises(template, tmp_path, clinic, now), settings=BOUNDED)
