"""The red-flag net for anything a patient types: word lists and a trained classifier, no language model.

It makes some messages faster and is not the safety net by itself: people find words that no list and no training
holds (README, "How safe is it?"). Every typed message is still re-screened and read by a person. Typed words never
lower the level of an answer.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schedules import classifier, levels, lexicon, nets, phrases

# Words such as "really" may part a "not" from the second half of a symptom: "the scar is not really oozing".
_NOT_AND_SYMPTOM = 2
_REMEMBERED = 4_096  # letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What the net found. `level` is routine when nothing matched.

    `categories` are in the pathway's order, `matched` are the words that matched, in the net's spelling.
    `hypothetical`: the message asks about something that would be a flag if it were happening; `asked_about`
    names those categories. They do not count in `level`: the patient gets the warning signs and is asked.
    """

    level: levels.Level
    categories: tuple[str, ...]
    matched: tuple[str, ...]
    hypothetical: bool
    asked_about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Match:
    category: lexicon.FreeTextCategory
    spans: tuple[phrases.Span, ...]  # in the order of the text

    @property
    def first(self) -> phrases.Span:
        return self.spans[0]


def screen(freetext: lexicon.FreeText, text: str, language: str | None = None) -> Screening:
    """Looks for red flags in `text`: in the word lists and with the classifier, and takes the higher level.

    The lists of every language are run whatever `language` says: patients mix languages, and a wrong setting
    must not hide a flag. It is taken so that callers can pass what they know. Words of a list in a message that the
    classifier is sure is no report (about somebody else, the past, a question) are asked about, not reported.
    """
    del language
    net = nets.of(freetext)
    return _recent(net, text) if len(text) <= _REMEMBERED else _screen(net, text)


@functools.lru_cache(maxsize=512)  # triage judges a check-in after every answer, and its typed words each time
def _recent(net: nets.Net, text: str) -> Screening:
    return _screen(net, text)


def _screen(net: nets.Net, text: str) -> Screening:
    freetext = net.freetext
    reading = _Reading(freetext, net, net.read(text))
    reported, asked = reading.sort_out()
    judged = classifier.judge(freetext.classifier, text, freetext.levels) if freetext.classifier else None
    if freetext.classifier and judged and judged.whole:
        score, calm_below = judged.scores[levels.Level.REVIEW], freetext.classifier.calm_below
        no_report = [match for match in reported if score < calm_below.get(match.category.level, score)]
        reported, asked = [match for match in reported if match not in no_report], [*no_report, *asked]
    found = {match.category.id for match in reported} | set(judged.categories if judged else ())
    matched = [" … ".join(map(reading.message.text, match.spans)) for match in reported]
    if judged and not matched:
        matched = [" … ".join(judged.words)] if judged.words else []
    return Screening(
        level=max((freetext.levels[category] for category in found), default=levels.Level.ROUTINE),
        categories=tuple(category.id for category in freetext.categories if category.id in found),
        matched=tuple(dict.fromkeys(matched)),
        hypothetical=bool(asked),
        asked_about=_names(freetext, asked),
    )


def command_of(freetext: lexicon.FreeText, text: str) -> str | None:
    """The command (`stop`, `help`, `emergency`) that the whole message is, in any of the languages, or None."""
    said = phrases.words(text)
    for language in freetext.languages.values():
        for command, written in language.commands.items():
            if said and said in map(phrases.words, written):
                return command
    return None


def is_stop_word(freetext: lexicon.FreeText, text: str) -> bool:
    """Whether the whole message asks to stop."""
    return command_of(freetext, text) == "stop"


def is_help_word(freetext: lexicon.FreeText, text: str) -> bool:
    """Whether the whole message asks for help with the bot."""
    return command_of(freetext, text) == "help"


def is_greeting(freetext: lexicon.FreeText, text: str) -> bool:
    """Whether the message is nothing but a greeting or thanks of three words or fewer (protocol, section 8)."""
    known = {phrases.plain(word) for each in freetext.languages.values() for word in each.greetings}
    words = phrases.words(text)
    return 0 < len(words) <= 3 and (" ".join(words) in known or all(word in known for word in words))


def _names(freetext: lexicon.FreeText, matches: Sequence[_Match]) -> tuple[str, ...]:
    found = {match.category.id for match in matches}
    return tuple(category.id for category in freetext.categories if category.id in found)


