"""What a typed message says is not there ("no pain at all"). It lowers nothing: it shows what the words contradict."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterator

from schedules import lexicon, nets, phrases

_BOOKS_KEPT = 8
_UNLESS = "unless:"

_books: OrderedDict[int, tuple[lexicon.FreeText, phrases.PhraseBook]] = OrderedDict()


def found(freetext: lexicon.FreeText, text: str) -> frozenset[str]:
    """The denials in `text`, in any language of the pathway."""
    spans = _book(freetext).find(nets.of(freetext).read(text))
    return frozenset(
        name
        for name, denied in spans.items()
        if not name.startswith(_UNLESS)
        and any(not _overlaps(span, spans.get(f"{_UNLESS}{name}", [])) for span in denied)
    )


def known(freetext: lexicon.FreeText) -> frozenset[str]:
    """The ids of the denials of any language."""
    return frozenset(name for language in freetext.languages.values() for name in language.denials)


def _book(freetext: lexicon.FreeText) -> phrases.PhraseBook:
    """The phrases of all languages, looked up under their denial. The few in use are kept, as those of the net are."""
    key = id(freetext)
    if key not in _books:
        languages = freetext.languages.values()
        lists: dict[str, list[str]] = {}
        for name, phrase in itertools.chain.from_iterable(map(_phrases, languages)):
            lists.setdefault(name, []).append(phrase)
        skip = [word for each in languages for word in each.skip]
        not_typos = [word for each in languages for word in each.not_typos]
        _books[key] = (freetext, phrases.PhraseBook(lists, skip=skip, not_typos=not_typos))
        while len(_books) > _BOOKS_KEPT:
            _books.popitem(last=False)
    return _books[key][1]


def _phrases(language: lexicon.FreeTextLanguage) -> Iterator[tuple[str, str]]:
    for name, denial in language.denials.items():
        yield from ((name, phrase) for phrase in denial.phrases)
        yield from ((f"{_UNLESS}{name}", phrase) for phrase in denial.unless)


def _overlaps(span: phrases.Span, others: list[phrases.Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)
