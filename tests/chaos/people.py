"""Patients and clinicians who act by themselves: they look at their screen, press what they mean, and press it again
when nothing happened. What each of them did is remembered: it is what the bot must account for.

They read from a button's own token what it would answer, so that no wording has to be recognised.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from bot.cards import Action
from bot.chat import tokens
from bot.sandbox import world
from bot.sandbox.client import Refused
from bot.sandbox.storylines.cast import WELL, Patient
from schedules import catalog
from schedules.pathway import Question
from tests.chaos.ground import Ground

RED: Sequence[Mapping[str, str]] = (
    {"saddle_numbness": "new_or_worse"},
    {"bladder": "cannot_pee"},
    {"bowel": "accident"},
    {"leg_weakness": "both_legs"},
)
QUESTIONS = catalog.shipped().questions
LOOK_S = 0.15  # of real time, between two looks at a screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapped:
    """One tap that Telegram took from a person's hand. `answers` is (check-in, question, option or ids), or None."""

    who: int
    query: str
    at: datetime
    name: str
    answers: tuple[int, str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One message that Telegram took."""

    who: int
    text: str
    at: datetime


@dataclass(kw_only=True)
class Memory:
    """Everything that people did."""

    taps: list[Tapped] = field(default_factory=list)
    texts: list[Typed] = field(default_factory=list)
    pressed_again: int = 0


Buttons = list[tuple[int, int, Action]]
Seen = tuple[int, tuple[str, ...]]


@dataclass(kw_only=True)
class Eyes:
    """What one chat shows to one person."""

    ground: Ground
    chat: int

    def cards(self) -> list[tuple[int, Buttons]]:
        """The bot's messages that have buttons, newest first: the message's id and what each button would do."""
        shown = []
        for item in reversed(self.ground.served.world.chats[self.chat].messages.values()):
            if item.inline_keyboard and not item.deleted:
                shown.append((item.id, self._buttons(item)))
        return shown

    def _buttons(self, item: world.Message) -> Buttons:
        return [
            (row, col, action)
            for row, line in enumerate(item.inline_keyboard or [])
            for col, button in enumerate(line)
            if (action := tokens.decode(button.get("callback_data", ""), self.chat, self.ground.secret)) is not None
        ]


@dataclass(kw_only=True)
class Phone:
    """A patient who answers as planned, at their own pace. `more` extra check-ins are asked for after the first."""

    ground: Ground
    memory: Memory
    patient: Patient
    chance: random.Random
    red: Mapping[str, str] | None = None
    more: int = 1
    patience: timedelta = timedelta(seconds=100)
    idle: bool = False
    _seen: Seen | None = None
    _acted: datetime | None = None
    _typed: int = 0

    @property
    def id(self) -> int:
        """The Telegram id of the person and of their private chat."""
        return self.patient.person.id

    @property
    def answers(self) -> Mapping[str, str | Sequence[str]]:
        """What this patient means to say, for the whole hour."""
        return {**WELL, **(self.red or {})}

    @property
    def pressing(self) -> str:
        """What this patient presses again and again: the message, the button, and what the last tap was told."""
        mine = [tap for tap in self.memory.taps if tap.who == self.id]
        told = self.ground.served.world.queries[mine[-1].query].answer if mine else None
        return f"{self._seen} ({told})"

    async def live(self) -> None:
        """Look, think, act, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S + self.chance.random())
            try:
                await self._look()
            except (Refused, httpx.HTTPError):
                continue  # the button was gone before the finger came down

    async def _look(self) -> None:
        found = self._next()
        self.idle = found is None
        if found is None:
            return
        message, row, col, action, question = found
        seen = (message, (action.name, *map(str, action.args)))
        now = self.ground.clock.now()
        if seen == self._seen and self._acted is not None:
            if now - self._acted < self.patience:
                return
            self.memory.pressed_again += 1
        elif question is not None and question.type == "choice" and self.chance.random() < 0.1:
            self._seen, self._acted = seen, now
            await self._types_answer(question)
            return
        self._seen, self._acted = seen, now
        await self._taps(message, row, col, action, question)

    def _next(self) -> tuple[int, int, int, Action, Question | None] | None:
        """The button that the patient wants to press now, on the newest message that has one, or None."""
        for message, buttons in Eyes(ground=self.ground, chat=self.id).cards()[:1]:
            symptoms = [each for each in buttons if each[2].name == "p_rs"]
            if symptoms and all(action.args[2] == 1 for _row, _col, action in symptoms):
                return message, *symptoms[-1], None  # none of these
            for row, col, action in buttons:
                question = _question(action)
                if question is None and action.name in ("p_go", "p_rsd"):
                    return message, row, col, action, None
                if question is not None and self._means(question, action, buttons):
                    return message, row, col, action, question
            for row, col, action in buttons:
                if action.name == "p_changed" and self.more > 0:
                    return message, row, col, action, None
        return None

    def _means(self, question: Question, action: Action, buttons: Buttons) -> bool:
        wanted = self.answers.get(question.id, "")
        match action.name:
            case "p_ans":
                return bool(meaning(question, action.args[2]) == wanted)
            case "p_tick":
                return (question.options[action.args[2]].id in wanted) == (action.args[3] == 1)
            case "p_done":
                return not any(
                    other.name == "p_tick" and self._means(question, other, buttons) for _row, _col, other in buttons
                )
        return False

    async def _taps(self, message: int, row: int, col: int, action: Action, question: Question | None) -> None:
        at = self.ground.clock.now()
        done = await self.ground.sandbox.post(
            f"users/{self.id}/tap", chat_id=self.id, message_id=message, row=row, col=col
        )
        answers = None
        if question is not None and action.name == "p_ans":
            answers = (action.args[0], question.id, meaning(question, action.args[2]))
        elif question is not None and action.name == "p_done":
            answers = (action.args[0], question.id, list(self.answers[question.id]))
        self.memory.taps.append(
            Tapped(who=self.id, query=done["callback_query_id"], at=at, name=action.name, answers=answers)
        )
        if action.name == "p_changed":
            self.more -= 1
            await self._writes()

    async def _types_answer(self, question: Question) -> None:
        wanted = self.answers[question.id]
        await self._says(question.option(str(wanted)).text.in_(self.patient.language))

    async def _writes(self) -> None:
        """Something to a person of the clinic, never the same twice."""
        self._typed += 1
        await self._says(f"Please tell the nurse that my appointment card has number {self.id}-{self._typed}")

    async def _says(self, words: str) -> None:
        at = self.ground.clock.now()
        await self.ground.sandbox.post(f"users/{self.id}/text", chat_id=self.id, text=words)
        self.memory.texts.append(Typed(who=self.id, text=words, at=at))


