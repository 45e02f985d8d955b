"""A patient's phone for the tests of the shell: what the patient sees, taps and types, and the ticks around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Action, Button, Card, Toast
from bot.care import checkins, messages, pathways
from bot.chat import patient
from bot.chat.incoming import Incoming, Kind, Media
from bot.db.models import (
    Answer,
    Assessment,
    CareTeam,
    Chat,
    CheckIn,
    Enrolment,
    Escalation,
    EscalationFinding,
    Message,
    Outbox,
    Patient,
    Reminder,
)
from tests.bot.ward import Ward

WELL = {
    "saddle_numbness": "No",
    "bladder": "Normal for me",
    "bowel": "Normal for me",
    "leg_weakness": "Strong, no problem",
    "general_symptoms": ["None of these"],
    "leg_pain": "2",
    "back_pain": "3",
    "pain_meds": "None",
    "activity": "Well, a bit more each week",
    "mood": "OK",
    "anything_else": "No, that is all",
}


@dataclass(kw_only=True)
class Phone:
    """One patient in the ward, with the clock the ward keeps."""

    ward: Ward
    enrolment: Enrolment

    @property
    def session(self) -> Session:
        return self.ward.session

    @property
    def person(self) -> Patient:
        return self.session.get_one(Patient, self.enrolment.patient_id)

    @property
    def now(self) -> datetime:
        return self.ward.now

    def planned(self) -> None:
        checkins.plan(self.session, self.enrolment, self.now, self.ward.clinic)
        self.session.commit()

    def ticks(self) -> dict[str, int]:
        """Run every tick of the patient's side once. What each changed."""
        counts = {
            tick.__name__: tick(self.session, self.now, self.ward.clinic)
            for tick in (
                checkins.open_due,
                checkins.remind_due,
                checkins.close_due,
                checkins.unreadable_due,
                checkins.end_programmes,
                messages.rescreen_due,
                messages.overdue_reads,
            )
        }
        self.session.commit()
        return counts

    def goes_to(self, day: int, clock: str = "09:31") -> None:
        """Move the ward's clock to this day after surgery (UTC, which is London's winter time) and run the ticks."""
        hour, minute = clock.split(":")
        at = datetime.combine(self.enrolment.surgery_date + timedelta(days=day), datetime.min.time(), self.now.tzinfo)
        self.ward.now = at.replace(hour=int(hour), minute=int(minute))
        self.ticks()

    def checkin(self, name: str | None = None) -> CheckIn:
        rows = select(CheckIn).where(CheckIn.enrolment_id == self.enrolment.id, CheckIn.kind != "baseline")
        if name is not None:
            return self.session.scalars(rows.where(CheckIn.checkin == name)).one()
        opened = rows.where(CheckIn.opened_at.is_not(None)).order_by(CheckIn.opened_at.desc(), CheckIn.id.desc())
        return self.session.scalars(opened.limit(1)).one()

    def sees(self, name: str | None = None) -> Card:
        shown = checkins.card(self.session, self.checkin(name).id, self.ward.clinic, self.now)
        assert shown is not None
        return shown

    def button(self, words: str, card: Card | None = None) -> Button:
        buttons = [one for row in (card or self.sees()).rows for one in row]
        exact = [one for one in buttons if _words(one.label) == words]
        close = exact or [one for one in buttons if words in one.label]
        assert close, f"no button {words!r} among {[one.label for one in buttons]}"
        return close[0]

    def taps(self, words: str, card: Card | None = None, *, message_id: int | None = None) -> Toast | None:
        action = self.button(words, card).action
        assert action is not None
        return self.does(action.name, *action.args, message_id=message_id)

    def does(self, name: str, *args: int, message_id: int | None = None) -> Toast | None:
        query = str(next(self.ward.numbers))
        incoming = self._incoming(Kind.TAP, action=Action(name, args), query_id=query, message_id=message_id)
        return self._kept(patient.ACTIONS[name](self.session, self.ward.clinic, self.person, incoming, self.now))

    def types(self, words: str, message_id: int | None = None) -> None:
        incoming = self._incoming(Kind.TEXT, text=words, message_id=message_id or next(self.ward.numbers))
        self._kept(patient.text(self.session, self.ward.clinic, self.person, incoming, self.now))

    def edits(self, message_id: int, words: str) -> None:
        incoming = self._incoming(Kind.EDITED, text=words, message_id=message_id)
        self._kept(patient.edited(self.session, self.ward.clinic, self.person, incoming, self.now))

    def sends(self, kind: str, caption: str = "") -> None:
        incoming = self._incoming(Kind.MEDIA, text=caption, message_id=7, media=Media(kind=kind, file_id="file"))
        self._kept(patient.media(self.session, self.ward.clinic, self.person, incoming, self.now))

    def commands(self, name: str, words: str = "") -> Toast | None:
        incoming = self._incoming(Kind.COMMAND, command=name, text=words, message_id=next(self.ward.numbers))
        return self._kept(patient.COMMANDS[name](self.session, self.ward.clinic, self.person, incoming, self.now))

    def comes_back(self) -> None:
        """Block the bot, and let it in again."""
        patient.came_back(self.session, self.ward.clinic, self.person, self.now)
        self.session.commit()

    def answers(self, *, until: str | None = None, **given: str | list[str]) -> None:
        """Answer by taps as a well patient would, except for what is given, to the end or to the question `until`."""
        while (row := self.checkin()).stage == "asking" and row.question not in (None, until):
            said: Any = given.get(row.question or "") or WELL[row.question or ""]
            for word in said if isinstance(said, list) else [said]:
                self.taps(word)
            if isinstance(said, list):
                self.taps("Done")

    def level(self) -> str | None:
        return self.checkin().level

    def standing(self, question: str) -> list[Answer]:
        rows = select(Answer).where(Answer.checkin_id == self.checkin().id, Answer.question == question)
        return list(self.session.scalars(rows.order_by(Answer.id)))

    def escalation(self) -> Escalation | None:
        return self.session.scalars(
            select(Escalation).where(Escalation.enrolment_id == self.enrolment.id).order_by(Escalation.id.desc())
        ).first()

    def findings(self) -> set[str]:
        rows = select(EscalationFinding.rule).join(Escalation).where(Escalation.enrolment_id == self.enrolment.id)
        return set(self.session.scalars(rows))

    def told(self) -> list[str]:
        """Every message of its own that this patient got, oldest first."""
        return self.ward.said(self.person.chat_id)

    def shown(self, surface: str = "checkin", *, fresh: bool | None = None) -> list[Outbox]:
        rows = select(Outbox).where(Outbox.chat_id == self.person.chat_id, Outbox.surface == surface)
        if fresh is not None:
            rows = rows.where(Outbox.fresh == fresh)
        return list(self.session.scalars(rows.order_by(Outbox.id)))

    def messages(self) -> list[Message]:
        rows = select(Message).where(Message.enrolment_id == self.enrolment.id).order_by(Message.id)
        return list(self.session.scalars(rows))

    def rescreen(self) -> Card:
        row = next(row for row in reversed(self.messages()) if row.rescreen != "none")
        shown = messages.rescreen_card(self.session, row.id, self.ward.clinic, self.now)
        assert shown is not None
        return shown

    def assessments(self) -> list[Assessment]:
        rows = select(Assessment).where(Assessment.enrolment_id == self.enrolment.id).order_by(Assessment.id)
        return list(self.session.scalars(rows))

    def reminders(self, name: str) -> list[Reminder]:
        rows = select(Reminder).where(Reminder.checkin_id == self.checkin(name).id).order_by(Reminder.number)
        return list(self.session.scalars(rows))

    def _incoming(self, kind: Kind, **what: Any) -> Incoming:
        chat = self.session.get_one(Chat, self.person.chat_id)
        return Incoming(
            kind=kind,
            chat=chat.telegram_id,
            chat_kind="private",
            user=chat.telegram_id,
            at=self.now,
            inbox_id=next(self.ward.numbers),
            **what,
        )

    def _kept(self, result: Toast | None) -> Toast | None:
        self.session.commit()
        return result


def phone(ward: Ward, team: CareTeam, code: str = "AN17", surgery: date | None = None, **person: Any) -> Phone:
    """A patient under care, whose check-ins are planned, with a baseline without known problems."""
    enrolment = ward.patient("Ana Ruiz", team, code, **person)
    enrolment.surgery_date = surgery or ward.now.date()
    ward.session.commit()
    before = {"leg_pain": 7, "back_pain": 5, "leg_pain_side": "one", "saddle_numbness": "absent"}
    before |= {"bladder": "normal", "bowel": "normal", "leg_weakness": "none"}
    row = ward.checkin(enrolment, "baseline", 0, **before)
    row.state, row.end_reason, row.ended_at, row.ended_by = "ended", "answered", ward.now, "command"
    one = Phone(ward=ward, enrolment=enrolment)
    one.planned()
    return one


def pathway_of(one: Phone) -> Any:
    return pathways.of(one.session, one.enrolment.pathway_version_id)


def _words(label: str) -> str:
    """The words of a button, without its tick and its number."""
    bare = label.lstrip("☑☐ ")
    number, dot, rest = bare.partition(". ")
    return rest if dot and number.isdigit() else bare
