"""The example messages that train and measure the classifier: one message a line, one file a label and language.

A label is a free-text category, or begins with `calm_`: a message that must not flag, and why. Three sets by authors
who did not see each other's: `train` teaches, `dev` sets the thresholds, `test` only measures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CALM = "calm_"
SETS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Sentence:
    """One message. `label`: what it is; `language`: a code such as "en"."""

    label: str
    language: str
    text: str

    @property
    def calm(self) -> bool:
        """Whether it must not flag."""
        return self.label.startswith(CALM)


def read(files: Mapping[tuple[str, str], str]) -> tuple[Sentence, ...]:
    """The messages in files by language and label. Empty lines and lines that begin with # are passed over."""
    return tuple(
        Sentence(label=label, language=language, text=line.strip())
        for (language, label), content in sorted(files.items())
        for line in content.splitlines()
        if line.strip() and not line.startswith("#")
    )


def faults(sentences: Iterable[Sentence], categories: Iterable[str], elsewhere: Iterable[Sentence] = ()) -> list[str]:
    """What is wrong with a set: labels that are no category, messages twice, messages that stand in another set."""
    known = set(categories)
    counts = Counter(_bare(sentence.text) for sentence in sentences)
    others = {_bare(sentence.text) for sentence in elsewhere}
    labels = {sentence.label for sentence in sentences if not sentence.calm and sentence.label not in known}
    return [
        *(f"{label} is no category of the pathway: rename the file." for label in sorted(labels)),
        *(f'"{text}" stands here {count} times: keep one.' for text, count in sorted(counts.items()) if count > 1),
        *(f'"{text}" stands in another set too: take it out of one.' for text in sorted(counts.keys() & others)),
    ]


def _bare(text: str) -> str:
    return " ".join(text.casefold().split())
