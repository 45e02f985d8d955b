"""Sets up a clinic in a temporary folder, plays the storylines, and, when asked, hands the phones over."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy.orm import Session

from bot import app as composition
from bot.app import App
from bot.care import enrolment, horizon, pathways, registration, staffing
from bot.clock import MovableClock
from bot.db.models import Patient
from bot.demo import report
from bot.demo.narrator import Narrator, Told
from bot.rehearsal import settle
from bot.sandbox import server, storylines
from bot.sandbox.actors import Person
from bot.sandbox.storylines.cast import NUMBERS, Staff, Stage
from bot.sandbox.theatre import NextEvent, Theatre
from bot.settings import Settings
from schedules import catalog

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday; both changes of the clocks of 2026's spring lie ahead
SURGERY = date(2026, 3, 1)
END = START + timedelta(days=105)
TEAM = "Spine team"


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything of one rehearsal."""

    clock: MovableClock
    app: App
    served: server.Served
    theatre: Theatre
    sandbox: Told


async def play(console: Console, *, port: int = 0, stay: bool = False) -> report.Report:
    """Play every storyline; with `stay`, serve the page until interrupted. Raises OSError when the port is taken."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aftercare-demo-") as folder:
        clock = MovableClock(START)
        app: App | None = None

        async def next_event() -> datetime | None:
            return await app.db.read(horizon.next_event, clock.now()) if app else None

        async with server.serve(clock, port=port, next_event=next_event) as served:
            keys = (Fernet.generate_key().decode(),)
            async with composition.build(_settings(served, Path(folder)), keys, clock) as app:
                console.print(f"[bold]Aftercare demo[/]  the phones: [link]{served.url}[/link]\n")
                narrator = Narrator(console, served, clock, START)
                house = _house(app, served, clock, next_event, narrator)
                async with house.sandbox:
                    results = await _perform(house)
                found = await report.gather(app.db, narrator, results, time.monotonic() - began)
                report.show(console, found)
                if stay:
                    await _stay(console, house)
                return found


async def _perform(house: House) -> list[report.Result]:
    stage = await _stage(house)
    plays = [storyline.play(stage, SURGERY) for storyline in storylines.STORYLINES]
    errors = await house.theatre.play(plays, END)
    return [
        report.Result(
            name=storyline.name,
            title=storyline.title,
            why=None if error is None else f"{type(error).__name__}: {error}",
        )
        for storyline, error in zip(storylines.STORYLINES, errors, strict=True)
    ]


def _house(
    app: App,
    served: server.Served,
    clock: MovableClock,
    next_event: NextEvent,
    narrator: Narrator,
) -> House:
    async def rest() -> None:
        await settle(app, clock)
        narrator.tell()

    async def answer() -> None:
        await settle(app, clock, ticks=False)
        narrator.tell()

    theatre = Theatre(clock, rest, next_event)
    return House(
        clock=clock, app=app, served=served, theatre=theatre, sandbox=Told(served.url, narrator, settle=answer)
    )


async def _stage(house: House) -> Stage:
    """The team joins as in life: links, Start, a private group, /bind."""
    sandbox = house.sandbox
    people: dict[str, Person] = {}
    for key, name, role, rung in (
        ("mora", "Nina Mora", "admin", "manager"),
        ("okoro", "Ada Okoro", "coordinator", None),
        ("lind", "Dr Lind", "clinician", "on_call"),
        ("reyes", "Dr Reyes", "clinician", "second_on_call"),
    ):
        first, _, last = name.partition(" ")
        people[key] = await sandbox.person(first, last_name=last, role=role)
        await people[key].start(await _invite(house.app, name, role, rung))
    team = await sandbox.group("Spine team", *people.values(), bot_admin=True)
    await people["mora"].says("/bind", where=team)
    return Stage(
        sandbox=sandbox,
        theatre=house.theatre,
        team=team,
        staff=Staff(**people),
        pathway=catalog.shipped(),
        enrol=lambda fields: _enrol(house, fields),
    )


async def _invite(app: App, name: str, role: str, rung: str | None) -> str:
    now = app.clock.now()

    def unit(session: Session) -> str:
        team = staffing.ensure_team(session, TEAM, "Europe/London", now)
        return staffing.invite(session, name=name, role=role, team=team, rung=rung, by=None, now=now)[1]

    return app.clinic.link(await app.db.write(unit))


async def _enrol(house: House, fields: Mapping[str, str]) -> tuple[str, str]:
    now = house.clock.now()

    def unit(session: Session) -> tuple[str, str]:
        read = registration.read(fields, pathways.latest(session), now.date(), confirmed=True)
        if not isinstance(read, registration.Registration):
            raise registration.Unfit("; ".join(map(str, read)))
        case, payload = enrolment.enrol(session, read, staffing.team(session, TEAM), by=None, now=now)
        return session.get_one(Patient, case.patient_id).code, payload

    code, payload = await house.app.db.write(unit)
    return code, house.app.clinic.link(payload)


async def _stay(console: Console, house: House) -> None:
    """From here on time flows and the phones are yours."""
    console.print(f"\nThe phones are yours now: [bold]{house.served.url}[/]  (Ctrl-C ends)")
    house.clock.flow()
    await house.app.run()
    await asyncio.Event().wait()


def _settings(served: server.Served, folder: Path) -> Settings:
    """Numbers that are nobody's: the sandbox rings no one."""
    return Settings(
        telegram_bot_token=SecretStr(served.token),
        telegram_api_url=served.url,
        database_url=f"sqlite:///{folder / 'aftercare.db'}",
        clinic_name="Northside Spine Unit",
        clinic_timezone="Europe/London",
        **NUMBERS,
    )
