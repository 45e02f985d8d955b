"""Example cases of a pathway, with what they must come to. A pathway whose examples fail is not to be used.

`examples.yaml` is a list of `id`, `case` (as in `casefile.py`), and `expect`. What `expect` may hold:

- `level`: the level of the case; it must be given.
- `rules`: rules among those that fire; as a mapping, each with the level at which it fires.
- `only`: the rules that fire, and there are no others.
- `within_days`: calendar days in which the patient must be reached, null for the level's own deadline.
- `cards`: every card the patient gets, those of the highest level; as a mapping, each with the days it promises.
- `recheck_after_h`: hours until the patient is asked again, null for never.
- `unanswered`: the questions that applied and have no answer.

`near_miss_of` names a rule, or several, that must not fire. With `like`, the id of an earlier example, the case holds
only what differs: other fields are taken from there, answers one by one. Null takes an answer away, and `answers: null`
all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schedules import casefile, documents, triage
from schedules.case import Case
from schedules.documents import Document, Value
from schedules.pathway import Level, Pathway
from schedules.problems import PathwayError, Problem

FILE = "examples.yaml"
_KEYS = {"id", "like", "near_miss_of", "case", "expect"}
_LISTS = {"only", "cards", "unanswered"}
_MAPPINGS = {"cards"}
_NUMBERS = {"within_days", "recheck_after_h"}
_EXPECTED = {"level", "rules"} | _LISTS | _NUMBERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One case and what it must come to. `line`: where it stands in its file.

    `rules`: those that must fire, with a level when it was given. `near_miss_of`: those that must not. `outcome`: what
    else was given in `expect`, by its key.
    """

    id: str
    case: Case
    level: Level
    rules: Mapping[str, Level | None]
    near_miss_of: tuple[str, ...]
    outcome: Mapping[str, Value]
    line: int


def read(pathway: Pathway, files: Mapping[str, str]) -> tuple[Example, ...]:
    """The examples among a pathway's files; none when it has no such file. Raises PathwayError."""
    if FILE not in files:
        return ()
    document = documents.read(FILE, files[FILE])
    items = document.value
    found: dict[str, Example] = {}
    written: dict[str, Value] = {}
    if not isinstance(items, list):
        if not document.problems:
            document.add((), "The file is not a list of examples.", "Write items with id, case and expect.")
        items = []
    for index, item in enumerate(items):
        example = _example(pathway, document, index, _completed(document, index, item, written))
        if example is not None and example.id in found:
            document.add((index, "id"), f"The id {example.id} stands here twice.", "Rename one.")
        elif example is not None:
            found[example.id] = example
    if document.problems:
        raise PathwayError(tuple(document.problems))
    return tuple(found.values())


