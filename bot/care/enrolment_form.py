"""The enrolment form between taps: its steps, its ready answers, what an entry means, how it looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card
from bot.cards import enrolment as cards
from bot.care import forms, pathways, registration
from bot.care.clinic import Clinic
from bot.db.models import CareTeam, Form, Outbox
from schedules import timeline
from schedules.pathway import Pathway

KIND = "enrol"
SURFACE = forms.surface_of(KIND)
READ_BACK = "read_back"
CONFIRM_DATE = "confirm_date"


def enter(session: Session, clinic: Clinic, form: Form, step: str, raw: str, now: datetime, *, typed: bool) -> None:
    """Check one entry; keep it, or ask again and say how to mend it."""
    pathway, day = pathways.latest(session), today(clinic, now)
    if step in (READ_BACK, CONFIRM_DATE):
        forms.ask(session, form, now, fresh=typed)
        return
    try:
        value = _checked(session, step, raw, pathway, day)
    except registration.Unfit as error:
        problem = str(error)
        forms.advance(session, form, step, now, typed=typed, problem=f"{problem[0].upper()}{problem[1:]}.")
        return
    if step == "surgery_date" and not day - timedelta(days=registration.USUAL_DAYS) <= value <= day:
        forms.advance(session, form, CONFIRM_DATE, now, typed=typed, surgery_date=value.isoformat(), problem=None)
        return
    keep(session, form, {step: str(value)}, now, after=step, typed=typed)


def _checked(session: Session, step: str, raw: str, pathway: Pathway, today: date) -> Any:
    readers: Mapping[str, Callable[[str], Any]] = {
        "name": registration.name,
        "phone": registration.phone,
        "birth_year": lambda text: registration.birth_year(text, today),
        "language": lambda text: registration.language(text, pathway),
        "timezone": registration.timezone,
        "procedure": lambda text: registration.procedure(text, pathway),
        "surgery_date": lambda text: registration.surgery_date(text, today, confirmed=True),
        "kin_name": registration.name,
        "kin_phone": registration.phone,
        "team": lambda text: _team_named(session, text),
    }
    if step in readers:
        return readers[step](raw)
    found, problems = registration.baseline({step: raw}, pathway)
    if problems:
        raise registration.Unfit("tap one of the buttons, or type what it says")
    return found.get(step, "")


def keep(session: Session, form: Form, entered: dict[str, Any], now: datetime, *, after: str, typed: bool) -> None:
    order = steps(session, form)
    at = order.index(after) + 1
    following = order[at] if at < len(order) else READ_BACK
    forms.advance(session, form, following, now, typed=typed, problem=None, **entered)


def steps(session: Session, form: Form) -> list[str]:
    several = len(session.scalars(select(CareTeam.id)).all()) > 1
    return [*cards.STEPS, *pathways.latest(session).baseline_fields, *(["team"] if several else [])]


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
        return [(name, name) for name in session.scalars(select(CareTeam.name).order_by(CareTeam.name))]
    if form.step == "surgery_date":
        day = form.updated_at.astimezone(timeline.zone(clinic.timezone)).date()
        names = ("Today", "Yesterday", "2 days ago", "3 days ago")
        return [
            (f"{word} ({(day - timedelta(days=ago)).isoformat()})", (day - timedelta(days=ago)).isoformat())
            for ago, word in enumerate(names)
        ]
    if form.step in pathway.baseline_fields:
        question = pathway.question(form.step)
        ids = [option.id for option in question.options]
        labels = cards.option_labels(question)
        return list(zip(labels, ids or labels, strict=True))
    return []


def _team_named(session: Session, raw: str) -> str:
    names = list(session.scalars(select(CareTeam.name)))
    if raw not in names:
        raise registration.Unfit(f"use one of: {', '.join(names)}")
    return raw


def today(clinic: Clinic, now: datetime) -> date:
    return now.astimezone(timeline.zone(clinic.timezone)).date()


def card(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    """The form as it stands; None when it is gone."""
    form = session.get(Form, row.ref)
    if form is None or form.kind != KIND:
        return None
    pathway = pathways.latest(session)
    if form.step == READ_BACK:
        return cards.read_back(form.data, pathway)
    if form.step == CONFIRM_DATE:
        return cards.confirm_date(form.data["surgery_date"], today(clinic, now))
    labels = [label for label, _ in choices(session, clinic, form)]
    return cards.step_card(
        form.step,
        form.data,
        pathway,
        choices=labels,
        steps=steps(session, form),
        problem=form.data.get("problem"),
    )
