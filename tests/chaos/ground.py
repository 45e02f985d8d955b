"""The clinic before the busy hour: a team that has joined, patients who agreed, check-ins that come due in the hour."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import app as composition
from bot.app import App
from bot.care import enrolment, pathways, registration, staffing
from bot.db import keys as stored_keys
from bot.db.engine import Database
from bot.db.models import CheckIn
from bot.db.models import Patient as PatientRow
from bot.rehearsal import settle
from bot.sandbox import faults, server
from bot.sandbox.actors import Person, Sandbox
from bot.sandbox.places import Group
from bot.sandbox.storylines.cast import NUMBERS, Patient, Staff, Stage, admitted
from bot.sandbox.theatre import Theatre
from bot.settings import Settings
from schedules import catalog
from tests.chaos.clock import PacedClock

T = TypeVar("T")
BEFORE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SURGERY = date(2026, 3, 1)
BEGINS = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)  # day 3, in London
TEAM = "Spine team"
ANSWERED_AFTER_S = 0.04  # of real time: a message is on its way this long after Telegram took it


@dataclass(kw_only=True)
class Ground:
    """Everything that exists when the hour begins."""

    clock: PacedClock
    served: server.Served
    sandbox: Sandbox
    settings: Settings
    key: str
    folder: Path
    random: random.Random
    team: Group = field(init=False)
    staff: Staff = field(init=False)
    patients: list[Patient] = field(default_factory=list)

    @property
    def secret(self) -> bytes:
        """What signs the buttons: the people here read from a button what it means."""
        return stored_keys.token_secret([self.key])

    async def look(self, unit: Callable[..., T], *args: Any) -> T:
        """What the database holds, on a connection that is closed again: no process may lean on ours."""

        def read() -> T:
            database = Database(self.settings.database_url, [self.key])
            try:
                return database.read_now(unit, *args)
            finally:
                database.close()

        return await asyncio.to_thread(read)

    def slow(self) -> None:
        """From now on every message takes a while, so that some are on their way at any moment."""
        for method in ("sendMessage", "editMessageText"):
            fault = faults.Fault(method=method, kind="hang_after", times=10**9, seconds=ANSWERED_AFTER_S)
            self.served.desk.faults.plan(fault, self.clock.now())


@asynccontextmanager
async def prepared(
    folder: Path, database_url: str | None, *, patients: int, seed: int, hour: timedelta
) -> AsyncIterator[Ground]:
    """A sandbox that runs, and a database in which `patients` wait for a check-in within the `hour` to come.

    The clock stands at the beginning of the hour.
    """
    clock = PacedClock(BEFORE)
    async with server.serve(clock) as served:
        settings = Settings(
            telegram_bot_token=SecretStr(served.token),
            telegram_api_url=served.url,
            database_url=database_url or f"sqlite:///{folder / 'aftercare.db'}",
            clinic_name="Northside Spine Unit",
            clinic_timezone="Europe/London",
            **NUMBERS,
        )
        key = Fernet.generate_key().decode()
        async with Sandbox(served.url) as sandbox:
            ground = Ground(
                clock=clock,
                served=served,
                sandbox=sandbox,
                settings=settings,
                key=key,
                folder=folder,
                random=random.Random(seed),
            )
            async with composition.build(settings, [key], clock) as app:
                await _move_in(ground, app, patients)
                await app.db.write(_spread, ground.random, hour)
                clock.move_to(BEGINS)
                await app.poller.clock_moved()
            yield ground


async def _move_in(ground: Ground, app: App, patients: int) -> None:
    """Everybody joins as in life: links, Start, a group, /bind, a year of birth, consent."""

    async def rest() -> None:
        await settle(app, ground.clock, ticks=False)

    async def nothing_due() -> None:
        return None

    ground.sandbox.settle = rest
    people: dict[str, Person] = {}
    for key, name, role, rung in (
        ("mora", "Nina Mora", "admin", "manager"),
        ("okoro", "Ada Okoro", "coordinator", None),
        ("lind", "Dr Lind", "clinician", "on_call"),
        ("reyes", "Dr Reyes", "clinician", "second_on_call"),
    ):
        people[key] = await ground.sandbox.person(name, role=role)
        await people[key].start(app.clinic.link(await app.db.write(_invited, name, role, rung, ground.clock.now())))
    ground.staff = Staff(**people)
    ground.team = await ground.sandbox.group(TEAM, *people.values(), bot_admin=True)
    await people["mora"].says("/bind", where=ground.team)

    async def enrol(fields: Mapping[str, str]) -> tuple[str, str]:
        code, payload = await app.db.write(_enrolled, fields, ground.clock.now())
        return code, app.clinic.link(payload)

    stage = Stage(
        sandbox=ground.sandbox,
        theatre=Theatre(ground.clock, rest, nothing_due),
        team=ground.team,
        staff=ground.staff,
        pathway=catalog.shipped(),
        enrol=enrol,
    )
    for number in range(patients):
        language = "es" if number % 5 == 4 else "en"
        surname = "Test" + "abcdefghijklmnopqrstuvwxyz"[number % 26] * (1 + number // 26)
        ground.patients.append(await admitted(stage, "Ana", surname, surgery=SURGERY, language=language))
    ground.sandbox.settle = None


def _invited(session: Session, name: str, role: str, rung: str | None, now: datetime) -> str:
    team = staffing.ensure_team(session, TEAM, "Europe/London", now)
    return staffing.invite(session, name=name, role=role, team=team, rung=rung, by=None, now=now)[1]


def _enrolled(session: Session, fields: Mapping[str, str], now: datetime) -> tuple[str, str]:
    read = registration.read(fields, pathways.latest(session), now.date(), confirmed=True)
    assert isinstance(read, registration.Registration), read
    case, payload = enrolment.enrol(session, read, staffing.team(session, TEAM), by=None, now=now)
    return session.get_one(PatientRow, case.patient_id).code, payload


def _spread(session: Session, chance: random.Random, hour: timedelta) -> None:
    """The check-ins of day 3 come due one by one through the hour, as where patients live in many zones."""
    for row_id in session.scalars(select(CheckIn.id).where(CheckIn.checkin == "day3").order_by(CheckIn.id)).all():
        due = BEGINS + chance.random() * 0.9 * hour
        moved = update(CheckIn).where(CheckIn.id == row_id)
        session.execute(moved.values(due_at=due, closes_at=due + timedelta(hours=48), moved_by_hand=True))
