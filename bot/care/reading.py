"""By when a person must have read what a patient wrote (protocol, section 8). Pure.

Working days are Monday to Friday; a public holiday makes a deadline early, never late.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta

from schedules import timeline

EARLY_DAYS = 14  # the days after surgery in which every message is read the same day
_END_OF_DAY = "20:00"
_END_OF_WORK = "17:00"
_LEAST = timedelta(hours=2)  # for what comes in at the end of a day
_SATURDAY = 5
_ENOUGH = 4  # words; fewer say too little about their language
# Small and homely words that sentences of the two languages have some of, without most of those that neighbours share.
_ENGLISH = """the and my is it was were have has had not with for when what how can cant cannot this that these are dont
    feel feels feeling still since after before been there but get got just very please thanks thank you your i im ive
    of to at on be now some any more last half day days week today yesterday morning night back leg pain walk work wound
    sleep sleeping should would could will did does havent hasnt didnt from all over out up down really bit"""
_SPANISH = """yo mi mis me el la los las se un una no estoy tengo tiene que y por para desde cuando puedo muy pero lo
    del hoy ayer siento duele hace sigo gracias como mas ya sin hora dolor despues pierna herida noche
    manana dias semana estaba esta he ha llevo puede debo tomar bien mal nada todo cada otra vez"""
_PER_WORDS = 5  # one known word in so many is enough
_COMMON = frozenset(f"{_ENGLISH} {_SPANISH}".split())


def same_day(received_at: datetime, timezone: str) -> datetime:
    """By the end of the patient's day (UTC); late in the evening, two hours on."""
    return max(timeline.to_utc(_local(received_at, timezone), _END_OF_DAY, timezone), received_at + _LEAST)


def next_working_day(received_at: datetime, timezone: str) -> datetime:
    """By the end of the next working day where the patient is (UTC)."""
    day = _local(received_at, timezone) + timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return timeline.to_utc(day, _END_OF_WORK, timezone)


def known_language(text: str) -> bool:
    """Whether the word lists can have understood this text. Doubt costs a person an earlier look, so doubt is cheap."""
    letters = [letter for letter in text if letter.isalpha()]
    if any("LATIN" not in unicodedata.name(letter, "LATIN") for letter in letters):
        return False
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    words = re.findall(r"[a-z]+", re.sub("['’]", "", bare))
    return len(words) < _ENOUGH or sum(word in _COMMON for word in words) * _PER_WORDS >= len(words)


def _local(instant: datetime, timezone: str) -> date:
    return instant.astimezone(timeline.zone(timezone)).date()
