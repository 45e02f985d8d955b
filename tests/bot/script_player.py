"""Plays a scripted patient on the rows of the bot, tap by tap, with the ticks run whenever something is due."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.care import planning
from bot.db.models import CheckIn, Message, Outbox, Reminder
from schedules import timeline
from schedules.pathway import Question
from schedules.script import Reply, Script
from tests.bot.phone import Phone, pathway_of, phone
from tests.bot.ward import Ward


@dataclass(kw_only=True)
class Player:
    """One scripted patient on a ward. `acts`: what the patient does next, and when."""

    one: Phone
    script: Script
    acts: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    met: set[int] = field(default_factory=set)
    rechecks: int = 0

    @classmethod
    def on(cls, ward: Ward, script: Script) -> Player:
        """The patient of the script, enrolled on the day they join."""
        ward.now = timeline.to_utc(script.joined or script.surgery_date, "00:00", script.timezone)
        one = phone(ward, ward.team("Spine"), surgery=script.surgery_date, language=script.language)
        one.enrolment.procedure = script.procedure
        one.person.timezone = script.timezone
        baseline = ward.session.scalars(select(CheckIn).where(CheckIn.kind == "baseline")).one()
        ward.answers(baseline, **script.baseline)  # beside the older ones: the newest stands
        one.planned()
        player = cls(one=one, script=script)
        for typed in script.messages:
            player.will(typed.at, lambda typed=typed: player.writes(typed.text, typed.rescreen))  # type: ignore[misc]  # bound now
        for change in script.changes:
            player.will(change.at, lambda reply=change.reply: player.says_something_changed(reply))  # type: ignore[misc]  # bound now
        return player

    def will(self, at: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self.acts, (at, len(self.acts) + len(self.met) * 1000, act))

    def plays(self) -> None:
        """To the end of the programme, from one due instant to the next."""
        ends = timeline.programme_ends(pathway_of(self.one), self.script.surgery_date, self.script.timezone)
        self.tick()
        while (at := min((*self.due(), *(at for at, _, _ in self.acts[:1])), default=ends)) < ends:
            self.one.ward.now = at
            self.tick()
            while self.acts and self.acts[0][0] <= at:
                heapq.heappop(self.acts)[2]()
                self.tick()

    def tick(self) -> None:
        """Run the ticks, and let the patient notice what was sent."""
        self.one.ticks()
        for row in self.rows():
            if row.id not in self.met and row.opened_at is not None:
                self.met.add(row.id)
                reply = self.reply_to(row)
                if reply is not None:
                    self.will(row.opened_at + reply.after, lambda row=row, reply=reply: self.answers(row, reply))  # type: ignore[misc]  # bound now

    def rows(self) -> list[CheckIn]:
        found = select(CheckIn).where(CheckIn.enrolment_id == self.one.enrolment.id, CheckIn.kind != "baseline")
        return list(self.one.session.scalars(found.order_by(CheckIn.due_at, CheckIn.id)))

    def reply_to(self, row: CheckIn) -> Reply | None:
        if row.kind == "scheduled":
            return self.script.checkins[row.checkin]
        if not row.checkin.endswith(planning.RECHECK):
            return None
        self.rechecks += 1
        return self.script.rechecks[self.rechecks - 1] if self.rechecks <= len(self.script.rechecks) else None

    def due(self) -> list[datetime]:
        """Every instant at which a tick has something to do, later than now."""
        session, now = self.one.session, self.one.now
        instants: list[Any] = [
            *session.scalars(select(CheckIn.due_at).where(CheckIn.state == "planned")),
            *session.scalars(select(CheckIn.closes_at).where(CheckIn.state == "open")),
            *session.scalars(select(Reminder.due_at).where(Reminder.state == "planned")),
            *session.scalars(select(Message.rescreen_due_at).where(Message.rescreen == "asked")),
        ]
        return [at for at in instants if at is not None and at > now]

    def writes(self, text: str, rescreen: tuple[str, ...] | None) -> None:
        self.one.types(text)
        message = self.one.messages()[-1]
        if rescreen is not None and message.rescreen == "asked":
            options = [option.id for option in pathway_of(self.one).rescreen.options]
            for pick in rescreen:
                self.one.does("p_rs", message.id, options.index(pick), 1)
            self.one.does("p_rsd", message.id)

    def says_something_changed(self, reply: Reply) -> None:
        self.one.does("p_changed", self.one.enrolment.id)
        row = self.one.checkin()
        self.met.add(row.id)
        self.will(self.one.now + reply.after, lambda: self.answers(row, reply))

    def answers(self, row: CheckIn, reply: Reply) -> None:
        """Tap through the questions until nothing is asked any more, or the script stops."""
        self.one.does("p_go", row.id)
        for _ in range(60):
            if row.stage == "action":
                self.one.does("p_go", row.id)
            if row.stage != "asking" or row.question is None:
                return
            question = pathway_of(self.one).question(row.question)
            value = reply.answers.get(question.id, self.script.usual.get(question.id))
            if value is None and not question.optional:
                return
            self.answer(row, question, value)

    def answer(self, row: CheckIn, question: Question, value: Any) -> None:
        place = pathway_of(self.one).questions.index(question)
        options = [option.id for option in (question.special if question.type == "number" else question.options)]
        if value is None:
            self.one.does("p_skip", row.id, place)
        elif question.type == "multi":
            for pick in value:
                self.one.does("p_tick", row.id, place, options.index(pick), 1)
            self.one.does("p_done", row.id, place)
        elif isinstance(value, str) and value in options:
            self.one.does("p_ans", row.id, place, options.index(value))
        elif question.type == "scale":
            self.one.does("p_ans", row.id, place, value)
        else:
            self.one.types(str(value))

    def cards(self) -> list[str]:
        """The action cards that went out, by name."""
        keys = self.one.session.scalars(select(Outbox.dedupe_key).where(Outbox.dedupe_key.like("say:card:action:%")))
        return sorted(str(key).rpartition(":")[2] for key in keys)
