"""What the interface says, in the reader's language; the clinical texts are the pathway's own.

English is written in the code and marked: `_("Back")` where `_ = texts.translator(language)`, or `N_("Back")` where the
language is not known yet. Translations are bot/locale/<language>.po, read as they are, without a build step.
`make texts` collects what the code says into aftercare.pot and brings the .po files up to date.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "en"
_YEAR_AT_END = re.compile(r"(\s'[^']*')?[\s,./]*y+$")  # in a date pattern of CLDR: " 'de' y"
_TAG = re.compile(r"</?\w+>")


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name, which extraction tools look for
    """Mark a text for translation and give it back as it is."""
    return text


def languages() -> tuple[str, ...]:
    """The languages the interface speaks, English first."""
    return (SOURCE_LANGUAGE, *sorted(path.stem for path in FOLDER.glob("*.po")))


def translator(language: str, folder: Path = FOLDER) -> Callable[[str], str]:
    """A function from English to this language ("es", "es-MX"); English stays where there is no translation."""
    translations = _translations(_base(language), folder)

    def translate(text: str) -> str:
        return translations.gettext(text) if text else ""  # gettext answers "" with the header of its file

    return translate


def plural(language: str, folder: Path = FOLDER) -> Callable[[str, str, int], str]:
    """A function (English singular, English plural, number) to the form this language uses for the number."""
    return _translations(_base(language), folder).ngettext


def date(day: dt.date, language: str) -> str:
    """A day as people say it, without the year: "Monday, 9 March" or "lunes, 9 de marzo"."""
    locale = _locale(language)
    return format_date(day, _YEAR_AT_END.sub("", str(locale.date_formats["full"])), locale=locale)


def time(instant: dt.datetime, language: str, zone: str) -> str:
    """The time of day of an aware instant in this IANA zone: "14:30"."""
    return format_time(_local(instant, zone), "short", locale=_locale(language))


def moment(instant: dt.datetime, language: str, zone: str) -> str:
    """Day and time of an aware instant in this IANA zone: "Monday, 9 March, 14:30"."""
    return f"{date(_local(instant, zone).date(), language)}, {time(instant, language, zone)}"


def language_name(language: str) -> str:
    """What the speakers of a language call it: "English", "Español"."""
    locale = _locale(language)
    return str(locale.get_language_name(locale)).capitalize()


def missing(wanted: Iterable[str], folder: Path = FOLDER) -> tuple[str, ...]:
    """What the interface cannot say in these languages, one sentence each; empty when nothing is missing.

    A text counts as missing when it is absent, marked fuzzy, or has other placeholders or tags than the English one.
    """
    problems: list[str] = []
    for language in dict.fromkeys(_base(each) for each in wanted):
        if language == SOURCE_LANGUAGE:
            continue
        path = folder / f"{language}.po"
        if not path.exists():
            problems.append(f"{language}: there is no translation of the interface; add bot/locale/{path.name}.")
            continue
        translated = _read(path, language)
        for message in _read(folder / "aftercare.pot", None):
            if message.id and (fault := _fault(message, translated.get(message.id))):
                problems.append(f"{language}: bot/locale/{path.name}: {fault}: {_singular(message)!r}.")
    return tuple(problems)


def _fault(message: Message, translation: Message | None) -> str | None:
    if translation is None or not all(_forms(translation.string)):
        return "not translated"
    if translation.fuzzy:
        return "marked fuzzy"
    wanted = {_fields(text) for text in _forms(message.id)}
    given = {_fields(text) for text in _forms(translation.string)}
    return None if given <= wanted else "other placeholders or tags than in English"


def _fields(text: str) -> frozenset[str]:
    names = {f"{{{name}}}" for _, name, _, _ in Formatter().parse(text) if name is not None}
    return frozenset(names | set(_TAG.findall(text)))


def _forms(texts: object) -> tuple[str, ...]:
    """The text, or all its plural forms."""
    return tuple(map(str, texts)) if isinstance(texts, list | tuple) else (str(texts or ""),)


def _singular(message: Message) -> str:
    return _forms(message.id)[0]


def _read(path: Path, language: str | None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language)


@lru_cache
def _translations(language: str, folder: Path) -> NullTranslations:
    path = folder / f"{language}.po"
    if language == SOURCE_LANGUAGE or not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, _read(path, language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@lru_cache
def _locale(language: str) -> Locale:
    """British English for English, so that days come before months and hours run to 24."""
    try:
        return Locale.parse("en_GB" if language == SOURCE_LANGUAGE else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")


def _base(language: str) -> str:
    return re.split("[-_]", language, maxsplit=1)[0].lower()


def _local(instant: dt.datetime, zone: str) -> dt.datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant must be timezone-aware: pass a datetime with tzinfo=UTC")
    return instant.astimezone(ZoneInfo(zone))
