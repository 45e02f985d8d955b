"""Contradictions: what they set against each other exists, and the question they ask again has other words for it."""

from __future__ import annotations

from collections.abc import Iterator

from schedules import claims, conditions, denials
from schedules.checks import references
from schedules.conditions import Condition
from schedules.documents import Path
from schedules.pathway import Contradiction, Pathway
from schedules.problems import Flaw

_ASKABLE = {"choice", "multi", "scale"}


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Flaws of the contradictions, of second wordings, and of denials."""
    taken = {rule.id for rule in pathway.rules} | {f"rescreen_{option.id}" for option in pathway.rescreen.options}
    for index, contradiction in enumerate(pathway.contradictions):
        path: Path = ("contradictions", index)
        if contradiction.id in taken:
            what = f"A rule is called {contradiction.id} too."
            yield Flaw(path=(*path, "id"), what=what, remedy="Rename one of them.")
        yield from _contradiction(pathway, contradiction, path)
    yield from _elsewhere(pathway)
    yield from _second_wordings(pathway)
    yield from _denials(pathway)


def _contradiction(pathway: Pathway, contradiction: Contradiction, path: Path) -> Iterator[Flaw]:
    yield from references.condition(pathway, contradiction.when, (*path, "when"))
    yield from _claims(pathway, contradiction.when, (*path, "when"))
    yield from references.named((*path, "tell_patient"), "card", [contradiction.tell_patient], pathway.cards)
    yield from references.named((*path, "sources"), "source", contradiction.sources, pathway.source_tags)
    if not contradiction.sources:
        remedy = "Name what it rests on."
        yield Flaw(path=(*path, "sources"), what="A contradiction without a source.", remedy=remedy)
    place = (*path, "ask_again")
    question = pathway.find_question(contradiction.ask_again)
    if question is None:
        known = [asked.id for asked in pathway.questions]
        yield from references.named(place, "question", [contradiction.ask_again], known)
        return
    if question.id not in conditions.questions_of(contradiction.when):
        what = f"{question.id} is no part of this contradiction."
        yield Flaw(path=place, what=what, remedy="Ask again what the condition asks about.")
    if question.type not in _ASKABLE:
        what = f"A {question.type} question cannot be asked again."
        yield Flaw(path=place, what=what, remedy="Name a choice, a multiple choice or a scale.")
    if question.again is None:
        what = f"{question.id} has no second wording."
        yield Flaw(path=place, what=what, remedy=f"Write the question in other words under again: of {question.id}.")


def _claims(pathway: Pathway, when: Condition, path: Path) -> Iterator[Flaw]:
    for part in conditions.walk(when):
        if isinstance(part, claims.Heard):
            heard = part.heard
            categories = [category.id for category in pathway.freetext.categories]
            yield from references.named(path, "category", heard.said or (), categories)
            yield from references.named(path, "denial", heard.denied or (), denials.known(pathway.freetext))
            answers = [option.id for option in pathway.rescreen.options]
            yield from references.named(path, "re-screen answer", heard.rescreen or (), answers)
        elif isinstance(part, claims.AnswerAtMost) and (question := pathway.find_question(part.q)) is not None:
            low, high = question.min, question.max
            if low is not None and high is not None and not low <= part.lte < high:
                what = f"{part.lte:g} leaves nothing of {question.id} out, or all of it."
                yield Flaw(path=path, what=what, remedy=f"Use {low:g} or more, and less than {high:g}.")


def _elsewhere(pathway: Pathway) -> Iterator[Flaw]:
    """A rule, or skip logic, that looks at a low score or at words beside the answers."""
    places: list[tuple[Path, Condition]] = [
        (("rules", index, "when"), rule.when) for index, rule in enumerate(pathway.rules)
    ]
    places += [
        (("questions", index, "ask_if"), question.ask_if)
        for index, question in enumerate(pathway.questions)
        if question.ask_if is not None
    ]
    for path, when in places:
        if any(isinstance(part, claims.AnswerAtMost | claims.Heard) for part in conditions.walk(when)):
            what = "Only a contradiction may use lte or heard."
            yield Flaw(path=path, what=what, remedy="A low answer must never raise, nor a worse one lower, a level.")


def _second_wordings(pathway: Pathway) -> Iterator[Flaw]:
    used = {contradiction.ask_again for contradiction in pathway.contradictions}
    for index, question in enumerate(pathway.questions):
        if question.again is not None and question.id not in used:
            what = f"Nothing asks {question.id} again."
            yield Flaw(path=("questions", index, "again"), what=what, remedy="Delete it, or name it in ask_again.")
        if question.again is not None and question.again == question.text:
            remedy = "Say it in other words."
            yield Flaw(path=("questions", index, "again"), what="It is the first wording again.", remedy=remedy)


def _denials(pathway: Pathway) -> Iterator[Flaw]:
    known = sorted(denials.known(pathway.freetext))
    for language, words in pathway.freetext.languages.items():
        path: Path = ("freetext", "languages", language, "denials")
        for name in known:
            denial = words.denials.get(name)
            if denial is None:
                what = f"The denial {name} has no phrases in this language."
                yield Flaw(path=path, what=what, remedy="Write how patients say it.")
            elif not denial.phrases or any(not phrase.strip(" *") for phrase in (*denial.phrases, *denial.unless)):
                remedy = "Write the words, or delete it."
                yield Flaw(path=(*path, name), what="The list or a phrase in it is empty.", remedy=remedy)
