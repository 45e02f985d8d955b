"""One check-in, answer by answer: what is asked next, what an answer means, which card is shown now.

The chat does the same with rows behind it (`bot/care/answers.py`); here a check-in can be walked without any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from schedules import freetext, questionnaire, triage
from schedules.case import Case, Status
from schedules.pathway import Level, Pathway, Question
from schedules.questions import Value
from schedules.triage import Assessment, Finding

CRISIS_CARD = "card_crisis"
UNREADABLE = "?"
"""What triage reads for words that nobody could read as an answer: no option and no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A check-in under way. `case` is open and holds the answers so far.

    `skipped`: optional questions passed over. `unreadable`: questions whose last words could not be read. `told`:
    cards shown. `fired`: the rules that fire now. `found`: every finding so far, by rule; `level`: the highest so far.
    """

    pathway: Pathway
    case: Case
    skipped: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    fired: frozenset[str] = frozenset()
    found: Mapping[str, Finding] = field(default_factory=dict)
    level: Level = Level.ROUTINE

    @property
    def crisis(self) -> bool:
        """Whether the crisis card was shown: then nothing more is asked that day."""
        return CRISIS_CARD in self.told


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one answer led to. `new`: findings that did not stand before; `gone`: rules that no longer fire.

    `cards`: those to be shown at once.
    """

    walk: Walk
    assessment: Assessment
    new: tuple[Finding, ...]
    gone: tuple[str, ...]
    cards: tuple[str, ...]


def next_question(walk: Walk) -> Question | None:
    """The first question that applies and has no answer; None when all have one."""
    waiting = (question for question in questionnaire.applicable(walk.pathway, walk.case) if _waits(walk, question))
    return next(waiting, None)


def answer(walk: Walk, question: Question, value: Value | None) -> Step:
    """Take one readable answer; None skips an optional question."""
    answers = {name: given for name, given in walk.case.answers.items() if name != question.id}
    skipped = walk.skipped - {question.id}
    if value is None:
        skipped |= {question.id}
    else:
        answers[question.id] = value
    case = replace(walk.case, answers=answers)
    return _judged(replace(walk, case=case, skipped=skipped, unreadable=walk.unreadable - {question.id}), case)


def not_understood(walk: Walk, question: Question) -> Walk:
    """Words that are no answer: they count as unreadable unless a readable answer follows."""
    return replace(walk, unreadable=walk.unreadable | {question.id})


def say(walk: Walk, text: str, *, answering: bool) -> tuple[freetext.Screening, Step]:
    """Words typed during the check-in, as the net hears them, with the cards they bring. Answers stay as they are.

    `answering`: they are also an answer, so a card shown in this check-in is not shown again for them.
    """
    screening = freetext.screen(walk.pathway.freetext, text, None)
    heard = replace(
        walk.case,
        checkin=walk.pathway.schedule.recheck_checkin,
        answers={},
        free_text_level=screening.level,
        free_text_categories=screening.categories,
    )
    step = _judged(walk, heard)
    cards = step.cards if answering else action_cards(step.assessment)
    return screening, replace(step, cards=cards, gone=(), walk=replace(step.walk, fired=walk.fired))


def finish(walk: Walk) -> Step:
    """The end: completed when nothing is left to ask, partial after some answers, missed without any."""
    given = {name: value for name, value in walk.case.answers.items() if value is not None}
    unread = {name: UNREADABLE for name in walk.unreadable if name not in given}
    complete = (given or walk.skipped) and next_question(walk) is None
    status: Status = "completed" if complete else "partial" if given or unread else "missed"
    closed = replace(walk.case, answers={**given, **unread}, status=status)
    return _judged(walk, closed)


def action_cards(assessment: Assessment) -> tuple[str, ...]:
    """The cards that an urgent or emergency assessment shows at once: those of its level, the crisis card first."""
    if assessment.level < Level.URGENT:
        return ()
    cards = {f.card for f in assessment.findings if f.card is not None and f.level is assessment.level}
    return tuple(sorted(cards, key=lambda card: (card != CRISIS_CARD, card)))


def _waits(walk: Walk, question: Question) -> bool:
    return question.id not in walk.skipped and walk.case.answers.get(question.id) is None


def _judged(walk: Walk, case: Case) -> Step:
    return _step(walk, triage.evaluate(walk.pathway, case))


def _step(walk: Walk, assessment: Assessment) -> Step:
    fired = frozenset(finding.rule for finding in assessment.findings)
    cards = tuple(card for card in action_cards(assessment) if card not in walk.told)
    return Step(
        walk=replace(
            walk,
            told=walk.told | set(cards),
            fired=fired,
            found={**walk.found, **{finding.rule: finding for finding in assessment.findings}},
            level=max(walk.level, assessment.level),
        ),
        assessment=assessment,
        new=tuple(finding for finding in assessment.findings if finding.rule not in walk.fired),
        gone=tuple(sorted(walk.fired - fired)),
        cards=cards,
    )
