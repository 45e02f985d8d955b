"""A rule's line for the clinician, with the answers of the case filled in. English."""

from __future__ import annotations

from collections.abc import Mapping

from schedules.facts import Reading
from schedules.pathway import DEFAULT_LANGUAGE, Pathway
from schedules.predicates import JSON, Facts

_HISTORY = ("previous", "best", "baseline")


def fill(pathway: Pathway, template: str, reading: Reading, because: Mapping[str, JSON]) -> str:
    """`template` with its placeholders replaced; an answer that is missing reads as "not answered"."""
    if "{" not in template:
        return template
    facts = reading.facts
    values = _Values(pathway, facts)
    values["days"] = str(facts.day)
    values["checkin"] = pathway.checkin(facts.checkin).title.in_(DEFAULT_LANGUAGE)
    values["category"] = ", ".join(_words(name) for name in reading.categories) or "red-flag words"
    silent = [name for key in ("unanswered", "unreadable") for name in _listed(because.get(key))]
    values["list"] = ", ".join(_words(name) for name in dict.fromkeys(silent)) or "none"
    for name in _HISTORY:
        found = [value for key, value in because.items() if key.startswith(f"{name}.")]
        values[name] = f"{found[0]:g}" if found and isinstance(found[0], int | float) else "not known"
    return template.format_map(values)


class _Values(dict[str, str]):
    """The values known, and the answer to any question as people read it."""

    def __init__(self, pathway: Pathway, facts: Facts) -> None:
        super().__init__()
        self.pathway = pathway
        self.facts = facts

    def __missing__(self, question_id: str) -> str:
        if question_id in self.facts.numbers:
            return f"{self.facts.numbers[question_id]:g}"
        question = self.pathway.question(question_id)
        chosen = self.facts.chosen.get(question_id, ())
        texts = [question.option(name).text.in_(DEFAULT_LANGUAGE) for name in chosen]
        return "; ".join(texts) or ("unreadable" if question_id in self.facts.unreadable else "not answered")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _listed(value: JSON) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
