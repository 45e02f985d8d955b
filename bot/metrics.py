"""What is counted and timed, for Prometheus. Counts and seconds only: no name, no text, no id of anybody.

One registry per process. What a unit of work counts goes through `bot.db.tally`: only what was committed counts.
The gauges under "Read from the database" are set when somebody looks (bot/console).
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

LANES = ("emergency", "clinician", "conversation", "checkin", "digest")
LEVELS = ("routine", "review", "urgent", "emergency")
_SOON = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_WORK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)
_PEOPLE = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 259200)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(f"aftercare_{name}", meaning, labels, registry=REGISTRY)


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"aftercare_{name}", meaning, labels, registry=REGISTRY)


def _times(name: str, meaning: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"aftercare_{name}", meaning, labels, registry=REGISTRY, buckets=buckets)


POLLS = _counter("polls", "Calls of getUpdates by result: ok, refused, not_stored.", "result")
RECEIVED = _counter("updates_received", "Updates stored that were not stored before.")
UPDATES = _counter("updates", "Updates taken up by result: processed, failed, quarantined.", "result")
UPDATE_S = _times("update_seconds", "From an update stored to its effect committed.", buckets=_SOON)
MESSAGES = _counter("messages", "Attempts to send by lane and outcome.", "lane", "outcome")
MESSAGE_S = _times("message_seconds", "From a message due to accepted by Telegram, by lane.", "lane", buckets=_SOON)
ASSESSMENTS = _counter("assessments", "Assessments made by level.", "level")
ESCALATIONS = _counter("escalation_events", "Steps of escalations by kind and level.", "kind", "level")
ACKNOWLEDGED_S = _times(
    "acknowledged_seconds", "From an escalation opened or raised to taken, by level.", "level", buckets=_PEOPLE
)
TICKS = _counter("tick_runs", "Runs of ticks by result: ok, failed.", "tick", "result")
TICK_S = _times("tick_seconds", "How long a tick took.", "tick", buckets=_WORK)
RETRIED = _counter("units_retried", "Units of work that the database asked to be run again.")
RESTARTS = _counter("part_restarts", "Parts of the program started again because they ended or stood still.", "part")
BEATS = _counter("heartbeats", "The outbound heartbeat by result: sent, withheld, failed.", "result")
LEADER = _gauge("leader", "Whether this process does this part for all processes: 1 or 0.", "part")

# Read from the database when somebody looks.
DATABASE_UP = _gauge("database_up", "Whether the database answered in time: 1 or 0.")
BROKEN = _gauge("promises_broken", "How many promises are broken now; /readyz says which.")
TICK_AGE_S = _gauge("tick_age_seconds", "Since the tick last ran.", "tick")
TICK_EVERY_S = _gauge("tick_interval_seconds", "How often the tick is to run.", "tick")
POLL_AGE_S = _gauge("poll_age_seconds", "Since updates were last taken in.")
UNSENT_S = _gauge("oldest_unsent_seconds", "Age of the oldest message that is due and not sent.", "lane")
UNPROCESSED_S = _gauge("oldest_unprocessed_seconds", "Age of the oldest update that is not processed.")
UNACKNOWLEDGED_S = _gauge("oldest_unacknowledged_seconds", "Age of the oldest escalation nobody has taken.", "level")
PAGE_OVERDUE_S = _gauge("page_overdue_seconds", "By how much the most overdue page is late.")
QUARANTINED = _gauge("updates_quarantined", "Updates that could not be processed, among the last 10,000.")
INCIDENTS = _gauge("incidents_open", "Open incidents: things an admin must mend.")

for _lane in LANES:
    MESSAGES.labels(_lane, "sent")
    MESSAGE_S.labels(_lane)
for _level in LEVELS:
    ASSESSMENTS.labels(_level)
    ACKNOWLEDGED_S.labels(_level)
for _result in ("processed", "failed", "quarantined"):
    UPDATES.labels(_result)
for _result in ("ok", "refused", "not_stored"):
    POLLS.labels(_result)


def total(name: str, **labels: str) -> float:
    """The present value of one series, 0 when it was never touched: what a test compares before and after."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
