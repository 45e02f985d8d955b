"""The line to Telegram: a sandbox over HTTP, the real database, and every part that carries messages, step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import cards
from bot.cards import Card, Toast
from bot.care import chats, outbox, pathways, showing
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.chat.courier import Courier
from bot.chat.incoming import Incoming
from bot.chat.intake import Intake
from bot.chat.limits import Limits
from bot.chat.poller import Poller
from bot.chat.sender import DeliveryStep, Sender
from bot.clock import MovableClock
from bot.db.engine import Database
from bot.db.models import Base, CareTeam, CheckIn, Enrolment, Outbox, Patient, Staff
from bot.sandbox import actors, server

SECRET = b"the secret of these tests"
Row = TypeVar("Row", bound=Base)


@dataclass(kw_only=True)
class Line:
    """Everything between a person's phone and the database. `board` is what surfaces of kind "board" show, by ref."""

    served: server.Served
    sandbox: actors.Sandbox
    clock: MovableClock
    db: Database
    clinic: Clinic
    courier: Courier
    poller: Poller
    intake: Intake
    sender: Sender
    limits: Limits
    board: dict[int, Card]
    heard: list[Incoming] = field(default_factory=list)
    breaks: list[Exception] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def passes(self, **span: float) -> None:
        self.clock.advance(timedelta(**span))

    def write(self, unit: Callable[[Session], Any]) -> Any:
        return self.db.write_now(unit)

    def rows(self, model: type[Row], **where: Any) -> list[Row]:
        def read(session: Session) -> list[Row]:
            found = list(session.scalars(select(model).filter_by(**where).order_by(*model.__mapper__.primary_key)))
            session.expunge_all()
            return found

        return self.db.read_now(read)

    def row(self, model: type[Row], **where: Any) -> Row:
        (only,) = self.rows(model, **where)
        return only

    def chat_of(self, telegram_id: int, kind: str = "private") -> int:
        return self.write(lambda s: chats.of(s, telegram_id, kind, self.now).id)

    def team(self, group: actors.Group | None = None, kind: str = "supergroup") -> int:
        chat_id = self.chat_of(group.id, kind) if group is not None else None

        def add(session: Session) -> int:
            team = CareTeam(name="Spine", timezone="Europe/London", chat_id=chat_id, created_at=self.now)
            session.add(team)
            session.flush()
            return team.id

        return self.write(add)

    async def person(self, name: str, role: str = "patient") -> actors.Person:
        """Somebody who has pressed Start; what they sent doing so is already dealt with."""
        person = await self.sandbox.person(name, role=role)
        await person.start()
        await self.take_in()
        self.heard.clear()
        return person

    async def staff(self, name: str, team_id: int, role: str = "clinician", rung: str | None = None) -> actors.Person:
        person = await self.person(name, role)
        chat_id = self.chat_of(person.id)

        def add(session: Session) -> None:
            session.add(
                Staff(
                    name=name,
                    role=role,
                    team_id=team_id,
                    rung=rung,
                    language="en",
                    chat_id=chat_id,
                    state="active",
                    created_at=self.now,
                )
            )

        self.write(add)
        return person

    async def patient(self, name: str, team_id: int, language: str = "en") -> actors.Person:
        person = await self.person(name)
        chat_id = self.chat_of(person.id)

        def add(session: Session) -> None:
            patient = Patient(
                code=f"{name}-017",
                name=name,
                language=language,
                timezone="Europe/London",
                chat_id=chat_id,
                created_at=self.now,
            )
            session.add(patient)
            session.flush()
            enrolment = Enrolment(
                patient_id=patient.id,
                team_id=team_id,
                pathway_version_id=pathways.current(session).id,
                procedure="microdiscectomy",
                surgery_date=date(2026, 2, 16),
                state="active",
                consent_at=self.now,
                created_at=self.now,
            )
            session.add(enrolment)

        self.write(add)
        return person

    def open_checkin(self) -> int:
        def add(session: Session) -> int:
            enrolment = session.scalars(select(Enrolment)).one()
            row = CheckIn(
                enrolment_id=enrolment.id,
                pathway_version_id=enrolment.pathway_version_id,
                checkin="week2",
                kind="scheduled",
                day=14,
                local_date=self.now.date(),
                due_at=self.now,
                closes_at=self.now + timedelta(days=4),
                state="open",
                opened_at=self.now,
            )
            session.add(row)
            session.flush()
            return row.id

        return self.write(add)

    def say(self, telegram_id: int, text: str, *, kind: str = "private", card: Card | None = None, **more: Any) -> None:
        chat_id = self.chat_of(telegram_id, kind)
        shown = card or Card(text=text)
        key = more.pop("key", text)
        self.write(lambda s: outbox.say_card(s, chat_id, shown, key=f"{chat_id}:{key}", now=self.now, **more))

    def show(self, telegram_id: int, ref: int, card: Card, *, kind: str = "private", **more: Any) -> None:
        """Make the board of this number show the card in this chat."""
        self.board[ref] = card
        chat_id = self.chat_of(telegram_id, kind)
        self.write(lambda s: outbox.show(s, "board", ref, chat_id, now=self.now, **more))

    async def take_in(self) -> int:
        """Poll until nothing comes, and process it all."""
        while await self.poller.poll_once(0):
            pass
        return await self.intake.process_due()

    async def deliver(self, *, patience_s: float = 60) -> int:
        """Send all that may go, moving the clock to whatever waits for the limits, for at most so long."""
        until, sent = self.now + timedelta(seconds=patience_s), 0
        while True:
            step: DeliveryStep = await self.sender.deliver_due()
            sent += step.sent
            if step.next_at is None or step.next_at > until:
                return sent
            if step.next_at > self.now:
                self.clock.move_to(step.next_at)

    def restarted_sender(self) -> Sender:
        """The sender of a process that starts now."""
        return Sender(self.db, self.clinic, self.clock, self.courier, renderers(self.board))

    async def texts(self, place: actors.Place) -> list[str]:
        return [message["text"] for message in await place.messages() if message["from_bot"]]


