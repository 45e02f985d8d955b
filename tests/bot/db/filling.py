"""Rows for every table, awkward ones among them: large numbers, other scripts, nothing, the beginning of time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert

from bot.db import models
from tests.bot.db.test_migrate import LATER, NOW, invitation, lay_ground, outbox

LONG_AGO = datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
FAR = 2**62
AWKWARD = "¿Le duele? 腰痛 \\N \\. \t\r\n\x7f \"quoted\" {'b': 1}"

MORE: tuple[tuple[Any, dict[str, Any]], ...] = (
    (
        models.Chat,
        {"id": 2, "telegram_id": -1_001_234_567_890_123, "kind": "group", "state": "ok", "state_since": LONG_AGO},
    ),
    (models.Reminder, {"checkin_id": 1, "number": 1, "due_at": LATER, "state": "planned"}),
    (
        models.Message,
        {"id": 1, "enrolment_id": 1, "kind": "text", "body": AWKWARD, "telegram_message_id": FAR, "received_at": NOW}
        | {"level": "review", "categories": ["leg", "b"], "read_by": LATER, "overdue_told": True},
    ),
    (
        models.Message,
        {"id": 2, "enrolment_id": 1, "kind": "text", "telegram_message_id": 2, "received_at": NOW, "edit_of": 1}
        | {"level": "routine", "categories": [], "read_by": LATER},
    ),
    (
        models.Assessment,
        {"enrolment_id": 1, "checkin_id": 1, "pathway_version_id": 1, "level": "urgent", "at": NOW}
        | {"findings": [{"rule": "x", "because": {"a": None}}], "unanswered": [], "unreadable": [AWKWARD]},
    ),
    (
        models.EscalationFinding,
        {"escalation_id": 1, "rule": "r", "level": "urgent", "said": AWKWARD, "because": {"ü": 1.5}, "at": NOW},
    ),
    (models.EscalationEvent, {"escalation_id": 1, "at": NOW, "kind": "opened", "details": {}}),
    (models.Invitation, invitation()),
    (models.Outbox, outbox(id=7, dedupe_key=AWKWARD, payload={"text": AWKWARD}, fresh=True, repeats_id=1)),
    (
        models.Surface,
        {"kind": "checkin", "ref": 1, "chat_id": 1, "telegram_message_id": FAR, "digest": "d", "current": True}
        | {"shown_at": NOW},
    ),
    (models.Form, {"chat_id": 1, "kind": "enrol", "step": "name", "data": {"name": AWKWARD}, "updated_at": NOW}),
    (models.Audit, {"at": NOW, "actor": "system", "action": "a", "subject": "s", "details": {"n": FAR}}),
    (models.Heartbeat, {"name": "Zulu", "at": NOW, "every_s": 10, "counts": {}}),
    (models.Heartbeat, {"name": "alpha", "at": NOW, "every_s": 10, "counts": {"done": 1}, "failed": "OSError"}),
    (models.Heartbeat, {"name": "ärger", "at": NOW, "every_s": 10, "counts": {}}),
    (models.Gap, {"began_at": LONG_AGO, "ended_at": NOW, "asked_again": 3}),
    (
        models.Incident,
        {"kind": "k", "subject": "s", "remedy": AWKWARD, "opened_at": NOW, "seen_at": NOW, "times": 2},
    ),
)


def fill(engine: Engine) -> None:
    """Put at least one row into every table of a migrated database without rows."""
    with engine.begin() as connection:
        _fill(connection)


def _fill(connection: Connection) -> None:
    lay_ground(connection)
    for model, row in MORE:
        connection.execute(insert(model), row)
