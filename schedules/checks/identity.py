"""Ids: well formed, not taken twice, and safe from readers that follow YAML 1.1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from schedules.documents import Path
from schedules.pathway import DEFAULT_LANGUAGE, OTHER_PROCEDURE, Pathway
from schedules.problems import Flaw

_SHAPE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_YAML_1_1_BOOLEANS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Flaws of ids and names."""
    for path, ids in _groups(pathway):
        seen: set[str] = set()
        for index, name in enumerate(ids):
            yield from _shape((*path, index, "id"), name)
            if name in seen:
                yield Flaw(path=(*path, index, "id"), what=f"The id {name} stands here twice.", remedy="Rename one.")
            seen.add(name)
    yield from _shape(("id",), pathway.id)
    yield from _languages(pathway)
    yield from _procedures(pathway)
    rules = {rule.id for rule in pathway.rules}
    for index, option in enumerate(pathway.rescreen.options):
        if f"rescreen_{option.id}" in rules:
            what = f"The rule rescreen_{option.id} has the name of this answer's finding."
            yield Flaw(path=("rescreen", "options", index, "id"), what=what, remedy="Rename the rule.")


def _groups(pathway: Pathway) -> Iterator[tuple[Path, Iterable[str]]]:
    yield ("questions",), (question.id for question in pathway.questions)
    for index, question in enumerate(pathway.questions):
        yield ("questions", index, "options"), (option.id for option in question.options)
        yield ("questions", index, "special"), (option.id for option in question.special)
    yield ("rules",), (rule.id for rule in pathway.rules)
    yield ("contradictions",), (contradiction.id for contradiction in pathway.contradictions)
    yield ("operational",), (event.id for event in pathway.operational)
    yield ("procedures",), (procedure.id for procedure in pathway.procedures)
    yield ("schedule", "checkins"), (checkin.id for checkin in pathway.schedule.checkins)
    yield ("rescreen", "options"), (option.id for option in pathway.rescreen.options)
    yield ("freetext", "categories"), (category.id for category in pathway.freetext.categories)


def _shape(path: Path, name: str) -> Iterator[Flaw]:
    if name in _YAML_1_1_BOOLEANS:
        what = f"The id {name} is read as true, false or nothing by older YAML readers."
        yield Flaw(path=path, what=what, remedy="Choose another word, e.g. absent or present.")
    elif not _SHAPE.fullmatch(name):
        remedy = "Use small letters a-z, digits and _, a letter first, at most 40."
        yield Flaw(path=path, what=f"{name!r} is no id.", remedy=remedy)


def _languages(pathway: Pathway) -> Iterator[Flaw]:
    if DEFAULT_LANGUAGE not in pathway.languages:
        yield Flaw(path=("languages",), what="English (en) is missing.", remedy="Texts fall back to it: add en.")
    if len(set(pathway.languages)) < len(pathway.languages):
        yield Flaw(path=("languages",), what="A language stands here twice.", remedy="Delete one.")


def _procedures(pathway: Pathway) -> Iterator[Flaw]:
    if OTHER_PROCEDURE not in {procedure.id for procedure in pathway.procedures}:
        remedy = "Add it: an unknown operation must count as something."
        yield Flaw(path=("procedures",), what=f"The procedure {OTHER_PROCEDURE} is missing.", remedy=remedy)
    owners: dict[str, str] = {}
    for index, procedure in enumerate(pathway.procedures):
        for alias in procedure.aliases:
            owner = owners.setdefault(alias.strip().casefold(), procedure.id)
            if owner != procedure.id:
                what = f"The name {alias!r} also belongs to {owner}."
                yield Flaw(path=("procedures", index, "aliases"), what=what, remedy="Delete one of them.")
