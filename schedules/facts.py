"""A case made ready for its conditions: answers read, history in order, free text screened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from schedules import denials, freetext, questions
from schedules.case import BASELINE, Answers, Case, PastCheckIn
from schedules.levels import Level
from schedules.pathway import Pathway, Question
from schedules.predicates import Facts

RESCREEN = "rescreen"
_MEASURED = {"scale", "number"}


class UnknownQuestionError(ValueError):
    """An answer belongs to no question of this pathway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A case as it was read. `asked`: the questions that apply, in order. `categories`: of the free text."""

    facts: Facts
    asked: tuple[Question, ...]
    answered: frozenset[str]
    unreadable: tuple[str, ...]
    rescreen: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(slots=True)
class _Answers:
    chosen: dict[str, tuple[str, ...]]
    numbers: dict[str, float]
    words: list[str]
    unreadable: list[str]


def read(pathway: Pathway, case: Case, level_of: Callable[[Case], Level]) -> Reading:
    """The case read against the pathway. `level_of` works out the level of an earlier check-in when it is needed.

    Raises UnknownQuestionError for an answer to a question that the pathway does not have.
    """
    answers = _read(pathway, case.answers, strict=True)
    rescreen = _rescreen(pathway, case, answers)
    level, categories = _free_text(pathway, case, answers.words)
    facts = _facts(pathway, case, answers, level, level_of)
    facts.said = case.heard.said.union(categories) if categories else case.heard.said
    facts.denied = _denied(pathway, case, answers.words) if answers.words else case.heard.denied
    facts.rescreen = case.heard.rescreen.union(rescreen) if rescreen else case.heard.rescreen
    asked = tuple(question for question in pathway.questions_for(case.checkin) if _applies(question, facts))
    answered = frozenset(name for name, value in case.answers.items() if value is not None)
    if case.status != "open":
        facts.unanswered = frozenset(question.id for question in asked if question.id not in answered)
    return Reading(
        facts=facts,
        asked=asked,
        answered=answered,
        unreadable=tuple(dict.fromkeys(answers.unreadable)),
        rescreen=rescreen,
        categories=categories,
    )


def _facts(
    pathway: Pathway, case: Case, answers: _Answers, typed: Level | None, level_of: Callable[[Case], Level]
) -> Facts:
    """What the answers and the history say; silence, and what was heard beside the answers, come later."""
    baseline, past = _history(pathway, case)
    before = _read(pathway, baseline.answers if baseline else {}, strict=False, keep_doubtful=False)
    previous, best = _numbers(pathway, past)
    return Facts(
        day=case.day,
        procedure=pathway.procedure_of(case.procedure).id,
        status=case.status,
        checkin=case.checkin,
        started=any(value is not None for value in case.answers.values()),
        chosen=answers.chosen,
        numbers=answers.numbers,
        unreadable=frozenset(answers.unreadable),
        baseline_chosen=before.chosen,
        baseline_numbers=before.numbers,
        previous=previous,
        best=best,
        missed_in_row=_missed_in_row(pathway, case, past),
        previous_level=lambda: _previous_level(pathway, case, past, baseline, level_of),
        free_text_level=typed,
    )


def _denied(pathway: Pathway, case: Case, words: list[str]) -> frozenset[str]:
    return case.heard.denied.union(*(denials.found(pathway.freetext, text) for text in words))


def _applies(question: Question, facts: Facts) -> bool:
    return question.asked_when is None or question.asked_when(facts)


def _read(pathway: Pathway, values: Answers, *, strict: bool, keep_doubtful: bool = True) -> _Answers:
    """Answers by kind. History may hold questions of an older version: without `strict` they are passed over."""
    read = _Answers({}, {}, [], [])
    for name, value in values.items():
        if value is None or name == RESCREEN:
            continue
        question = pathway.find_question(name)
        if question is None:
            if strict:
                raise UnknownQuestionError(f"there is no question {name} in {pathway.id} {pathway.version}")
            continue
        answer = questions.validate(question, value)
        if isinstance(answer, questions.Unreadable):
            read.unreadable.append(name)
            if answer.kept and keep_doubtful:
                read.chosen[name] = answer.kept
        elif isinstance(answer.value, tuple):
            read.chosen[name] = answer.value
        elif not isinstance(answer.value, str):
            read.numbers[name] = answer.value
        elif question.type == "text":
            read.words.append(answer.value)
        else:
            read.chosen[name] = (answer.value,)
    return read


def _rescreen(pathway: Pathway, case: Case, answers: _Answers) -> tuple[str, ...]:
    screen = pathway.rescreen
    chosen: tuple[str, ...] = ()
    for value in (case.answers.get(RESCREEN), case.rescreen or None):
        if value is None:
            continue
        found = questions.choices(screen.options, screen.exclusive, value)
        if isinstance(found, questions.Unreadable):
            answers.unreadable.append(RESCREEN)
            chosen += found.kept
        elif isinstance(found.value, tuple):
            chosen += found.value
    return tuple(dict.fromkeys(chosen))


def _history(pathway: Pathway, case: Case) -> tuple[PastCheckIn | None, list[PastCheckIn]]:
    """The baseline, and the check-ins after surgery that came before this one, oldest first."""
    if not case.history:
        return None, []
    baselines = [past for past in case.history if past.checkin == BASELINE]
    dated = [(_date(pathway, case, past), past) for past in case.history if past.checkin != BASELINE]
    earlier = [(on, past) for on, past in dated if on <= case.answered_on]
    # The last key makes the order of same-day entries independent of how the history was listed.
    if len(earlier) > 1:
        places = {checkin.id: index for index, checkin in enumerate(pathway.schedule.checkins)}
        earlier.sort(key=lambda item: (item[0], places.get(item[1].checkin, 0), str(sorted(item[1].answers.items()))))
    if len(baselines) > 1:
        baselines.sort(key=lambda past: (past.answered_on or date.min, str(sorted(past.answers.items()))))
    return (baselines[-1] if baselines else None), [past for _, past in earlier]


def _date(pathway: Pathway, case: Case, past: PastCheckIn) -> date:
    if past.answered_on is not None:
        return past.answered_on
    return case.surgery_date + timedelta(days=pathway.offsets.get(past.checkin) or 0)


def _numbers(pathway: Pathway, past: list[PastCheckIn]) -> tuple[dict[str, float], dict[str, float]]:
    """The latest and the lowest earlier number of each measured question."""
    previous: dict[str, float] = {}
    best: dict[str, float] = {}
    for checkin in past:
        for name, value in checkin.answers.items():
            question = pathway.find_question(name)
            if question is None or question.type not in _MEASURED:
                continue
            found = questions.validate(question, value)
            if isinstance(found, questions.Answer) and isinstance(found.value, int | float):
                previous[name] = found.value
                best[name] = min(found.value, best.get(name, found.value))
    return previous, best


def _missed_in_row(pathway: Pathway, case: Case, past: list[PastCheckIn]) -> int:
    """Scheduled check-ins missed in a row, this one included; those sent only when asked for do not count."""
    if case.status != "missed":
        return 0
    missed = 1
    for checkin in reversed([entry for entry in past if pathway.offsets.get(entry.checkin) is not None]):
        if checkin.status != "missed":
            break
        missed += 1
    return missed


def _previous_level(
    pathway: Pathway,
    case: Case,
    past: list[PastCheckIn],
    baseline: PastCheckIn | None,
    level_of: Callable[[Case], Level],
) -> Level | None:
    """The level of the last answered check-in; None when there is none."""
    for index in range(len(past) - 1, -1, -1):
        checkin = past[index]
        if checkin.status == "missed":
            continue
        if checkin.level is not None or checkin.answered_on is None:
            return checkin.level
        known = {
            name: value
            for name, value in checkin.answers.items()
            if name == RESCREEN or pathway.find_question(name) is not None
        }
        return level_of(
            Case(
                id=case.id,
                procedure=case.procedure,
                surgery_date=case.surgery_date,
                checkin=checkin.checkin,
                answered_on=checkin.answered_on,
                status=checkin.status,
                answers=known,
                history=(*([baseline] if baseline else []), *past[:index]),
            )
        )
    return None


def _free_text(pathway: Pathway, case: Case, words: list[str]) -> tuple[Level | None, tuple[str, ...]]:
    """The highest level among the typed texts, and its categories first."""
    level = case.free_text_level
    categories = list(case.free_text_categories)
    for text in words:
        screening = freetext.screen(pathway.freetext, text, None)
        if screening.level is not Level.ROUTINE:
            if level is None or screening.level > level:
                level = screening.level
                categories = [*screening.categories, *categories]
            else:
                categories += screening.categories
    return (None if level is Level.ROUTINE else level), tuple(dict.fromkeys(categories))
