"""The interface's words: in every language, with the same placeholders, and dates as people say them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from bot import texts

BOT = Path(texts.__file__).parent
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "plural": (1, 2)}
AFTERNOON = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)
TEMPLATE = """\
msgid "Back"
msgstr ""

msgid "Day {day} of <b>{days}</b>"
msgstr ""

msgid "{n} day"
msgid_plural "{n} days"
msgstr[0] ""
msgstr[1] ""
"""
SPANISH = """\
msgid "Back"
msgstr "Atrás"

msgid "Day {day} of <b>{days}</b>"
msgstr "Día {day} de <b>{days}</b>"

msgid "{n} day"
msgid_plural "{n} days"
msgstr[0] "{n} día"
msgstr[1] "{n} días"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A template of three texts and their Spanish."""
    (tmp_path / "aftercare.pot").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "es.po").write_text(SPANISH, encoding="utf-8")
    return tmp_path


def test_the_template_holds_exactly_what_the_code_says() -> None:
    said = {message for _, _, message, _, _ in extract_from_dir(str(BOT), keywords=KEYWORDS)}
    with (texts.FOLDER / "aftercare.pot").open("rb") as file:
        collected = {message.id for message in read_po(file) if message.id}
    assert collected == said, "run: make texts"


def test_nothing_is_missing_in_the_languages_we_ship() -> None:
    assert texts.missing(texts.languages()) == ()


def test_the_shipped_languages_are_english_and_spanish() -> None:
    assert texts.languages() == ("en", "es")


def test_a_text_is_said_in_spanish_and_in_its_regional_forms(folder: Path) -> None:
    assert texts.translator("es", folder)("Back") == "Atrás"
    assert texts.translator("es-MX", folder)("Back") == "Atrás"


def test_english_is_said_as_it_is_written(folder: Path) -> None:
    assert texts.translator("en", folder)("Back") == "Back"


def test_a_language_nobody_translated_falls_back_to_english(folder: Path) -> None:
    assert texts.translator("fr", folder)("Back") == "Back"


def test_an_empty_text_stays_empty(folder: Path) -> None:
    assert texts.translator("es", folder)("") == ""


@pytest.mark.parametrize(("number", "said"), [(0, "{n} días"), (1, "{n} día"), (2, "{n} días")])
def test_a_number_chooses_its_plural(folder: Path, number: int, said: str) -> None:
    assert texts.plural("es", folder)("{n} day", "{n} days", number) == said


def test_a_marked_text_is_given_back_as_it_is() -> None:
    assert texts.N_("Back") == "Back"


def test_a_complete_translation_misses_nothing(folder: Path) -> None:
    assert texts.missing(("en", "es"), folder) == ()


def test_a_language_without_a_file_is_missing(folder: Path) -> None:
    assert texts.missing(("fr",), folder) == ("fr: there is no translation of the interface; add bot/locale/fr.po.",)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('"Atrás"', '""', "not translated: 'Back'"),
        ('msgid "Back"', '#, fuzzy\nmsgid "Back"', "marked fuzzy: 'Back'"),
        ("Día {day}", "Día {dia}", "other placeholders or tags than in English"),
        ("Día {day} de <b>", "Día {day} de <i>", "other placeholders or tags than in English"),
        ('msgstr[1] "{n} días"', 'msgstr[1] ""', "not translated: '{n} day'"),
    ],
)
def test_a_faulty_translation_is_named(folder: Path, before: str, after: str, fault: str) -> None:
    (folder / "es.po").write_text(SPANISH.replace(before, after), encoding="utf-8")
    (problem,) = texts.missing(("es",), folder)
    assert fault in problem


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Monday, 9 March"), ("es", "lunes, 9 de marzo"), ("xx", "Monday, 9 March")],
)
def test_a_day_is_said_without_its_year(language: str, said: str) -> None:
    assert texts.date(date(2026, 3, 9), language) == said


def test_a_time_is_said_in_the_readers_zone() -> None:
    assert texts.time(AFTERNOON, "en", "Europe/Madrid") == "15:30"
    assert texts.time(AFTERNOON, "es", "America/Bogota") == "9:30"


def test_a_moment_belongs_to_the_day_it_is_in_the_readers_zone() -> None:
    assert texts.moment(datetime(2026, 3, 9, 23, 30, tzinfo=UTC), "es", "Europe/Madrid") == "martes, 10 de marzo, 0:30"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        texts.time(AFTERNOON.replace(tzinfo=None), "en", "UTC")


def test_a_language_is_called_what_its_speakers_call_it() -> None:
    assert [texts.language_name(language) for language in ("en", "es", "es-MX")] == ["English", "Español", "Español"]
