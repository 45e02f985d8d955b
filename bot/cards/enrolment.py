"""What a coordinator sees while enrolling, and what goes to the bedside. Pure."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import segno

from bot.cards import Button, Card, File, bold, button, esc
from schedules.pathway import Pathway, Question

STEPS = (
    "name", "phone", "birth_year", "language", "timezone", "procedure", "surgery_date", "kin_name", "kin_phone",
)  # fmt: skip
ASK = {
    "name": "What is the patient's full name?",
    "phone": "Which telephone number reaches the patient? Type it with the country code.",
    "birth_year": "In which year was the patient born? Four digits. The patient is asked for it when they start.",
    "language": "Which language should the patient be asked in?",
    "timezone": "In which time zone does the patient live? Tap, or type a name such as America/Bogota.",
    "procedure": "Which operation? A decompression with fusion is a fusion; if unsure, “other” gets every rule.",
    "surgery_date": "On which date was the operation? Tap, or type year-month-day.",
    "kin_name": "Who may we ring when the patient cannot be reached? Type a name, or skip.",
    "kin_phone": "And their telephone number?",
}
LABELS = {
    "name": "Name",
    "phone": "Phone",
    "birth_year": "Born",
    "language": "Language",
    "timezone": "Time zone",
    "procedure": "Operation",
    "surgery_date": "Operated on",
    "kin_name": "Next of kin",
    "kin_phone": "Their phone",
    "team": "Care team",
}
SKIP = ("kin_name", "kin_phone")
TROUBLE = {
    "identity_failed": (
        "three wrong years of birth, so the link is closed",
        "find out who has the link. /invite {code} gives a new one; /invite {code} 1961 corrects the year first.",
    ),
    "not_the_patient": (
        "whoever opened the link says it is not them, so it is closed",
        "check the contact details, then send /invite {code}.",
    ),
    "consent_declined": (
        "the patient does not agree to the check-ins; none will be sent",
        "arrange the follow-up by phone.",
    ),
    "taken": (
        "the link was opened on a second phone, where it does not work",
        "ask who has it. /invite {code} gives a new link and closes this one.",
    ),
    "expired": ("the patient tried a link that has run out", "send /invite {code} and give them the new one."),
    "voided": ("somebody tried a link that was closed", "if the patient still wants to start, send /invite {code}."),
    "follows_another": (
        "the link was opened on a phone where another patient's check-ins run",
        "have the patient open it on a phone of their own.",
    ),
    "on_staff_phone": (
        "the link was opened on the phone of a colleague",
        "have the patient open it on their own phone; the link still works.",
    ),
    "words_of_alarm": (
        "somebody who has not finished starting wrote words of alarm",
        "ring the patient now.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a consent card shows: of which invitation, which pathway version (row ids), in which of its languages."""

    invitation: int
    version: int
    language: int


def step_card(
    step: str, pathway: Pathway, *, form: int, choices: Sequence[str], steps: Sequence[str], problem: str | None
) -> Card:
    """One question of the form. `choices` become buttons by their index; `problem` says how to mend the last entry.

    `form` is the form's token: each button carries it and the number of its step.
    """
    at = steps.index(step)
    lines = [f"<b>New patient</b> · {at + 1} of {len(steps)}", ""]
    if problem:
        lines += [f"⚠️ {esc(problem)}", ""]
    lines.append(question_text(step, pathway))
    rows: list[tuple[Button, ...]] = [
        (button(label, "e_pick", form, at, index),) for index, label in enumerate(choices)
    ]
    if may_skip(step, pathway):
        rows.append((button("Skip", "e_skip", form, at),))
    last = [button("Back", "e_back", form, at)] if at else []
    rows.append((*last, button("Cancel", "e_cancel", form)))
    return Card(text="\n".join(lines), rows=tuple(rows), protect=True)


def may_skip(step: str, pathway: Pathway) -> bool:
    """Whether this question may be left out."""
    return step in SKIP or step in pathway.baseline_fields


def question_text(step: str, pathway: Pathway) -> str:
    """The words of one step; the pathway's own for the state before surgery."""
    if step in ASK:
        return esc(ASK[step])
    if step == "team":
        return "Which care team follows this patient?"
    return f"In the week <b>before</b> the operation: {esc(pathway.question(step).text.in_('en'))}"


