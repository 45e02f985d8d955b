"""Reading a typed message: words in one spelling, clauses and sentences, and phrases found in them.

A phrase is plain words. `word*` takes any ending, `a|b` either word, `..` up to three words in between.
Small words such as "really" or "my" (the `skip` words) may stand between the words of a phrase.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import OSA

_TOKEN = re.compile(r"\d+(?:[.,/]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[.!?\n…]+|[,;:()—–]|(?<=\s)-+(?=\s)|🆘")
_SENTENCE_ENDS = ".!?\n…"
_CLAUSE_ENDS = ",;:()—–-"
_REPEAT = re.compile(r"([^\W\d_])\1{2,}")
_GAP = ".."
_GAP_WORDS = 3
_SKIPPED = 3
_FUZZY_LETTERS = 6  # shorter words have too many true neighbours


@dataclass(frozen=True, slots=True)
class Span:
    """Words `start` up to, not including, `end` of a message."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as words, each with the number of its sentence, clause and turn.

    A turn begins with a word such as "but", and is a clause too; other clauses begin after a comma or the like.
    `asked` holds the sentences that end in a question mark.
    """

    words: tuple[str, ...]
    sentence: tuple[int, ...]
    clause: tuple[int, ...]
    turn: tuple[int, ...]
    asked: frozenset[int]

    def text(self, span: Span) -> str:
        """The words of `span`."""
        return " ".join(self.words[span.start : span.end])


def plain(text: str) -> str:
    """Lower case without accents, one kind of apostrophe; ñ becomes n."""
    folded = unicodedata.normalize("NFKD", _one_apostrophe(text.casefold()))
    return "".join(mark for mark in folded if not unicodedata.combining(mark))


def _one_apostrophe(text: str) -> str:
    return text.replace("’", "'").replace("`", "'").replace("´", "'")


class Spelling:
    """Brings words to the one spelling the phrases use."""

    def __init__(self, words: Mapping[str, str], equivalents: Mapping[str, str]) -> None:
        """`words` maps one written word to another; `equivalents` maps runs of words, longest first."""
        self._accented = {unicodedata.normalize("NFC", word.casefold()): right for word, right in words.items()}
        pairs = ((tuple(plain(run).split()), tuple(plain(right).split())) for run, right in equivalents.items())
        self._runs: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        for run, right in sorted(pairs, key=lambda pair: -len(pair[0])):
            self._runs.setdefault(run[0], []).append((run, right))

    def read(self, text: str, turns: Iterable[tuple[str, ...]]) -> Message:
        """Words, sentences, clauses and turns of `text`; `turns` are runs of words that begin a turn."""
        words: list[str] = []
        places: list[tuple[int, int]] = []
        asked: set[int] = set()
        sentence = clause = 0
        for part in _TOKEN.findall(_one_apostrophe(unicodedata.normalize("NFC", text.casefold()))):
            if part[0] in _SENTENCE_ENDS:
                asked.update({sentence} if "?" in part else ())
                sentence, clause = sentence + 1, clause + 1
            elif part[0] in _CLAUSE_ENDS:
                clause += bool(places and places[-1][1] == clause)
            else:
                for word in self._word(part):
                    words.append(word)
                    places.append((sentence, clause))
        self._join(words, places)
        starts = _turns(words, turns)
        turn = list(itertools.accumulate(int(at in starts) for at in range(len(words))))
        return Message(
            words=tuple(words),
            sentence=tuple(place[0] for place in places),
            clause=tuple(place[1] + begun for place, begun in zip(places, turn, strict=True)),
            turn=tuple(turn),
            asked=frozenset(asked),
        )

    def _word(self, part: str) -> list[str]:
        if part[0].isdigit():
            return [part.replace(",", ".")]
        short = _REPEAT.sub(r"\1\1", part)
        right = self._accented.get(short)
        if right is None:
            bare = plain(short)
            right = self._accented.get(bare, bare)
        return right.split()

    def _join(self, words: list[str], places: list[tuple[int, int]]) -> None:
        """Puts the right words in place of each run of `equivalents` inside one clause, in place."""
        at = 0
        while at < len(words):
            for run, right in self._runs.get(words[at], ()):
                end = at + len(run)
                if tuple(words[at:end]) == run and places[at] == places[end - 1]:
                    words[at:end] = right
                    places[at:end] = [places[at]] * len(right)
                    break
            at += 1


def _turns(words: list[str], turns: Iterable[tuple[str, ...]]) -> frozenset[int]:
    runs: dict[str, list[tuple[str, ...]]] = {}
    for run in turns:
        runs.setdefault(run[0], []).append(run)
    return frozenset(
        at
        for at, word in enumerate(words)
        if any(tuple(words[at : at + len(run)]) == run for run in runs.get(word, ()))
    )


class PhraseBook:
    """Finds named phrases in messages, in time linear in the message."""

    def __init__(self, lexicons: Mapping[str, Iterable[str]], *, skip: Iterable[str], not_typos: Iterable[str]) -> None:
        self._skip = frozenset(skip)
        self._first: dict[str, list[tuple[str, tuple[frozenset[str], ...]]]] = {}
        self._literals: set[str] = set()
        self._stems: set[str] = set()
        for name, phrases in lexicons.items():
            for phrase in phrases:
                atoms = tuple(self._atom(word) for word in plain(phrase).split())
                for key in atoms[0]:
                    self._first.setdefault(key, []).append((name, atoms))
        self._longest_stem = max((len(stem) for stem in self._stems), default=0)
        self._known = frozenset(plain(word) for word in not_typos)
        self._by_letter: dict[str, list[str]] = {}
        for word in sorted(self._literals | self._stems):
            if len(word) >= _FUZZY_LETTERS:
                self._by_letter.setdefault(word[0], []).append(word)
        self._keys: dict[str, frozenset[str]] = {}

    def _atom(self, word: str) -> frozenset[str]:
        keys = set()
        for choice in word.split("|"):
            if choice.endswith("*"):
                self._stems.add(choice[:-1])
            elif choice != _GAP:
                self._literals.add(choice)
            keys.add(choice)
        return frozenset(keys)

    def find(self, message: Message) -> dict[str, list[Span]]:
        """Where each lexicon's phrases stand in `message`, by lexicon name; no phrase crosses a clause."""
        keys = [self._keys_of(word) for word in message.words]
        found: dict[str, set[tuple[int, int]]] = {}
        for start, here in enumerate(keys):
            for key in here:
                for name, atoms in self._first.get(key, ()):
                    end = self._match(message, keys, atoms, 1, start + 1)
                    if end is not None:
                        found.setdefault(name, set()).add((start, end))
        return {name: [Span(*pair) for pair in sorted(pairs)] for name, pairs in found.items()}

    def _match(
        self,
        message: Message,
        keys: list[frozenset[str]],
        atoms: tuple[frozenset[str], ...],
        atom: int,
        at: int,
    ) -> int | None:
        """Where the phrase ends when its atoms from `atom` on are found from word `at` on."""
        if atom == len(atoms):
            return at
        gap = _GAP in atoms[atom]
        if gap:
            atom += 1
        for skipped in range((_GAP_WORDS if gap else _SKIPPED) + 1):
            here = at + skipped
            if here >= len(keys) or message.clause[here] != message.clause[at - 1]:
                return None
            if atoms[atom] & keys[here]:
                end = self._match(message, keys, atoms, atom + 1, here + 1)
                if end is not None:
                    return end
            if not gap and message.words[here] not in self._skip:
                return None
        return None

    def _keys_of(self, word: str) -> frozenset[str]:
        """Every phrase word that `word` may stand for: itself, its stems, or a word one slip away."""
        if word not in self._keys:
            if len(self._keys) > 50_000:  # a bound on memory, not on meaning
                self._keys.clear()
            self._keys[word] = frozenset(self._readings(word))
        return self._keys[word]

    def _readings(self, word: str) -> set[str]:
        keys: set[str] = set()
        spellings = {word, re.sub(r"([^\W\d_])\1", r"\1", word)}
        if word.endswith("'s"):  # "my leg's gone numb", "Dave's wife"
            spellings |= {word[:-2], "'s"}
        for spelling in spellings:
            if spelling in self._literals:
                keys.add(spelling)
            keys.update(
                f"{spelling[:length]}*"
                for length in range(1, min(len(spelling), self._longest_stem) + 1)
                if spelling[:length] in self._stems
            )
        if keys or len(word) < _FUZZY_LETTERS or word in self._known or not word.isalpha():
            return keys
        for near in self._by_letter.get(word[0], ()):
            if near in self._literals and _one_slip(near, word):
                keys.add(near)
            if near in self._stems and any(_one_slip(near, word[: len(near) + more]) for more in (-1, 0, 1)):
                keys.add(f"{near}*")
        return keys


def _one_slip(known: str, written: str) -> bool:
    """Whether one letter added, left out, changed, or swapped with its neighbour makes them the same."""
    return OSA.distance(known, written, score_cutoff=1) <= 1


def words(text: str) -> tuple[str, ...]:
    """The bare words of `text`, without punctuation or accents."""
    return tuple(re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain(text)))
