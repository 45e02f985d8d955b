"""The answers that made a rule fire, in plain words and without anything a patient wrote. Pure.

A group may see option texts, scores and numbers; whatever is not one of these is never kept and never shown (hazard
H25), so a typed answer that carries a name cannot travel with a finding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from schedules.pathway import Pathway, Question

UNREADABLE = "could not be read"
UNANSWERED = "no answer"
_WORD = re.compile(r"[a-z0-9_-]{1,40}")
# Context of a rule whose values are ids of the pathway, never words of the patient.
_CONTEXT_IDS = frozenset(
    {
        "status", "checkin", "procedure", "previous_level", "free_text_level", "free_text", "category", "categories",
        "free_text_categories", "unanswered", "unreadable", "list", "rescreen", "said", "denied",
    }
)  # fmt: skip
_TIMES = {"baseline": " before surgery", "previous": " at the check-in before", "best": " at its best"}
_HEARD = {"said": "Typed words read as", "denied": "Typed words deny"}
# Already said by the card's head, or of no use to somebody who has to act.
_UNSAID = frozenset({"procedure", "days", "status", "message", "update"})


def label(name: str) -> str:
    """A short name for a question: its id in words."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def question(pathway: Pathway, name: str) -> Question | None:
    """The question of this id, if the pathway has one."""
    try:
        return pathway.question(name)
    except KeyError:
        return None


def readable(asked: Question, value: Any) -> bool:
    """Whether `value` is an option of the question, a list of its options, or a number it may have."""
    if isinstance(value, bool) or (asked.type == "text" and not asked.options):
        return False
    if isinstance(value, (int, float)):
        return asked.type in ("scale", "number")
    if isinstance(value, str):
        return any(option.id == value for option in (*asked.options, *asked.special))
    if isinstance(value, Sequence):
        return all(isinstance(one, str) and readable(asked, one) for one in value)
    return False


def words(asked: Question, value: Any, language: str = "en") -> str:
    """The answer in words; what is no possible answer becomes UNREADABLE, never its text."""
    if value is None:
        return UNANSWERED
    if not readable(asked, value):
        return UNREADABLE
    if isinstance(value, str):
        return asked.option(value).text.in_(language)
    if isinstance(value, Sequence):
        return ", ".join(asked.option(one).text.in_(language) for one in value) or UNANSWERED
    return f"{value:g}/10" if asked.type == "scale" else f"{value:g}" + (" °C" if asked.unit == "celsius" else "")


def about(key: str) -> str:
    """The question that a fact is about, now or in history; the key itself for a circumstance."""
    return _history(key)[1]


def kept(pathway: Pathway, because: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a finding that may be stored beside it: answers that can be read, numbers and ids; else null."""
    return {key: _kept(pathway, key, value) for key, value in because.items()}


def lines(pathway: Pathway, because: Mapping[str, Any]) -> tuple[str, ...]:
    """The facts of a finding, one line each, for a card that a group may see."""
    return tuple(line for key, value in because.items() if (line := _line(pathway, key, value)))


def _kept(pathway: Pathway, key: str, value: Any) -> Any:
    asked = question(pathway, _history(key)[1])
    if asked is not None:
        value = list(value) if isinstance(value, tuple) else value
        return value if readable(asked, value) else None
    if isinstance(value, (int, float)):  # bool too: a flag says nothing about a person
        return value
    listed = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
    if key in _CONTEXT_IDS and listed and all(isinstance(one, str) and _WORD.fullmatch(one) for one in listed):
        return value if isinstance(value, str) else listed
    return None


def _line(pathway: Pathway, key: str, value: Any) -> str | None:
    when, name = _history(key)
    asked = question(pathway, name)
    if asked is not None:
        nothing = "not recorded" if when else UNREADABLE
        return f"{label(name)}{when}: {nothing if value is None else words(asked, value)}"
    if key in _UNSAID or (value := _kept(pathway, key, value)) is None or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return f"{label(key)}: {value:g}"
    if key == "checkin":
        titles = {checkin.id: checkin.title.in_("en") for checkin in pathway.schedule.checkins}
        return "Check-in: " + ", ".join(titles.get(one, label(one)) for one in _listed(value))
    if key in _HEARD:
        return f"{_HEARD[key]}: " + ", ".join(label(one).lower() for one in _listed(value))
    if key == "rescreen":
        said = {option.id: option.text.in_("en") for option in pathway.rescreen.options}
        return "Re-screen: " + ", ".join(said.get(one, label(one)) for one in _listed(value))
    return f"{label(key)}: " + ", ".join(label(one).lower() for one in _listed(value))


def _history(key: str) -> tuple[str, str]:
    """Of which time a fact speaks, and of which question: "baseline.leg_pain" is about the time before surgery."""
    time, dot, name = key.partition(".")
    return (_TIMES[time], name) if dot and time in _TIMES else ("", key)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
