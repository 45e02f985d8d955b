"""Who plays in the storylines, and what they can do in one line: check in, work a case."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.sandbox.actors import Person, Sandbox
from bot.sandbox.client import Json
from bot.sandbox.places import Group
from bot.sandbox.theatre import Theatre
from schedules.pathway import Pathway, Question

Enrol = Callable[[Mapping[str, str]], Awaitable[tuple[str, str]]]
Answers = Mapping[str, str | Sequence[str]]
MOST_SCREENS = 40
_PROGRESS = re.compile(r"\b\d+ (?:of|de) \d+\b")

NUMBERS = {
    "team_phone": "+44 1632 960100",
    "emergency_number": "999",
    "out_of_hours": "111",
    "crisis_line": "+44 1632 960400",
}
"""The clinic's numbers in the storylines: of the emergency services, and of nobody."""

WELL: Answers = {
    "saddle_numbness": "absent",
    "bladder": "normal",
    "bowel": "normal",
    "leg_weakness": "none",
    "general_symptoms": ["none"],
    "leg_pain": "1",
    "back_pain": "2",
    "pain_meds": "none",
    "activity": "going_well",
    "mood": "ok",
    "sexual_function": "no_change",
    "anything_else": "nothing",
}
"""A patient who is recovering as hoped."""


@dataclass(frozen=True, kw_only=True)
class Staff:
    """The team of the clinic."""

    okoro: Person  # coordinator
    lind: Person  # clinician on call
    reyes: Person  # second on call
    mora: Person  # admin, and the manager on the ladder


@dataclass(kw_only=True)
class Stage:
    """What a storyline plays on. `enrol` registers a patient and gives (case code, link)."""

    sandbox: Sandbox
    theatre: Theatre
    team: Group
    staff: Staff
    pathway: Pathway
    enrol: Enrol


@dataclass(kw_only=True)
class Patient:
    """A patient of a storyline: a person with a phone, a case code and a surgery date in their own zone."""

    stage: Stage
    person: Person
    code: str
    surgery: date
    zone: str
    language: str
    notes: list[str] = field(default_factory=list)

    async def at(self, day: int, clock: str) -> None:
        """Go on at this local time ("HH:MM") so many days after surgery."""
        hour, minute = (int(part) for part in clock.split(":"))
        local = datetime.combine(self.surgery + timedelta(days=day), time(hour, minute), ZoneInfo(self.zone))
        await self.stage.theatre.until(local.astimezone(UTC))

    async def waits(self, minutes: float) -> None:
        """Let time pass."""
        await self.stage.theatre.until(self.stage.theatre.clock.now() + timedelta(minutes=minutes))

    async def checks_in(self, changes: Answers | None = None, *, until: str | None = None) -> None:
        """Answer every question on the screen: as a well patient would, but for `changes`. Stop before `until`."""
        given = {**WELL, **(changes or {})}
        await self._begin()
        for _ in range(MOST_SCREENS):
            shown = await self.question()
            if shown is None and await self._goes_on():
                continue
            if shown is None:
                return
            if shown.id == until:
                return
            await self._answer(shown, given[shown.id])
        raise AssertionError(f"{self.person.name}: more than {MOST_SCREENS} questions in one check-in")

    async def question(self) -> Question | None:
        """The question on the newest message with buttons, or None when it asks nothing more."""
        shown = (await self.person.chat.look()).card()
        words = shown["text"] if shown else ""
        if not _PROGRESS.search(words):
            return None
        for question in self.stage.pathway.questions:
            if question.text.in_(self.language).split("{")[0] in words or self._asks_again(question, words):
                return question
        return None

    def _asks_again(self, question: Question, words: str) -> bool:
        return question.again is not None and question.again.in_(self.language) in words

    async def _goes_on(self) -> bool:
        """After an action card the rest is offered; whether it was, and was taken up."""
        shown = (await self.person.chat.look()).card()
        resume = self.stage.pathway.texts["resume"].in_(self.language)
        if shown is None or resume not in [button["text"] for row in shown["keyboard"] for button in row]:
            return False
        await self.person.taps(resume, message=shown["id"])
        return True

    async def _begin(self) -> None:
        if await self.question() is None:
            await self.person.taps(self.stage.pathway.texts["start"].in_(self.language))
            await self.waits(0.1)

    async def _answer(self, question: Question, answer: str | Sequence[str]) -> None:
        shown = (await self.person.chat.look()).card()
        message = shown["id"] if shown else None
        if shown is not None and self._asks_again(question, shown["text"]):
            await self.waits(0.1)  # nobody reads other words and taps at once
        if isinstance(answer, str):
            await self.person.taps(self._label(question, answer), message=message)
            return
        for option in answer:
            await self.person.taps(self._label(question, option), message=message)
        await self.person.taps(self.stage.pathway.texts["done"].in_(self.language), message=message)

    def _label(self, question: Question, option: str) -> str:
        try:
            return question.option(option).text.in_(self.language)
        except KeyError:
            return option

    async def case(self, *parts: str) -> Json:
        """This patient's card in the team's group, once it shows all `parts`."""
        return await self.stage.team.shows(self.code, *parts)

    async def is_worked(
        self, by: Person, *, outcome: str, acknowledge: float = 4, reach: float = 12, close: float = 45
    ) -> None:
        """A clinician takes the case, rings, and closes it; minutes from now for each step."""
        began = self.stage.theatre.clock.now()
        for minutes, label in ((acknowledge, "Acknowledge"), (reach, "Reached patient"), (close, "Close")):
            await self.stage.theatre.until(began + timedelta(minutes=minutes))
            await by.taps(label, where=self.stage.team, message=await self._live_card(label))
        await by.taps(outcome, where=self.stage.team, message=await self._live_card(outcome))

    async def _live_card(self, label: str) -> int:
        """The newest message of this case that has the button."""
        shown = await self.stage.team.look()
        for item in reversed(shown.messages):
            labels = [button["text"] for row in item["keyboard"] or () for button in row]
            if self.code in (item["text"] or "") and any(label in text for text in labels):
                return int(item["id"])
        raise AssertionError(f"no card of {self.code} has a button {label!r}\n{shown.transcript()}")


async def admitted(stage: Stage, first_name: str, surname: str, *, surgery: date, **fields: str) -> Patient:
    """Enrol a patient, let them open the link, say who they are, and agree."""
    language = fields.get("language", "en")
    born = fields.get("birth_year", "1961")
    person = await stage.sandbox.person(first_name, last_name=surname, language_code=language)
    registered = {
        "name": f"{first_name} {surname}",
        "phone": fields.get("phone", "+44 1632 960" + f"{person.id % 1000:03d}"),
        "birth_year": born,
        "language": language,
        "timezone": fields.get("timezone", "Europe/London"),
        "procedure": fields.get("procedure", "microdiscectomy"),
        "surgery_date": surgery.isoformat(),
        "kin_name": f"Sam {surname}",
        "kin_phone": "+44 1632 960999",
        "leg_pain": "8",
        "back_pain": "5",
        "leg_pain_side": "one",
        "saddle_numbness": "absent",
        "bladder": "normal",
        "bowel": "normal",
        "leg_weakness": "none",
    }
    code, link = await stage.enrol(registered)
    patient = Patient(
        stage=stage, person=person, code=code, surgery=surgery, zone=registered["timezone"], language=language
    )
    await person.start(link)
    await person.says(born)
    await person.taps(stage.pathway.texts["consent_agree"].in_(language))
    return patient
