"""What a patient sees of a check-in: one message that changes in place. Pure: plain text in, card out.

Every option is numbered, in the text in full and on its button, since phones cut long buttons short, and whoever cannot
tap may type the number. Nothing is said by a symbol alone, so that a screen reader tells the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot import texts
from bot.cards import Button, Card, bold, button, esc
from schedules.pathway import Option, Question, RescreenOption

SHORT = 12  # characters; two buttons this short share a row
LONG = 28  # characters; a longer option is also written out in the text
_SCALE_ROW = 6
_ENDS_SAID = 20  # characters after its question mark: a scale that says this much explains its own ends
_MAX_SUMMARY = 3000  # characters of HTML, well inside Telegram's 4096
_CUT = 50  # characters left of each question and answer of a summary that would be longer

Labels = Callable[[str], str]  # name of a pathway's text -> the words on a button, in the patient's language


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One question on the screen. `given` is the answer that stands."""

    checkin: int
    index: int
    question: Question
    text: str
    language: str
    position: int
    total: int
    picks: tuple[str, ...] = ()
    given: str | None = None
    hint: str | None = None
    notice: str | None = None
    below: str | None = None
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer of the summary: which question (its index in the pathway), its words, the answer in words."""

    index: int
    question: str
    answer: str


def plain(text: str) -> Card:
    """A message without buttons."""
    return Card(text=esc(text))


def action(text: str, *, emergency: bool) -> Card:
    """What to do now."""
    return Card(text=bold(text) if emergency else esc(text))


def something_changed(label: str, enrolment: int = 0) -> tuple[tuple[Button, ...], ...]:
    """The way to an extra check-in, for the end of any message. Whose it is, the sender of the tap decides."""
    return ((button(label, "p_changed", enrolment),),)


def status(text: str, changed: str, resume: str | None = None) -> Card:
    """Where things stand, with the way to an extra check-in; `resume` ends a pause."""
    again = ((button(resume, "p_resume"),),) if resume is not None else ()
    return Card(text=esc(text), rows=(*again, *something_changed(changed)))


def pauses(days: Sequence[int], language: str, resume: str) -> Card:
    """How long to pause."""
    _, plural = texts.translator(language), texts.plural(language)
    rows = [(button(plural("{n} day", "{n} days", n).format(n=n), "p_days", n),) for n in days]
    text = _("For how long shall we pause the check-ins?")
    return Card(text=esc(text), rows=(*rows, (button(resume, "p_resume"),)))


def stop(enrolment: int, text: str, yes: str, no: str) -> Card:
    """Whether to stop for good."""
    return Card(text=esc(text), rows=((button(yes, "p_stop", enrolment),), (button(no, "p_stay"),)))


def intro(checkin: int, text: str, label: Labels, *, begun: bool) -> Card:
    """The message that asks whether to begin. Names nothing that a stranger should not read on the screen."""
    return Card(text=esc(text), rows=((button(label("resume" if begun else "start"), "p_go", checkin),),))


def asking(view: Asking, label: Labels) -> Card:
    """One question with large buttons."""
    _ = texts.translator(view.language)
    head = label("progress").format(position=view.position, total=view.total)
    parts = [esc(view.notice)] if view.notice is not None else []
    parts += [f"<i>{esc(head)}</i>", bold(view.text)]
    parts.extend(_explained(view, _))
    rows = [*_choices(view), *_extras(view, label, _), _foot(view, label)]
    return Card(text="\n\n".join(parts), rows=tuple(rows))


def after_card(checkin: int, text: str, label: Labels) -> Card:
    """The rest is offered, after the patient was told what to do first."""
    rows = ((button(label("resume"), "p_go", checkin),), (button(label("pause"), "p_pause", checkin),))
    return Card(text=esc(text), rows=rows)


def paused(checkin: int, text: str, label: Labels, *, may_go_on: bool) -> Card:
    """Stopped for now. In a crisis nothing more is asked that day."""
    return Card(text=esc(text), rows=((button(label("resume"), "p_go", checkin),),) if may_go_on else ())


def finished(
    checkin: int, said: Sequence[str], text: str, lines: Sequence[Line], label: Labels, *, changeable: bool
) -> Card:
    """The end: what to do and watch for first, then the answers, which may be corrected while they count."""
    change_answer = ((button(label("change_answer"), "p_change", checkin),),) if changeable and lines else ()
    listed = (esc(text), *_listed(lines)) if changeable and lines else ()
    rows = (*something_changed(label("something_changed")), *change_answer)
    return Card(text="\n\n".join((*(esc(each) for each in said), *listed)), rows=rows)


def change(checkin: int, text: str, lines: Sequence[Line], label: Labels) -> Card:
    """Which answer to change: one button for each question."""
    rows = [(button(line.question, "p_again", checkin, line.index),) for line in lines]
    return Card(text=esc(text), rows=(*rows, (button(label("back"), "p_sum", checkin),)))


def closed(texts_: Sequence[str], label: Labels, *, answer_now: int | None = None) -> Card:
    """The end of a check-in, with the way to say that something has changed. `answer_now`: it may still be answered."""
    late = ((button(label("start"), "p_go", answer_now),),) if answer_now is not None else ()
    return Card(text=esc("\n\n".join(texts_)), rows=(*late, *something_changed(label("something_changed"))))


def rescreen(
    message: int,
    text: str,
    options: Sequence[RescreenOption],
    picks: Sequence[str],
    language: str,
    label: Labels,
    hint: str | None = None,
) -> Card:
    """The one closed question after something a patient typed."""
    _ = texts.translator(language)
    words = [option.text.in_(language) for option in options]
    rows = [
        (_tick(word, number, option.id in picks, "p_rs", message, number),)
        for number, (option, word) in enumerate(zip(options, words, strict=True))
    ]
    ticked = [word for option, word in zip(options, words, strict=True) if option.id in picks]
    parts = [bold(text), _numbered(words), _ticked(ticked, _), hint and bold(hint)]
    done = (button(label("done"), "p_rsd", message),)
    return Card(text="\n\n".join(part for part in parts if part), rows=(*rows, done))


def _explained(view: Asking, _: Callable[[str], str]) -> list[str]:
    question, parts = view.question, []
    words = [option.text.in_(view.language) for option in question.options]
    if any(len(word) > LONG for word in words):
        parts.append(_numbered(words))
    if question.type == "multi":
        ticked = [word for option, word in zip(question.options, words, strict=True) if option.id in view.picks]
        parts.append(_ticked(ticked, _))
    if question.type == "scale" and len(view.text.rpartition("?")[2]) < _ENDS_SAID:
        parts.append(esc(_("0 means none. 10 means the worst.")))
    if view.given is not None and question.type != "multi":
        parts.append(esc(_("Your answer now: {answer}").format(answer=view.given)))
    if view.hint is not None:
        parts.append(bold(view.hint))
    if view.below is not None:
        parts.append(esc(view.below))
    return parts


def _choices(view: Asking) -> list[tuple[Button, ...]]:
    question = view.question
    if question.type == "scale":
        low, high = int(question.min or 0), int(question.max or 10)
        values = [button(str(n), "p_ans", view.checkin, view.index, n) for n in range(low, high + 1)]
        return [tuple(values[:_SCALE_ROW]), tuple(values[_SCALE_ROW:])]
    if question.type == "multi":
        return [
            (_tick(option.text.in_(view.language), number, option.id in view.picks,
                   "p_tick", view.checkin, view.index, number),)
            for number, option in enumerate(question.options)
        ]  # fmt: skip
    options: Sequence[Option] = question.special if question.type == "number" else question.options
    numbered = question.type == "choice"
    buttons = []
    for number, option in enumerate(options):
        word = option.text.in_(view.language)
        buttons.append(button(f"{number + 1}. {word}" if numbered else word, "p_ans", view.checkin, view.index, number))
    return _rows(buttons)


def _extras(view: Asking, label: Labels, _: Callable[[str], str]) -> list[tuple[Button, ...]]:
    rows: list[tuple[Button, ...]] = []
    if view.question.type == "multi":
        rows.append((button(label("done"), "p_done", view.checkin, view.index),))
    elif view.given is not None:
        rows.append((button(_("Keep this answer"), "p_keep", view.checkin, view.index),))
    if view.question.optional:
        rows.append((button(_("Skip this question"), "p_skip", view.checkin, view.index),))
    return rows


def _foot(view: Asking, label: Labels) -> tuple[Button, ...]:
    back = (button(label("back"), "p_back", view.checkin, view.index),) if view.back else ()
    return (*back, button(label("pause"), "p_pause", view.checkin))


def _tick(word: str, number: int, ticked: bool, action: str, *args: int) -> Button:
    """A tick names the state it asks for, so that a double tap ticks once."""
    return button(f"{'☑' if ticked else '☐'} {number + 1}. {word}", action, *args, 0 if ticked else 1)


def _ticked(words: Sequence[str], _: Callable[[str], str]) -> str:
    if not words:
        return esc(_("Nothing ticked yet. Tap all that fit, then tap Done."))
    return esc(_("Ticked: {answers}").format(answers="; ".join(words)))


def _numbered(words: Sequence[str]) -> str:
    return "\n".join(f"{number}. {esc(word)}" for number, word in enumerate(words, start=1))


def _listed(lines: Sequence[Line]) -> list[str]:
    shown = [f"{esc(line.question)}\n→ {bold(line.answer)}" for line in lines]
    if sum(map(len, shown)) > _MAX_SUMMARY:
        return [f"{esc(line.question[:_CUT])}…\n→ {bold(line.answer[:_CUT])}" for line in lines]
    return shown


def _rows(buttons: Sequence[Button]) -> list[tuple[Button, ...]]:
    """One button a row; short neighbours share one."""
    rows: list[tuple[Button, ...]] = []
    for one in buttons:
        if rows and len(rows[-1]) == 1 and len(rows[-1][0].label) <= SHORT and len(one.label) <= SHORT:
            rows[-1] = (*rows[-1], one)
        else:
            rows.append((one,))
    return rows
