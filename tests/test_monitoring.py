"""The dashboard and the alert rules ask for series that exist, by labels they have, and say what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot import metrics
from bot.care import vitals, watchdog
from bot.care.outbox import Lane

DEPLOY = Path(__file__).parents[1] / "deploy"
OF_PROMETHEUS = {"up"}
OF_TARGETS = {"job", "instance"}
WORDS = {
    "absent", "and", "by", "histogram_quantile", "increase", "max", "min", "on", "or", "rate", "sum", "vector",
}  # fmt: skip
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
NOT_SHOWN = {"process_virtual_memory_bytes", "process_start_time_seconds", "process_open_fds", "process_max_fds"}


def series() -> dict[str, set[str]]:
    """Every series there is, with its labels."""
    found: dict[str, set[str]] = {}
    for collector in metrics.REGISTRY._collector_to_names:
        labels = set(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            for suffix in SUFFIXES[family.type]:
                found[family.name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


def rules() -> list[dict[str, Any]]:
    groups = YAML(typ="safe").load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    board = json.loads((DEPLOY / "grafana" / "aftercare.json").read_text(encoding="utf-8"))
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def names(expression: str) -> set[str]:
    """The series an expression asks for."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)|\bon\(\)", " ", expression)
    return set(re.findall(r"[a-zA-Z_:][\w:]*", bare)) - WORDS


def labels(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each series with the labels that its selector names."""
    for name, selector in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expression):
        yield name, set(re.findall(r"(\w+)\s*[=!]~?", selector))


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_series_that_is_asked_for_exists(where: str, expression: str) -> None:
    asked = names(expression)
    assert asked, where
    assert asked - OF_PROMETHEUS <= series().keys()


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_label_that_is_asked_for_exists(where: str, expression: str) -> None:
    known = series()
    for name, asked in labels(expression):
        assert asked <= known.get(name, set()) | OF_TARGETS, where
    grouped = {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in group.split(",")}
    assert grouped <= set().union(*(known.get(name, set()) for name in names(expression))), where


@pytest.mark.parametrize("made_up", ["aftercare_messages", "rate(aftercare_lost_total[5m])"])
def test_a_series_that_does_not_exist_would_be_noticed(made_up: str) -> None:
    assert not names(made_up) <= series().keys()


def test_everything_that_is_measured_is_on_the_dashboard() -> None:
    shown = {name for panel in panels() for target in panel["targets"] for name in names(target["expr"])}
    measured = {
        family.name + {"counter": "_total", "gauge": "", "histogram": "_bucket"}[family.type]
        for family in metrics.REGISTRY.collect()
    }
    assert measured - shown <= NOT_SHOWN


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong_and_what_to_do_next(rule: dict[str, Any]) -> None:
    said = rule["annotations"]
    assert said["summary"]
    assert re.search(
        r"\b(Look|Open|Check|Start|Send|Ring|Restart|Run|Report|report|Is the token|have been told)\b",
        said["description"],
    )
    assert rule["labels"]["severity"] in {"page", "today"}


def test_the_limits_are_those_of_readyz() -> None:
    written = {rule["alert"]: rule["expr"] for rule in rules()}
    assert written["AftercareEmergencyUnsent"].endswith(f"> {vitals.UNSENT_S[Lane.EMERGENCY]}")
    assert written["AftercareAlertsUnsent"].endswith(f"> {vitals.UNSENT_S[Lane.CLINICIAN]}")
    assert f"> {vitals.UNSENT_S[Lane.CONVERSATION]} or" in written["AftercareConversationSlow"]
    assert written["AftercareConversationSlow"].endswith(f"> {vitals.UNSENT_S[Lane.CHECKIN]}")
    assert written["AftercareNotListening"].endswith(f"> {vitals.POLL_S}")
    assert written["AftercareUpdatesWait"].endswith(f"> {vitals.UNPROCESSED_S}")
    assert written["AftercareTickLate"].endswith(f"> {watchdog.LATE_AFTER}")
    assert written["AftercarePageOverdue"].endswith(f"> {vitals.PAGE_OVERDUE_S}")


def test_the_values_of_labels_that_are_asked_for_are_known() -> None:
    known = {
        "lane": set(metrics.LANES),
        "level": set(metrics.LEVELS),
        "part": {"poller", "sender"},
        "outcome": {"sent", "unchanged", "retryafter", "uncertain"},
        "result": {"failed", "quarantined", "sent"},
        "kind": {"opened", "raised", "acknowledged", "closed"},
    }
    for where, expression in expressions():
        for label, values in re.findall(r'(\w+)[=!]~?"([^"]+)"', expression):
            if label in known:
                assert set(values.split("|")) <= known[label], where
