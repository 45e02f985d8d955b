"""What a pathway says in vain: questions never asked, rules that never fire or never change anything, cards never sent.

A rule is *dead* when no case that can happen makes it fire: its questions must be asked together, at one check-in, on
a day on which that check-in is open. A rule is *shadowed* when it fires but nobody could tell: in every case a finding
of a higher level rests on the same answers, so its line is never shown (`triage.shown`), or another finding of its
level says the same line with the same card and no longer deadline; and it asks for no re-check. A lower rule that also
fires for worse answers is not shadowed as long as there is one case in which its line is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from schedules import triage
from schedules.checks.texts import REQUIRED_CARDS
from schedules.documents import Path
from schedules.levels import Level
from schedules.pathway import Contradiction, Pathway, Question, Rule
from schedules.problems import Flaw
from schedules.proof import certainty, concrete, search, steps, terms
from schedules.proof.space import Space
from schedules.proof.terms import Term
from schedules.proof.variables import CHECKIN, STATUS, Known, Value, answer

_MOST_TRIED = 500
"""Cases tried to find one in which what hides a line is absent."""
_MOST_CASES = 3_000
"""Cases tried before a rule counts as shadowed."""


def flaws(space: Space) -> Iterator[Flaw]:
    """Everything said in vain."""
    for index, question in enumerate(space.pathway.questions):
        yield from _never_asked(space, question, index)
        if question.red_flag:
            yield from _heard_by_no_rule(space, question, index)
    for path, rule in space.rules:
        try:
            yield from _in_vain(space, rule, path)
        except terms.TooManyWaysError:
            continue  # the safety search says so
    yield from _levels(space.pathway)
    yield from _cards(space.pathway)


def _never_asked(space: Space, question: Question, index: int) -> Iterator[Flaw]:
    ways: tuple[Term, ...] = ((),) if question.ask_if is None else terms.of(question.ask_if)
    for checkin in question.checkins:
        if not any(True for way in ways for _ in search.happening(space, way, (checkin,))):
            what = f"No answers lead to {question.id} at {checkin}."
            remedy = "Correct ask_if, the check-ins, or the check-ins of the questions it depends on."
            yield Flaw(path=("questions", index, "ask_if"), what=what, remedy=remedy)


def _heard_by_no_rule(space: Space, question: Question, index: int) -> Iterator[Flaw]:
    """Answers as doubtful as "not sure" that make no rule fire, though nothing more is said."""
    place = answer(question.id)
    for said in steps.doubtful(space, place, question):
        if said.unreadable:
            continue
        start: Known = {place: said, STATUS: Value("completed"), **steps.unsaid(space, place, said)}
        if all(certainty.reaches(space, {**start, CHECKIN: Value(name)}, Level.REVIEW) for name in question.checkins):
            continue
        option = said.chosen[0]
        row = [listed.id for listed in question.options].index(option)
        what = f"No rule is sure to fire for {option}, an answer to a red-flag question."
        remedy = "Name it in a rule, or ask for details and let a rule fire when they are missing."
        yield Flaw(path=("questions", index, "options", row), what=what, remedy=remedy)


def _in_vain(space: Space, rule: Rule | Contradiction, path: Path) -> Iterator[Flaw]:
    ways = terms.of(rule.when)
    mildest = (next(search.happening(space, way), None) for way in ways)
    if any(known is not None and _tells(space, rule, known, depth=0) for known in mildest):
        return
    tried = 0
    for known in (known for way in ways for known in search.happening(space, way)):
        tried += 1
        if (isinstance(rule, Rule) and rule.recheck_after_h is not None) or _tells(space, rule, known):
            return
        if tried == _MOST_CASES:
            break
    if not tried:
        what = f"No answers can fire {rule.id}."
        remedy = "Correct its condition: its questions must be asked together, on such a day. Or delete it."
        yield Flaw(path=(*path, "when"), what=what, remedy=remedy)
    else:
        others = ", ".join(_cover(space, rule, known))
        what = f"{rule.id} never changes anything: {others} says the same or more in each of {tried:,} cases."
        yield Flaw(path=path, what=what, remedy="Delete it, or correct its condition or level.")


def _tells(space: Space, rule: Rule | Contradiction, known: Known, depth: int = 2) -> bool:
    """Whether some case that agrees with this one shows the rule's line; what hides it is tried out as well."""
    names = _cover(space, rule, known)
    hiding = [other for other in space.pathway.all_rules if other.id in names]
    open_ = [other for other in hiding if not certainty.fires(space, other, known)]
    if not hiding or not open_ or not depth:
        return not hiding
    whole = concrete.completed(space, known)
    try:
        return any(
            _tells(space, rule, wider, depth - 1)
            for wider in certainty.extended(space, known, whole, open_, _MOST_TRIED)
        )
    except certainty.UnprovenError:
        return True  # nothing is called vain that was not searched through


def _cover(space: Space, rule: Rule | Contradiction, known: Known) -> tuple[str, ...]:
    """The rules that say the same or more in this case; none when this rule's line is shown and no other's equal."""
    assessment = triage.evaluate(space.pathway, concrete.case(space, concrete.completed(space, known)))
    shown = [finding for finding in triage.shown(assessment) if finding.rule == rule.id]
    if not shown:
        return tuple(finding.rule for finding in assessment.findings if finding.level > rule.level)
    mine = (shown[0].level, shown[0].text, shown[0].card)
    return tuple(
        finding.rule
        for finding in assessment.findings
        if finding.rule != rule.id
        and (finding.level, finding.text, finding.card) == mine
        and (rule.within_days is None or (finding.within_days is not None and finding.within_days <= rule.within_days))
    )


def _levels(pathway: Pathway) -> Iterator[Flaw]:
    for level, spec in pathway.levels.items():
        loud = spec.alert in {"push", "page"}
        if loud and not spec.ladder:
            what = f"{level} has an alert that nobody is told of."
            yield Flaw(path=("levels", level.value), what=what, remedy="Add a ladder, or use worklist.")
        if level >= Level.URGENT and not loud:
            what = f"The alert of {level} makes no sound."
            yield Flaw(path=("levels", level.value, "alert"), what=what, remedy="Use push or page.")


def _cards(pathway: Pathway) -> Iterator[Flaw]:
    sent = {*REQUIRED_CARDS, *(rule.tell_patient for rule in pathway.all_rules)}
    sent |= {option.tell_patient for option in pathway.rescreen.options if option.tell_patient is not None}
    sent |= {category.card for category in pathway.freetext.categories if category.card is not None}
    for name in pathway.cards:
        if name not in sent:
            yield Flaw(path=("cards", name), what=f"Nothing sends {name}.", remedy="Name it in a rule, or delete it.")
