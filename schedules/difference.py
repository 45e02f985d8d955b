"""What an edited pathway changes, in words: the first thing an admin reads before publishing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schedules.pathway import CheckInSpec, Pathway


def lines(old: Pathway, new: Pathway) -> tuple[str, ...]:
    """One line for each check-in, question, rule or card that was added, removed or changed; empty when none was."""
    found = [*_checkins(old, new)]
    found += _named("question", {q.id: q for q in old.questions}, {q.id: q for q in new.questions})
    found += _rules(old, new)
    found += _named("contradiction", {c.id: c for c in old.contradictions}, {c.id: c for c in new.contradictions})
    found += _named("level", dict(old.levels), dict(new.levels))
    for what, before, after in (
        ("card", old.cards, new.cards),
        ("text", old.texts, new.texts),
        ("self-care text", old.selfcare, new.selfcare),
    ):
        found += _named(what, before, after)
    for what, one, other in (
        ("the consent", old.consent, new.consent),
        ("the re-screen", old.rescreen, new.rescreen),
        ("the free-text net", old.freetext, new.freetext),
        ("the procedures", old.procedures, new.procedures),
        ("the operational findings", old.operational, new.operational),
    ):
        if one != other:
            found.append(f"{what} changes")
    return tuple(found)


def _checkins(old: Pathway, new: Pathway) -> list[str]:
    before = {spec.id: spec for spec in old.schedule.checkins}
    after = {spec.id: spec for spec in new.schedule.checkins}
    found = [f"check-in {name} is new" for name in after if name not in before]
    found += [f"check-in {name} is removed" for name in before if name not in after]
    for name in (name for name in after if name in before):
        found += _moved(name, before[name], after[name])
    for field in ("send_time", "quiet_hours", "programme_end_day"):
        one, other = getattr(old.schedule, field), getattr(new.schedule, field)
        if one != other:
            found.append(f"{field.replace('_', ' ')}: {_plain(one)} → {_plain(other)}")
    return found


def _moved(name: str, before: CheckInSpec, after: CheckInSpec) -> list[str]:
    fields = ("offset_days", "reminders_h", "closes_after_h", "late")
    changed = [field for field in fields if getattr(before, field) != getattr(after, field)]
    found = []
    for field in changed:
        one, other = _plain(getattr(before, field)), _plain(getattr(after, field))
        found.append(f"check-in {name}, {field.replace('_', ' ')}: {one} → {other}")
    return found or ([f"check-in {name} changes its title"] if before != after else [])


def _rules(old: Pathway, new: Pathway) -> list[str]:
    """Rules by name; one that changes its level says so first, since that is what wakes people or lets them sleep."""
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    moved = [name for name in after if name in before and before[name].level != after[name].level]
    stay = {name: rule for name, rule in before.items() if name not in moved}
    rest = {name: rule for name, rule in after.items() if name not in moved}
    levels = [f"rule {name}: {before[name].level} → {after[name].level}" for name in moved]
    return [*levels, *_named("rule", stay, rest)]


def _named(what: str, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[str]:
    return [
        *(f"{what} {name} is new" for name in after if name not in before),
        *(f"{what} {name} is removed" for name in before if name not in after),
        *(f"{what} {name} changes" for name in before if name in after and before[name] != after[name]),
    ]


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "none"
    if hasattr(value, "model_dump"):
        return ", ".join(f"{key} {item}" for key, item in value.model_dump().items())
    return str(value)
