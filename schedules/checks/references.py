"""References: every question, option, check-in, operation, card and source a rule names exists and fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schedules import conditions
from schedules.conditions import Condition
from schedules.documents import Path
from schedules.pathway import Level, Pathway, Question
from schedules.problems import Flaw

RESCREEN = "rescreen"
_MEASURED = {"scale", "number"}
_MAX_WITHIN_DAYS = 14


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Flaws of rules, skip logic, cards and baseline fields."""
    for index, question in enumerate(pathway.questions):
        if question.ask_if is not None:
            yield from condition(pathway, question.ask_if, ("questions", index, "ask_if"))
    for index, rule in enumerate(pathway.rules):
        path: Path = ("rules", index)
        yield from condition(pathway, rule.when, (*path, "when"))
        yield from named((*path, "tell_patient"), "card", [rule.tell_patient], pathway.cards)
        yield from named((*path, "sources"), "source", rule.sources, pathway.source_tags)
        if not rule.sources:
            yield Flaw(path=(*path, "sources"), what="A rule without a source.", remedy="Name what it rests on.")
        if rule.level is Level.ROUTINE:
            remedy = "A rule can only raise the level: review, urgent or emergency."
            yield Flaw(path=(*path, "level"), what="A rule cannot make a case routine.", remedy=remedy)
        if rule.within_days is not None and not 0 <= rule.within_days <= _MAX_WITHIN_DAYS:
            what = f"{rule.within_days} days is out of range."
            yield Flaw(path=(*path, "within_days"), what=what, remedy=f"Use 0 to {_MAX_WITHIN_DAYS}.")
        if rule.recheck_after_h is not None and rule.recheck_after_h <= 0:
            yield Flaw(path=(*path, "recheck_after_h"), what="A re-check lies ahead.", remedy="Use 1 or more hours.")
    names = {question.id for question in pathway.questions}
    yield from named(("baseline_fields",), "question", pathway.baseline_fields, names)
    yield from _cards_of_options(pathway)


def _cards_of_options(pathway: Pathway) -> Iterator[Flaw]:
    for index, option in enumerate(pathway.rescreen.options):
        path: Path = ("rescreen", "options", index)
        if option.level is not Level.ROUTINE and (option.tell_clinician is None or option.tell_patient is None):
            remedy = "Add tell_clinician and tell_patient."
            yield Flaw(path=path, what="This answer makes a finding without texts.", remedy=remedy)
        if option.tell_patient is not None:
            yield from named((*path, "tell_patient"), "card", [option.tell_patient], pathway.cards)
    for index, category in enumerate(pathway.freetext.categories):
        if category.card is not None:
            yield from named(("freetext", "categories", index, "card"), "card", [category.card], pathway.cards)


def named(path: Path, kind: str, names: Iterable[str], known: Iterable[str]) -> Iterator[Flaw]:
    """A flaw for each name that is not known."""
    existing = set(known)
    for name in names:
        if name not in existing:
            close = sorted(existing)
            listed = ", ".join(close[:12]) + (" ..." if len(close) > len(close[:12]) else "")
            yield Flaw(path=path, what=f"There is no {kind} {name}.", remedy=f"Known: {listed or 'none'}.")


def condition(pathway: Pathway, when: Condition, path: Path) -> Iterator[Flaw]:
    """Flaws of a condition: everything it names exists, and fits the question it asks about."""
    questions = {question.id: question for question in pathway.questions}
    for part in conditions.walk(when):
        match part:
            case conditions.Unanswered(unanswered=name) | conditions.Unreadable(unreadable=name):
                yield from named(path, "question", [name], [*questions, RESCREEN])
                continue
            case conditions.ProcedureIs(procedure=names):
                yield from named(path, "procedure", names, [procedure.id for procedure in pathway.procedures])
            case conditions.CheckInIs(checkin=names):
                yield from named(path, "check-in", names, [checkin.id for checkin in pathway.schedule.checkins])
            case conditions.Count(count=spec) if spec.gte > len(spec.of):
                what = f"{spec.gte} of {len(spec.of)} conditions can never hold."
                yield Flaw(path=path, what=what, remedy="Lower gte, or add conditions.")
            case conditions.FreeTextLevel(free_text_level=Level.ROUTINE):
                yield Flaw(path=path, what="The net never reports routine.", remedy="Use review or higher.")
            case _:
                pass
        if isinstance(part, conditions.All | conditions.AnyOf | conditions.Count):
            continue
        names_here = list(conditions.questions_of(part))
        yield from named(path, "question", names_here, questions)
        for name in names_here:
            if name in questions:
                yield from _fits(pathway, questions[name], part, path)


def _fits(pathway: Pathway, question: Question, part: Condition, path: Path) -> Iterator[Flaw]:
    """Whether a condition on one question suits its type, options and range."""
    match part:
        case conditions.AnswerIn(in_=options):
            special = question.type == "number"
            yield from _type(question, {"choice", "number"}, "in", path)
            yield from _option(question, options, path, special=special)
        case conditions.BaselineIn(baseline=of) | conditions.BaselineNot(baseline_not=of):
            yield from _type(question, {"choice"}, "in", path)
            yield from _option(question, of.in_, path, special=False)
        case conditions.AnswerHasAny(has_any=options):
            yield from _type(question, {"multi"}, "has_any", path)
            yield from _option(question, options, path, special=False)
        case (
            conditions.AnswerAtLeast(gte=number)
            | conditions.BaselineValue(baseline_value=conditions.AnswerAtLeast(gte=number))
        ):
            yield from _type(question, _MEASURED, "gte", path)
            if question.min is not None and question.max is not None and not question.min <= number <= question.max:
                remedy = f"Use {question.min:g} to {question.max:g}."
                yield Flaw(path=path, what=f"{number:g} is out of the range of {question.id}.", remedy=remedy)
        case _:
            yield from _type(question, _MEASURED, "a number", path)
    of_baseline = isinstance(
        part,
        conditions.BaselineIn
        | conditions.BaselineNot
        | conditions.BaselineValue
        | conditions.ImprovedLessThan
        | conditions.BestImproved,
    ) or (isinstance(part, conditions.Delta) and part.delta.vs == "baseline")
    if of_baseline and question.id not in pathway.baseline_fields:
        what = f"{question.id} is not recorded before surgery."
        yield Flaw(path=path, what=what, remedy="Add it to baseline_fields.")


def _type(question: Question, wanted: set[str], key: str, path: Path) -> Iterator[Flaw]:
    if question.type not in wanted:
        what = f"{key} does not fit {question.id}, a {question.type} question."
        remedy = "Use in for choice, has_any for multi, gte for scale and number."
        yield Flaw(path=path, what=what, remedy=remedy)


def _option(question: Question, names: Iterable[str], path: Path, *, special: bool) -> Iterator[Flaw]:
    options = question.special if special else question.options
    known = ", ".join(option.id for option in options) or "none"
    for name in names:
        if name not in {option.id for option in options}:
            what = f"{question.id} has no option {name}."
            yield Flaw(path=path, what=what, remedy=f"Its options: {known}.")
