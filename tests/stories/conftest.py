"""A clinic on a real wire: sandbox, unmodified bot, a team that has joined, and a clock that only moves when told.

`advance` moves the clock and stops wherever the bot has something due; every act ends with the bot at rest. No sleeps.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session

from bot import app as composition
from bot.app import App
from bot.care import enrolment, horizon, pathways, registration, staffing
from bot.clock import MovableClock
from bot.db.models import Patient as PatientRow
from bot.rehearsal import settle
from bot.sandbox import schema, server
from bot.sandbox.actors import Person, Sandbox
from bot.sandbox.places import Group
from bot.sandbox.storylines.cast import Patient, Staff, Stage, admitted
from bot.sandbox.theatre import Theatre
from bot.settings import Settings
from schedules import catalog
from tests.conftest import KEY, NOW, SHARED

T = TypeVar("T")
TEAM = "Spine team"
SURGERY = date(2026, 3, 1)  # a Sunday; NOW is the Monday after, 09:00 UTC
API = SHARED / "telegram-bot-api.json"


@pytest.fixture(scope="session")
def description() -> schema.Description | None:
    """The Bot API's own description, where it lies beside the checkout: every call and object is checked against it."""
    if API.exists():
        return schema.Description.read(API)
    if os.environ.get("CI"):
        pytest.fail(f"{API.name} is missing beside the checkout; calls cannot be checked against the Bot API")
    return None


@dataclass(kw_only=True)
class Ward:
    """The clinic of a story."""

    clock: MovableClock
    served: server.Served
    settings: Settings
    sandbox: Sandbox
    stack: AsyncExitStack
    app: App
    theatre: Theatre = field(init=False)
    team: Group = field(init=False)
    staff: Staff = field(init=False)

    async def rest(self) -> None:
        """Bring the bot to rest."""
        await settle(self.app, self.clock)

    async def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, to: datetime | None = None
    ) -> None:
        """Move the clock forward, or to an instant, stopping wherever something is due."""
        by = timedelta(days=days, hours=hours, minutes=minutes)
        await self.theatre.advance(to if to is not None else self.clock.now() + by)

    async def until(self, day: int, clock: str, zone: str = "Europe/London") -> None:
        """Move to this local time ("HH:MM") so many days after surgery."""
        hour, minute = (int(part) for part in clock.split(":"))
        local = datetime.combine(SURGERY + timedelta(days=day), time(hour, minute), ZoneInfo(zone))
        await self.advance(to=local.astimezone(UTC))

    async def restarts(self) -> None:
        """The process ends and a new one starts on the same database."""
        await self.stack.aclose()
        self.stack = AsyncExitStack()
        self.app = await self.stack.enter_async_context(composition.build(self.settings, [KEY], self.clock))
        await self.rest()

    async def read(self, unit: Callable[..., T], *args: Any) -> T:
        """Look into the database."""
        return await self.app.db.read(unit, *args)

    async def registers(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """Staff enrol a patient: case code and link."""
        now = self.clock.now()

        def unit(session: Session) -> tuple[str, str]:
            read = registration.read(fields, pathways.latest(session), now.date(), confirmed=True)
            assert isinstance(read, registration.Registration), read
            case, payload = enrolment.enrol(session, read, staffing.team(session, TEAM), by=None, now=now)
            return session.get_one(PatientRow, case.patient_id).code, payload

        code, payload = await self.app.db.write(unit)
        return code, self.app.clinic.link(payload)

    async def invites(self, name: str, role: str, rung: str | None = None, *, team: str = TEAM) -> Person:
        """Somebody joins the team by their link."""
        now = self.clock.now()

        def unit(session: Session) -> str:
            group = staffing.ensure_team(session, team, "Europe/London", now)
            return staffing.invite(session, name=name, role=role, team=group, rung=rung, by=None, now=now)[1]

        link = self.app.clinic.link(await self.app.db.write(unit))
        person = await self.sandbox.person(name, role=role)
        await person.start(link)
        return person

    async def enrols(self, name: str, **fields: str) -> Patient:
        """A patient who has opened the link, said who they are, and agreed. Day 0 is 1 March 2026."""
        return await admitted(self.stage, name, "Test", surgery=SURGERY, **fields)

    @property
    def stage(self) -> Stage:
        """The ward as the storylines know it."""
        return Stage(
            sandbox=self.sandbox,
            theatre=self.theatre,
            team=self.team,
            staff=self.staff,
            pathway=catalog.shipped(),
            enrol=self.registers,
        )


@pytest.fixture
async def bare(new_database: str, description: schema.Description | None) -> AsyncIterator[Ward]:
    """A bot that is up, with nobody in it."""
    clock = MovableClock(NOW)
    async with server.serve(clock, description=description) as served, AsyncExitStack() as outer:
        settings = Settings(
            telegram_bot_token=SecretStr(served.token),
            telegram_api_url=served.url,
            database_url=new_database,
            clinic_name="Northside Spine",
            clinic_timezone="Europe/London",
            team_phone="01632 960123",
            emergency_number="999",
            out_of_hours="111",
            crisis_line="01632 960456",
        )
        stack = AsyncExitStack()
        app = await stack.enter_async_context(composition.build(settings, [KEY], clock))
        settle = lambda: ward.rest()  # noqa: E731, PLW0108 - the ward is made below
        sandbox = await outer.enter_async_context(Sandbox(served.url, settle=settle))
        ward = Ward(clock=clock, served=served, settings=settings, sandbox=sandbox, stack=stack, app=app)

        async def next_event() -> datetime | None:
            return await ward.app.db.read(horizon.next_event, clock.now())

        ward.theatre = Theatre(clock, ward.rest, next_event)
        try:
            yield ward
            assert not served.violations, "\n".join(map(str, served.violations))
        finally:
            await ward.stack.aclose()


@pytest.fixture
async def ward(bare: Ward) -> Ward:
    """The clinic of most stories: an admin, a coordinator, two clinicians on the ladder, and their bound group."""
    mora = await bare.invites("Nina Mora", "admin", "manager")
    okoro = await bare.invites("Ada Okoro", "coordinator")
    lind = await bare.invites("Dr Lind", "clinician", "on_call")
    reyes = await bare.invites("Dr Reyes", "clinician", "second_on_call")
    bare.staff = Staff(mora=mora, okoro=okoro, lind=lind, reyes=reyes)
    bare.team = await bare.sandbox.group(TEAM, mora, okoro, lind, reyes, bot_admin=True)
    await mora.says("/bind", where=bare.team)
    return bare
