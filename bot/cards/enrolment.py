"""What a coordinator sees while enrolling, and what goes to the bedside. Pure."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import segno

from bot.cards import Card, File, bold, button, esc
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


def step_card(
    step: str,
    data: Mapping[str, Any],
    pathway: Pathway,
    *,
    choices: Sequence[str],
    steps: Sequence[str],
    problem: str | None,
) -> Card:
    """One question of the form. `choices` become buttons by their index; `problem` says how to mend the last entry."""
    lines = [f"<b>New patient</b> · {steps.index(step) + 1} of {len(steps)}", ""]
    if problem:
        lines += [f"⚠️ {esc(problem)}", ""]
    lines.append(question_text(step, pathway))
    rows = [(button(label, "e_pick", steps.index(step), index),) for index, label in enumerate(choices)]
    if step in SKIP or step in pathway.baseline_fields:
        rows.append((button("Skip", "e_skip", steps.index(step)),))
    last = [button("Back", "e_back")] if steps.index(step) else []
    rows.append((*last, button("Cancel", "e_cancel")))
    return Card(text="\n".join(lines), rows=tuple(rows), protect=True)


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


def confirm_date(day: str, today: date) -> Card:
    """An operation long ago, or still to come, is more often a slip of the finger than true (hazard H14)."""
    away = (today - date.fromisoformat(day)).days
    when = f"{away} days ago" if away > 0 else f"in {-away} days"
    text = f"<b>New patient</b>\n\nThe operation was on {bold(day)}, {when}. Is that right?"
    return Card(text=text, rows=((button("Yes, that is right", "e_confirm"),), (button("No, go back", "e_back"),)))


def read_back(data: Mapping[str, Any], pathway: Pathway) -> Card:
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
        (button("Confirm and make the link", "e_confirm"),),
        (button("Back", "e_back"), button("Cancel", "e_cancel")),
    )
    return Card(text="\n".join(lines), rows=rows, protect=True)


def bedside(code: str, link: str) -> Card:
    """The link and its QR code, for the bedside. Whoever holds it can start, so it works once and for 72 hours."""
    text = (
        f"<b>Patient {esc(code)} is enrolled.</b>\n"
        "Next: let the patient scan this picture with the phone's camera, or send them the link. "
        "It works once, for 72 hours; the patient then taps <b>Start</b> and confirms the year of birth.\n\n"
        f"{esc(link)}\n\n"
        f"Not started by then? /patient {esc(code)} gives a new link."
    )
    return Card(text=text, file=File(name=f"start-{code}.png", content=qr_png(link), picture=True), protect=True)


def qr_png(link: str) -> bytes:
    """The link as a QR code, large enough for an old camera."""
    picture = io.BytesIO()
    segno.make(link, error="m").save(picture, kind="png", scale=10, border=4)
    return picture.getvalue()


def identity(text: str, not_me: str, other_language: str) -> Card:
    """Who are you? With a way out for somebody else."""
    return Card(text=text, rows=((button(not_me, "e_not_me"),), (button(other_language, "e_language"),)))


def consent(text: str, agree: str, decline: str, other_language: str) -> Card:
    """The consent as the pathway words it, in the patient's language."""
    return Card(
        text=text,
        rows=(
            (button(agree, "e_agree"),),
            (button(decline, "e_decline"),),
            (button(other_language, "e_language"),),
        ),
    )


def staff_link(name: str, role: str, link: str) -> Card:
    """An invitation for a colleague."""
    text = (
        f"Invitation for <b>{esc(name)}</b> ({esc(role)}). It works once, for 72 hours.\n"
        f"Send it to them alone; they open it and tap Start.\n\n{esc(link)}"
    )
    return Card(text=text, rows=(), protect=True)