class _Reading:
    """One message, what was found in it, and what the rest of it says about that."""

    def __init__(self, freetext: lexicon.FreeText, net: nets.Net, message: phrases.Message) -> None:
        self.message = message
        self._freetext = freetext
        self._near = net.near
        self._found = net.book.find(message)
        idioms = self._found.get("idioms", [])
        for name, spans in self._found.items():
            if ":" in name:
                self._found[name] = [span for span in spans if not any(_overlap(span, idiom) for idiom in idioms)]
        self._resolved = self._less("resolved", "not_resolved")

    def sort_out(self) -> tuple[list[_Match], list[_Match]]:
        """The matches that are reported, and those that are only asked about."""
        candidates = [match for category in self._freetext.categories for match in self._matches(category)]
        symptoms = [span for match in candidates for span in match.spans]
        self._negations = [
            span
            for span in self._less("negation_before", "pseudo_negation")
            if not any(symptom.start <= span.start and span.end <= symptom.end for symptom in symptoms)
        ]
        # "Can't see this ever getting better" is low mood, not improvement.
        self._improving = [
            span for span in self._found.get("improving", ()) if not any(_overlap(span, other) for other in symptoms)
        ]
        standing = [match for match in candidates if not self._cancelled(match)]
        whole = {match.category.id for match in standing if match.category.span == "clause"}
        whole |= self._complete(standing)
        standing = [match for match in standing if match.category.id in whole]
        asked = [match for match in standing if self._hypothetical(match)]
        return [match for match in standing if match not in asked], asked

    def _matches(self, category: lexicon.FreeTextCategory) -> Iterator[_Match]:
        for run in self._near[category.id]:
            if category.span == "message":
                for span in itertools.chain.from_iterable(self._found.get(name, ()) for name in run):
                    yield _Match(category, (span,))
            elif all(name in self._found for name in run):
                for chain in self._chains(run, ()):
                    yield _Match(category, tuple(sorted(chain, key=lambda span: span.start)))

    def _complete(self, standing: Sequence[_Match]) -> set[str]:
        """The categories read over the whole message that have a standing match from each list of a run."""
        complete = set()
        for category in self._freetext.categories:
            spans = {match.first for match in standing if match.category is category}
            for run in self._near[category.id]:
                if all(spans & set(self._found.get(name, ())) for name in run):
                    complete.add(category.id)
        return complete

    def _chains(self, run: Sequence[str], so_far: tuple[phrases.Span, ...]) -> Iterator[tuple[phrases.Span, ...]]:
        if len(so_far) == len(run):
            yield so_far
            return
        for span in self._found[run[len(so_far)]]:
            if not so_far or self._together(so_far[-1], span):
                yield from self._chains(run, (*so_far, span))

    def _together(self, one: phrases.Span, other: phrases.Span) -> bool:
        """Whether two phrases are near each other and in one clause, or in two that a comma only parts."""
        left, right = sorted((one, other), key=lambda span: (span.start, span.end))
        if left.start < right.start and right.end < left.end:
            return True  # within a gap of the other: "lost all BLADDER control"
        if not 0 <= right.start - left.end <= self._freetext.near_within:
            return False
        at, to = left.start, right.start
        if self.message.clause[at] == self.message.clause[to]:
            return True
        return (
            self.message.sentence[at] == self.message.sentence[to]
            and self.message.turn[at] == self.message.turn[to]
            and self.message.clause[to] - self.message.clause[at] == 1
            and not any(
                self.message.clause[at] <= self.message.clause[span.start] <= self.message.clause[to]
                for name in ("calm", "negation_before")
                for span in self._found.get(name, ())
                if not (_overlap(span, left) or _overlap(span, right))
            )
        )

    def _cancelled(self, match: _Match) -> bool:
        return (
            self._negated(match)
            or any(self._same_clause(span, over) for span in match.spans for over in self._resolved)
            or self._someone_else(match)
            or (
                match.category.level <= levels.Level.REVIEW
                and any(self._same_sentence(match.first, span) for span in self._improving)
            )
        )

    def _negated(self, match: _Match) -> bool:
        for count, span in enumerate(match.spans):
            reach = _NOT_AND_SYMPTOM if count else self._freetext.negation_within
            for negation in self._negations:
                if (
                    0 <= span.start - negation.end <= reach
                    and self._same_clause(negation, span)
                    and not self._between("negation_ends", negation.end, span.start)
                ):
                    return True
        return any(
            after.start >= match.spans[-1].end and self._same_sentence(after, match.first)
            for after in self._found.get("negation_after", ())
        )

    def _someone_else(self, match: _Match) -> bool:
        if self._found.get("carer_is_patient"):
            return False
        last = match.spans[-1].end
        if any(self._about(who, match, last) for who in self._found.get("other_subject_never", ())):
            return True
        over = match.category.level < levels.Level.EMERGENCY or any(
            self._same_sentence(match.first, span) for span in self._found.get("past", ())
        )
        return over and any(self._about(who, match, last) for who in self._found.get("other_subject", ()))

    def _about(self, who: phrases.Span, match: _Match, last: int) -> bool:
        return (
            who.end <= match.first.start
            and self._same_sentence(who, match.first)
            and not self._between("first_person", who.end, last)
        )

    def _hypothetical(self, match: _Match) -> bool:
        sentence = self.message.sentence[match.first.start]
        cues: Iterable[phrases.Span] = self._found.get("hypothetical", ())
        if sentence in self.message.asked:
            cues = [*cues, *self._found.get("hypothetical_if_asked", ())]
        if any(self.message.sentence[now.start] == sentence for now in self._found.get("happening", ())):
            return False
        return any(
            cue.start <= match.first.start
            and self.message.sentence[cue.start] == sentence
            and self.message.turn[cue.start] == self.message.turn[match.first.start]
            for cue in cues
        )

    def _less(self, name: str, exceptions: str) -> list[phrases.Span]:
        """The phrases of list `name` that are no part of a phrase of list `exceptions`."""
        inert = self._found.get(exceptions, ())
        return [span for span in self._found.get(name, ()) if not any(_overlap(span, other) for other in inert)]

    def _between(self, name: str, start: int, end: int) -> bool:
        return any(start <= span.start < end for span in self._found.get(name, ()))

    def _same_clause(self, one: phrases.Span, other: phrases.Span) -> bool:
        return self.message.clause[one.start] == self.message.clause[other.start]

    def _same_sentence(self, one: phrases.Span, other: phrases.Span) -> bool:
        return self.message.sentence[one.start] == self.message.sentence[other.start]


def _overlap(one: phrases.Span, other: phrases.Span) -> bool:
    return one.start < other.end and other.start < one.end
