"""`aftercare ledger` on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from bot.care.clinic import Clinic
from bot.db.models import CheckIn
from tests.bot.commands.conftest import Terminal
from tests.bot.ward import Ward


def with_a_check_in(terminal: Terminal, clinic: Clinic, *, late: bool) -> None:
    """One planned check-in of the patient A-1, in a month, or a day late."""
    now = datetime.now(UTC)
    database = terminal.database()
    with Session(database.engine, expire_on_commit=False) as session:
        ward = Ward(session=session, clinic=clinic, now=now)
        row: CheckIn = ward.checkin(ward.patient("Ana Ruiz", ward.team("Spine"), "A-1"), "week6", day=42)
        row.state, row.opened_at = "planned", None
        row.due_at = now + (timedelta(days=-1) if late else timedelta(days=30))
        session.commit()
    database.close()


def test_an_account_that_balances_ends_well(terminal: Terminal, clinic: Clinic) -> None:
    with_a_check_in(terminal, clinic, late=False)
    said = terminal.types("ledger")
    assert said.exit_code == 0
    assert "1 planned = 0 ended + 0 open + 1 to come" in said.output
    assert "Nothing went astray." in said.output


def test_what_went_astray_is_named_and_ends_badly(terminal: Terminal, clinic: Clinic) -> None:
    with_a_check_in(terminal, clinic, late=True)
    said = terminal.types("ledger")
    assert said.exit_code == 1
    assert "A-1, week6: it was due and never sent" in said.output
    assert "→ ring the patient" in said.output
    assert "Ruiz" not in said.output


def test_machines_read_one_object(terminal: Terminal, clinic: Clinic) -> None:
    with_a_check_in(terminal, clinic, late=True)
    said = terminal.types("ledger", "--json")
    found = json.loads(said.stdout)
    assert (said.exit_code, found["balanced"], found["planned"], found["coming"]) == (1, True, 1, 1)
    assert [(one["code"], one["checkin"]) for one in found["astray"]] == [("A-1", "week6")]
