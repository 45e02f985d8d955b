"""What the classifier sees of a message: its words, their parts and their neighbours, as named features."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(r"\d+(?:[.,/]\d+)*|[^\W\d_]+|[.!?…\n]+|[^\w\s]")
_REPEAT = re.compile(r"([^\W\d_])\1{2,}")
_MARKS = re.compile(r"[’‘`´'\-]")
_LETTERS = (3, 4, 5)
_SKIPS = (2, 3, 4)
_FEVER = ((37.5, 42.0), (99.5, 107.6))
_STOP = "|"
# What turns the words after it round, up to the end of the clause or a word that turns them back.
_NEGATIONS = {
    *(
        "no",
        "not",
        "never",
        "none",
        "without",
        "nothing",
        "nor",
        "neither",
        "hardly",
        "cant",
        "cannot",
        "didnt",
        "dont",
    ),
    *("doesnt", "isnt", "wasnt", "arent", "havent", "hasnt", "hadnt", "wont", "couldnt"),
    *("ni", "sin", "nunca", "nada", "tampoco", "ningun", "ninguna", "ninguno"),
}
_TURNS = {"but", "though", "although", "however", "except", "only", "pero", "aunque", "sino", "salvo", "excepto"}
_WEIGHTS = {"word": 4, "pair": 3, "three": 2, "gap": 2, "not": 3, "asked": 2, "letters": 1, "sign": 1}


class Feature(NamedTuple):
    """One thing seen. `value`: how much it counts; `words`: the places of the words it is made of."""

    name: str
    value: int
    words: tuple[int, ...]


def plain_words(text: str) -> list[str]:
    """The words of `text` in small letters without accents and apostrophes, with "|" where a clause ends."""
    folded = unicodedata.normalize("NFKD", _MARKS.sub("", text.casefold()))
    bare = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return [part if part[0].isalnum() else f"{_STOP}{part[0]}" for part in _TOKEN.findall(_REPEAT.sub(r"\1\1", bare))]


def features(words: list[str]) -> Iterator[Feature]:
    """The features of a message split by `plain_words`; a name may come more than once."""
    shown = [_number(word) for word in words]
    spoken = [place for place, word in enumerate(words) if not word.startswith(_STOP)]
    asked = any(word == f"{_STOP}?" for word in words)
    for place, word in enumerate(words):
        if word.startswith(_STOP):
            yield Feature(f"sign {word}", _WEIGHTS["sign"], ())
        else:
            yield from _word(word, shown[place], place, asked=asked)
    yield from _neighbours(shown)
    for distance in _SKIPS:
        for one, other in zip(spoken, spoken[distance:], strict=False):
            yield Feature(f"gap {shown[one]} {shown[other]}", _WEIGHTS["gap"], (one, other))
    for place in _denied(words):
        yield Feature(f"not {shown[place]}", _WEIGHTS["not"], (place,))


def _word(word: str, shown: str, place: int, *, asked: bool) -> Iterator[Feature]:
    yield Feature(f"word {word}", _WEIGHTS["word"], (place,))
    if shown != word:
        yield Feature(f"word {shown}", _WEIGHTS["word"], (place,))
    if asked:
        yield Feature(f"asked {shown}", _WEIGHTS["asked"], (place,))
    padded = f"_{shown}_"
    for length in _LETTERS:
        for start in range(len(padded) - length + 1):
            yield Feature(f"letters {padded[start : start + length]}", _WEIGHTS["letters"], (place,))


def _neighbours(shown: list[str]) -> Iterator[Feature]:
    ends = ["<", *(_STOP if word.startswith(_STOP) else word for word in shown), ">"]
    for place in range(len(ends) - 1):
        near = tuple(at for at in (place - 1, place) if 0 <= at < len(shown))
        yield Feature(f"pair {ends[place]} {ends[place + 1]}", _WEIGHTS["pair"], near)
    for place in range(len(ends) - 2):
        near = tuple(at for at in (place - 1, place, place + 1) if 0 <= at < len(shown))
        yield Feature(f"three {' '.join(ends[place : place + 3])}", _WEIGHTS["three"], near)


def _denied(words: list[str]) -> Iterator[int]:
    """The places of words after a negation in their clause."""
    denied = False
    for place, word in enumerate(words):
        if word.startswith(_STOP) or word in _TURNS:
            denied = False
        else:
            if denied:
                yield place
            denied = denied or word in _NEGATIONS


def _number(word: str) -> str:
    """A number as what it may mean (a fever, a high score, a low one), any other word as it is."""
    if not word[0].isdigit():
        return word
    try:
        value = float(word.split("/")[0].replace(",", "."))
    except ValueError:
        return "#"
    if any(low <= value <= high for low, high in _FEVER):
        return "#fever"
    return "#large" if value > 10 else "#high" if value >= 7 else "#low"
