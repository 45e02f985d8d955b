"""What a report says, as JSON and as gauges of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import generate_latest

from bot import metrics
from bot.care.vitals import Vitals
from bot.console.judging import Report

_UNKNOWN = float("nan")
_SERIES = (metrics.TICK_AGE_S, metrics.TICK_EVERY_S, metrics.UNSENT_S, metrics.UNACKNOWLEDGED_S)
_ALONE = (
    metrics.POLL_AGE_S,
    metrics.UNPROCESSED_S,
    metrics.PAGE_OVERDUE_S,
    metrics.QUARANTINED,
    metrics.INCIDENTS,
)


def as_json(report: Report, leading: Mapping[str, bool]) -> dict[str, Any]:
    """The report for /readyz; ages in seconds."""
    seen = report.vitals
    return {
        "ready": not report.problems,
        "problems": list(report.problems),
        "at": report.at.isoformat(),
        "database": seen is not None,
        "leading": dict(leading),
        **(_vitals(seen) if seen is not None else {}),
    }


def _vitals(seen: Vitals) -> dict[str, Any]:
    return {
        "ticks": {
            name: {"age_s": round(beat.age_s, 1), "every_s": beat.every_s, "failed": beat.failed}
            for name, beat in seen.ticks.items()
        },
        "poll_age_s": seen.poll_age_s,
        "oldest_unsent_s": {lane.name.lower(): age for lane, age in seen.unsent_s.items()},
        "oldest_unprocessed_s": seen.unprocessed_s,
        "oldest_unacknowledged_s": dict(seen.unacknowledged_s),
        "page_overdue_s": seen.page_overdue_s,
        "quarantined": seen.quarantined,
        "incidents": seen.incidents,
    }


def as_metrics(report: Report, leading: Mapping[str, bool]) -> bytes:
    """Everything that is counted and timed, with what the report says, in the text format of Prometheus."""
    for part, leads in leading.items():
        metrics.LEADER.labels(part).set(leads)
    metrics.BROKEN.set(len(report.problems))
    metrics.DATABASE_UP.set(report.vitals is not None)
    for series in _SERIES:
        series.clear()  # what is not known now must not look as it did
    for gauge in _ALONE:
        gauge.set(_UNKNOWN)
    if report.vitals is not None:
        _set(report.vitals)
    return generate_latest(metrics.REGISTRY)


def _set(seen: Vitals) -> None:
    for name, beat in seen.ticks.items():
        metrics.TICK_AGE_S.labels(name).set(beat.age_s)
        metrics.TICK_EVERY_S.labels(name).set(beat.every_s)
    for lane, age in seen.unsent_s.items():
        metrics.UNSENT_S.labels(lane.name.lower()).set(age)
    for level, age in seen.unacknowledged_s.items():
        metrics.UNACKNOWLEDGED_S.labels(level).set(age)
    if seen.poll_age_s is not None:
        metrics.POLL_AGE_S.set(seen.poll_age_s)
    metrics.UNPROCESSED_S.set(seen.unprocessed_s)
    metrics.PAGE_OVERDUE_S.set(seen.page_overdue_s)
    metrics.QUARANTINED.set(seen.quarantined)
    metrics.INCIDENTS.set(seen.incidents)