def option_labels(question: Question) -> tuple[str, ...]:
    """The buttons of a question about the state before surgery."""
    if question.options:
        return tuple(option.text.in_("en") for option in question.options)
    low, high = int(question.min or 0), int(question.max or 10)
    return tuple(str(number) for number in range(low, high + 1))


def confirm_date(day: str, today: date, form: int, step: int) -> Card:
    """An operation long ago, or still to come, is more often a slip of the finger than true (hazard H14)."""
    away = (today - date.fromisoformat(day)).days
    when = f"{away} days ago" if away > 0 else f"in {-away} days"
    text = f"<b>New patient</b>\n\nThe operation was on {bold(day)}, {when}. Is that right?"
    rows = ((button("Yes, that is right", "e_date", form),), (button("No, go back", "e_back", form, step),))
    return Card(text=text, rows=rows, protect=True)


def read_back(data: Mapping[str, Any], pathway: Pathway, form: int, step: int) -> Card:
    """Everything that was entered, to be read aloud and confirmed."""
    lines = ["<b>New patient</b> · read it back to the patient, then confirm", ""]
    lines += [f"{LABELS[key]}: {bold(data[key])}" for key in (*STEPS, "team") if data.get(key)]
    known = [
        f"• {esc(field.replace('_', ' '))}: {esc(data[field])}" for field in pathway.baseline_fields if data.get(field)
    ]
    lines += ["", "Before the operation:", *known] if known else ["", "⚠️ Nothing recorded of the state before surgery."]
    if data.get("problem"):
        lines += ["", f"⚠️ {esc(data['problem'])}"]
    rows = (
        (button("Confirm and make the link", "e_confirm", form),),
        (button("Back", "e_back", form, step), button("Cancel", "e_cancel", form)),
    )
    return Card(text="\n".join(lines), rows=rows, protect=True)


def bedside(code: str, link: str) -> Card:
    """The link and its QR code, for the bedside. Whoever holds it can start, so it works once and for 72 hours."""
    text = (
        f"<b>The link for patient {esc(code)}</b>\n"
        "Next: let the patient scan this picture with the phone's camera, or send them the link. "
        "It works once, for 72 hours; the patient then taps <b>Start</b> and confirms the year of birth.\n\n"
        f"{esc(link)}\n\n"
        f"Not started by then? /invite {esc(code)} gives a new link, and this one stops working."
    )
    return Card(text=text, file=File(name=f"start-{code}.png", content=qr_png(link), picture=True))


def qr_png(link: str) -> bytes:
    """The link as a QR code, large enough for an old camera."""
    picture = io.BytesIO()
    segno.make(link, error="m").save(picture, kind="png", scale=10, border=4)
    return picture.getvalue()


def identity(text: str, not_me: str, other_language: str, invitation: int) -> Card:
    """Who are you? With a way out for somebody else."""
    rows = ((button(not_me, "e_not_me", invitation),), (button(other_language, "e_language", invitation),))
    return Card(text=text, rows=rows)


def consent(text: str, agree: str, decline: str, other_language: str, seen: Seen) -> Card:
    """The consent as the pathway words it, in the patient's language. The yes carries what was read."""
    rows = (
        (button(agree, "e_agree", seen.invitation, seen.version, seen.language),),
        (button(decline, "e_decline", seen.invitation),),
        (button(other_language, "e_language", seen.invitation),),
    )
    return Card(text=text, rows=rows)


def started(code: str, first: str | None, zone: str) -> Card:
    """To whoever enrolled them: this patient has started."""
    when = (
        f"first check-in on {esc(first)} ({esc(zone)})" if first else "no check-in is left to send: phone the patient"
    )
    return Card(text=f"<code>{esc(code)}</code> has started: {when}. /patient {esc(code)} shows the course.")


def trouble(code: str, what: str) -> Card:
    """To whoever enrolled them: what went wrong (a key of TROUBLE), and what to do next."""
    happened, remedy = TROUBLE[what]
    return Card(text=f"⚠️ <code>{esc(code)}</code>: {happened}.\nNext: {remedy.format(code=esc(code))}")
