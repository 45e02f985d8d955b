"""A ward for the tests of the shell: teams with their groups, their people, their patients, and a clock they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Action, Card, Toast
from bot.care import escalations, paging, pathways
from bot.care.clinic import Clinic
from bot.chat import clinician, group
from bot.chat.incoming import Incoming, Kind
from bot.db.models import (
    Answer,
    Audit,
    CareTeam,
    Chat,
    CheckIn,
    Enrolment,
    Escalation,
    EscalationEvent,
    Message,
    Outbox,
    Patient,
    Staff,
)
from schedules import triage
from schedules.pathway import Level

NOBODY = 999_999


@dataclass(kw_only=True)
class Ward:
    """One open session and verbs that end in a commit, so that a test reads like the ward's day."""

    session: Session
    clinic: Clinic
    now: datetime
    numbers: Iterator[int] = field(default_factory=lambda: count(1000))

    def passes(self, **span: int) -> None:
        """Let time pass; nothing runs by itself."""
        self.now += timedelta(**span)

    def ticks(self) -> int:
        """Run the paging tick."""
        return self._kept(paging.page_due(self.session, self.now, self.clinic))

    def chat(self, kind: str = "private", state: str = "ok") -> Chat:
        return self._added(Chat(telegram_id=next(self.numbers), kind=kind, state=state, state_since=self.now))

    def team(self, name: str, *, bound: bool = True, timezone: str = "Europe/London") -> CareTeam:
        chat = self.chat("supergroup") if bound else None
        return self._added(
            CareTeam(name=name, timezone=timezone, chat_id=chat.id if chat else None, created_at=self.now)
        )

    def staff(self, name: str, team: CareTeam, role: str = "clinician", rung: str | None = None) -> Staff:
        return self._added(
            Staff(
                name=name,
                role=role,
                team_id=team.id,
                rung=rung,
                language="en",
                chat_id=self.chat().id,
                state="active",
                created_at=self.now,
                joined_at=self.now,
            )
        )

    def patient(self, name: str, team: CareTeam, code: str, state: str = "active", **person: Any) -> Enrolment:
        given = {"phone": "07700 900123", "birth_year": "1961", "kin_name": "Ben Kin", "kin_phone": "07700 900456"}
        patient = self._added(
            Patient(
                code=code,
                name=name,
                timezone="Europe/London",
                chat_id=self.chat().id,
                created_at=self.now,
                **{"language": "en", **given, **person},
            )
        )
        return self._added(
            Enrolment(
                patient_id=patient.id,
                team_id=team.id,
                pathway_version_id=pathways.current(self.session).id,
                procedure="microdiscectomy",
                surgery_date=date(2026, 2, 16),
                state=state,
                consent_at=self.now if state != "invited" else None,
                created_at=self.now,
            )
        )

    def checkin(self, enrolment: Enrolment, name: str = "week2", day: int = 14, **answers: Any) -> CheckIn:
        """An open check-in with these answers; "baseline" makes the record from before surgery."""
        kind = "baseline" if name == "baseline" else "adhoc" if name.startswith("adhoc") else "scheduled"
        row = self._added(
            CheckIn(
                enrolment_id=enrolment.id,
                pathway_version_id=enrolment.pathway_version_id,
                checkin=name,
                kind=kind,
                day=day,
                local_date=enrolment.surgery_date + timedelta(days=day),
                due_at=self.now,
                closes_at=self.now + timedelta(days=4),
                state="open",
                opened_at=self.now,
            )
        )
        self.answers(row, **answers)
        return row

    def answers(self, checkin: CheckIn, **answers: Any) -> None:
        for question, value in answers.items():
            self._answer(checkin, question=question, value=value, readable=True)

    def typed(self, checkin: CheckIn, question: str, raw: str) -> None:
        """An answer that could not be read."""
        self._answer(checkin, question=question, raw=raw, readable=False)

    def writes(self, enrolment: Enrolment, body: str | None, kind: str = "text") -> Message:
        return self._added(
            Message(
                enrolment_id=enrolment.id,
                kind=kind,
                body=body,
                telegram_message_id=next(self.numbers),
                received_at=self.now,
                level="routine",
                categories=[],
                read_by=self.now + timedelta(days=1),
            )
        )

    def finds(
        self,
        enrolment: Enrolment,
        *found: tuple[str, str] | tuple[str, str, Mapping[str, Any]],
        checkin: CheckIn | None = None,
        message: Message | None = None,
        within_days: int | None = None,
    ) -> Escalation | None:
        """Triage found these: rule, level, and the answers that fired it."""
        findings = tuple(
            triage.Finding(
                rule=rule,
                level=Level(level),
                because=facts[0] if facts else {},
                within_days=within_days,
                text=f"Line of {rule}.",
                card=None,
            )
            for rule, level, *facts in found
        )
        level = max((finding.level for finding in findings), default=Level.ROUTINE)
        assessment = triage.Assessment(level=level, findings=findings, unanswered=(), unreadable=())
        return self._kept(
            escalations.assess(
                self.session,
                enrolment,
                assessment,
                checkin=checkin,
                message=message,
                now=self.now,
                clinic=self.clinic,
            )
        )

    def taps(self, who: Staff | None, action: str, *args: int, chat: Chat | None = None) -> Toast | None:
        """Somebody taps a button: in this chat, or in their own."""
        chat = chat or (self.session.get_one(Chat, who.chat_id) if who else None)
        assert chat is not None
        user = self.session.get_one(Chat, who.chat_id).telegram_id if who else NOBODY
        incoming = self._incoming(Kind.TAP, chat, user, action=Action(action, args))
        if who is None:
            return self._kept(group.stranger(self.session, self.clinic, chat, incoming, self.now))
        return self._kept(clinician.ACTIONS[action](self.session, self.clinic, who, incoming, self.now))

    def taps_on(self, who: Staff, action: str, case: Escalation, *more: int, chat: Chat | None = None) -> Toast | None:
        """Taps a button of the card as it is now."""
        return self.taps(who, action, case.id, escalations.version(case), *more, chat=chat)

    def asks(self, who: Staff, command: str, words: str = "", *, chat: Chat | None = None) -> Toast | None:
        chat = chat or self.session.get_one(Chat, who.chat_id)
        incoming = self._incoming(Kind.COMMAND, chat, NOBODY, command=command, text=words)
        return self._kept(clinician.COMMANDS[command](self.session, self.clinic, who, incoming, self.now))

    def types(self, who: Staff, words: str) -> bool:
        chat = self.session.get_one(Chat, who.chat_id)
        incoming = self._incoming(Kind.TEXT, chat, chat.telegram_id, text=words)
        return self._kept(clinician.form_text(self.session, self.clinic, who, incoming, self.now))

    def group_of(self, team: CareTeam) -> Chat:
        assert team.chat_id is not None
        return self.session.get_one(Chat, team.chat_id)

    def card(self, case: Escalation, chat: Chat) -> Card:
        shown = escalations.card(self.session, case.id, chat, self.clinic, self.now)
        assert shown is not None
        return shown

    def sent(self, chat_id: int | None, *, fresh: bool = True, since: datetime | None = None) -> list[Outbox]:
        """Rows of escalation cards for this chat, oldest first."""
        rows = select(Outbox).where(Outbox.chat_id == chat_id, Outbox.surface == "escalation", Outbox.fresh == fresh)
        if since is not None:
            rows = rows.where(Outbox.created_at >= since)
        return list(self.session.scalars(rows.order_by(Outbox.id)))

    def said(self, chat_id: int | None) -> list[str]:
        """The texts of the ready-made cards for this chat, oldest first."""
        rows = select(Outbox).where(Outbox.chat_id == chat_id, Outbox.purpose == "card").order_by(Outbox.id)
        return [row.payload["text"] for row in self.session.scalars(rows)]

    def deliver(self) -> None:
        """All that waits was sent."""
        for row in self.session.scalars(select(Outbox).where(Outbox.state == "pending")):
            row.state = "sent"
        self.session.commit()

    def events(self, case: Escalation, kind: str | None = None) -> list[EscalationEvent]:
        rows = select(EscalationEvent).where(EscalationEvent.escalation_id == case.id).order_by(EscalationEvent.id)
        return [event for event in self.session.scalars(rows) if kind in (None, event.kind)]

    def audited(self, action: str) -> list[Audit]:
        return list(self.session.scalars(select(Audit).where(Audit.action == action).order_by(Audit.id)))

    def _answer(self, checkin: CheckIn, **given: Any) -> None:
        enrolment = self.session.get_one(Enrolment, checkin.enrolment_id)
        language = self.session.get_one(Patient, enrolment.patient_id).language
        self._added(Answer(checkin_id=checkin.id, at=self.now, language=language, **given))

    def _incoming(self, kind: Kind, chat: Chat, user: int, **what: Any) -> Incoming:
        return Incoming(
            kind=kind,
            chat=chat.telegram_id,
            chat_kind=chat.kind,
            user=user,
            at=self.now,
            inbox_id=next(self.numbers),
            **what,
        )

    def _added(self, row: Any) -> Any:
        self.session.add(row)
        self.session.commit()
        return row

    def _kept(self, result: Any) -> Any:
        self.session.commit()
        return result
