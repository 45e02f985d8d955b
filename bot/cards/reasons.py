"""Why a case has its level, for a clinician who asks: grounds, the words that were asked, and what is near. Pure.

Made of the pathway's texts, options and numbers; nothing here has a field for a name or a patient's words (hazard H25).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.cards import Card, casework, clinician, esc
from schedules.pathway import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One finding: its rule, the clinician's line, its ground, its sources, and what would have to differ.

    `stands`: it still fires by the answers as they are now. `unless` is None for a finding below the level.
    """

    rule: str
    level: Level
    said: str
    ground: str
    tags: tuple[str, ...]
    unless: str | None
    stands: bool
    expected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as the patient saw it, and what they answered; each with its English where that differs.

    `first`: the same in its first wording, when it was asked again. `before`: the values of earlier check-ins.
    """

    question: str
    question_english: str | None
    answer: str
    answer_english: str | None
    first: Asked | None = None
    before: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One check-in or message that brought findings. `near`: rules of a higher level, and what each still needs."""

    title: str
    level: Level
    reasons: tuple[Reason, ...]
    asked: tuple[Asked, ...]
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonsView:
    """Everything the answer to "why" says. `sources`: tag and what it says, each once."""

    code: str
    level: Level
    procedure: str
    day: int
    occasions: tuple[Occasion, ...]
    sources: tuple[tuple[str, str], ...]


def why(view: ReasonsView) -> tuple[Card, ...]:
    """As many cards as it takes."""
    head = f"<b>Why</b> {clinician.title(view.level, view.code)}\n{esc(view.procedure)}, day {view.day} after surgery"
    return casework.pages(head, _lines(view), protect=True)


def _lines(view: ReasonsView) -> Iterator[str]:
    for occasion in view.occasions:
        yield f"\n<b>{esc(occasion.title)}</b>"
        for reason in occasion.reasons:
            yield from _reason(reason)
        if occasion.asked:
            yield "<b>What was asked and answered</b>"
            for asked in occasion.asked:
                yield from _asked(asked)
        if occasion.level is not Level.EMERGENCY:
            yield "<b>Why not higher</b>"
            yield from (f"• {esc(line)}" for line in occasion.near or ("No rule of a higher level is near.",))
    if view.sources:
        yield "\n<b>Sources</b>"
        yield from (f"{esc(tag)}: {esc(says)}" for tag, says in view.sources)


def _reason(reason: Reason) -> Iterator[str]:
    yield f"{clinician.SHAPES[reason.level]} {esc(reason.said)} <code>{esc(reason.rule)}</code>"
    if reason.expected is not None:
        yield f"   📌 {esc(reason.expected)}"
    if reason.ground:
        tags = f" ({', '.join(reason.tags)})" if reason.tags else ""
        yield f"   Because: {esc(reason.ground)}{esc(tags)}"
    if not reason.stands:
        yield "   The answers have changed since. A finding stays until a person closes the case."
    elif reason.unless is not None:
        yield f"   Not lower unless: {esc(reason.unless)}"


def _asked(asked: Asked) -> Iterator[str]:
    if asked.first is not None:
        yield from _asked(asked.first)
        yield f"   asked again: {esc(asked.question)}"
    else:
        yield f"• {esc(asked.question)}"
    if asked.question_english is not None:
        yield f"   ({esc(asked.question_english)})"
    english = f" ({esc(asked.answer_english)})" if asked.answer_english is not None else ""
    yield f"   → <b>{esc(asked.answer)}</b>{english}"
    if asked.before:
        yield "   before: " + esc("; ".join(f"{value} ({when})" for when, value in asked.before))
