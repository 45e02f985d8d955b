"""What is still to come for a scripted patient, and what has happened so far. Everything is taken in order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from schedules import timeline, triage, walk
from schedules.pathway import Level, Pathway
from schedules.transcript import Event, Found, Kind

Action = Callable[[datetime], None]


@dataclass(slots=True)
class Diary:
    """One patient's agenda and record. `crisis_on`: the local day of the last crisis card: then nothing is asked."""

    pathway: Pathway
    timezone: str
    events: list[Event] = field(default_factory=list)
    crisis_on: date | None = None
    _agenda: list[tuple[datetime, int, Action]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def plan(self, at: datetime, action: Action) -> None:
        """Do this at that instant (UTC)."""
        heapq.heappush(self._agenda, (at, next(self._numbers), action))

    def run(self) -> tuple[Event, ...]:
        """Do what is planned, and what that plans, until nothing is left. Returns what happened, in order of time."""
        while self._agenda:
            at, _, action = heapq.heappop(self._agenda)
            action(at)
        return tuple(sorted(self.events, key=lambda event: event.at))

    def today(self, now: datetime) -> date:
        """The date where the patient is."""
        return now.astimezone(timeline.zone(self.timezone)).date()

    def in_crisis(self, now: datetime) -> bool:
        """Whether the crisis card was shown today."""
        return self.crisis_on == self.today(now)

    def note(self, at: datetime, kind: Kind, checkin: str | None = None, note: str | None = None) -> None:
        """Record something that needs no more than a few words."""
        self.events.append(Event(at=at, kind=kind, checkin=checkin, note=note))

    def judged(self, at: datetime, checkin: str | None, level: Level, findings: Iterable[triage.Finding]) -> None:
        """Record a level, and the findings that came up."""
        found = tuple(Found(rule=each.rule, level=each.level, text=each.text) for each in findings)
        self.events.append(Event(at=at, kind="judged", checkin=checkin, level=level, findings=found))

    def show(self, at: datetime, checkin: str | None, cards: Iterable[str]) -> None:
        """Record cards that the patient gets."""
        for card in cards:
            self.events.append(Event(at=at, kind="shown", checkin=checkin, card=card))
            if card == walk.CRISIS_CARD:
                self.crisis_on = self.today(at)

    def tell(self, at: datetime, name: str) -> None:
        """Record something that happened to the messages and that a clinician must act on, if the pathway has it."""
        for each in self.pathway.operational:
            if each.id == name:
                told = Found(rule=each.id, level=each.level, text=each.text)
                self.events.append(Event(at=at, kind="told", level=each.level, findings=(told,)))
