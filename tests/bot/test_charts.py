"""The picture of a course."""

from __future__ import annotations

import struct
import subprocess
import sys
from datetime import date

from bot import charts
from schedules import catalog, preview

COURSE = preview.course(catalog.shipped(), date(2026, 3, 10), "Europe/Madrid")


def test_the_png_is_as_wide_as_a_phone_has_pixels() -> None:
    drawn = charts.course(COURSE, "Fusion", "png")
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", drawn[16:20]) == (1080,)


def test_the_svg_names_what_is_sent_and_when() -> None:
    drawn = charts.course(COURSE, "Fusion", "svg").decode()
    for words in (
        "Fusion",
        "10 March 2026",
        "Europe/Madrid",
        "Day 3",
        "Week 2",
        "Week 6",
        "Month 3",
        "24 Mar",
        "15:30",
    ):
        assert words in drawn


def test_the_same_course_is_the_same_picture() -> None:
    assert charts.course(COURSE, "Fusion", "svg") == charts.course(COURSE, "Fusion", "svg")


def test_a_check_in_done_by_phone_has_no_timeline_of_its_own() -> None:
    late = preview.course(catalog.shipped(), date(2026, 3, 10), "Europe/Madrid", date(2026, 3, 20))
    drawn = charts.course(late, "Fusion", "svg").decode()
    assert "by phone" in drawn
    assert "Day 3: day 3" not in drawn


def test_a_course_in_which_nothing_is_sent_can_be_drawn() -> None:
    over = preview.course(catalog.shipped(), date(2026, 3, 10), "Europe/Madrid", date(2027, 3, 10))
    assert charts.course(over, "Fusion", "png").startswith(b"\x89PNG")


def test_the_command_line_starts_without_the_drawing_library() -> None:
    asked = "import sys, bot.__main__; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)  # noqa: S603 - a fixed command
    assert done.stdout.strip() == "False"
