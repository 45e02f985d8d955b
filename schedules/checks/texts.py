"""Texts: there, short enough for Telegram, with placeholders that can be filled, the same in every language."""

from __future__ import annotations

import string
from collections.abc import Iterator

from schedules.documents import Path
from schedules.pathway import SITE_FIELDS, Pathway, Texts
from schedules.problems import Flaw

MESSAGE_LIMIT = 4096
CAPTION_LIMIT = 1024
BUTTON_LIMIT = 100
_ROOM_FOR_VALUES = 96
"""Characters kept free for what a placeholder is replaced with."""

SITE = frozenset(SITE_FIELDS)
CARD_FIELDS = SITE | {"days_text"}
TEXT_FIELDS = SITE | {"when", "from", "to", "position", "total"}
CLINICIAN_FIELDS = frozenset({"days", "checkin", "category", "previous", "best", "baseline", "list"})

REQUIRED_CARDS = (
    *("card_routine", "card_warning_signs", "card_not_monitored", "card_crisis", "card_emergency", "card_reminder"),
)
BUTTONS = (
    "something_changed",
    "start",
    "back",
    "pause",
    "resume",
    "done",
    "change_answer",
    "call_team",
    "not_me",
    "consent_agree",
    "consent_decline",
    "stop_yes",
    "stop_no",
)
REQUIRED_TEXTS = (
    *BUTTONS,
    *("welcome", "ask_birth_year", "birth_year_wrong", "birth_year_locked", "hint_birth_year", "link_invalid"),
    *("not_you", "consent_intro", "consent_declined", "enrolled", "progress", "opening_recheck", "opening_late"),
    *("reminder", "reminder_last", "closing_summary", "rest_of_questions", "crisis_pause", "late_answer"),
    *("checkin_closed", "stale_button", "answer_changed", "paused", "stopped", "stop_confirm", "restarted", "help"),
    *("emergency_words", "rescreen_reminder", "hypothetical", "after_gap", "hint_choice", "hint_multi", "hint_scale"),
    *("hint_number", "hint_text", "choose_one", "thanks_human_reads", "photo_received", "outside_programme"),
    *("not_a_patient", "urgent_cutoff", "status_next", "status_open", "status_none", "mydata", "language_changed"),
    *("choose_language", "days_default"),
)


def flaws(pathway: Pathway) -> Iterator[Flaw]:
    """Flaws of everything a person reads."""
    yield from _one(("title",), pathway.title, frozenset(), BUTTON_LIMIT)
    for key, text in pathway.cards.items():
        yield from _one(("cards", key), text, CARD_FIELDS, CAPTION_LIMIT)
    for key, text in pathway.selfcare.items():
        yield from _one(("selfcare", key), text, SITE, CAPTION_LIMIT)
    for key, text in pathway.texts.items():
        limit = BUTTON_LIMIT if key in BUTTONS else CAPTION_LIMIT
        yield from _one(("texts", key), text, TEXT_FIELDS, limit)
    yield from _one(("consent", "text"), pathway.consent.text, SITE, MESSAGE_LIMIT)
    yield from _asked(pathway)
    yield from _required(pathway)
    yield from _to_clinicians(pathway)


def _asked(pathway: Pathway) -> Iterator[Flaw]:
    for index, question in enumerate(pathway.questions):
        yield from _one(("questions", index, "text"), question.text, SITE, CAPTION_LIMIT)
        if question.again is not None:
            yield from _one(("questions", index, "again"), question.again, SITE, CAPTION_LIMIT)
        for kind, options in (("options", question.options), ("special", question.special)):
            for place, option in enumerate(options):
                path: Path = ("questions", index, kind, place, "text")
                yield from _one(path, option.text, frozenset(), BUTTON_LIMIT)
    yield from _one(("rescreen", "text"), pathway.rescreen.text, SITE, CAPTION_LIMIT)
    for index, answer in enumerate(pathway.rescreen.options):
        yield from _one(("rescreen", "options", index, "text"), answer.text, frozenset(), BUTTON_LIMIT)
    for index, checkin in enumerate(pathway.schedule.checkins):
        yield from _one(("schedule", "checkins", index, "title"), checkin.title, frozenset(), BUTTON_LIMIT)
    for index, procedure in enumerate(pathway.procedures):
        yield from _one(("procedures", index, "title"), procedure.title, frozenset(), BUTTON_LIMIT)


