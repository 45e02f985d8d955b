"""Trains the classifier from sentences. Needs scikit-learn, which only the tests' environment has.

The same sentences give the same bytes: a fixed order, a single-threaded solver, whole-number weights.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence

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


def train(sentences: Iterable[Sentence], levels: Mapping[str, Level]) -> Classifier:
    """A classifier of these sentences; `levels`: the level of each category. Its thresholds are still 0."""
    ordered = sorted(set(sentences))
    table = _table([sentence.text for sentence in ordered])
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
        buckets=BUCKETS,
        heads=(*(level.value for level in LEVELS), *names),
        bias=tuple(round(bias, 6) for _, bias in heads),
        unit=round(unit, 9),
        weights=base64.b64encode(zlib.compress(whole.tobytes(), 9)).decode(),
        thresholds=dict.fromkeys(LEVELS, 0.0),
        calm_below=-1e9,
        trained_on=digest(ordered),
    )


def digest(sentences: Iterable[Sentence]) -> str:
    """What a set of sentences is known by: SHA-256 of them, in hex."""
    lines = sorted(f"{one.language}\t{one.label}\t{one.text}\n" for one in sentences)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def tuned(
    trained: Classifier,
    sentences: Sequence[Sentence],
    levels: Mapping[str, Level],
    *,
    left_alone: float,
    overcalled: float,
    reports_lost: float,
) -> Classifier:
    """The classifier with thresholds set on `sentences` it was not trained on.

    So many of the calm ones are left alone (`left_alone`, a share). Of the messages that must flag but not so high, at
    most the share `overcalled` is called urgent, and emergency. `calm_below` loses at most `reports_lost` of them.
    """
    margins = [classifier.margins(trained, sentence.text, levels) for sentence in sentences]
    ranks = [levels.get(sentence.label, Level.ROUTINE).rank for sentence in sentences]

    def scores(level: Level, wanted: Callable[[int], bool]) -> list[float]:
        return sorted(margin[level] for margin, rank in zip(margins, ranks, strict=True) if wanted(rank))

    thresholds = {Level.REVIEW: _at(scores(Level.REVIEW, lambda rank: rank == 0), left_alone)}
    for level in LEVELS[1:]:
        calm = _at(scores(level, lambda rank: rank == 0), left_alone)
        lower = _at(scores(level, lambda rank, level=level: 0 < rank < level.rank), 1 - overcalled)  # type: ignore[misc]
        thresholds[level] = max(calm, lower)
    reports = scores(Level.REVIEW, lambda rank: rank > 0)
    return trained.model_copy(
        update={
            "thresholds": {level: round(value, 4) for level, value in thresholds.items()},
            "calm_below": round(_at(reports, reports_lost), 4),
        }
    )


def _at(ordered: Sequence[float], share: float) -> float:
    """The value under which that share of them lies."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _table(texts: Sequence[str]) -> csr_matrix:
    starts, columns, values = [0], [], []
    for text in texts:
        found = classifier.bucketed(features.plain_words(text), BUCKETS)
        size = classifier.length(found)
        columns += list(found)
        values += [value / size for value in found.values()]
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(texts), BUCKETS))


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
