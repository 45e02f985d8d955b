"""Why a case has its level: what fired, on which facts, on whose authority, and why not one level lower or higher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schedules import facts, triage
from schedules.case import Case
from schedules.needs import Lack, Names, Need, Needs
from schedules.pathway import Contradiction, Level, Pathway, Rule
from schedules.triage import Assessment, Finding

NEAREST = 5
_NEAR = 1.5
"""From here on a rule is as far off as one for which nothing speaks."""
_RESCREEN = "The patient chose this answer in the re-screen, so it is happening now."


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of a rule: its tag, and what it says."""

    tag: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """One finding with its grounds. `unless`: the ways in which it would not have fired, each a group of changes."""

    finding: Finding
    rationale: str
    sources: tuple[Source, ...]
    unless: tuple[tuple[Need, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A rule of a higher level that did not fire, and what it still needs."""

    rule: str
    level: Level
    says: str
    lack: Lack


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a case has its level. `fired` stands highest level first; those of the level itself made it.

    `near` holds the nearest rules of a higher level, nearest first.
    """

    day: int
    assessment: Assessment
    fired: tuple[Fired, ...]
    near: tuple[Near, ...]

    @property
    def level(self) -> Level:
        """The level that is explained."""
        return self.assessment.level

    @property
    def decisive(self) -> tuple[Fired, ...]:
        """The findings that made the level: to lower it, each of them would have to differ."""
        return tuple(one for one in self.fired if one.finding.level is self.level)


def explain(pathway: Pathway, case: Case, names: Names | None = None) -> Explanation:
    """Explain the level of `case`. `names` writes options in words; else their ids stand.

    Raises UnknownQuestionError for an answer to a question that the pathway does not have.
    """
    assessment = triage.evaluate(pathway, case)
    reading = facts.read(pathway, case, lambda past: triage.evaluate(pathway, past).level)
    needs = Needs(pathway, reading) if names is None else Needs(pathway, reading, names)
    return Explanation(
        day=case.day,
        assessment=assessment,
        fired=tuple(_fired(pathway, finding, needs) for finding in assessment.findings),
        near=_near(pathway, assessment.level, needs),
    )


def sources(pathway: Pathway, rule: Rule | Contradiction) -> tuple[Source, ...]:
    """What a rule rests on, in the words of the pathway's register."""
    return tuple(Source(tag=tag, says=pathway.source_tags.get(tag, "")) for tag in rule.sources)


def grounds(pathway: Pathway, rule_id: str) -> tuple[str, tuple[Source, ...]]:
    """The rationale and the sources of a finding by its rule; empty for one that this version does not know."""
    rule = _rule(pathway, rule_id)
    if rule is not None:
        return rule.rationale, sources(pathway, rule)
    known = {f"rescreen_{option.id}" for option in pathway.rescreen.options}
    return (_RESCREEN if rule_id in known else ""), ()


def why_not_lower(explanation: Explanation) -> tuple[str, ...]:
    """One line for each finding that made the level: what would have to differ for it not to fire."""
    return tuple(f"{one.finding.rule}: unless {unless(one)}" for one in explanation.decisive)


def why_not_higher(explanation: Explanation) -> tuple[str, ...]:
    """One line for each of the nearest rules of a higher level: what it still needs."""
    return tuple(f"{one.rule} ({one.level}): needs {_and(one.lack.needs)}" for one in explanation.near)


def unless(fired: Fired) -> str:
    """The ways in which a finding would not have fired, in one line."""
    return "; or ".join(_and(way) for way in fired.unless) or "the patient had answered otherwise"


def to_json(explanation: Explanation, name: object) -> dict[str, Any]:
    """The explanation of the case called `name`, ready for JSON."""
    assessment = explanation.assessment
    return {
        "id": name,
        "level": assessment.level.value,
        "within_days": assessment.within_days,
        "day": explanation.day,
        "findings": [_finding_json(one) for one in explanation.fired],
        "near": [
            {"rule": one.rule, "level": one.level.value, "text": one.says, "needs": _needs_json(one.lack.needs)}
            for one in explanation.near
        ],
        "unanswered": list(assessment.unanswered),
        "unreadable": list(assessment.unreadable),
    }


def _finding_json(one: Fired) -> dict[str, Any]:
    finding = one.finding
    return {
        "rule": finding.rule,
        "level": finding.level.value,
        "within_days": finding.within_days,
        "text": finding.text,
        "because": dict(finding.because),
        "rationale": one.rationale,
        "sources": [{"tag": source.tag, "says": source.says} for source in one.sources],
        "unless": [_needs_json(way) for way in one.unless],
    }


def _needs_json(needs: Sequence[Need]) -> list[Mapping[str, str]]:
    return [{"about": need.about, "wanted": need.wanted, "found": need.found} for need in needs]


def _fired(pathway: Pathway, finding: Finding, needs: Needs) -> Fired:
    rule = _rule(pathway, finding.rule)
    rationale, cited = grounds(pathway, finding.rule)
    ways = needs.undoing(rule.when) if rule is not None else ()
    return Fired(finding=finding, rationale=rationale, sources=cited, unless=ways)


def _near(pathway: Pathway, level: Level, needs: Needs) -> tuple[Near, ...]:
    higher = [
        Near(rule=rule.id, level=rule.level, says=rule.rationale, lack=needs.lacking(rule.when))
        for rule in pathway.rules
        if rule.level > level
    ]
    near: dict[tuple[Need, ...], Near] = {}
    for one in sorted(higher, key=lambda one: one.level.rank):
        if one.lack.distance < _NEAR:
            near[one.lack.needs] = one  # where the same answer is missing, the most urgent rule says it
    return tuple(sorted(near.values(), key=lambda one: (one.lack.distance, one.level.rank))[:NEAREST])


def _rule(pathway: Pathway, name: str) -> Rule | Contradiction | None:
    return next((rule for rule in pathway.all_rules if rule.id == name), None)


def _and(needs: Sequence[Need]) -> str:
    return " and ".join(map(str, needs))
