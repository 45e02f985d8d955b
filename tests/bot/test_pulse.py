"""Whatever must move is late when it does not, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.pulse import Pulse


class Seconds:
    """A clock for pulses: seconds that only pass when they are told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def pulse(seconds: Callable[[], float]) -> Pulse:
    return Pulse("poller", 60, now=seconds)


def test_what_was_never_begun_is_not_late(pulse: Pulse, seconds: Seconds) -> None:
    seconds.at = 1000
    assert pulse.late_s is None


def test_what_moves_in_time_is_not_late(pulse: Pulse, seconds: Seconds) -> None:
    pulse.beat()
    seconds.at = 59
    pulse.beat()
    seconds.at = 118
    assert pulse.late_s is None


def test_what_stands_still_is_late_by_what_is_over_its_time(pulse: Pulse, seconds: Seconds) -> None:
    pulse.beat()
    seconds.at = 75
    assert pulse.late_s == 15


def test_a_step_may_have_a_time_of_its_own(pulse: Pulse, seconds: Seconds) -> None:
    pulse.beat(5)
    seconds.at = 6
    assert pulse.late_s == 1


def test_at_rest_nothing_is_late(pulse: Pulse, seconds: Seconds) -> None:
    pulse.beat()
    pulse.rest()
    seconds.at = 1000
    assert pulse.late_s is None


def test_time_in_which_the_whole_process_stood_still_does_not_count(pulse: Pulse, seconds: Seconds) -> None:
    pulse.beat()
    seconds.at = 100
    pulse.forgive(100)
    assert pulse.late_s is None
    seconds.at = 161
    assert pulse.late_s == 1
