"""What an edit changes, in words."""

from __future__ import annotations

import pytest

from schedules import catalog, difference
from schedules.pathway import Level, Pathway

SHIPPED = catalog.shipped()


def edited(*changes: tuple[str, str], file: str = "pathway.yaml") -> Pathway:
    """The shipped pathway with these replacements, each at its first place."""
    files = catalog.shipped_files()
    for old, new in changes:
        assert old in files[file]
        files[file] = files[file].replace(old, new, 1)
    return catalog.load_files(files)


def test_the_same_pathway_has_no_difference() -> None:
    assert difference.lines(SHIPPED, SHIPPED) == ()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("offset_days: 14", "offset_days: 10", "check-in week2, offset days: 14 → 10"),
        ("programme_end_day: 120", "programme_end_day: 121", "programme end day: 120 → 121"),
        ('back: "Back"', 'back: "Go back"', "text back changes"),
        ('version: "2026-1"', 'version: "2026-2"', "the consent changes"),
    ],
)
def test_a_change_is_one_line(old: str, new: str, line: str) -> None:
    assert difference.lines(SHIPPED, edited((old, new))) == (line,)


def test_a_translation_is_a_change_too() -> None:
    changed = edited(('back: "Atrás"', 'back: "Volver"'), file="es.yaml")
    assert difference.lines(SHIPPED, changed) == ("text back changes",)


def without(what: str, name: str) -> Pathway:
    """The shipped pathway without one question, rule or check-in; not a sound one."""
    kept = tuple(item for item in getattr(SHIPPED, what) if item.id != name)
    return SHIPPED.model_copy(update={what: kept})


def test_what_is_new_and_what_is_removed_is_named() -> None:
    rule = SHIPPED.rules[0].id
    assert difference.lines(SHIPPED, without("rules", rule)) == (f"rule {rule} is removed",)
    assert difference.lines(without("rules", rule), SHIPPED) == (f"rule {rule} is new",)
    assert difference.lines(SHIPPED, without("questions", "mood")) == ("question mood is removed",)


def test_a_level_that_moves_is_said_as_such_and_first() -> None:
    """It is what wakes people, or lets them sleep."""
    first, second, *rest = SHIPPED.rules
    lowered = second.model_copy(update={"level": Level.ROUTINE})
    changed = SHIPPED.model_copy(update={"rules": (lowered, *rest)})
    assert difference.lines(SHIPPED, changed) == (
        f"rule {second.id}: {second.level} → routine",
        f"rule {first.id} is removed",
    )


def test_check_ins_that_come_go_and_change_are_named() -> None:
    schedule = SHIPPED.schedule
    day3 = schedule.checkins[0]
    fewer = SHIPPED.model_copy(update={"schedule": schedule.model_copy(update={"checkins": schedule.checkins[1:]})})
    assert difference.lines(SHIPPED, fewer) == (f"check-in {day3.id} is removed",)
    assert difference.lines(fewer, SHIPPED) == (f"check-in {day3.id} is new",)
    titled = day3.model_copy(update={"title": schedule.checkins[1].title})
    renamed = schedule.model_copy(update={"checkins": (titled, *schedule.checkins[1:])})
    assert difference.lines(SHIPPED, SHIPPED.model_copy(update={"schedule": renamed})) == (
        f"check-in {day3.id} changes its title",
    )


def test_lists_and_policies_are_written_out() -> None:
    schedule = SHIPPED.schedule
    day3 = schedule.checkins[0]
    late = day3.late.model_copy(update={"send_within_h": 99})
    changed = day3.model_copy(update={"reminders_h": (), "late": late})
    lines = difference.lines(
        SHIPPED,
        SHIPPED.model_copy(
            update={"schedule": schedule.model_copy(update={"checkins": (changed, *schedule.checkins[1:])})}
        ),
    )
    assert any("reminders h" in line and line.endswith("→ none") for line in lines)
    assert any("send_within_h 99" in line for line in lines)
