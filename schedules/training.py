"""Trains the classifier from sentences. Needs scikit-learn, which only the tests' environment has.

The same sentences give the same bytes: a fixed order, a single-threaded solver, whole-number weights.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from schedules import classifier, features
from schedules.classifier import LEVELS, Classifier
from schedules.levels import Level
from schedules.sentences import Sentence

BUCKETS = 1 << 16
_STRENGTH_LEVELS = 30.0  # inverse of the regularisation, set on the development sentences
_STRENGTH_LABELS = 10.0
_LARGEST = 127
_ABOVE = 0.0001
_BELOW = (0.25, 0.25, 1.5)  # by level: development messages are few, and plain words of an emergency must count


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """What the thresholds aim at, as shares of the development messages.

    `left_alone`: of those that must not flag, by lists and classifier together. `overcalled`: of those that must flag,
    at most so many are called urgent, or emergency, without being it. `reports_lost`: of those that must flag and in
    which the lists hear it, so many at most do not count; never an emergency.
    """

    left_alone: float = 0.9
    overcalled: float = 0.3
    reports_lost: float = 0.02


def train(sentences: Iterable[Sentence], levels: Mapping[str, Level], buckets: int = BUCKETS) -> Classifier:
    """A classifier of these sentences; `levels`: the level of each category. Its thresholds are still 0.

    `buckets`: more of them keep more features apart, and make a larger file.
    """
    ordered = sorted(set(sentences))
    table = _table([sentence.text for sentence in ordered], buckets)
    labels = np.array([sentence.label for sentence in ordered])
    ranks = np.array([levels.get(sentence.label, Level.ROUTINE).rank for sentence in ordered])
    names = sorted(set(labels.tolist()))
    heads = [_head(table, ranks >= level.rank, _STRENGTH_LEVELS, balanced=True) for level in LEVELS]
    heads += [_head(table, labels == name, _STRENGTH_LABELS, balanced=False) for name in names]
    weights = np.stack([weight for weight, _ in heads], axis=1)
    unit = float(np.abs(weights).max()) / _LARGEST
    # The vectors here are of length 1, those at run time whole numbers: the unit is the same.
    whole = np.rint(weights / unit).astype(np.int8)
    return Classifier(
        buckets=buckets,
        heads=(*(level.value for level in LEVELS), *names),
        bias=tuple(round(bias, 6) for _, bias in heads),
        unit=round(unit, 9),
        weights=base64.b64encode(zlib.compress(whole.tobytes(), 9)).decode(),
        thresholds=dict.fromkeys(LEVELS, 0.0),
        calm_below=dict.fromkeys(LEVELS, -1e9),
        trained_on=digest(ordered),
    )


def written(learned: Classifier) -> str:
    """The classifier as its file."""
    return json.dumps(learned.model_dump(mode="json"), indent=1) + "\n"


def digest(sentences: Iterable[Sentence]) -> str:
    """What a set of sentences is known by: SHA-256 of them, in hex."""
    lines = sorted(f"{one.language}\t{one.label}\t{one.text}\n" for one in sentences)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def tuned(
    trained: Classifier,
    sentences: Sequence[Sentence],
    levels: Mapping[str, Level],
    heard: Sequence[Level],
    goals: Goals,
) -> Classifier:
    """The classifier with thresholds set on `sentences` it was not trained on.

    `heard`: the level that the word lists find in each; it counts unless the classifier is sure that it is no report.
    """
    margins = [classifier.judge(trained, sentence.text, levels).scores for sentence in sentences]
    judged = [
        (margin[Level.REVIEW], words, one.calm) for margin, words, one in zip(margins, heard, sentences, strict=True)
    ]
    calm_below = {
        level: _at(sorted(score for score, words, calm in judged if words is level and not calm), lost) - below
        for level, lost, below in zip(LEVELS, (goals.reports_lost, goals.reports_lost, 0.0), _BELOW, strict=True)
    }
    thresholds = {Level.REVIEW: _review(judged, calm_below, goals)}
    for level in LEVELS[1:]:
        lower = [
            margin[level]
            for margin, one in zip(margins, sentences, strict=True)
            if Level.ROUTINE < levels.get(one.label, Level.ROUTINE) < level
        ]
        thresholds[level] = _at(sorted(lower), 1 - goals.overcalled)
    return trained.model_copy(
        update={
            "thresholds": {level: round(value, 4) for level, value in thresholds.items()},
            "calm_below": {level: round(value, 4) for level, value in calm_below.items()},
        }
    )


def _review(judged: Sequence[tuple[float, Level, bool]], calm_below: Mapping[Level, float], goals: Goals) -> float:
    """The threshold of "review" that leaves the wanted share of the calm messages alone, with what the lists flag."""
    calm = [(score, words in calm_below and score >= calm_below[words]) for score, words, calm in judged if calm]
    may_flag = max(int(len(calm) * (1 - goals.left_alone)) - sum(flagged for _, flagged in calm), 0)
    unheard = sorted((score for score, flagged in calm if not flagged), reverse=True)
    return unheard[min(may_flag, len(unheard) - 1)] + _ABOVE if unheard else 0.0


def _at(ordered: Sequence[float], share: float) -> float:
    """The value under which that share of them lies; without any, so low that it never matters."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else -1e9


def _table(texts: Sequence[str], buckets: int) -> csr_matrix:
    starts, columns, values = [0], [], []
    for text in texts:
        found = classifier.bucketed(features.plain_words(text), buckets)
        size = classifier.length(found)
        columns += list(found)
        values += [value / size for value in found.values()]
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(texts), buckets))


def _head(
    table: csr_matrix, wanted: NDArray[np.bool_], strength: float, *, balanced: bool
) -> tuple[NDArray[np.float64], float]:
    model = LogisticRegression(
        C=strength,
        solver="liblinear",  # one thread, no BLAS: the same numbers on every machine
        class_weight="balanced" if balanced else None,
        random_state=0,
    )
    model.fit(table, wanted)
    return model.coef_[0], float(model.intercept_[0])
