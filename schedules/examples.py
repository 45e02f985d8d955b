"""Example cases of a pathway, with what they must come to. A pathway whose examples fail is not to be used.

`examples.yaml` is a list of `id`, `case` (as in `casefile.py`), and `expect`: the `level`, and `rules` that must be
among those that fired. `near_miss_of` names a rule that must not fire. With `like`, the id of an earlier example,
the case holds only what differs: other fields are taken from there, answers one by one, and null takes one away.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One case and its expected outcome. `line`: where it stands in its file."""

    id: str
    case: Case
    level: Level
    rules: tuple[str, ...]
    near_miss_of: str | None
    line: int


def read(pathway: Pathway, files: Mapping[str, str]) -> tuple[Example, ...]:
    """The examples among a pathway's files; none when it has no such file. Raises PathwayError."""
    if FILE not in files:
        return ()
    document = documents.read(FILE, files[FILE])
    items = document.value
    found: list[Example] = []
    written: dict[str, Value] = {}
    if not isinstance(items, list):
        if not document.problems:
            document.add((), "The file is not a list of examples.", "Write items with id, case and expect.")
        items = []
    for index, item in enumerate(items):
        example = _example(pathway, document, index, _completed(document, index, item, written))
        if example is not None and example.id in {other.id for other in found}:
            document.add((index, "id"), f"The id {example.id} stands here twice.", "Rename one.")
        elif example is not None:
            found.append(example)
    if document.problems:
        raise PathwayError(tuple(document.problems))
    return tuple(found)


def check(pathway: Pathway, files: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every example that does not come to what it expects. Raises PathwayError when the file cannot be read."""
    return tuple(problem for example in read(pathway, files) for problem in failures(pathway, example))


def failures(pathway: Pathway, example: Example) -> tuple[Problem, ...]:
    """What is wrong with the outcome of one example; nothing when it holds."""
    assessment = triage.evaluate(pathway, example.case)
    fired = {finding.rule for finding in assessment.findings}
    wrong: list[str] = []
    if assessment.level is not example.level:
        wrong.append(f"The level is {assessment.level}, not {example.level}.")
    missing = [rule for rule in example.rules if rule not in fired]
    if missing:
        wrong.append(f"{', '.join(missing)} did not fire.")
    if example.near_miss_of in fired:
        wrong.append(f"{example.near_miss_of} fired.")
    remedy = f"Mend the rules or the example. Fired: {', '.join(sorted(fired)) or 'none'}."
    return tuple(
        Problem(file=FILE, line=example.line, field=f"[{example.id}]", what=what, remedy=remedy) for what in wrong
    )


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
    answers = new
    if isinstance(old, dict) and isinstance(new, dict):
        answers = {name: value for name, value in {**old, **new}.items() if value is not None}
    return {**{key: value for key, value in base.items() if key != "id"}, **case, "answers": answers}


def _example(pathway: Pathway, document: Document, index: int, item: Value) -> Example | None:
    if not isinstance(item, dict) or not isinstance(item.get("expect"), dict) or not isinstance(item.get("id"), str):
        document.add((index,), "This is no example.", "Write id, case and expect.")
        return None
    for key in item.keys() - _KEYS:
        document.add((index, key), "This key is not known.", "Use id, like, near_miss_of, case and expect.")
    expect = item["expect"]
    known = {rule.id for rule in pathway.rules} | {f"rescreen_{option.id}" for option in pathway.rescreen.options}
    level, rules, miss = expect.get("level"), expect.get("rules", []), item.get("near_miss_of")  # type: ignore[union-attr]  # a mapping, as tested above
    named = [*(rules if isinstance(rules, list) else [rules]), *([] if miss is None else [miss])]
    for name in named:
        if name not in known:
            document.add((index,), f"There is no rule {name}.", "Correct its id.")
    if level not in set(Level):
        document.add((index, "expect"), f"{level} is no level.", f"Use one of {', '.join(Level)}.")
        return None
    try:
        case = casefile.read(pathway, item.get("case"))
    except casefile.BadCaseError as error:
        for fault in error.faults:
            document.add((index, "case"), f"{fault}.", "Correct the case.")
        return None
    return Example(
        id=str(item["id"]),
        case=case,
        level=Level(str(level)),
        rules=tuple(str(name) for name in rules) if isinstance(rules, list) else (),
        near_miss_of=None if miss is None else str(miss),
        line=document.line((index,)),
    )
