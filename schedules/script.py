"""A scripted patient: who it is, and how each check-in and message goes. Read strictly from YAML.

`patient`, `procedure`, `surgery_date`, `timezone`, `language`; maybe `joined` (a later day), `baseline` (answers before
surgery) and `usual`: answers given wherever a check-in has none of its own. `checkins` says of every planned check-in
how it goes: `silent`, or `after_h` (hours until the patient begins, 1 unless told) and `answers`. An answer `null` is
where the patient stops; an optional question is skipped. `rechecks` is a list of the same, for check-ins that a rule
asks for. `messages` are typed words: `day`, `at`, `text`, maybe `rescreen`. `something_changed` are check-ins the
patient asks for: `day`, `at`, `answers`. Days count from surgery; times are the patient's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schedules import documents, questions, timeline
from schedules.documents import Document, Path, Value
from schedules.pathway import DEFAULT_LANGUAGE, OTHER_PROCEDURE, Pathway, Question
from schedules.problems import Problem

SILENT = "silent"
_KEYS = ("patient", "procedure", "surgery_date", "timezone", "language", "joined", "baseline", "usual", "checkins",
         "rechecks", "messages", "something_changed")  # fmt: skip
_LATEST_DAY = 400
_MOST_HOURS = 1000
_YEARS = range(1970, 2200)
_SOON = timedelta(minutes=1)
_LONG = 60  # characters of a faulty value that are quoted

Given = Mapping[str, questions.Value | None]


class ScriptError(ValueError):
    """This is no script; every problem found is listed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a check-in is answered: so long after it was sent, with these answers; None is where the patient stops."""

    after: timedelta
    answers: Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Words typed at an instant (UTC). `rescreen`: the options chosen when asked back; None leaves that unanswered."""

    at: datetime
    text: str
    rescreen: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The patient says at an instant (UTC) that something has changed, and answers."""

    at: datetime
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One patient from surgery to the end of the programme. A check-in whose reply is None stays unanswered."""

    patient: str
    procedure: str
    surgery_date: date
    timezone: str
    language: str
    joined: date | None
    baseline: Mapping[str, questions.Value]
    usual: Given
    checkins: Mapping[str, Reply | None]
    rechecks: tuple[Reply | None, ...]
    messages: tuple[Typed, ...]
    changes: tuple[Change, ...]


def read(pathway: Pathway, file: str, text: str) -> Script:
    """The script in `text`; `file` names it in problems. Raises ScriptError that lists every one."""
    document = documents.read(file, text)
    if not isinstance(document.value, dict) and not document.problems:
        document.add((), "The file is not a script.", f"Write {', '.join(_KEYS)}.")
    reader = _Reader(pathway, document)
    script = reader.script(document.value if isinstance(document.value, dict) else {})
    if document.problems or script is None:
        raise ScriptError(tuple(document.problems))
    return script


