"""The enrolment form between taps: its steps, its ready answers, what an entry means, how it looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card
from bot.cards import enrolment as cards
from bot.care import forms, pathways, registration
from bot.care.clinic import Clinic
from bot.db.models import CareTeam, Chat, Form, Outbox, Staff
from schedules import timeline
from schedules.pathway import Pathway

KIND = "enrol"
SURFACE = forms.surface_of(KIND)
READ_BACK = "read_back"
CONFIRM_DATE = "confirm_date"
_NONE = ("skip", "none", "no", "-", "—")


def begin(session: Session, chat: Chat, staff: Staff, now: datetime) -> Form:
    """A new form of this member of staff. Only an admin chooses among the teams; others enrol into their own."""
    several = (session.scalar(select(func.count()).select_from(CareTeam)) or 0) > 1
    team = session.get_one(CareTeam, staff.team_id)
    data = {"team": team.name, "choose_team": several and staff.role == "admin"}
    return forms.begin(session, chat, KIND, cards.STEPS[0], data, now)


def enter(session: Session, clinic: Clinic, form: Form, raw: str, now: datetime, *, typed: bool) -> None:
    """Check one entry for the current step; keep it, or ask again and say how to mend it."""
    step, pathway, day = form.step, pathways.latest(session), today(clinic, now)
    if step not in steps(session, form):
        _ask_whole(session, form, now, typed=typed)
        return
    if typed and cards.may_skip(step, pathway) and raw.strip().casefold() in _NONE and not _means(step, raw, pathway):
        skip(session, form, now, typed=typed)
        return
    try:
        value = _checked(session, step, _ready(session, clinic, form, raw) if typed else raw, pathway, day)
    except registration.Unfit as error:
        forms.advance(session, form, step, now, typed=typed, problem=registration.sentence(error))
        return
    if step == "surgery_date" and registration.unusual(value, day):
        forms.advance(session, form, CONFIRM_DATE, now, typed=typed, surgery_date=value.isoformat(), problem=None)
        return
    keep(session, form, {step: str(value)}, now, after=step, typed=typed)


def skip(session: Session, form: Form, now: datetime, *, typed: bool) -> None:
    """Leave the current step empty; without a next of kin, their number as well."""
    last = "kin_phone" if form.step == "kin_name" else form.step
    keep(session, form, {form.step: "", last: ""}, now, after=last, typed=typed)


def keep(session: Session, form: Form, entered: dict[str, Any], now: datetime, *, after: str, typed: bool) -> None:
    """Keep what was entered and go to the step that follows `after`."""
    order = steps(session, form)
    at = order.index(after) + 1
    following = order[at] if at < len(order) else READ_BACK
    forms.advance(session, form, following, now, typed=typed, problem=None, **entered)


def back(session: Session, form: Form, now: datetime) -> None:
    """One question back; what was entered stays until it is entered anew."""
    order = steps(session, form)
    if form.step == CONFIRM_DATE:
        previous = "surgery_date"
    else:
        at = order.index(form.step) if form.step in order else len(order)
        previous = order[max(at - 1, 0)]
    forms.advance(session, form, previous, now, typed=False, problem=None)


def steps(session: Session, form: Form) -> list[str]:
    """The questions of this form, in order: the fields, the state before surgery, the team where one is chosen."""
    fields = pathways.latest(session).baseline_fields
    return [*cards.STEPS, *fields, *(["team"] if form.data.get("choose_team") else [])]


def number(session: Session, form: Form) -> int:
    """What the buttons of the current step carry beside the form's token: the place of the step, past the last one
    for what comes after the questions.
    """
    order = steps(session, form)
    return order.index(form.step) if form.step in order else len(order) + (form.step == READ_BACK)


def choices(session: Session, clinic: Clinic, form: Form) -> list[tuple[str, str]]:
    """Ready answers of the current step: what the button says, and what it enters."""
    pathway = pathways.latest(session)
    if form.step == "language":
        return [(texts.language_name(code), code) for code in pathway.languages]
    if form.step == "timezone":
        return [(clinic.timezone, clinic.timezone)]
    if form.step == "procedure":
        return [(item.title.in_("en"), item.id) for item in pathway.procedures]
    if form.step == "team":
        return [(name, name) for name in _teams(session)]
    if form.step == "surgery_date":
        day = today(clinic, form.updated_at)
        names = ("Today", "Yesterday", "2 days ago", "3 days ago")
        days = [(day - timedelta(days=ago)).isoformat() for ago in range(len(names))]
        return [(f"{word} ({which})", which) for word, which in zip(names, days, strict=True)]
    if form.step in pathway.baseline_fields:
        question = pathway.question(form.step)
        labels = cards.option_labels(question)
        return list(zip(labels, [option.id for option in question.options] or labels, strict=True))
    return []


def today(clinic: Clinic, now: datetime) -> date:
    """The date where the clinic is."""
    return now.astimezone(timeline.zone(clinic.timezone)).date()


def card(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    """The form as it stands."""
    form = forms.of(session, row, KIND)
    if form is None:
        return forms.CLOSED
    pathway, token, at = pathways.latest(session), forms.token(form), number(session, form)
    if form.step == CONFIRM_DATE:
        return cards.confirm_date(form.data["surgery_date"], today(clinic, now), token, at)
    order = steps(session, form)
    if form.step not in order:
        return cards.read_back(form.data, pathway, token, at)
    labels = [label for label, _ in choices(session, clinic, form)]
    problem = form.data.get("problem")
    return cards.step_card(form.step, pathway, form=token, choices=labels, steps=order, problem=problem)


def _ask_whole(session: Session, form: Form, now: datetime, *, typed: bool) -> None:
    """Nothing can be typed here, or the step is gone with the version of the pathway that had it."""
    if form.step in (READ_BACK, CONFIRM_DATE):
        forms.ask(session, form, now, fresh=typed)
    else:
        forms.advance(session, form, READ_BACK, now, typed=typed, problem=None)


def _checked(session: Session, step: str, raw: str, pathway: Pathway, today: date) -> Any:
    readers: Mapping[str, Callable[[str], Any]] = {
        **registration.readers(pathway, today, confirmed=True),
        "kin_name": registration.name,
        "kin_phone": registration.phone,
        "team": lambda text: _team_named(session, text),
    }
    if step in readers:
        return readers[step](raw)
    found, problems = registration.baseline({step: raw}, pathway)
    if problems or step not in found:
        raise registration.Unfit("tap one of the buttons, or type what it says")
    return found[step]


def _ready(session: Session, clinic: Clinic, form: Form, raw: str) -> str:
    """What the button enters whose words were typed; else the words themselves."""
    typed = " ".join(raw.split()).casefold()
    return next((value for label, value in choices(session, clinic, form) if label.casefold() == typed), raw)


def _means(step: str, raw: str, pathway: Pathway) -> bool:
    """Whether these words answer a question about the state before surgery: "none" and "no" often do."""
    if step not in pathway.baseline_fields:
        return False
    found, _problems = registration.baseline({step: raw}, pathway)
    return step in found


def _teams(session: Session) -> list[str]:
    return list(session.scalars(select(CareTeam.name).order_by(CareTeam.name)))


def _team_named(session: Session, raw: str) -> str:
    names = _teams(session)
    if raw.strip() not in names:
        raise registration.Unfit(f"use one of: {', '.join(names)}")
    return raw.strip()
