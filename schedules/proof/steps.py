"""Changes of a case that must never lower its level, by the property they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schedules.levels import Level
from schedules.pathway import OTHER_PROCEDURE, Question
from schedules.proof import partial
from schedules.proof.space import Space, garbled
from schedules.proof.variables import FREE_TEXT_LEVEL, MISSING, PROCEDURE, STARTED, Known, Value, Variable, answer

Change = dict[Variable, Value]
"""What is different afterwards; what was changed itself stands first."""

DOUBT = "not_sure"
"""The option that says so. A question without it has its doubt in every option above the mildest."""


@dataclass(frozen=True, slots=True)
class Property:
    """One promise about levels. `says`: what is never to happen; `remedy`: what to do when it does.

    `steps`: the changes it is about, of one thing with one value.
    """

    says: str
    remedy: str
    steps: Callable[[Space, Variable, Value], Iterator[Change]]


def worse_answers(space: Space, place: Variable, value: Value) -> Iterator[Change]:
    """An option of higher rank, one more symptom, a higher number."""
    question = space.pathway.find_question(place.name) if place.kind == "answer" else None
    if question is None or value.raw is None:
        return
    if value.number is not None:
        next_up = [number for number in space.numbers(question) if number > value.number][:1]
        yield from ({place: Value(number, number=number)} for number in next_up)
    elif question.type == "choice" and value.chosen:
        rank = question.option(value.chosen[0]).rank
        higher = [_option(option.id) for option in question.options if option.rank > rank]
        yield from ({place: garbled(option) if value.unreadable else option} for option in higher)
    elif question.type == "multi":
        yield from ({place: more} for more in _one_more(question, value))


def _option(name: str) -> Value:
    return Value(name, (name,))


def _one_more(question: Question, value: Value) -> Iterator[Value]:
    """The choice with each other symptom added; "none of these" falls away."""
    said = value.raw if isinstance(value.raw, tuple) else ()
    kept = tuple(name for name in value.chosen if name not in question.exclusive)
    others = [name for name in said if name not in question.exclusive]
    for option in question.options:
        if option.id not in {*others, *question.exclusive}:
            yield Value((*others, option.id), (*kept, option.id), unreadable=value.unreadable)


def doubts(space: Space, place: Variable, value: Value) -> Iterator[Change]:
    """Doubt, a symptom, or words that cannot be read, where a red-flag question had no answer."""
    question = _silent(space, place, value)
    if question is not None and question.red_flag:
        yield from ({place: said, **unsaid(space, place, said)} for said in doubtful(space, place, question))


def _silent(space: Space, place: Variable, value: Value) -> Question | None:
    """The question, when this is no answer to it."""
    return space.pathway.find_question(place.name) if place.kind == "answer" and value.raw is None else None


def doubtful(space: Space, place: Variable, question: Question) -> Iterator[Value]:
    """The answers to a red-flag question that are as much as "not sure", or cannot be read."""
    ranks = {option.id: option.rank for option in question.options}
    least = ranks.get(DOUBT, min(ranks.values(), default=0) + 1)
    for name, rank in ranks.items():
        if rank >= least and name not in question.exclusive:
            yield Value((name,), (name,)) if question.type == "multi" else _option(name)
    yield from (value for value in space.domain(place) if value.unreadable)


def unsaid(space: Space, place: Variable, said: Value) -> Change:
    """Silence to the questions that an answer leads to: a symptom without its details is in doubt."""
    facts = partial.facts(space, {place: said})
    led_to = [question for question in space.pathway.questions if question.asked_when and question.asked_when(facts)]
    return {answer(question.id): MISSING for question in led_to}


def typed_words(space: Space, place: Variable, value: Value) -> Iterator[Change]:
    """Typed words where there were none, and words that the net puts higher."""
    if place == FREE_TEXT_LEVEL:
        yield from ({place: Value(level)} for level in Level if level > (value.raw or Level.ROUTINE))
    question = _silent(space, place, value)
    if question is not None and question.type == "text":
        yield {place: Value("words")}


def unknown_operation(_: Space, place: Variable, value: Value) -> Iterator[Change]:
    """An operation that nobody knows."""
    if place == PROCEDURE and value.raw != OTHER_PROCEDURE:
        yield {PROCEDURE: Value(OTHER_PROCEDURE)}


def lost_baseline(_: Space, place: Variable, value: Value) -> Iterator[Change]:
    """Nothing recorded before surgery of what a choice asks.

    Scores before surgery are left out: without them a lack of improvement cannot be seen, which is why enrolment asks
    for them.
    """
    if place.kind == "baseline" and value.chosen:
        yield {place: MISSING}


PROPERTIES = (
    Property(
        "A worse answer lowers the level",
        "Name the worse answers in this rule too, or in another rule of at least this level.",
        worse_answers,
    ),
    Property(
        "Doubt about a red flag counts less than silence",
        "Add a rule of at least this level for the doubtful answer.",
        doubts,
    ),
    Property(
        "Typed words lower the level",
        "Let a rule of at least this level hold for them too.",
        typed_words,
    ),
    Property(
        "An unknown operation is safer than a known one",
        "Let a rule of at least this level hold for the unknown operation.",
        unknown_operation,
    ),
    Property(
        "Losing the baseline lowers the level",
        "Use baseline_not, which also holds without a baseline.",
        lost_baseline,
    ),
)  # fmt: skip


def after(known: Known, change: Change) -> Known:
    """The case with the change made. Who answers anything has started."""
    place = next(iter(change))
    started = {STARTED: Value(True)} if STARTED in known and place.kind == "answer" else {}
    return {**known, **change, **started}
