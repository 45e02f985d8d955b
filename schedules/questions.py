"""What a patient taps or types, read as an answer; never guessed.

`parse` reads typed words: an option's own text, its synonyms, its number in the list, numbers in digits or words.
Only whole matches count, so nothing partial or doubtful becomes the answer to a red-flag question.
`validate` reads structured values, as a tap or a recorded case holds them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from schedules.pathway import Question, Texts

Value = str | tuple[str, ...] | float | int

CELSIUS = (30.0, 45.0)
FAHRENHEIT = (86.0, 113.0)
"""What a thermometer can show of a living person, in each unit."""

_NUMBERS = {
    word: number
    for words in (
        "zero one two three four five six seven eight nine ten",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez",
    )
    for number, word in enumerate(words.split())
}
_SCORE = re.compile(r"(\d{1,3})(?:[.,]0)?(?:\s*(?:/|out of|of|de|sobre)\s*(\d{1,3}))?")
_MEASURED = re.compile(
    r"(\d{1,3}(?:[.,]\d{1,2})?)\s*°?\s*(c|f|celsius|fahrenheit|centigrade|centigrados|grados|degrees)?"
)
_SEPARATORS = re.compile(r"[,;/&+\n]|\band\b|\by\b|\be\b")
_DEGREE_SIGNS = str.maketrans({"º": "°", "˚": "°"})
_APOSTROPHES = re.compile(r"['’‘`´]")
_PUNCTUATION = re.compile(r"[.,;:!¡()/&+\"“”«»\-–—]")
_READABLE = re.compile(r"[a-z0-9 ]*")


class Choosable(Protocol):
    """An option of a question or of the re-screen."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> Texts: ...
    @property
    def synonyms(self) -> dict[str, tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. Choice: an option id; multi: option ids; scale and number: the number (°C) or a special answer's id;
    text: the words."""

    value: Value


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not understood: `hint` is the key of the text that says how to answer."""

    hint: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A recorded value that is no option and no possible number. `kept`: the options that could be read in it."""

    value: object
    kept: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Small letters, digits and single spaces; empty when anything else stands in the text, such as ? or an emoji."""
    letters = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = " ".join(_PUNCTUATION.sub(" ", bare).split())
    return words if _READABLE.fullmatch(words) else ""


def spellings(option: Choosable, language: str) -> Iterator[str]:
    """The ways to type an option in one language: its text and its synonyms."""
    if language in option.text.root:
        yield option.text.root[language]
    yield from option.synonyms.get(language, ())


def parse(question: Question, raw: str, language: str) -> Answer | Rejected:
    """What the patient typed as an answer, or the hint to give."""
    match question.type:
        case "choice":
            chosen = _one(question.options, raw, language)
            return Rejected("hint_choice") if chosen is None else Answer(chosen)
        case "multi":
            return parse_choices(question.options, question.exclusive, raw, language)
        case "scale":
            score = _score(question, raw)
            return Rejected("hint_scale") if score is None else Answer(score)
        case "number":
            return _number(question, raw, language)
        case "text":
            return Answer(raw.strip()) if raw.strip() else Rejected("hint_text")


def parse_choices(
    options: Sequence[Choosable], exclusive: tuple[str, ...], raw: str, language: str
) -> Answer | Rejected:
    """A typed list of options, or one of them. Used for the re-screen too."""
    alone = _one(options, raw, language)
    if alone is not None:
        return Answer((alone,))
    spaced = plain(raw)
    pieces = spaced.split() if re.fullmatch(r"\d+( \d+)+", spaced) else _SEPARATORS.split(raw.casefold())
    chosen = [_one(options, piece, language) for piece in pieces if piece.strip()]
    found = tuple(dict.fromkeys(name for name in chosen if name is not None))
    if not found or None in chosen or (len(found) > 1 and any(name in exclusive for name in found)):
        return Rejected("hint_multi")
    return Answer(_in_order(options, found))


def _one(options: Sequence[Choosable], raw: str, language: str) -> str | None:
    """The only option that `raw` can mean; the patient's own language comes first."""
    typed = plain(raw)
    if not typed:
        return None
    if re.fullmatch(r"[1-9]\d?", typed):
        return options[int(typed) - 1].id if int(typed) <= len(options) else None
    languages = dict.fromkeys(name for option in options for name in (*option.text.root, *option.synonyms))
    for spoken in dict.fromkeys((language, *languages)):
        found = {option.id for option in options if typed in map(plain, spellings(option, spoken))}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _in_order(options: Sequence[Choosable], chosen: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(option.id for option in options if option.id in chosen)


def _score(question: Question, raw: str) -> int | None:
    text = raw.strip().casefold().rstrip(".!")
    number = _NUMBERS.get(plain(text))
    if number is None and (match := _SCORE.fullmatch(text)) and text.isascii():
        if match[2] is not None and float(match[2]) != question.max:
            return None
        number = int(match[1])
    return number if number is not None and _possible(question, number) else None


def _possible(question: Question, number: float) -> bool:
    return (question.min is None or number >= question.min) and (question.max is None or number <= question.max)


def _number(question: Question, raw: str, language: str) -> Answer | Rejected:
    text = unicodedata.normalize("NFKC", raw.translate(_DEGREE_SIGNS)).strip().casefold()
    if match := _MEASURED.fullmatch(text):
        number = float(match[1].replace(",", "."))
        unit = (match[2] or "")[:1] if match[2] not in {"grados", "degrees", "centigrade", "centigrados"} else ""
        value = _measured(question, number, unit)
        if value is not None:
            return Answer(value)
    elif (special := _one(question.special, raw, language)) is not None:
        return Answer(special)
    return Rejected("hint_number")


def _measured(question: Question, number: float, unit: str = "") -> float | None:
    """The number in the question's unit, or None when it is not possible; Fahrenheit becomes °C to one decimal."""
    if question.unit != "celsius":
        return number if not unit and _possible(question, number) else None
    if CELSIUS[0] <= number <= CELSIUS[1] and unit != "f":
        celsius = number
    elif FAHRENHEIT[0] <= number <= FAHRENHEIT[1] and unit != "c":
        celsius = round((number - 32) * 5 / 9, 1)
    else:
        return None
    return celsius if _possible(question, celsius) else None


def validate(question: Question, value: object) -> Answer | Unreadable:
    """A structured value as an answer. Numbers written as text are read; true and false are never numbers."""
    match question.type:
        case "choice":
            return _choice(question, value)
        case "multi":
            return choices(question.options, question.exclusive, value)
        case "scale":
            return _scale(question, value)
        case "number":
            return _measurement(question, value)
        case "text":
            return Answer(value) if isinstance(value, str) and value.strip() else Unreadable(value)


def _choice(question: Question, value: object) -> Answer | Unreadable:
    if isinstance(value, str) and value in question.option_ids:
        return Answer(value)
    # A list answers no single choice, but what can be read in it must not be lost.
    listed = value if isinstance(value, list | tuple) else ()
    return Unreadable(value, tuple(option.id for option in question.options if option.id in listed))


def choices(options: Sequence[Choosable], exclusive: tuple[str, ...], value: object) -> Answer | Unreadable:
    """A structured multiple choice. "None of these" beside a symptom does not count, the symptom does."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        return Unreadable(value)
    ids = [option.id for option in options]
    kept = tuple(name for name in ids if name in listed)
    others = tuple(name for name in kept if name not in exclusive)
    if not listed or any(not isinstance(item, str) or item not in ids for item in listed):
        return Unreadable(value, others)
    return Answer(others or kept)


def _scale(question: Question, value: object) -> Answer | Unreadable:
    if isinstance(value, str):
        score = _score(question, value)
        return Unreadable(value) if score is None else Answer(score)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Unreadable(value)
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return Unreadable(value)
    return Answer(int(value)) if _possible(question, value) else Unreadable(value)


def _measurement(question: Question, value: object) -> Answer | Unreadable:
    if isinstance(value, str):
        if value in {option.id for option in question.special}:
            return Answer(value)
        found = _number(question, value, "en")
        return found if isinstance(found, Answer) else Unreadable(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Unreadable(value)
    try:
        number = _measured(question, float(value))
    except OverflowError:
        return Unreadable(value)
    return Unreadable(value) if number is None else Answer(number)
