"""The ward, on a database of each test's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from bot.care.clinic import Clinic
from bot.db.engine import Database
from tests.bot.ward import Ward


@pytest.fixture
def ward(db: Database, clinic: Clinic, now: datetime) -> Iterator[Ward]:
    """An empty ward, Monday 2 March 2026, 09:00 UTC."""
    with Session(db.engine, expire_on_commit=False) as session:
        yield Ward(session=session, clinic=clinic, now=now)
        session.rollback()
