"""Reads the fields of one enrolment, whether they come from the chat, a command or a CSV row. Pure; writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schedules import questions
from schedules.pathway import OTHER_PROCEDURE, Pathway

FIELDS = (
    "name", "phone", "birth_year", "language", "timezone", "procedure", "surgery_date", "kin_name", "kin_phone",
)  # fmt: skip
USUAL_DAYS = 7  # an older or future surgery date is accepted only when somebody confirms it (hazard H14)
LONGEST_AHEAD = timedelta(days=60)
ADULT = 18
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,22}[0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One patient as enrolled. `surgery_date` is a local date; `baseline` maps question ids to answers."""

    name: str
    phone: str
    birth_year: int
    language: str
    timezone: str
    procedure: str
    surgery_date: date
    kin_name: str | None
    kin_phone: str | None
    baseline: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one field and how to mend it."""

    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}"


class Unfit(ValueError):
    """A field cannot be read; the message says how to mend it."""


def name(raw: str) -> str:
    """A person's name: any letters, at most 100 characters."""
    text = " ".join(raw.split())
    if not any(character.isalpha() for character in text) or len(text) > 100:
        raise Unfit("write the name in letters, at most 100 characters")
    return text


def phone(raw: str) -> str:
    """A telephone number as people write it: 6 to 15 digits, perhaps a + in front."""
    text = raw.strip()
    digits = sum(character.isdigit() for character in text)
    if not _PHONE.fullmatch(text) or not 6 <= digits <= 15:
        raise Unfit("write the number in digits, with its country code after a + (6 to 15 digits)")
    return text


def birth_year(raw: str, today: date) -> int:
    """A year with four digits; only adults can be enrolled."""
    text = raw.strip()
    if not re.fullmatch(r"[12][0-9]{3}", text):
        raise Unfit("write the year with four digits, for example 1957")
    year = int(text)
    if today.year - year > 115:
        raise Unfit(f"{year} is too long ago: check the year")
    if today.year - year < ADULT:
        raise Unfit("this pathway is for adults (18 or older)")
    return year


def language(raw: str, pathway: Pathway) -> str:
    """A language the pathway is written in, by its code."""
    code = raw.strip().lower()
    if code not in pathway.languages:
        raise Unfit(f"use one of: {', '.join(pathway.languages)}")
    return code


def timezone(raw: str) -> str:
    """An IANA zone name."""
    text = raw.strip()
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Unfit("use a zone name such as Europe/London or America/Bogota") from error


def procedure(raw: str, pathway: Pathway) -> str:
    """The id of the operation of this name; an unknown name is refused, `other` must be said."""
    found = pathway.procedure_of(raw)
    if found.id == OTHER_PROCEDURE and raw.strip().casefold() != OTHER_PROCEDURE:
        names = ", ".join(item.id for item in pathway.procedures)
        raise Unfit(f"use one of: {names} (`other` for anything else; it gets every rule)")
    return found.id


def surgery_date(raw: str, today: date, pathway: Pathway, *, confirmed: bool) -> date:
    """A date as YYYY-MM-DD, since 03/04 is read differently in different countries.

    Outside the last seven days it is taken only when `confirmed`; more than 60 days ahead or when the programme is
    over already, never.
    """
    text = raw.strip()
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Unfit(f"write year-month-day, for example {today.isoformat()}")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Unfit(f"{text} is not in the calendar") from error
    if day > today + LONGEST_AHEAD:
        raise Unfit(f"{text} is more than 60 days ahead: check the year")
    ends = pathway.schedule.programme_end_day
    if today - day > timedelta(days=ends):
        raise Unfit(f"{text} is more than {ends} days ago, when the programme is over: check the date")
    if not confirmed and unusual(day, today):
        when = "in the future" if day > today else f"{(today - day).days} days ago"
        raise Unfit(f"{text} is {when}: confirm it if that is right")
    return day


def unusual(day: date, today: date) -> bool:
    """Whether a surgery date must be confirmed: to come, or more than a week ago."""
    return not today - timedelta(days=USUAL_DAYS) <= day <= today


def sentence(problem: Unfit) -> str:
    """The remedy as a sentence of its own."""
    text = str(problem)
    return f"{text[0].upper()}{text[1:]}."


def baseline(raw: Mapping[str, str], pathway: Pathway) -> tuple[dict[str, Any], list[Problem]]:
    """The answers of the week before surgery; an empty one is left out (its rules then go a level up)."""
    found: dict[str, Any] = {}
    problems = []
    for field in pathway.baseline_fields:
        text = (raw.get(field) or "").strip()
        if not text:
            continue
        question = pathway.question(field)
        if text in {option.id for option in question.options}:
            found[field] = text
            continue
        parsed = questions.parse(question, text, "en")
        if isinstance(parsed, questions.Rejected):
            ids = ", ".join(option.id for option in question.options) or f"{question.min:g} to {question.max:g}"
            problems.append(Problem(field=field, what=f"{text!r} is not an answer; use: {ids}"))
        else:
            found[field] = parsed.value
    return found, problems


def readers(pathway: Pathway, today: date, *, confirmed: bool) -> dict[str, Callable[[str], Any]]:
    """What reads each of FIELDS; each raises Unfit."""
    return {
        "name": name,
        "phone": phone,
        "birth_year": lambda text: birth_year(text, today),
        "language": lambda text: language(text, pathway),
        "timezone": timezone,
        "procedure": lambda text: procedure(text, pathway),
        "surgery_date": lambda text: surgery_date(text, today, pathway, confirmed=confirmed),
        "kin_name": lambda text: name(text) if text.strip() else None,
        "kin_phone": lambda text: phone(text) if text.strip() else None,
    }


def read(
    raw: Mapping[str, str], pathway: Pathway, today: date, *, confirmed: bool = False
) -> Registration | list[Problem]:
    """The registration these fields describe, or everything that is wrong with them.

    `raw` maps FIELDS and the pathway's baseline fields to text. `today` is the local date where the clinic is.
    """
    values: dict[str, Any] = {}
    problems = []
    for field, reader in readers(pathway, today, confirmed=confirmed).items():
        try:
            values[field] = reader(raw.get(field) or "")
        except Unfit as error:
            problems.append(Problem(field=field, what=str(error)))
    answers, wrong = baseline(raw, pathway)
    known = {*FIELDS, *pathway.baseline_fields}
    unknown = [Problem(field=key, what="there is no such field") for key in raw if key not in known]
    problems = [*problems, *wrong, *unknown]
    return problems or Registration(**values, baseline=answers)
