"""What the steps of a check-in say, from plain values: the chat shows them with rows behind, the preview without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.cards import Card, patient
from bot.care.patients import Words
from schedules.pathway import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A check-in that nobody has answered yet. `spec` is its id in the pathway.

    `reminded` of `reminders` have gone out. `recheck`: a rule asked for it. `late`: it could not go out on its day.
    """

    spec: str
    closes_at: datetime
    reminded: int = 0
    reminders: int = 0
    recheck: bool = False
    late: bool = False


def opening(words: Words, view: Opening) -> str:
    """The words that ask to begin, or remind."""
    if view.reminded:
        key = "reminder_last" if view.reminded >= view.reminders and view.reminded > 1 else "reminder"
        return words.text(key, when=words.moment(view.closes_at))
    text = words.text("opening_recheck" if view.recheck else f"opening_{view.spec}")
    return f"{text}\n\n{words.text('opening_late')}" if view.late else text


def question(
    words: Words,
    asked: Question,
    position: int,
    total: int,
    *,
    checkin: int = 0,
    picks: tuple[str, ...] = (),
    given: str | None = None,
    hint: str | None = None,
    notice: str | None = None,
    again: bool = False,
) -> Card:
    """One question at `position` of `total`. `given`: the answer that stands, in words; `again`: in its other words;
    the rest as in `Asking`."""
    view = patient.Asking(
        checkin=checkin,
        index=words.pathway.questions.index(asked),
        question=asked,
        text=words.fill((asked.again if again and asked.again else asked.text).in_(words.language)),
        language=words.language,
        position=position,
        total=total,
        picks=picks,
        given=given,
        hint=hint,
        notice=notice,
        below=words.card("card_not_monitored") if asked.type == "text" else None,
        back=position > 1,
    )
    return patient.asking(view, words.label)


def short(text: str) -> str:
    """What a question asks, in one sentence, as it stands beside its answer in the end."""
    asks, found, _ = text.partition("?")
    if found:
        return asks.rpartition(". ")[2] + found
    head, found, _ = text.partition(". ")
    return head + found.strip()
