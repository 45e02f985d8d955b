"""A condition of the pathway in words, for staff: "Fever" is ticked at general symptoms."""

from __future__ import annotations

from collections.abc import Iterable

from schedules import conditions
from schedules.conditions import Condition
from schedules.pathway import DEFAULT_LANGUAGE, OTHER_PROCEDURE, Pathway

_SINCE = {"previous": "the check-in before", "baseline": "before surgery", "best": "the best score after surgery"}


def describe(pathway: Pathway, condition: Condition) -> str:
    """When the condition holds, as the end of a sentence that begins with "if". English."""
    match condition:
        case conditions.All(all_=parts):
            return " and ".join(_bracketed(pathway, part) for part in parts)
        case conditions.AnyOf(any_=parts):
            return " or ".join(_bracketed(pathway, part) for part in parts)
        case conditions.Count(count=spec):
            return f"at least {spec.gte} of these hold: {'; '.join(describe(pathway, part) for part in spec.of)}"
        case conditions.AnswerIn(q=name, in_=options):
            return f"{label(name)} is {_options(pathway, name, options)}"
        case conditions.AnswerHasAny(q=name, has_any=options):
            return f"{_options(pathway, name, options)} is ticked at {label(name)}"
        case conditions.AnswerAtLeast(q=name, gte=least):
            return f"{label(name)} is {least:g} or more"
        case conditions.Unanswered(unanswered=name):
            return f"{label(name)} has no answer"
        case conditions.Unreadable(unreadable=name):
            return f"{label(name)} cannot be read"
        case _:
            return _compared(pathway, condition)


def label(name: str) -> str:
    """A question's id in words."""
    return name.replace("_", " ")


def _compared(pathway: Pathway, condition: Condition) -> str:
    """A condition on what was before."""
    match condition:
        case conditions.Delta(delta=delta):
            return f"{label(delta.q)} is up by {delta.gte:g} or more since {_SINCE[delta.vs]}"
        case conditions.BaselineIn(baseline=of):
            return f"{label(of.q)} before surgery was {_options(pathway, of.q, of.in_)}"
        case conditions.BaselineNot(baseline_not=of):
            return f"{label(of.q)} before surgery was not {_options(pathway, of.q, of.in_)}, or is unknown"
        case conditions.BaselineValue(baseline_value=of):
            return f"{label(of.q)} before surgery was {of.gte:g} or more"
        case conditions.ImprovedLessThan(improved_less_than=spec):
            return f"{label(spec.q)} is better than before surgery by less than {spec.points:g}"
        case conditions.BestImproved(best_improved=spec):
            return f"{label(spec.q)} was once better than before surgery by {spec.points:g} or more"
        case _:
            return _circumstance(pathway, condition)


def _circumstance(pathway: Pathway, condition: Condition) -> str:
    match condition:
        case conditions.Days(days=span):
            return _days(span)
        case conditions.ProcedureIs(procedure=procedures):
            known = {each.id: each.title.in_(DEFAULT_LANGUAGE).lower() for each in pathway.procedures}
            named = dict.fromkeys((*procedures, OTHER_PROCEDURE))
            return f"the operation is {_or(known.get(name, name) for name in named)}"
        case conditions.StatusIs(status=statuses):
            return f"the check-in is {_or(statuses)}"
        case conditions.CheckInIs(checkin=checkins):
            return f"it is check-in {_or(checkins)}"
        case conditions.MissedInRow(missed_in_row=count):
            return f"{count.gte} check-ins in a row were missed"
        case conditions.PreviousLevel(previous_level=level):
            return f"the check-in before was {level.gte} or higher"
        case conditions.FreeTextLevel(free_text_level=level):
            return f"typed words come to {level}"
        case _:
            raise AssertionError(f"{type(condition).__name__} has no words yet")


def _days(span: conditions.DayRange) -> str:
    if span.lte is None:
        return f"it is day {span.gte} or later"
    return f"it is day {span.lte} or earlier" if span.gte is None else f"it is day {span.gte} to {span.lte}"


def _bracketed(pathway: Pathway, condition: Condition) -> str:
    words = describe(pathway, condition)
    return f"({words})" if isinstance(condition, conditions.All | conditions.AnyOf | conditions.Count) else words


def _options(pathway: Pathway, name: str, options: Iterable[str]) -> str:
    question = pathway.question(name)
    return _or(f"“{question.option(option).text.in_(DEFAULT_LANGUAGE)}”" for option in options)


def _or(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
