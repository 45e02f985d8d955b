"""`aftercare pathway simulate`: walk a check-in in the terminal, or send a scripted patient through three months."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from bot.cards import Card, patient, plaintext
from bot.care import assessing, screens
from bot.care.patients import Words
from bot.commands import preview, site, timemachine
from schedules import freetext, questionnaire, questions, triage, walk
from schedules.case import Case
from schedules.pathway import DEFAULT_LANGUAGE, OTHER_PROCEDURE, Level, Pathway, Question
from schedules.walk import Step, Walk

COLOURS = {Level.ROUTINE: "green", Level.REVIEW: "cyan", Level.URGENT: "yellow", Level.EMERGENCY: "bold red"}
_BACK, _QUIT, _SKIP = "back", "quit", "skip"
_ON_DEMAND_DAY = 20
_SURGERY = date(2000, 1, 1)  # only the number of days counts


def simulate(
    pathway: Annotated[str, typer.Argument(help="A pathway of the program, or a folder.")] = "lumbar_surgery",
    checkin: Annotated[str | None, typer.Option(help="Which check-in to walk; the first one unless told.")] = None,
    procedure: Annotated[str, typer.Option(help="The operation.")] = OTHER_PROCEDURE,
    day: Annotated[
        int | None, typer.Option(help="Day after surgery; the check-in's own unless told.", min=0, max=9999)
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the patient.")] = DEFAULT_LANGUAGE,
    script: Annotated[Path | None, typer.Option(help="A YAML file with a scripted patient: the whole course.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --script: write one JSON object.")] = False,
) -> None:
    """Walk a check-in answer by answer: type a number or words, back, skip or quit.

    After each answer the level and what changed in the findings are shown, and the card the patient would get. Answers
    may be piped in, one a line. With --script a patient written in YAML goes through the whole programme instead, and
    the transcript comes out. Exit code 2 on bad input.
    """
    published = preview.find(pathway)
    if script is not None:
        timemachine.tell(published, script, as_json=as_json)
        return
    if as_json:
        site.fail("--json goes with --script FILE.", site.BAD_INPUT)
    if language not in published.languages:
        site.fail(f"There is no language {language}: use {', '.join(published.languages)}.", site.BAD_INPUT)
    words = Words(pathway=published, language=language, clinic=preview.clinic())
    case = _case(published, checkin, day, preview.known_procedure(published, procedure))
    _Conversation(Console(highlight=False), words, Walk(pathway=published, case=case)).run()


def _case(pathway: Pathway, checkin: str | None, day: int | None, procedure: str) -> Case:
    known = [spec.id for spec in pathway.schedule.checkins]
    checkin = checkin or known[0]
    if checkin not in known:
        site.fail(f"There is no check-in {checkin}: use {', '.join(known)}.", site.BAD_INPUT)
    own = pathway.offsets[checkin]
    on = day if day is not None else own if own is not None else _ON_DEMAND_DAY
    return Case(
        id="simulation",
        procedure=procedure,
        surgery_date=_SURGERY,
        checkin=checkin,
        answered_on=_SURGERY + timedelta(days=on),
        status="open",
    )


@dataclass(slots=True)
class _Conversation:
    """One check-in in a terminal. `listed`: the rules told to the reader that still fire."""

    console: Console
    words: Words
    walk: Walk
    listed: set[str] = field(default_factory=set)

    def run(self) -> None:
        case, pathway = self.walk.case, self.words.pathway
        title = pathway.checkin(case.checkin).title.in_(DEFAULT_LANGUAGE)
        self._say(f"{title}, day {case.day}, {case.procedure}. Type a number or words, or: back, skip, quit.", "dim")
        question = walk.next_question(self.walk)
        while question is not None and not self.walk.crisis:
            self._ask(question)
            typed = self._read()
            if typed is None or typed.casefold() == _QUIT:
                break
            if questions.plain(typed) in {_BACK, questions.plain(self.words.label("back"))}:
                question = questionnaire.previous_question(pathway, self.walk.case, question.id) or question
            else:
                question = self._take(question, typed)
        self._end()

    def _ask(self, question: Question) -> None:
        ids = [each.id for each in questionnaire.applicable(self.words.pathway, self.walk.case)]
        standing = self.walk.case.answers.get(question.id)
        shown = screens.question(
            self.words,
            question,
            ids.index(question.id) + 1,
            len(ids),
            picks=standing if isinstance(standing, tuple) else (),
        )
        self._show(shown)

    def _read(self) -> str | None:
        """One line; None at the end of what was piped in."""
        try:
            typed = self.console.input("> ").strip()
        except (EOFError, KeyboardInterrupt):
            self._say("")
            return None
        if not sys.stdin.isatty():
            self._say(typed)
        return typed

    def _take(self, question: Question, typed: str) -> Question | None:
        """The next question after what was typed; the same one when it cannot be read as an answer."""
        if question.optional and questions.plain(typed) == _SKIP:
            self._report(walk.answer(self.walk, question, None))
            return walk.next_question(self.walk)
        parsed = questions.parse(question, typed, self.words.language)
        understood = isinstance(parsed, questions.Answer)
        screening, heard = walk.say(self.walk, typed, answering=understood)
        if screening.level >= Level.REVIEW or not understood:
            self._heard(typed, screening, heard, read=understood)
        if isinstance(parsed, questions.Rejected):
            self.walk = walk.not_understood(self.walk, question)
            self._say(self.words.text(parsed.hint), "bold")
            return question
        self._report(walk.answer(self.walk, question, parsed.value))
        return walk.next_question(self.walk)

    def _heard(self, typed: str, screening: freetext.Screening, step: Step, *, read: bool) -> None:
        """What the net made of typed words."""
        found = ", ".join(screening.categories) or "nothing"
        self._say(f"typed words: the net finds {found} ({screening.level})", COLOURS[screening.level])
        command = freetext.command_of(self.words.pathway.freetext, typed)
        if command is not None:
            self._say(f"in the chat this is the command {command}, which goes before any answer", "dim")
        if screening.asked_about:
            self._say(f"asked about: {', '.join(screening.asked_about)}; the patient is told the warning signs", "dim")
        if not read and screening.level < Level.URGENT:
            self._say("the patient is also asked the re-screen, and a person reads the words", "dim")
        self.walk = step.walk
        self._cards(step)

    def _report(self, step: Step) -> None:
        """The level after an answer, and what changed."""
        self.walk, level = step.walk, step.assessment.level
        highest = f", {step.walk.level} at its highest" if step.walk.level > level else ""
        self._say(f"level: {level}{highest}", COLOURS[level])
        telling = {finding.rule: finding for finding in triage.shown(step.assessment)}
        for rule, finding in telling.items():
            if rule not in self.listed:
                self._say(f"  + {finding.level} {rule}: {finding.text}", COLOURS[finding.level])
        for rule in sorted(self.listed.intersection(step.gone)):
            self._say(f"  - {rule} no longer fires", "dim")
        self.listed = (self.listed | telling.keys()) - set(step.gone)
        self._cards(step)

    def _cards(self, step: Step) -> None:
        level = step.assessment.level
        for name in step.cards:
            text = self.words.card(name, days_text=self.words.days(0))
            self._panel(patient.action(text, emergency=level is Level.EMERGENCY), f"shown at once: {name}", level)
        if step.cards and not self.walk.crisis:
            self._say(self.words.text("rest_of_questions"))

    def _end(self) -> None:
        """The last judgement, with silence counted, and what the patient reads."""
        step = walk.finish(self.walk)
        answered = len(self.walk.case.answers)
        complete = walk.next_question(self.walk) is None and answered > 0
        ended = "completed" if complete else "left unfinished"
        self._say(f"{ended}, {answered} {'answer' if answered == 1 else 'answers'}", "dim")
        self._report(step)
        for name, listed in (("no answer", step.assessment.unanswered), ("unreadable", step.assessment.unreadable)):
            if listed:
                self._say(f"{name}: {', '.join(listed)}", "dim")
        if self.walk.crisis:
            self._panel(
                patient.plain(self.words.text("crisis_pause")), "shown instead of more questions", Level.EMERGENCY
            )
        elif complete:
            level = self.walk.level
            said = assessing.closing_cards(self.words, self.walk.found.values(), level)
            closing = patient.plain("\n\n".join(said or (self.words.card("card_routine"),)))
            self._panel(closing, "shown at the end", level)

    def _show(self, card: Card) -> None:
        """The question; a button that only repeats a numbered line is left out."""
        said = plaintext.lines(replace(card, rows=()))
        rows = (tuple(each for each in row if _bare(each.label) not in said) for row in card.rows)
        self._say("")
        for line in plaintext.lines(replace(card, rows=tuple(row for row in rows if row))):
            self._say(line)

    def _panel(self, card: Card, title: str, level: Level) -> None:
        said = Text("\n".join(plaintext.lines(card)))
        self.console.print(Panel(said, title=title, title_align="left", border_style=COLOURS[level], width=84))

    def _say(self, line: str, style: str = "") -> None:
        self.console.print(Text(line, style=style), soft_wrap=True)


def _bare(label: str) -> str:
    """A button's words without its tick box."""
    return label.lstrip("☐☑ ")
