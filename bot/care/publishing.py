"""Publishes pathways. A published version never changes; an edit, or going back, is a new version.

A running check-in keeps the version it opened with. What changes for whom is counted before anybody decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from bot.care import audit, pathways, planning
from bot.care.clinic import Clinic
from bot.db.models import Enrolment, PathwayVersion, Patient
from bot.errors import AftercareError
from schedules import catalog, lint
from schedules.pathway import Pathway

Scope = Literal["new", "all"]
LIVE = ("active", "paused")


class CannotPublish(AftercareError):
    """This cannot be published; nothing was changed."""


class NothingNew(CannotPublish):
    """This content is published already; nothing was changed."""


class Overtaken(CannotPublish):
    """Another version was published meanwhile; nothing was changed. Send the edited file again."""


class LanguageMissing(CannotPublish):
    """Patients under care read a language that this pathway does not have; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What publishing for everybody would do to check-ins that were not sent: counts over `patients` live patients."""

    patients: int
    touched: int
    added: int
    moved: int
    cancelled: int

    def __str__(self) -> str:
        if not self.patients:
            return "No patient is in the programme now."
        parts = [
            f"{count} {_checkins(count)} {verb}"
            for count, verb in (
                (self.added, "to be added"),
                (self.moved, "to be moved"),
                (self.cancelled, "to be cancelled"),
            )
            if count
        ]
        return f"{self.patients} {_patients(self.patients)}: {', '.join(parts) or 'no unsent check-in moves'}."


def ensure_first(session: Session, now: datetime, source: str = "lumbar_surgery") -> PathwayVersion:
    """The newest published version; while there is none, `source` becomes the first.

    `source` is the name of a pathway that ships with the program, or a folder. Raises PathwayError.
    """
    try:
        return pathways.current(session)
    except NoResultFound:
        # What ships with the program was proven before it was released; a folder was not.
        shipped = source in catalog.names()
        files = catalog.shipped_files(source) if shipped else catalog.read_folder(Path(source))
        pathway = catalog.load_files(files) if shipped else lint.sound(files)
        return _insert(session, pathway, files, by=None, note="first", now=now)


def effect(session: Session, pathway: Pathway, now: datetime) -> Effect:
    """What publishing this pathway for future check-ins of all patients would change. Writes nothing."""
    live = session.scalars(select(Enrolment).where(Enrolment.state.in_(LIVE))).all()
    added = moved = cancelled = touched = 0
    for changes in planning.preview_all(session, live, pathway, now):
        added += len(changes.add)
        moved += len(changes.move)
        cancelled += len(changes.cancel)
        touched += bool(changes)
    return Effect(patients=len(live), touched=touched, added=added, moved=moved, cancelled=cancelled)


def publish(
    session: Session,
    pathway: Pathway,
    files: Mapping[str, str],
    scope: Scope,
    *,
    by: int | None,
    note: str | None,
    now: datetime,
    clinic: Clinic,
) -> PathwayVersion:
    """Publish a new version, for patients enrolled from now on, or for future check-ins of all.

    Raises NothingNew when the newest version has the same content, and LanguageMissing.
    """
    if pathways.current(session).fingerprint == pathway.fingerprint:
        raise NothingNew
    if scope == "all":
        _can_be_read(session, pathway)
    version = _insert(session, pathway, files, by=by, note=note, now=now)
    if scope == "all":
        everybody = session.scalars(select(Enrolment).where(Enrolment.state.in_(("invited", *LIVE)))).all()
        for enrolment in everybody:
            enrolment.pathway_version_id = version.id
        session.flush()
        planning.plan_all(session, [each for each in everybody if each.state in LIVE], now, clinic)
    actor = f"staff:{by}" if by else "command"
    audit.record(session, actor, "pathway published", f"pathway:{version.id}", now, number=version.number, scope=scope)
    return version


def _can_be_read(session: Session, pathway: Pathway) -> None:
    """Refuse to move patients to a pathway that is not written in their language (hazard H17)."""
    spoken = (
        select(Patient.language, func.count())
        .join(Enrolment, Enrolment.patient_id == Patient.id)
        .where(Enrolment.state.in_(("invited", *LIVE)), Patient.language.not_in(pathway.languages))
        .group_by(Patient.language)
    )
    missing = [f"{language}: {count} {_patients(count)}" for language, count in session.execute(spoken)]
    if missing:
        raise LanguageMissing(
            f"This pathway lacks a language that patients under care read ({', '.join(missing)}); nothing was changed. "
            "Add the translation, or publish for new patients only."
        )


def _insert(
    session: Session, pathway: Pathway, files: Mapping[str, str], *, by: int | None, note: str | None, now: datetime
) -> PathwayVersion:
    last = session.scalar(select(func.max(PathwayVersion.number))) or 0
    version = PathwayVersion(
        pathway=pathway.id,
        number=last + 1,
        fingerprint=pathway.fingerprint,
        content=pathway.canonical_json(),
        files=dict(files),
        published_at=now,
        published_by=by,
        note=note,
    )
    session.add(version)
    session.flush()
    return version


def _checkins(count: int) -> str:
    return "check-in" if count == 1 else "check-ins"


def _patients(count: int) -> str:
    return "patient" if count == 1 else "patients"
