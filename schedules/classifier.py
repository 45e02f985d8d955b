"""The trained net for what a patient types: a linear classifier whose weights are data of the pathway.

Deterministic, no service, no network: hashed features times whole-number weights. It was trained in this repository
(`training.py`) from the reviewable sentences beside the pathway. It raises levels, and it says where listed words are
hardly a report; those are asked about (`freetext.screen`).
"""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from schedules import features
from schedules.levels import Content, Level
from schedules.sentences import CALM

LEVELS = (Level.REVIEW, Level.URGENT, Level.EMERGENCY)
_LONGEST = 8_000  # letters; Telegram's messages end at 4,096
_SENTENCE_ENDS = {"|.", "|!", "|?", "|\n", "|…"}
_LONGEST_SENTENCE = 40  # words; dictated messages have no full stops
_LONGEST_WHOLE = 80
_WORDS_SHOWN = 4


@dataclass(frozen=True, slots=True, eq=False)  # an array has no one truth, and would break the comparison of pathways
class Table:
    """Weights: one row a bucket, one column a head."""

    rows: NDArray[np.int8]


class Classifier(Content):
    """`heads`: what is scored, in the order of the columns of the weights: "review", "urgent" and "emergency" (that
    level or above), then every label of the training sentences. `weights`: base64 of zlib of signed bytes, row by
    bucket; `unit` is what one of them is worth. `thresholds`: the score from which a message has that level; none does
    below that of "review".
    `calm_below`: words of the lists of that level count for nothing in a message that scores lower for "review".
    """

    buckets: int
    heads: tuple[str, ...]
    bias: tuple[float, ...]
    unit: float
    weights: str
    thresholds: dict[Level, float]
    calm_below: dict[Level, float]
    trained_on: str

    @field_validator("weights")
    @classmethod
    def _can_be_read(cls, value: str) -> str:
        try:
            zlib.decompress(base64.b64decode(value, validate=True))
        except (binascii.Error, zlib.error) as error:
            raise ValueError("the weights are no base64 of zlib: train again") from error
        return value

    @cached_property
    def table(self) -> Table:
        """The weights, ready to be used. Raises ValueError when their number does not fit."""
        flat = np.frombuffer(zlib.decompress(base64.b64decode(self.weights)), dtype=np.int8)
        return Table(rows=flat.reshape(self.buckets, len(self.heads)))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels among the heads."""
        return self.heads[len(LEVELS) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the classifier makes of a message. `scores`: how much speaks for each level or above, log odds, at most.

    `categories`: those of the level first; `words`: those of the message that spoke most for it; `whole`: all was read.
    """

    level: Level
    scores: Mapping[Level, float]
    categories: tuple[str, ...]
    words: tuple[str, ...]
    whole: bool = True


def judge(classifier: Classifier, text: str, levels: Mapping[str, Level]) -> Judgement:
    """The level of a message; `levels`: that of each category. Its sentences are judged alone too.

    Beyond 8,000 letters nothing is read: Telegram's messages are at most half as long.
    """
    judged = [_judge(classifier, part, levels) for part in _parts(features.plain_words(text[:_LONGEST]))]
    worst = max(judged, key=lambda each: (each.level, each.scores[Level.REVIEW]))
    scores = {level: max(each.scores[level] for each in judged) for level in LEVELS}
    return replace(worst, scores=scores, whole=len(text) <= _LONGEST)


def bucketed(words: Sequence[str], buckets: int) -> dict[int, int]:
    """The features of a message as buckets and values; of two in one bucket the greater counts."""
    found: dict[int, int] = {}
    for name, value, _ in features.features(list(words)):
        bucket = zlib.crc32(name.encode()) % buckets
        if found.get(bucket, 0) < value:
            found[bucket] = value
    return found


def length(found: Mapping[int, int]) -> float:
    """The length of a message's vector: every message counts the same, long or short."""
    return math.sqrt(sum(value * value for value in found.values())) or 1.0


def _judge(classifier: Classifier, words: list[str], levels: Mapping[str, Level]) -> Judgement:
    found = bucketed(words, classifier.buckets)
    rows = classifier.table.rows[np.fromiter(found, dtype=np.int64, count=len(found))].astype(np.int64)
    values = np.fromiter(found.values(), dtype=np.int64, count=len(found))
    raw = [
        bias + float(total) * classifier.unit / length(found)
        for bias, total in zip(classifier.bias, values @ rows, strict=True)
    ]
    scores = combined(raw, classifier.labels, levels)
    passed = [level for level in LEVELS if scores[level] >= classifier.thresholds[level]]
    level = max(passed) if Level.REVIEW in passed else Level.ROUTINE
    if level is Level.ROUTINE:
        return Judgement(level=level, scores=scores, categories=(), words=())
    name = _name(dict(zip(classifier.labels, raw[len(LEVELS) :], strict=True)), level, levels)
    return Judgement(level=level, scores=scores, categories=(name,), words=_telling(classifier, words, level))


def _name(scores: Mapping[str, float], level: Level, levels: Mapping[str, Level]) -> str:
    """The likeliest category of the level; of a higher one where a pathway has none of it."""
    known = [label for label in scores if not label.startswith(CALM) and levels[label] >= level]
    of_the_level = [label for label in known if levels[label] is level]
    return max(of_the_level or known, key=lambda label: scores[label])


def combined(raw: Sequence[float], labels: Sequence[str], levels: Mapping[str, Level]) -> dict[Level, float]:
    """One score a level: what its own head says, and the log odds that the labels give to that level or above."""
    highest = max(raw[len(LEVELS) :])
    weighed = [math.exp(score - highest) for score in raw[len(LEVELS) :]]
    everything = sum(weighed)
    scores = {}
    for place, level in enumerate(LEVELS):
        above = sum(
            weight
            for label, weight in zip(labels, weighed, strict=True)
            if not label.startswith(CALM) and levels[label] >= level
        )
        share = min(max(above / everything, 1e-9), 1 - 1e-9)
        scores[level] = raw[place] + math.log(share / (1 - share))
    return scores


def _telling(classifier: Classifier, words: list[str], level: Level) -> tuple[str, ...]:
    """The words that spoke most for the level, in the order of the text."""
    head = LEVELS.index(level)
    spoke = [0.0] * len(words)
    for feature in features.features(words):
        weight = classifier.table.rows[zlib.crc32(feature.name.encode()) % classifier.buckets, head]
        for place in feature.words:
            spoke[place] += float(weight) * feature.value / len(feature.words)
    best = sorted(range(len(words)), key=lambda place: -spoke[place])[:_WORDS_SHOWN]
    return tuple(words[place] for place in sorted(best) if spoke[place] > 0)


def _parts(words: list[str]) -> list[list[str]]:
    """The message as a whole, and each of its sentences: calm words beside a report must not drown it."""
    sentences: list[list[str]] = [[]]
    for word in words:
        sentences[-1].append(word)
        if word in _SENTENCE_ENDS or len(sentences[-1]) >= _LONGEST_SENTENCE:
            sentences.append([])
    told = [sentence for sentence in sentences if any(not word.startswith("|") for word in sentence)]
    return [words[:_LONGEST_WHOLE], *told] if len(told) > 1 or len(words) > _LONGEST_WHOLE else [words]
