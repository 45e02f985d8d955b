"""The word lists of all languages joined into one net, built once for each published pathway."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterator

from schedules import lexicon, phrases

_NETS_KEPT = 8
_FILTERS = (
    "negation_before",
    "negation_ends",
    "negation_after",
    "pseudo_negation",
    "calm",
    "resolved",
    "not_resolved",
    "improving",
    "hypothetical",
    "hypothetical_if_asked",
    "happening",
    "idioms",
    "other_subject",
    "other_subject_never",
    "first_person",
    "past",
    "carer_is_patient",
)


class Net:
    """The word lists of all languages, ready to be looked for.

    `book` finds them under "language:LIST" and the scope words under the name of their field. `near` holds, by
    category, the runs of lists that make it together. `freetext` is what it was built from.
    """

    def __init__(self, freetext: lexicon.FreeText) -> None:
        self.freetext = freetext
        languages = freetext.languages.values()
        lists = {
            f"{name}:{key}": words
            for name, language in freetext.languages.items()
            for key, words in language.lexicon.items()
        }
        filters = {
            key: tuple(itertools.chain.from_iterable(getattr(each, key) for each in languages)) for key in _FILTERS
        }
        self.book = phrases.PhraseBook(
            lists | filters,
            skip=[word for each in languages for word in each.skip],
            not_typos=[word for each in languages for word in each.not_typos],
        )
        self._spelling = phrases.Spelling(
            {old: new for each in languages for old, new in (each.apostrophes | each.typos).items()},
            {old: new for each in languages for old, new in each.equivalents.items()},
        )
        self._turns = tuple(tuple(phrases.plain(words).split()) for each in languages for words in each.clause_breaks)
        self.near = {category.id: tuple(_near(freetext, category.id)) for category in freetext.categories}

    def read(self, text: str) -> phrases.Message:
        """`text` as words in the spelling of the lists."""
        return self._spelling.read(text, self._turns)


def _near(freetext: lexicon.FreeText, category: str) -> Iterator[tuple[str, ...]]:
    """The lists that make `category` together; a list that does so alone is a run of one."""
    for name, language in freetext.languages.items():
        patterns = language.patterns.get(category)
        if patterns is not None:
            yield from (tuple(f"{name}:{key}" for key in run) for run in patterns.near)
            yield from ((f"{name}:{key}",) for key in patterns.alone)


_nets: OrderedDict[int, tuple[lexicon.FreeText, Net]] = OrderedDict()


def of(freetext: lexicon.FreeText) -> Net:
    """The net of `freetext`. Building one takes far longer than a message, so the few in use are kept."""
    key = id(freetext)
    if key not in _nets:
        _nets[key] = (freetext, Net(freetext))
        while len(_nets) > _NETS_KEPT:
            _nets.popitem(last=False)
    return _nets[key][1]
