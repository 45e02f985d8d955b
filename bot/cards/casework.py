"""Longer staff cards: a patient's details, the worklist, a story. Pure; callers decide who may see a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cards import Button, Card, bold, button, esc

ROOM = 3600
PER_PAGE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a patient is, for a private chat only."""

    name: str
    code: str
    phone: str
    kin_name: str
    kin_phone: str
    language: str
    procedure: str
    day: int
    surgery_date: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One line of the worklist: what waits, for whom, what to do next, and the button that begins it."""

    headline: str
    code: str
    due: str
    next_action: str
    button: Button | None = None
    name: str | None = None


def pages(head: str, lines: Iterable[str], *, protect: bool, silent: bool = True) -> tuple[Card, ...]:
    """As many cards as the lines need, each short enough for one message. Lines are card HTML already."""
    texts, current = [], head
    for line in lines:
        if len(current) + len(line) + 1 > ROOM:
            texts.append(current)
            current = line
        else:
            current = f"{current}\n{line}"
    return tuple(Card(text=text, protect=protect, silent=silent) for text in (*texts, current))


def clip(text: str, length: int = ROOM - 200) -> str:
    """Text from outside as card HTML, cut so that it fits even when every letter has to be escaped."""
    escaped = esc(text)
    while len(escaped) > length:
        text = text[: max(1, len(text) - max(1, (len(escaped) - length) // 5 + 1))]
        escaped = esc(text + "…")
    return escaped


def person(who: Person) -> str:
    """Who it is and how to reach them; phone numbers as text, which a phone makes tappable."""
    lines = (
        f"{bold(who.name)} · <code>{esc(who.code)}</code>",
        f"Phone: {esc(who.phone)}",
        f"Next of kin: {esc(who.kin_name)}, {esc(who.kin_phone)}",
        f"Speaks: {esc(who.language)}",
        f"{esc(who.procedure)} on {esc(who.surgery_date)}, day {who.day} after surgery ({esc(who.state)})",
    )
    return "\n".join(lines)


def worklist(tasks: Sequence[Task], page: int, team: str, as_of: str) -> Card:
    """One page of what waits, most urgent first. A page that no longer exists shows the last one."""
    last = max(0, (len(tasks) - 1) // PER_PAGE)
    page = min(max(page, 0), last)
    shown = tasks[page * PER_PAGE : (page + 1) * PER_PAGE]
    where = f", page {page + 1} of {last + 1}" if last else ""
    head = f"<b>Open work of {esc(team)}</b>: {len(tasks)}{where}"
    blocks = [_task(number, task) for number, task in enumerate(shown, page * PER_PAGE + 1)]
    if not tasks:
        blocks = ["Nothing waits. New cases appear here and in the team's group."]
    rows = [(task.button,) for task in shown if task.button is not None]
    turns = [button("◀ Previous", "c_open", page - 1)] if page else []
    turns += [button("Next ▶", "c_open", page + 1)] if page < last else []
    return Card(
        text="\n\n".join((head, *blocks, f"<i>As of {as_of}</i>")),
        rows=(*rows, *((tuple(turns),) if turns else ())),
        silent=True,
        protect=any(task.name for task in tasks),
    )


def _task(number: int, task: Task) -> str:
    who = f"{bold(task.name)} · " if task.name else ""
    return (
        f"{number}. {esc(task.headline)} · {who}<code>{esc(task.code)}</code>\n"
        f"   {esc(task.due)}\n   → {esc(task.next_action)}"
    )
