"""Questions: each type has what it needs, and what a patient may type means one option only."""

from __future__ import annotations

from collections.abc import Iterator

from schedules import conditions
from schedules import questions as typed
from schedules.documents import Path
from schedules.pathway import Pathway, Question
from schedules.problems import Flaw

_MANY_OPTIONS = 20


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Flaws of the questions and the re-screen."""
    checkins = {checkin.id for checkin in pathway.schedule.checkins}
    for index, question in enumerate(pathway.questions):
        path: Path = ("questions", index)
        yield from _type(question, path)
        yield from _options(question, path)
        yield from _spellings(pathway, question, path)
        if not question.checkins:
            yield Flaw(path=(*path, "checkins"), what="No check-in asks this.", remedy="Name one, or delete it.")
        for name in question.checkins:
            if name not in checkins:
                yield Flaw(path=(*path, "checkins"), what=f"There is no check-in {name}.", remedy=_known(checkins))
        if question.ask_if is not None:
            earlier = {other.id for other in pathway.questions[:index]}
            yield from _ask_if(question, earlier, path)
    options = {option.id for option in pathway.rescreen.options}
    for name in pathway.rescreen.exclusive:
        if name not in options:
            yield Flaw(path=("rescreen", "exclusive"), what=f"There is no option {name}.", remedy=_known(options))


def _known(names: set[str]) -> str:
    return f"Use one of: {', '.join(sorted(names))}."


def _type(question: Question, path: Path) -> Iterator[Flaw]:
    chosen, measured = question.type in {"choice", "multi"}, question.type in {"scale", "number"}
    if chosen and not question.options:
        yield Flaw(path=path, what="A choice without options.", remedy="Add options.")
    if not chosen and question.options:
        remedy = "Delete the options, or make it a choice or multi."
        yield Flaw(path=(*path, "options"), what=f"A {question.type} question has no options.", remedy=remedy)
    if measured and (question.min is None or question.max is None or question.min >= question.max):
        yield Flaw(path=path, what="min and max are missing or the wrong way round.", remedy="Give both.")
    if not measured and (question.min is not None or question.max is not None):
        yield Flaw(path=path, what=f"A {question.type} question has no min or max.", remedy="Delete them.")
    if question.special and question.type != "number":
        yield Flaw(path=(*path, "special"), what="Only a number question has special answers.", remedy="Delete it.")
    if question.unit and question.type != "number":
        yield Flaw(path=(*path, "unit"), what="Only a number question has a unit.", remedy="Delete it.")
    if question.red_flag and question.optional:
        remedy = "Delete optional: a missing red-flag answer always counts."
        yield Flaw(path=(*path, "optional"), what="A red-flag question cannot be optional.", remedy=remedy)


def _options(question: Question, path: Path) -> Iterator[Flaw]:
    ids = {option.id for option in question.options}
    for name in question.exclusive:
        if name not in ids or question.type != "multi":
            yield Flaw(
                path=(*path, "exclusive"), what=f"There is no option {name} to choose alone.", remedy=_known(ids)
            )
    ranks = [option.rank for option in question.options]
    if ranks != sorted(ranks) or any(rank < 0 for rank in ranks):
        remedy = "List the options with rising rank, from 0 up."
        yield Flaw(path=(*path, "options"), what="The ranks do not rise.", remedy=remedy)
    if len(ranks) > _MANY_OPTIONS:
        yield Flaw(
            path=(*path, "options"), what=f"Over {_MANY_OPTIONS} options.", remedy="Nobody can choose: ask less."
        )


def _spellings(pathway: Pathway, question: Question, path: Path) -> Iterator[Flaw]:
    for language in pathway.languages:
        owners: dict[str, str] = {}
        for kind, options in (("options", question.options), ("special", question.special)):
            for index, option in enumerate(options):
                for spelling in typed.spellings(option, language):
                    owner = owners.setdefault(typed.plain(spelling), option.id)
                    if owner != option.id:
                        what = f"Typing {spelling!r} also means {owner}."
                        yield Flaw(path=(*path, kind, index, "synonyms", language), what=what, remedy="Delete one.")


def _ask_if(question: Question, earlier: set[str], path: Path) -> Iterator[Flaw]:
    assert question.ask_if is not None  # noqa: S101 - tells the type checker what the caller tested
    for part in conditions.walk(question.ask_if):
        if isinstance(part, conditions.Unanswered | conditions.Unreadable | conditions.PreviousLevel):
            remedy = "Ask because of answers, days or the operation."
            yield Flaw(path=(*path, "ask_if"), what="Whether to ask cannot depend on this.", remedy=remedy)
    for name in conditions.questions_of(question.ask_if):
        if name not in earlier:
            what = f"It depends on {name}, which is not asked before."
            yield Flaw(path=(*path, "ask_if"), what=what, remedy="Move this question behind it, or correct the id.")
