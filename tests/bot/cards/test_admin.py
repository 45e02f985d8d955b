"""What admins see; nothing they send can make a card too long or break its markup."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.cards import TEXT_LIMIT, admin
from schedules import catalog
from schedules.problems import Problem

PATHWAY = catalog.shipped()
AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def problem(number: int, what: str = "Bad.") -> Problem:
    return Problem(file="pathway.yaml", line=number, field="rules[x].when", what=what, remedy="Mend it.")


def test_problems_name_line_field_and_remedy() -> None:
    card = admin.problems([problem(12, "No <such> rule.")], "pathway.yaml")
    assert "1 problem;" in card.text
    assert "<b>pathway.yaml, line 12</b>, rules[x].when: No &lt;such&gt; rule. Mend it." in card.text
    assert card.rows == ()


def test_a_thousand_problems_fit_a_message_and_are_counted() -> None:
    card = admin.problems([problem(number) for number in range(1000)], "pathway.yaml", 7)
    assert len(card.text) < TEXT_LIMIT
    assert "1000 problems" in card.text
    assert " more." in card.text
    assert card.rows[0][0].label == "Discard"


def test_one_endless_problem_is_cut() -> None:
    endless = Problem(file="f" * 9000, line=1, field="x" * 9000, what="y" * 9000, remedy="z")
    assert len(admin.problems([endless], "n" * 9000).text) < TEXT_LIMIT


def test_a_draft_says_what_changes_whatever_its_size() -> None:
    card = admin.draft("pathway.yaml", ["rule <a> is new"] * 999 + ["x" * 9000], "1 patient", 7)
    assert len(card.text) < TEXT_LIMIT
    assert "rule &lt;a&gt; is new" in card.text
    assert [row[0].action and row[0].action.args for row in card.rows] == [(7, 0), (7, 1), (7,)]
    assert "texts or comments only" in admin.draft("es.yaml", [], "nothing", 7).text


def test_the_course_tells_each_check_in_and_its_late_policy() -> None:
    text = admin.course(PATHWAY, 3).text
    assert "version 3" in text
    for spec in PATHWAY.schedule.checkins:
        assert spec.title.in_("en") in text
    assert "when the patient says that something has changed" in text


def test_a_preview_speaks_the_patients_time() -> None:
    lines = admin.moved_lines([("week2", AT, None, "becomes a phone task"), ("week6", None, AT, "")], "America/Bogota")
    assert lines == [
        "• <b>week2</b>: Wednesday, 4 March, 04:30 → not sent (becomes a phone task)",
        "• <b>week6</b>: not planned → Wednesday, 4 March, 04:30",
    ]
    card = admin.confirm_move("K7Q2M", "week2 to 2026-03-04", lines, "America/Bogota", 7)
    assert "America/Bogota" in card.text
    assert all(one.action and one.action.args == (7,) for row in card.rows for one in row)


def test_the_choice_lists_what_can_move() -> None:
    card = admin.choose_target("K7Q2M", [(5, "week2", AT)], "Europe/London", "2026-03-01", 7)
    found = [row[0].action and row[0].action.args for row in card.rows]
    assert found == [(7, 5), (7, 0), (7,)]