def renderers(board: dict[int, Card]) -> dict[str, Any]:
    def render(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
        return board.get(row.ref or 0)

    return {**showing.RENDERERS, "board": render}


@pytest.fixture
async def line(db: Database, clinic: Clinic, now: datetime) -> AsyncIterator[Line]:
    clock = MovableClock(now)
    async with server.serve(clock) as served, actors.Sandbox(served.url, patience_s=2) as sandbox:
        site = replace(clinic, bot_username="aftercare_sandbox_bot")
        courier = Courier(served.token, served.url, SECRET, timeout_s=0.4)
        poller = Poller(db, site, clock, f"{served.url}/bot{served.token}", 7)
        board: dict[int, Card] = {}
        heard: list[Incoming] = []
        breaks: list[Exception] = []

        def handle(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
            heard.append(incoming)
            if breaks:
                raise breaks[0]
            chat = chats.of(session, incoming.chat, incoming.chat_kind, now)
            if incoming.text == "echo":
                card = Card(text=cards.esc(incoming.text))
                outbox.say_card(
                    session, chat.id, card, key=f"echo:{incoming.inbox_id}", now=now, lane=Lane.CONVERSATION
                )
            return Toast(text="Noted") if incoming.query_id else None

        limits = Limits()
        yield Line(
            served=served,
            sandbox=sandbox,
            clock=clock,
            db=db,
            clinic=site,
            courier=courier,
            poller=poller,
            intake=Intake(db, site, clock, courier, handle, SECRET),
            sender=Sender(db, site, clock, courier, renderers(board), limits=limits),
            limits=limits,
            board=board,
            heard=heard,
            breaks=breaks,
        )
        await courier.close()
        await poller.close()