@dataclass(kw_only=True)
class Clinician:
    """Takes some of the cases in the group, after a while, and works them to an end."""

    ground: Ground
    memory: Memory
    who: int
    chance: random.Random
    takes: float = 0.6
    _cases: dict[int, datetime | None] = field(default_factory=dict)

    async def live(self) -> None:
        """Look, think, act, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S + self.chance.random())
            try:
                await self._look()
            except (Refused, httpx.HTTPError):
                continue

    async def _look(self) -> None:
        now = self.ground.clock.now()
        handled: set[int] = set()
        for message, buttons in Eyes(ground=self.ground, chat=self.ground.team.id).cards():
            step = next((each for name in _STEPS for each in buttons if each[2].name == name), None)
            if step is None or step[2].args[0] in handled:
                continue
            row, col, action = step
            case = action.args[0]
            handled.add(case)
            if self._due(case, now):
                self._cases[case] = now + timedelta(seconds=self.chance.uniform(40, 400))
                await self._taps(message, row, col, action)

    def _due(self, case: int, now: datetime) -> bool:
        if case not in self._cases:
            mine = self.chance.random() < self.takes
            self._cases[case] = now + timedelta(seconds=self.chance.uniform(60, 1200)) if mine else None
        at = self._cases[case]
        return at is not None and at <= now

    async def _taps(self, message: int, row: int, col: int, action: Action) -> None:
        at = self.ground.clock.now()
        done = await self.ground.sandbox.post(
            f"users/{self.who}/tap", chat_id=self.ground.team.id, message_id=message, row=row, col=col
        )
        self.memory.taps.append(Tapped(who=self.who, query=done["callback_query_id"], at=at, name=action.name))


_STEPS = ("c_outcome", "c_ack", "c_reach", "c_close")


def meaning(question: Question, option: int) -> Any:
    """What a button of this question answers, as it is stored."""
    if question.type == "scale":
        return str(option)
    options = question.special if question.type == "number" else question.options
    return options[option].id if 0 <= option < len(options) else None


def _question(action: Action) -> Question | None:
    if action.name not in ("p_ans", "p_tick", "p_done"):
        return None
    return QUESTIONS[action.args[1]]