@dataclass(slots=True)
class _Reader:
    pathway: Pathway
    document: Document

    def script(self, content: dict[str, Value]) -> Script | None:
        if self.document.problems:
            return None
        self._known((), content, _KEYS)
        surgery_date = self._date(("surgery_date",), content.get("surgery_date"))
        tz = self._zone(content.get("timezone"))
        scheduled = [spec.id for spec in self.pathway.schedule.checkins if spec.offset_days is not None]
        extra = self.pathway.schedule.recheck_checkin
        joined = None if content.get("joined") is None else self._date(("joined",), content["joined"])
        return Script(
            patient=self._text(("patient",), content.get("patient")),
            procedure=self._procedure(content.get("procedure")),
            surgery_date=surgery_date,
            timezone=tz,
            language=self._language(content.get("language", DEFAULT_LANGUAGE)),
            joined=joined,
            baseline=self._baseline(content.get("baseline", {})),
            usual=self._answers(("usual",), content.get("usual", {}), None),
            checkins=self._checkins(content.get("checkins"), scheduled),
            rechecks=tuple(
                self._reply(path, value, extra, timedelta(hours=1))
                for path, value in self._items("rechecks", content.get("rechecks", []))
            ),
            messages=tuple(
                self._typed(path, value, surgery_date, tz)
                for path, value in self._items("messages", content.get("messages", []))
            ),
            changes=tuple(
                self._change(path, value, surgery_date, tz)
                for path, value in self._items("something_changed", content.get("something_changed", []))
            ),
        )

    def _checkins(self, value: Value, scheduled: list[str]) -> dict[str, Reply | None]:
        if not isinstance(value, dict):
            self.document.add(
                ("checkins",), "How the check-ins go is missing.", f"Write one of {_or(scheduled)} a line."
            )
            return {}
        for name in scheduled:
            if name not in value:
                remedy = f"Write {name}: {SILENT}, or {name}: {{}} for the usual answers."
                self.document.add(("checkins",), f"How {name} goes is missing.", remedy)
        self._known(("checkins",), value, tuple(scheduled))
        return {
            name: self._reply(("checkins", name), reply, name, timedelta(hours=1))
            for name, reply in value.items()
            if name in scheduled
        }

    def _reply(self, path: Path, value: Value, checkin: str, after: timedelta) -> Reply | None:
        if value == SILENT:
            return None
        if not isinstance(value, dict):
            self.document.add(path, "This is no reply.", f"Write {SILENT}, or after_h and answers.")
            return None
        self._known(path, value, ("after_h", "answers"))
        hours = value.get("after_h")
        if isinstance(hours, int | float) and not isinstance(hours, bool) and 0 <= hours < _MOST_HOURS:
            after = timedelta(hours=hours)
        elif "after_h" in value:
            remedy = "Write the hours between the message and the first answer, e.g. 2.5."
            self.document.add((*path, "after_h"), "This is no number of hours.", remedy)
        return Reply(after=after, answers=self._answers((*path, "answers"), value.get("answers", {}), checkin))

    def _typed(self, path: Path, value: Value, surgery_date: date, tz: str) -> Typed:
        content = self._mapping(path, value, ("day", "at", "text", "rescreen"))
        screen, picks = self.pathway.rescreen, content.get("rescreen")
        chosen = None if picks is None else questions.choices(screen.options, screen.exclusive, picks)
        if isinstance(chosen, questions.Unreadable):
            remedy = f"Use {_or(option.id for option in screen.options)}."
            self.document.add((*path, "rescreen"), f"{_shown(picks)} is no answer to the re-screen.", remedy)
        return Typed(
            at=self._moment(path, content, surgery_date, tz),
            text=self._text((*path, "text"), content.get("text")),
            rescreen=chosen.value if isinstance(chosen, questions.Answer) and isinstance(chosen.value, tuple) else None,
        )

    def _change(self, path: Path, value: Value, surgery_date: date, tz: str) -> Change:
        content = self._mapping(path, value, ("day", "at", "answers"))
        answers = self._answers((*path, "answers"), content.get("answers", {}), self.pathway.schedule.recheck_checkin)
        return Change(at=self._moment(path, content, surgery_date, tz), reply=Reply(after=_SOON, answers=answers))

    def _baseline(self, value: Value) -> dict[str, questions.Value]:
        given = self._answers(("baseline",), value, None)
        for name in given:
            if name not in self.pathway.baseline_fields:
                remedy = f"Use {_or(self.pathway.baseline_fields)}."
                self.document.add(("baseline", name), "This is not recorded before surgery.", remedy)
        return {name: answer for name, answer in given.items() if answer is not None}

    def _answers(self, path: Path, value: Value, checkin: str | None) -> dict[str, questions.Value | None]:
        """Answers by question; `checkin` None takes the questions of all."""
        answers: dict[str, questions.Value | None] = {}
        if not isinstance(value, dict):
            self.document.add(path, "This is no mapping from question to answer.", "Write {leg_pain: 3, mood: ok}.")
            return answers
        for name, given in value.items():
            question = self.pathway.find_question(name)
            if question is None or (checkin is not None and checkin not in question.checkins):
                known = self.pathway.questions if checkin is None else self.pathway.questions_for(checkin)
                where = "" if checkin is None else f" at {checkin}"
                remedy = f"Use {_or(each.id for each in known)}."
                self.document.add((*path, name), f"There is no question {name}{where}.", remedy)
                continue
            found = None if given is None else questions.validate(question, given)
            if isinstance(found, questions.Unreadable):
                what = f"{_shown(given)} is no answer to {name}."
                self.document.add((*path, name), what, f"Use {_possible(question)}, or null where the patient stops.")
            else:
                answers[name] = None if found is None else found.value
        return answers

    def _moment(self, path: Path, content: dict[str, Value], surgery_date: date, tz: str) -> datetime:
        day, clock = content.get("day"), content.get("at")
        if isinstance(day, bool) or not isinstance(day, int) or not 0 <= day <= _LATEST_DAY:
            self.document.add((*path, "day"), "This is no day after surgery.", f"Write 0 to {_LATEST_DAY}.")
            day = 0
        try:
            return timeline.to_utc(surgery_date + timedelta(days=day), clock if isinstance(clock, str) else "", tz)
        except timeline.TimelineError:
            self.document.add((*path, "at"), "This is no time of day.", 'Write it in quotes, e.g. "14:30".')
            return timeline.to_utc(surgery_date, "00:00", tz)

    def _date(self, path: Path, value: Value) -> date:
        day = None
        with contextlib.suppress(ValueError):
            day = date.fromisoformat(value if isinstance(value, str) else "")
        if day is None or day.year not in _YEARS:
            self.document.add(path, f"{_shown(value)} is no day.", "Write it as YYYY-MM-DD, e.g. 2026-01-05.")
            return date(2000, 1, 1)
        return day

    def _zone(self, value: Value) -> str:
        try:
            return timeline.zone(value if isinstance(value, str) else "").key
        except timeline.UnknownZone:
            remedy = "Use an IANA name such as Europe/Madrid."
            self.document.add(("timezone",), f"{_shown(value)} is no time zone.", remedy)
            return "UTC"

    def _procedure(self, value: Value) -> str:
        found = self.pathway.procedure_of(value if isinstance(value, str) else "").id
        if found == OTHER_PROCEDURE != value:
            remedy = f"Use {_or(each.id for each in self.pathway.procedures)}."
            self.document.add(("procedure",), f"{_shown(value)} is no operation.", remedy)
        return found

    def _language(self, value: Value) -> str:
        if not isinstance(value, str) or value not in self.pathway.languages:
            remedy = f"Use {_or(self.pathway.languages)}."
            self.document.add(("language",), f"{_shown(value)} is no language of the pathway.", remedy)
        return str(value)

    def _text(self, path: Path, value: Value) -> str:
        if not isinstance(value, str) or not value.strip():
            self.document.add(path, "A text is missing.", "Write it in quotes.")
        return str(value)

    def _mapping(self, path: Path, value: Value, known: tuple[str, ...]) -> dict[str, Value]:
        if not isinstance(value, dict):
            self.document.add(path, "This is no mapping.", f"Write {{{', '.join(f'{key}: …' for key in known)}}}.")
            return {}
        self._known(path, value, known)
        return value

    def _items(self, key: str, value: Value) -> list[tuple[Path, Value]]:
        if not isinstance(value, list):
            self.document.add((key,), "This is no list.", "Write one item a line, each after a dash.")
            return []
        return [((key, index), item) for index, item in enumerate(value)]

    def _known(self, path: Path, value: dict[str, Value], known: tuple[str, ...]) -> None:
        for key in value:
            if key not in known:
                self.document.add((*path, key), f"{key} is not known here.", f"Use {_or(known)}.")


def _possible(question: Question) -> str:
    options = _or(option.id for option in (*question.options, *question.special))
    numbers = f"{question.min:g} to {question.max:g}" if question.min is not None and question.max is not None else ""
    return " or ".join(part for part in (numbers, options) if part) or "a text"


def _shown(value: Value) -> str:
    text = str(value)
    return "Nothing" if value is None else text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _or(words: Iterable[str]) -> str:
    *first, last = (*words,) or ("",)
    return f"{', '.join(first)} or {last}" if first else last
