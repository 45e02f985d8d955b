"""The fields of an enrolment, read once for chat, command and CSV."""

from __future__ import annotations

from datetime import date

import pytest

from bot.care import registration
from bot.care.registration import Registration
from schedules import catalog

TODAY = date(2026, 3, 4)
GOOD = {
    "name": "Ana  Ruiz",
    "phone": "+44 1632 960001",
    "birth_year": "1961",
    "language": "EN",
    "timezone": "Europe/London",
    "procedure": "TLIF",
    "surgery_date": "2026-03-02",
    "kin_name": "",
    "kin_phone": "",
    "leg_pain": "7",
    "bladder": "normal",
}


def read(**changes: str) -> Registration | list[registration.Problem]:
    """The good fields, but for `changes`."""
    return registration.read({**GOOD, **changes}, catalog.shipped(), TODAY)


def test_good_fields_become_a_registration() -> None:
    """Names are tidied, aliases understood, empty optional fields left out."""
    found = read()
    assert isinstance(found, Registration)
    assert (found.name, found.procedure, found.language) == ("Ana Ruiz", "fusion", "en")
    assert found.surgery_date == date(2026, 3, 2)
    assert found.kin_name is None
    assert found.baseline == {"leg_pain": 7, "bladder": "normal"}


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("name", "12345", "letters"),
        ("name", "x" * 101, "100"),
        ("phone", "call me", "digits"),
        ("phone", "123", "digits"),
        ("phone", "1" * 16, "digits"),
        ("birth_year", "61", "four digits"),
        ("birth_year", "1890", "too long ago"),
        ("birth_year", "2015", "adults"),
        ("language", "fr", "en, es"),
        ("timezone", "London", "Europe/London"),
        ("timezone", "../etc", "Europe/London"),
        ("procedure", "knee", "microdiscectomy"),
        ("surgery_date", "03/04/2026", "year-month-day"),
        ("surgery_date", "2026-02-30", "calendar"),
        ("surgery_date", "2026-02-24", "confirm"),
        ("surgery_date", "2026-03-05", "future"),
        ("surgery_date", "2026-06-30", "60 days"),
        ("leg_pain", "11", "0 to 10"),
        ("bladder", "hmm", "normal"),
        ("shoe_size", "42", "no such field"),
    ],
)
def test_a_bad_field_is_named_with_its_remedy(field: str, value: str, remedy: str) -> None:
    """One problem, for the right field, that says how to mend it."""
    found = read(**{field: value})
    assert isinstance(found, list)
    assert [problem.field for problem in found] == [field]
    assert remedy in str(found[0])


def test_every_problem_is_named_at_once() -> None:
    """A row with three faults is mended in one go."""
    found = read(phone="x", birth_year="x", procedure="x")
    assert isinstance(found, list)
    assert [problem.field for problem in found] == ["phone", "birth_year", "procedure"]


@pytest.mark.parametrize("day", ["2025-12-20", "2026-03-20"])
def test_an_unusual_date_is_taken_when_somebody_confirms_it(day: str) -> None:
    """Late enrolment and planned surgery both happen; they are asked about first."""
    found = registration.read({**GOOD, "surgery_date": day}, catalog.shipped(), TODAY, confirmed=True)
    assert isinstance(found, Registration)


def test_the_edge_of_the_usual_days_is_inside() -> None:
    """Seven days ago needs no confirmation."""
    assert isinstance(read(surgery_date="2026-02-25"), Registration)


def test_unknown_operations_must_be_called_other() -> None:
    """`other` is a choice, not a fallback for a slip of the pen."""
    found = read(procedure="other")
    assert isinstance(found, Registration)
    assert found.procedure == "other"