def _required(pathway: Pathway) -> Iterator[Flaw]:
    openings = [f"opening_{checkin.id}" for checkin in pathway.schedule.checkins]
    said = [f"days_{rule.within_days}" for rule in pathway.all_rules if _says_days(pathway, rule.tell_patient)]
    days = sorted({key for key in said if key != "days_None"})
    for section, keys, there in (
        ("cards", REQUIRED_CARDS, pathway.cards),
        ("texts", (*REQUIRED_TEXTS, *openings, *days), pathway.texts),
    ):
        for key in keys:
            if key not in there:
                yield Flaw(path=(section,), what=f"The text {key} is missing.", remedy=f"Add {key}: the bot says it.")


def _says_days(pathway: Pathway, card: str) -> bool:
    return card in pathway.cards and any("{days_text}" in text for text in pathway.cards[card].root.values())


def _to_clinicians(pathway: Pathway) -> Iterator[Flaw]:
    known = CLINICIAN_FIELDS | {question.id for question in pathway.questions}
    for index, rule in enumerate(pathway.rules):
        yield from _english(("rules", index, "tell_clinician"), rule.tell_clinician, known)
    for index, contradiction in enumerate(pathway.contradictions):
        yield from _english(("contradictions", index, "tell_clinician"), contradiction.tell_clinician, known)
    for index, event in enumerate(pathway.operational):
        yield from _english(("operational", index, "text"), event.text, frozenset())
    for index, answer in enumerate(pathway.rescreen.options):
        if answer.tell_clinician is not None:
            yield from _english(("rescreen", "options", index, "tell_clinician"), answer.tell_clinician, frozenset())


def _english(path: Path, text: str, allowed: frozenset[str]) -> Iterator[Flaw]:
    yield from _length(path, text, CAPTION_LIMIT)
    yield from _placeholders(path, text, allowed)


def _one(path: Path, texts: Texts, allowed: frozenset[str], limit: int) -> Iterator[Flaw]:
    english = _fields(texts.in_("en")) or set()
    for language, text in texts.root.items():
        place = (*path, language)
        yield from _length(place, text, limit)
        if limit == BUTTON_LIMIT and "\n" in text:
            yield Flaw(path=place, what="A button has one line.", remedy="Write it on one line.")
        yield from _placeholders(place, text, allowed)
        here = _fields(text)
        if here is not None and here != english:
            odd = ", ".join(f"{{{name}}}" for name in sorted(here ^ english))
            what = f"The placeholders differ from the English text: {odd}."
            yield Flaw(path=place, what=what, remedy="Use the same ones in every language.")


def _length(path: Path, text: str, limit: int) -> Iterator[Flaw]:
    if not text.strip():
        yield Flaw(path=path, what="The text is empty.", remedy="Write it.")
    # Telegram counts UTF-16 units.
    units = len(text.encode("utf-16-le")) // 2
    room = limit - _ROOM_FOR_VALUES if limit > BUTTON_LIMIT else limit
    if units > room:
        yield Flaw(path=path, what=f"The text has {units} characters; {room} is the most.", remedy="Shorten it.")


def _fields(text: str) -> set[str] | None:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return None


def _placeholders(path: Path, text: str, allowed: frozenset[str]) -> Iterator[Flaw]:
    found = _fields(text)
    listed = ", ".join(f"{{{name}}}" for name in sorted(allowed)) if len(allowed) < 12 else "question ids and numbers"
    remedy = f"Allowed here: {listed or 'none'}."
    if found is None:
        yield Flaw(path=path, what="A { or } stands alone.", remedy="Close the placeholder, or delete the brace.")
        return
    for name in sorted(found - allowed):
        yield Flaw(path=path, what=f"The placeholder {{{name}}} cannot be filled.", remedy=remedy)
