"""What comes in and goes out is counted and timed by kind: after it was committed, and about nobody."""

from __future__ import annotations

import pytest
from prometheus_client.samples import Sample

from bot import metrics
from bot.care.outbox import Lane
from bot.chat.poller import Poller
from tests.bot.chat.conftest import Line


class Since:
    """By how much a series grew since the test began."""

    def __init__(self) -> None:
        self._before = {self._key(sample.name, sample.labels): sample.value for sample in self._samples()}

    def __call__(self, name: str, **labels: str) -> float:
        return metrics.total(f"aftercare_{name}", **labels) - self._before.get(
            self._key(f"aftercare_{name}", labels), 0
        )

    @staticmethod
    def _samples() -> list[Sample]:
        return [sample for family in metrics.REGISTRY.collect() for sample in family.samples]

    @staticmethod
    def _key(name: str, labels: dict[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
        return name, frozenset(labels.items())


@pytest.fixture
def since(line: Line) -> Since:
    return Since()


async def test_an_update_is_counted_when_it_is_stored_and_when_it_is_processed(line: Line) -> None:
    ana = await line.person("Ana")
    since = Since()
    await ana.says("One")
    await line.poller.poll_once(0)
    assert (since("updates_received_total"), since("updates_total", result="processed")) == (1, 0)
    line.passes(seconds=7)
    await line.intake.process_due()
    assert since("updates_total", result="processed") == 1
    assert (since("update_seconds_count"), since("update_seconds_sum")) == (1, 7)


async def test_an_update_that_comes_twice_is_counted_once(line: Line) -> None:
    ana = await line.person("Ana")
    since = Since()
    await ana.says("One")
    await line.poller.poll_once(0)
    again = Poller(line.db, line.clinic, line.clock, f"{line.served.url}/bot{line.served.token}", 7)
    await again.poll_once(0)
    await again.close()
    assert since("updates_received_total") == 1


async def test_an_update_that_cannot_be_processed_is_counted_as_failed_and_then_as_set_aside(line: Line) -> None:
    ana = await line.person("Ana")
    since = Since()
    line.breaks.append(KeyError())
    await ana.says("One")
    await line.take_in()
    for _ in range(10):
        line.passes(seconds=61)
        await line.intake.process_due()
    assert since("updates_total", result="failed") == 4
    assert since("updates_total", result="quarantined") == 1
    assert since("updates_total", result="processed") == 0


async def test_a_poll_that_is_refused_is_counted_as_one(line: Line, since: Since) -> None:
    await line.sandbox.fails("http", method="getUpdates", code=409, description="No")
    await line.poller.poll_once(0)
    await line.poller.poll_once(0)
    assert (since("polls_total", result="refused"), since("polls_total", result="ok")) == (1, 1)


@pytest.mark.parametrize("lane", list(Lane))
async def test_a_message_is_counted_and_timed_in_its_lane(line: Line, lane: Lane) -> None:
    ana = await line.person("Ana")
    since, name = Since(), lane.name.lower()
    line.say(ana.id, "Hello", lane=lane)
    line.passes(seconds=3)
    await line.deliver(patience_s=0)
    assert since("messages_total", lane=name, outcome="sent") == 1
    assert (since("message_seconds_count", lane=name), since("message_seconds_sum", lane=name)) == (1, 3)


async def test_a_message_that_does_not_arrive_is_counted_by_what_became_of_it(line: Line) -> None:
    ana = await line.person("Ana")
    await ana.blocks()
    since = Since()
    line.say(ana.id, "Hello")
    await line.deliver()
    assert since("messages_total", lane="conversation", outcome="unreachable") == 1
    assert since("message_seconds_count", lane="conversation") == 0


async def test_an_alert_that_is_put_off_is_timed_from_its_writing(line: Line) -> None:
    ana = await line.person("Ana")
    since = Since()
    flood = {"code": 429, "description": "Too Many Requests: retry after 20", "parameters": {"retry_after": 20}}
    await line.sandbox.fails("http", method="sendMessage", **flood)
    line.say(ana.id, "Ring now", lane=Lane.EMERGENCY)
    await line.deliver(patience_s=0)
    line.passes(seconds=60)
    await line.deliver()
    assert since("messages_total", lane="emergency", outcome="retryafter") == 1
    assert since("message_seconds_sum", lane="emergency") >= 60