def check(pathway: Pathway, files: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every example that does not come to what it expects. Raises PathwayError when the file cannot be read."""
    return tuple(problem for example in read(pathway, files) for problem in failures(pathway, example))


def failures(pathway: Pathway, example: Example) -> tuple[Problem, ...]:
    """What is wrong with the outcome of one example; nothing when it holds."""
    assessment = triage.evaluate(pathway, example.case)
    fired = {finding.rule: finding.level for finding in assessment.findings}
    wrong: list[str] = []
    if assessment.level is not example.level:
        wrong.append(f"The level is {assessment.level}, not {example.level}.")
    missing = [rule for rule in example.rules if rule not in fired]
    if missing:
        wrong.append(f"{', '.join(missing)} did not fire.")
    for rule, level in example.rules.items():
        if level is not None and fired.get(rule, level) is not level:
            wrong.append(f"{rule} fired at level {fired[rule]}, not {level}.")
    wrong += [f"{rule} fired." for rule in example.near_miss_of if rule in fired]
    if example.outcome:
        outcome = _outcome(pathway, assessment)
        for key, expected in example.outcome.items():
            found = outcome[key]
            if isinstance(found, dict) and isinstance(expected, list):
                found = [*sorted(found)]
            if found != expected:
                wrong.append(f"{key} is {found}, not {expected}.")
    remedy = f"Mend the rules or the example. Fired: {', '.join(sorted(fired)) or 'none'}."
    return tuple(
        Problem(file=FILE, line=example.line, field=f"[{example.id}]", what=what, remedy=remedy) for what in wrong
    )


def _outcome(pathway: Pathway, assessment: triage.Assessment) -> dict[str, Value]:
    """What follows from an assessment, by the keys of `expect`; lists are sorted."""
    fired = {finding.rule for finding in assessment.findings}
    cards: dict[str, Value] = {}
    for finding in assessment.findings:
        if finding.level is assessment.level and finding.card is not None:
            days = [n for n in (cards.get(finding.card), finding.within_days) if isinstance(n, int)]
            cards[finding.card] = min(days, default=None)
    hours = [rule.recheck_after_h for rule in pathway.rules if rule.id in fired and rule.recheck_after_h is not None]
    return {
        "only": [*sorted(fired)],
        "within_days": assessment.within_days,
        "cards": cards,
        "recheck_after_h": min(hours, default=None),
        "unanswered": [*sorted(assessment.unanswered)],
    }


def _completed(document: Document, index: int, item: Value, written: dict[str, Value]) -> Value:
    """The item with what it takes from the example it is like; its whole case is kept in `written`."""
    if not isinstance(item, dict):
        return item
    case, like = item.get("case", {}), item.get("like")
    if like is not None:
        base = written.get(like) if isinstance(like, str) else None
        if base is None:
            document.add((index, "like"), f"There is no example {like} before this one.", "Correct the id.")
        elif isinstance(base, dict) and isinstance(case, dict):
            case = _differing(base, case)
    item = {**item, "case": case}
    if isinstance(item.get("id"), str):
        written[str(item["id"])] = case
        if isinstance(case, dict):
            case.setdefault("id", item["id"])
    return item


def _differing(base: dict[str, Value], case: dict[str, Value]) -> dict[str, Value]:
    old, new = base.get("answers"), case.get("answers", {})
    answers: Value = {} if new is None else new
    if isinstance(old, dict) and isinstance(new, dict):
        answers = {name: value for name, value in {**old, **new}.items() if value is not None}
    return {**{key: value for key, value in base.items() if key != "id"}, **case, "answers": answers}


def _example(pathway: Pathway, document: Document, index: int, item: Value) -> Example | None:
    if not isinstance(item, dict) or not isinstance(item.get("expect"), dict) or not isinstance(item.get("id"), str):
        document.add((index,), "This is no example.", "Write id, case and expect.")
        return None
    for key in item.keys() - _KEYS:
        document.add((index, key), "This key is not known.", "Use id, like, near_miss_of, case and expect.")
    before = len(document.problems)
    expect: dict[str, Value] = item["expect"]  # type: ignore[assignment]  # a mapping, as tested above
    level = _level(document, (index, "expect"), expect.get("level"))
    rules = _rules(pathway, document, index, expect.get("rules", []))
    missed = _rules(pathway, document, index, item.get("near_miss_of") or [])
    rules |= _rules(pathway, document, index, expect.get("only", []))
    outcome = {key: _expected(document, index, key, expect[key]) for key in expect if key not in {"level", "rules"}}
    try:
        case = casefile.read(pathway, item.get("case"))
    except casefile.BadCaseError as error:
        for fault in error.faults:
            document.add((index, "case"), f"{fault}.", "Correct the case.")
        return None
    if len(document.problems) > before or level is None:
        return None
    return Example(
        id=str(item["id"]),
        case=case,
        level=level,
        rules=rules,
        near_miss_of=tuple(missed),
        outcome=outcome,
        line=document.line((index,)),
    )


def _level(document: Document, path: documents.Path, value: Value) -> Level | None:
    if isinstance(value, str) and value in set(Level):
        return Level(value)
    document.add(path, f"{value} is no level.", f"Use one of {', '.join(Level)}.")
    return None


def _rules(pathway: Pathway, document: Document, index: int, value: Value) -> dict[str, Level | None]:
    """Rules written as one id, a list of them, or a mapping to levels."""
    known = {rule.id for rule in pathway.all_rules} | {f"rescreen_{option.id}" for option in pathway.rescreen.options}
    named: dict[str, Level | None] = {}
    if isinstance(value, dict):
        named = {name: _level(document, (index, "expect", "rules", name), level) for name, level in value.items()}
    else:
        named = {str(name): None for name in (value if isinstance(value, list) else [value])}
    for name in named:
        if name not in known:
            document.add((index,), f"There is no rule {name}.", "Correct its id.")
    return named


def _expected(document: Document, index: int, key: str, value: Value) -> Value:
    path = (index, "expect", key)
    if key not in _EXPECTED:
        document.add(path, "This key is not known.", f"Use {', '.join(sorted(_EXPECTED))}.")
    elif key in _LISTS:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return sorted(value, key=str)
        if not (key in _MAPPINGS and isinstance(value, dict)):
            document.add(path, "This is no list of ids.", "Write it as [one, two], or [] for none.")
    elif value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        document.add(path, "This is no whole number.", "Write digits, or null for none.")
    return value
