"""How well the free-text net does on labelled messages: shares with their 95 % intervals, by category and language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schedules import freetext
from schedules.levels import Level
from schedules.lexicon import FreeText
from schedules.sentences import Sentence

_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`hits` of `of`; `low` and `high`: Wilson's 95 % interval."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 of nothing is 0."""
        return self.hits / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return max(0.0, self._middle - self._reach)

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return min(1.0, self._middle + self._reach)

    @property
    def _middle(self) -> float:
        return (self.share + _Z * _Z / (2 * max(self.of, 1))) / (1 + _Z * _Z / max(self.of, 1))

    @property
    def _reach(self) -> float:
        number = max(self.of, 1)
        spread = self.share * (1 - self.share) / number + _Z * _Z / (4 * number * number)
        return _Z * math.sqrt(spread) / (1 + _Z * _Z / number)

    def __str__(self) -> str:
        return f"{self.hits:>4} of {self.of:<4} {self.share:>6.1%}  ({self.low:.0%}-{self.high:.0%})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was found. `flagged`: of the messages that must flag, those at any level; `in_time`: at their level or
    higher; `emergencies`: of those, at emergency; `left_alone`: of the others, those not flagged.

    `by_label`: for a category the share at its level or higher, for a calm label the share left alone.
    `wrong`: every message that was missed, too low, or flagged for nothing, with the level it got.
    """

    flagged: Share
    in_time: Share
    emergencies: Share
    left_alone: Share
    by_language: dict[str, tuple[Share, Share, Share]]
    by_label: dict[str, Share]
    wrong: tuple[tuple[Sentence, Level], ...]


Judged = tuple[Sentence, Level]


def measure(net: FreeText, sentences: Iterable[Sentence]) -> Measured:
    """Screen every message and count."""
    judged = [(one, freetext.screen(net, one.text, one.language).level) for one in sentences]
    reports = [each for each in judged if not each[0].calm]
    labels = sorted({one.label for one, _ in judged})
    return Measured(
        flagged=_flagged(reports),
        in_time=_right(net, reports),
        emergencies=_emergencies(net, reports),
        left_alone=_right(net, [each for each in judged if each[0].calm]),
        by_language={language: _of_language(net, judged, language) for language in sorted(_languages(judged))},
        by_label={label: _right(net, [each for each in judged if each[0].label == label]) for label in labels},
        wrong=tuple(each for each in judged if not _is_right(net, *each)),
    )


def _languages(judged: Sequence[Judged]) -> set[str]:
    return {one.language for one, _ in judged}


def _of_language(net: FreeText, judged: Sequence[Judged], language: str) -> tuple[Share, Share, Share]:
    spoken = [each for each in judged if each[0].language == language]
    reports = [each for each in spoken if not each[0].calm]
    return _flagged(reports), _emergencies(net, reports), _right(net, [each for each in spoken if each[0].calm])


def _flagged(reports: Sequence[Judged]) -> Share:
    return Share(hits=sum(level is not Level.ROUTINE for _, level in reports), of=len(reports))


def _emergencies(net: FreeText, reports: Sequence[Judged]) -> Share:
    return _right(net, [each for each in reports if net.levels[each[0].label] is Level.EMERGENCY])


def _right(net: FreeText, judged: Sequence[Judged]) -> Share:
    return Share(hits=sum(_is_right(net, *each) for each in judged), of=len(judged))


def _is_right(net: FreeText, one: Sentence, level: Level) -> bool:
    return level is Level.ROUTINE if one.calm else level >= net.levels[one.label]
