"""The level of a case, and why. Pure: the same case gives the same assessment, whatever the order of its answers.

The level is the highest level of the rules that fire. No rule lowers, cancels or replaces another; what is missing
or cannot be read never counts as "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schedules import clinician_text, facts
from schedules.case import BASELINE, Answers, Case, PastCheckIn
from schedules.facts import UnknownQuestionError
from schedules.pathway import Contradiction, Level, Pathway, RescreenOption, Rule
from schedules.predicates import JSON

__all__ = [
    "BASELINE",
    "Answers",
    "Assessment",
    "Case",
    "Finding",
    "Level",
    "PastCheckIn",
    "UnknownQuestionError",
    "evaluate",
    "fired",
    "shown",
]

_CIRCUMSTANCES = {"days", "procedure", "status", "checkin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that fired. `because`: the facts, as `predicates.Predicate` gives them; `text`: for the clinician.

    `within_days`: calendar days to reach the patient, None for the level's own deadline. `card`: for the patient.
    """

    rule: str
    level: Level
    because: Mapping[str, JSON]
    within_days: int | None
    text: str
    card: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a case means. Findings stand highest level first. `unanswered`: questions that applied and may not be
    skipped; `unreadable`: answers that are no option and no possible number."""

    level: Level
    findings: tuple[Finding, ...]
    unanswered: tuple[str, ...]
    unreadable: tuple[str, ...]

    @property
    def within_days(self) -> int | None:
        """The shortest deadline among the findings of the highest level, in calendar days; None for the level's own."""
        days = [
            finding.within_days
            for finding in self.findings
            if finding.level is self.level and finding.within_days is not None
        ]
        return min(days, default=None)


def evaluate(pathway: Pathway, case: Case) -> Assessment:
    """Triage one case. Raises UnknownQuestionError for an answer to a question that the pathway does not have."""
    reading = facts.read(pathway, case, lambda past: evaluate(pathway, past).level)
    found = [_finding(pathway, rule, reading) for rule in pathway.all_rules if rule.predicate.holds(reading.facts)]
    found += _rescreen(pathway, reading)
    found.sort(key=lambda finding: -finding.level.rank)
    return Assessment(
        level=found[0].level if found else Level.ROUTINE,
        findings=tuple(found),
        unanswered=tuple(
            question.id for question in reading.asked if not question.optional and question.id not in reading.answered
        ),
        unreadable=reading.unreadable,
    )


def fired(pathway: Pathway, case: Case) -> dict[str, Level]:
    """The rules that fire and their levels, without the words of `evaluate`: for judging many cases.

    Raises UnknownQuestionError as `evaluate` does.
    """
    return fired_in(pathway, read(pathway, case))


def read(pathway: Pathway, case: Case) -> facts.Reading:
    """The case read once, to be judged by `fired_in`. Raises UnknownQuestionError."""
    return facts.read(pathway, case, lambda past: max(fired(pathway, past).values(), default=Level.ROUTINE))


def fired_in(pathway: Pathway, reading: facts.Reading) -> dict[str, Level]:
    """The rules that fire in what was read, and their levels."""
    levels = {rule.id: rule.level for rule in pathway.all_rules if rule.predicate.holds(reading.facts)}
    return levels | {f"rescreen_{option.id}": option.level for option in _answered(pathway, reading)}


def _finding(pathway: Pathway, rule: Rule | Contradiction, reading: facts.Reading) -> Finding:
    because = rule.predicate.because(reading.facts)
    return Finding(
        rule=rule.id,
        level=rule.level,
        because=because,
        within_days=rule.within_days,
        text=clinician_text.fill(pathway, rule.tell_clinician, reading, because),
        card=_card(pathway, rule, reading),
    )


def _card(pathway: Pathway, rule: Rule | Contradiction, reading: facts.Reading) -> str:
    """The rule's card, or that of the first category of typed words that raised this level."""
    if rule.hears_free_text:
        for category in pathway.freetext.categories:
            if category.id in reading.categories and category.level is rule.level:
                return category.card or rule.tell_patient
    return rule.tell_patient


def _rescreen(pathway: Pathway, reading: facts.Reading) -> list[Finding]:
    return [
        Finding(
            rule=f"rescreen_{option.id}",
            level=option.level,
            because={facts.RESCREEN: [option.id]},
            within_days=None,
            text=option.tell_clinician or option.text.in_("en"),
            card=option.tell_patient,
        )
        for option in _answered(pathway, reading)
    ]


def _answered(pathway: Pathway, reading: facts.Reading) -> list[RescreenOption]:
    """The answers to the re-screen that mean something."""
    options = pathway.rescreen.options if reading.rescreen else ()
    return [option for option in options if option.id in reading.rescreen and option.level is not Level.ROUTINE]


def shown(assessment: Assessment) -> tuple[Finding, ...]:
    """The findings worth a line on a clinician's card: without those that say less about facts already said.

    A finding is left out when every answer behind it also stands behind findings of a higher level. All are stored.
    """
    kept: list[Finding] = []
    for finding in assessment.findings:
        higher = {fact for other in assessment.findings if other.level > finding.level for fact in _said(other)}
        own = _said(finding)
        if not own or not own <= higher:
            kept.append(finding)
    return tuple(kept)


def _said(finding: Finding) -> set[tuple[str, str]]:
    """The answers and silences behind a finding, option by option; circumstances such as the day do not count."""
    return {
        (key, str(item))
        for key, value in finding.because.items()
        if key not in _CIRCUMSTANCES and not key.startswith("baseline.")
        for item in (value if isinstance(value, list) else [value])
    }
