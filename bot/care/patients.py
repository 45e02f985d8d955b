"""A patient's enrolment, zone, language and texts, as every flow of the patient's chat needs them. Decides nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import Session

from bot import texts
from bot.care import pathways
from bot.care.clinic import Clinic
from bot.db.models import Chat, Enrolment, Patient
from schedules import timeline
from schedules.pathway import Pathway

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
IN_PROGRAMME = ("active", "paused")
# Asked at every update, so made once: making a query takes longer than running it.
_LATEST = (
    select(Enrolment)
    .where(Enrolment.patient_id == bindparam("patient"))
    .order_by(case((Enrolment.state.in_(IN_PROGRAMME), 0), else_=1), Enrolment.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of one pathway version in one person's language and zone: plain text, to be escaped by cards."""

    pathway: Pathway
    language: str
    clinic: Clinic
    timezone: str = "UTC"

    def text(self, key: str, **values: object) -> str:
        """The pathway's text of this name, filled."""
        return self.fill(self.pathway.texts[key].in_(self.language), **values)

    def card(self, key: str, **values: object) -> str:
        """The pathway's action card of this name, filled."""
        return self.fill(self.pathway.cards[key].in_(self.language), **values)

    def fill(self, template: str, **values: object) -> str:
        """Any text of the pathway with its {placeholders} filled from the clinic's numbers and `values`."""
        known = {**self.clinic.values, "clinic": self.clinic.name, **values}
        return _PLACEHOLDER.sub(lambda match: str(known.get(match[1], match[0])), template)

    def label(self, key: str) -> str:
        """The pathway's text of this name for a button: nothing is filled in."""
        return self.pathway.texts[key].in_(self.language)

    def moment(self, instant: datetime) -> str:
        """Day and time where the patient is."""
        return texts.moment(instant, self.language, self.timezone)

    def days(self, within_days: int | None) -> str:
        """How soon a person will be in touch, in words; None is the review level's own deadline."""
        if within_days is None:
            return self.label("days_default")
        return self.label("days_2" if within_days >= 2 else "days_1")


def live(session: Session, patient: Patient) -> Enrolment | None:
    """The enrolment that is running or paused, if any."""
    enrolment = latest(session, patient)
    return enrolment if enrolment is not None and enrolment.state in IN_PROGRAMME else None


def latest(session: Session, patient: Patient) -> Enrolment | None:
    """The enrolment that what this patient does belongs to: the running one, else the newest."""
    return session.scalars(_LATEST, {"patient": patient.id}).first()


def of(session: Session, enrolment: Enrolment) -> Patient:
    """Whose enrolment it is."""
    return session.get_one(Patient, enrolment.patient_id)


def chat(session: Session, enrolment: Enrolment) -> Chat | None:
    """The chat in which this patient can be reached now, or None: never started, blocked, or gone."""
    chat_id = of(session, enrolment).chat_id
    found = session.get(Chat, chat_id) if chat_id is not None else None
    return found if found is not None and found.state == "ok" else None


def words(session: Session, enrolment: Enrolment, clinic: Clinic, version_id: int | None = None) -> Words:
    """The texts this patient reads: of the given pathway version, or of the enrolment's own."""
    person = of(session, enrolment)
    pathway = pathways.of(session, version_id or enrolment.pathway_version_id)
    return Words(pathway=pathway, language=person.language, timezone=person.timezone, clinic=clinic)


def today(session: Session, enrolment: Enrolment, now: datetime) -> date:
    """The date where the patient is."""
    return now.astimezone(timeline.zone(of(session, enrolment).timezone)).date()


def quiet(session: Session, enrolment: Enrolment, now: datetime) -> bool:
    """Whether it is night where the patient is, so that nothing unasked goes out."""
    hours = pathways.of(session, enrolment.pathway_version_id).schedule.quiet_hours
    return timeline.in_quiet_hours(now, hours, of(session, enrolment).timezone)


def nights(session: Session, now: datetime) -> Callable[[int, str], bool]:
    """`quiet` for many patients, by pathway version and zone: each pair is worked out once. No zone has no night."""

    @cache
    def night(version_id: int, timezone: str) -> bool:
        hours = pathways.of(session, version_id).schedule.quiet_hours
        try:
            return timeline.in_quiet_hours(now, hours, timezone)
        except timeline.UnknownZone:
            return False

    return night


def pathway(session: Session, enrolment: Enrolment) -> Pathway:
    """The pathway version this enrolment follows."""
    return pathways.of(session, enrolment.pathway_version_id)
