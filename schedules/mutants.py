"""The pathway with one thing changed, over and over: a change that no example notices is one nobody would notice.

Changed are: the conditions of rules and of skip logic (`moves.py`), and the level, days, re-check and card of rules,
re-screen answers and free-text categories. A mutant is killed when an example that holds for the pathway fails for it.
A survivor either shows that an example is missing, or changes nothing that can be seen; the pathway's SOURCES.md
says of each of those why it is so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from schedules import examples, facts, moves, predicates, triage
from schedules.case import Case
from schedules.content import Contradiction, Question, RescreenOption, Rule
from schedules.examples import Example
from schedules.facts import Reading
from schedules.levels import Level
from schedules.lexicon import FreeTextCategory
from schedules.moves import Move
from schedules.pathway import Pathway

__all__ = ["Move", "Mutant", "Report", "Watched", "every", "explanations", "of_rules", "report", "survives", "watch"]

Item = TypeVar("Item")
_SECTION = re.compile(r"^## Mutants$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_EXPLAINED = re.compile(r"^- `([^`]+)`: *(\S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change. `id`: where and what, e.g. "rules[severe_leg_pain].when.gte: 8 -> 9".

    `touches`: whether it can change what comes of a case that was read so. `move`: of a mutated condition.
    """

    id: str
    path: moves.Path
    move: Move | None
    changed: Callable[[], Pathway]
    touches: Callable[[Reading], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An example that holds, and its case as it was read, with the earlier check-ins whose level was worked out."""

    example: Example
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of all mutants. `survivors`: unexplained ones; `equivalent`: explained ones, each with its reason;
    `stale`: ids that are explained but do not survive."""

    made: int
    survivors: tuple[str, ...]
    equivalent: Mapping[str, str]
    stale: tuple[str, ...]

    @property
    def killed(self) -> int:
        """How many mutants an example noticed."""
        return self.made - len(self.survivors) - len(self.equivalent)


def report(pathway: Pathway, shown: Sequence[Example], explained: Mapping[str, str]) -> Report:
    """Make every mutant of a pathway and run its examples against them."""
    watching = watch(pathway, shown)
    made = tuple(every(pathway))
    left = [mutant.id for mutant in made if survives(mutant, watching)]
    return Report(
        made=len(made),
        survivors=tuple(name for name in left if name not in explained),
        equivalent={name: explained[name] for name in left if name in explained},
        stale=tuple(name for name in explained if name not in left),
    )


def explanations(text: str) -> dict[str, str]:
    """The mutants named in the section "Mutants" of a SOURCES.md, each with its reason: lines "- `id`: reason"."""
    section = _SECTION.search(text)
    return dict(_EXPLAINED.findall(section.group(1))) if section else {}


def watch(pathway: Pathway, shown: Iterable[Example]) -> tuple[Watched, ...]:
    """The examples that hold, read once for all mutants; one that fails anyway notices nothing."""
    return tuple(
        Watched(example=example, readings=_readings(pathway, example.case))
        for example in shown
        if not examples.failures(pathway, example)
    )


def survives(mutant: Mutant, watching: Iterable[Watched]) -> bool:
    """Whether no example notices the change."""
    changed = None
    for watched in watching:
        if any(map(mutant.touches, watched.readings)):
            changed = changed or mutant.changed()
            if examples.failures(changed, watched.example):
                return False
    return True


def _readings(pathway: Pathway, case: Case) -> tuple[Reading, ...]:
    earlier: list[Reading] = []

    def level_of(past: Case) -> Level:
        earlier.extend(_readings(pathway, past))
        return triage.evaluate(pathway, past).level

    reading = facts.read(pathway, case, level_of)
    reading.facts.previous_level()
    return (reading, *earlier)


def every(pathway: Pathway) -> Iterator[Mutant]:
    """Every mutant of a pathway, in the order in which it is written."""
    for index, question in enumerate(pathway.questions):
        if question.ask_if is not None:
            yield from _of_question(pathway, index, question)
    yield from of_rules(pathway)
    for index, rule in enumerate(pathway.rules):
        yield from _of_outcome(pathway, index, rule)
    for index, contradiction in enumerate(pathway.contradictions):
        yield _of_card(pathway, ("contradictions", index), contradiction)
    for index, option in enumerate(pathway.rescreen.options):
        yield from _of_rescreen(pathway, index, option)
    for index, category in enumerate(pathway.freetext.categories):
        yield from _of_category(pathway, index, category)


def of_rules(pathway: Pathway) -> Iterator[Mutant]:
    """The mutants of the conditions of rules and contradictions."""
    places: list[tuple[str, int, Rule | Contradiction]] = [
        ("rules", index, rule) for index, rule in enumerate(pathway.rules)
    ]
    places += [("contradictions", index, other) for index, other in enumerate(pathway.contradictions)]
    for section, index, rule in places:
        for move in moves.of(pathway, rule.when):
            path = (section, index, "when", *move.path)
            yield _of_rule(pathway, path, rule, move.change, {"when": move.condition}, move)


def _of_outcome(pathway: Pathway, index: int, rule: Rule) -> Iterator[Mutant]:
    for level in _others(rule.level):
        yield _of_rule(pathway, ("rules", index, "level"), rule, f"{rule.level} -> {level}", {"level": level})
    for key in ("within_days", "recheck_after_h"):
        value = getattr(rule, key)
        for other in (value - 1, value + 1) if value is not None else ():
            if other >= 0:
                yield _of_rule(pathway, ("rules", index, key), rule, f"{value} -> {other}", {key: other})
    yield _of_card(pathway, ("rules", index), rule)


def _of_card(pathway: Pathway, place: tuple[str, int], rule: Rule | Contradiction) -> Mutant:
    card = _another_card(pathway, rule.tell_patient)
    path = (*place, "tell_patient")
    return _of_rule(pathway, path, rule, f"{rule.tell_patient} -> {card}", {"tell_patient": card})


def _of_rule(
    pathway: Pathway,
    path: moves.Path,
    rule: Rule | Contradiction,
    change: str,
    update: Mapping[str, object],
    move: Move | None = None,
) -> Mutant:
    section, index = str(path[0]), int(path[1])
    changed = rule.model_copy(update=update)
    old, new = rule.predicate.holds, changed.predicate.holds

    def turns(reading: Reading) -> bool:
        return old(reading.facts) is not new(reading.facts)

    return Mutant(
        id=_name(pathway, path, change),
        path=path,
        move=move,
        changed=lambda: pathway.model_copy(update={section: _put(getattr(pathway, section), index, changed)}),
        touches=turns if "when" in update else lambda reading: old(reading.facts),
    )


def _of_question(pathway: Pathway, index: int, question: Question) -> Iterator[Mutant]:
    """The mutants of the skip logic of one question."""
    if question.ask_if is None:
        return
    old = predicates.compile(question.ask_if).holds

    def mutant(move: Move) -> Mutant:
        path = ("questions", index, "ask_if", *move.path)
        changed = question.model_copy(update={"ask_if": move.condition})
        new = predicates.compile(move.condition).holds
        return Mutant(
            id=_name(pathway, path, move.change),
            path=path,
            move=move,
            changed=lambda: pathway.model_copy(update={"questions": _put(pathway.questions, index, changed)}),
            touches=lambda reading: old(reading.facts) is not new(reading.facts),
        )

    yield from map(mutant, moves.of(pathway, question.ask_if))


def _of_rescreen(pathway: Pathway, index: int, option: RescreenOption) -> Iterator[Mutant]:
    path = ("rescreen", "options", index)

    def mutant(key: str, value: str) -> Mutant:
        screen = pathway.rescreen
        options = _put(screen.options, index, option.model_copy(update={key: value}))
        return Mutant(
            id=_name(pathway, (*path, key), f"{getattr(option, key)} -> {value}"),
            path=(*path, key),
            move=None,
            changed=lambda: pathway.model_copy(update={"rescreen": screen.model_copy(update={"options": options})}),
            touches=lambda reading: option.id in reading.rescreen,
        )

    yield from (mutant("level", level) for level in _others(option.level))
    if option.tell_patient is not None:
        yield mutant("tell_patient", _another_card(pathway, option.tell_patient))


def _of_category(pathway: Pathway, index: int, category: FreeTextCategory) -> Iterator[Mutant]:
    path = ("freetext", "categories", index)

    def mutant(key: str, value: str) -> Mutant:
        net = pathway.freetext
        categories = _put(net.categories, index, category.model_copy(update={key: value}))
        return Mutant(
            id=_name(pathway, (*path, key), f"{getattr(category, key)} -> {value}"),
            path=(*path, key),
            move=None,
            changed=lambda: pathway.model_copy(update={"freetext": net.model_copy(update={"categories": categories})}),
            touches=lambda reading: category.id in reading.categories,
        )

    yield from (mutant("level", level) for level in _others(category.level))
    if category.card is not None:
        yield mutant("card", _another_card(pathway, category.card))


def _others(level: Level) -> Iterator[Level]:
    return (other for other in Level if other is not level)


def _another_card(pathway: Pathway, card: str) -> str:
    return next(name for name in pathway.cards if name != card)


def _put(items: tuple[Item, ...], index: int, item: Item) -> tuple[Item, ...]:
    return (*items[:index], item, *items[index + 1 :])


def _name(pathway: Pathway, path: moves.Path, change: str) -> str:
    """The place as people read it, items by their id, and the change."""
    node: object = pathway
    words = ""
    for segment in path:
        if isinstance(segment, int):
            node = node[segment] if isinstance(node, tuple) else None
            words += f"[{getattr(node, 'id', segment)}]"
        else:
            node = getattr(node, segment, None)
            words += f".{segment}" if words else segment
    return f"{words}: {change}"
