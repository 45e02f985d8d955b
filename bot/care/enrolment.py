"""A patient comes under care: registered by staff, let in by a link, asked who they are and whether they agree.

Nothing is planned and nothing is asked before consent. Every step is a guarded change in the database, so a restart or
a double tap in the middle changes nothing.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.care import audit, escalations, guarded, invitations, notices, pathways, patients, planning
from bot.care.clinic import Clinic
from bot.care.registration import Registration
from bot.db.models import Answer, CareTeam, Chat, CheckIn, Enrolment, Invitation, Patient, Staff
from bot.errors import AftercareError
from schedules import timeline

LIVE = ("invited", "active", "paused")
_CODE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no letters or digits that are mistaken when said aloud


class AlreadyEnrolled(AftercareError):
    """This patient is enrolled already."""


class NotWaiting(AftercareError):
    """This patient is not waiting to start: the link cannot be changed any more."""


def twin(session: Session, registration: Registration) -> str | None:
    """The case code of somebody under care with the same name, year of birth and surgery date, if any."""
    same_day = (
        select(Patient)
        .join(Enrolment, Enrolment.patient_id == Patient.id)
        .where(Enrolment.surgery_date == registration.surgery_date, Enrolment.state.in_(LIVE))
    )
    wanted = (registration.name.casefold(), str(registration.birth_year))
    found = (each for each in session.scalars(same_day) if ((each.name or "").casefold(), each.birth_year) == wanted)
    return next((each.code for each in found), None)


def enrol(
    session: Session, registration: Registration, team: CareTeam, *, by: int | None, now: datetime
) -> tuple[Enrolment, str]:
    """Register a patient. Returns the enrolment, not yet active, and the start payload of the link.

    Raises AlreadyEnrolled for somebody with the same name, year of birth and surgery date who is under care.
    """
    known = twin(session, registration)
    if known is not None:
        raise AlreadyEnrolled(f"This patient is enrolled already, as {known}. /invite {known} gives a new link.")
    person = Patient(
        code=_new_code(session),
        name=registration.name,
        phone=registration.phone,
        birth_year=str(registration.birth_year),
        kin_name=registration.kin_name,
        kin_phone=registration.kin_phone,
        language=registration.language,
        timezone=registration.timezone,
        created_at=now,
    )
    session.add(person)
    session.flush()
    enrolment = Enrolment(
        patient_id=person.id,
        team_id=team.id,
        pathway_version_id=pathways.current(session).id,
        procedure=registration.procedure,
        surgery_date=registration.surgery_date,
        state="invited",
        created_at=now,
        created_by=by,
    )
    session.add(enrolment)
    session.flush()
    _keep_baseline(session, enrolment, person, registration, by, now)
    payload = invitations.issue(session, now=now, by=by, enrolment_id=enrolment.id)
    audit.record(session, _actor(by), "patient enrolled", f"patient:{person.id}", now, enrolment=enrolment.id)
    return enrolment, payload


def of_code(session: Session, code: str, staff: Staff) -> Enrolment | None:
    """The newest enrolment under this case code, if `staff` may change it: of their own team; of any, for an admin."""
    person = session.scalars(select(Patient).where(Patient.code == code.strip().upper())).one_or_none()
    found = patients.latest(session, person) if person is not None else None
    if found is None or staff.state != "active":
        return None
    return found if staff.role == "admin" or staff.team_id == found.team_id else None


def reissue(
    session: Session, enrolment: Enrolment, *, by: int | None, now: datetime, birth_year: int | None = None
) -> str:
    """A new link for a patient who has not started yet. The old one stops working.

    `birth_year` corrects a year that was entered wrongly. Raises NotWaiting.
    """
    if enrolment.state != "invited":
        raise NotWaiting
    subject = f"patient:{enrolment.patient_id}"
    if birth_year is not None:
        patients.of(session, enrolment).birth_year = str(birth_year)
        audit.record(session, _actor(by), "birth year corrected", subject, now)
    payload = invitations.issue(session, now=now, by=by, enrolment_id=enrolment.id)
    audit.record(session, _actor(by), "invitation re-issued", subject, now)
    return payload


def take_back(session: Session, enrolment: Enrolment, *, by: int, now: datetime) -> None:
    """End an enrolment that never started, made by mistake or no longer wanted. Raises NotWaiting."""
    ended = update(Enrolment).where(Enrolment.id == enrolment.id, Enrolment.state == "invited")
    if not guarded.step(session, ended.values(state="void", ended_at=now, ended_by=f"staff:{by}")):
        raise NotWaiting
    invitations.void_all(session, "taken back", now, enrolment_id=enrolment.id)
    audit.record(session, _actor(by), "enrolment taken back", f"patient:{enrolment.patient_id}", now)


def confirm_birth_year(
    session: Session, invitation: Invitation, typed: str, clinic: Clinic, now: datetime
) -> bool | None:
    """Whether the year is right; None when that was the last try: the link is void and the team is told."""
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    person = session.get_one(Patient, enrolment.patient_id)
    if secrets.compare_digest(typed.strip().encode(), (person.birth_year or "").encode()):
        invitation.confirmed_at = now
        return True
    invitation.tries += 1
    if invitation.tries < invitations.TRIES:
        return False
    invitations.void(session, invitation, "birth year", now)
    escalations.operational(session, enrolment, "identity_failed", now, clinic)
    notices.trouble(session, enrolment, "identity_failed", str(invitation.id), now)
    audit.record(session, "system", "identity not confirmed", f"patient:{person.id}", now)
    return None


def not_me(session: Session, invitation: Invitation, clinic: Clinic, now: datetime) -> None:
    """Somebody else opened the link: it is void, and the team is told."""
    invitations.void(session, invitation, "not me", now)
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    escalations.operational(session, enrolment, "not_the_patient", now, clinic)
    notices.trouble(session, enrolment, "not_the_patient", str(invitation.id), now)
    audit.record(session, "system", "link opened by somebody else", f"patient:{enrolment.patient_id}", now)


def activate(session: Session, invitation: Invitation, chat: Chat, clinic: Clinic, now: datetime) -> bool:
    """The patient agreed: from now on this chat is theirs and their check-ins are planned. False when already done.

    Nor does it do anything for a chat in which another patient is followed: one chat, one record (hazard H15).
    """
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    consent = pathways.of(session, enrolment.pathway_version_id).consent
    person = session.get_one(Patient, enrolment.patient_id)
    if follows_another(session, chat) or not invitations.use(session, invitation, now):
        return False
    given = {"consent_version": consent.version, "consent_language": person.language, "consent_at": now}
    waiting = update(Enrolment).where(Enrolment.id == enrolment.id, Enrolment.state == "invited")
    if not guarded.step(session, waiting.values(state="active", **given)):
        return False
    _release(session, chat, person)
    person.chat_id = chat.id
    session.flush()
    planning.plan(session, enrolment, now, clinic)
    notices.started(session, enrolment, now)
    who = f"patient:{person.id}"
    audit.record(session, who, "consent given", who, now, version=consent.version, language=person.language)
    return True


def follows_another(session: Session, chat: Chat) -> bool:
    """Whether a patient is followed in this chat now, so that no other one can start there."""
    before = session.scalars(select(Patient).where(Patient.chat_id == chat.id)).one_or_none()
    return before is not None and patients.live(session, before) is not None


def decline(session: Session, invitation: Invitation, clinic: Clinic, now: datetime) -> None:
    """The patient does not agree: nothing is planned, and the team is told."""
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    invitations.void(session, invitation, "declined", now)
    enrolment.state = "void"
    enrolment.ended_at = now
    enrolment.ended_by = "patient"
    escalations.operational(session, enrolment, "consent_declined", now, clinic)
    notices.trouble(session, enrolment, "consent_declined", str(invitation.id), now)
    person, consent = patients.of(session, enrolment), patients.pathway(session, enrolment).consent
    who = f"patient:{person.id}"
    audit.record(session, who, "consent declined", who, now, version=consent.version, language=person.language)


def _release(session: Session, chat: Chat, person: Patient) -> None:
    """Let go of this chat where it belonged to a record whose programme is over."""
    before = session.scalars(select(Patient).where(Patient.chat_id == chat.id, Patient.id != person.id)).one_or_none()
    if before is not None:
        before.chat_id = None
        session.flush()


def _keep_baseline(
    session: Session, enrolment: Enrolment, person: Patient, registration: Registration, by: int | None, now: datetime
) -> None:
    """The state before surgery is a check-in that ended as it began; without it, "as before" cannot be trusted."""
    if not registration.baseline:
        return
    local = now.astimezone(timeline.zone(person.timezone)).date()
    before = CheckIn(
        enrolment_id=enrolment.id,
        pathway_version_id=enrolment.pathway_version_id,
        checkin="baseline",
        kind="baseline",
        day=(local - registration.surgery_date).days,
        local_date=local,
        due_at=now,
        closes_at=now,
        state="ended",
        opened_at=now,
        finished_at=now,
        ended_at=now,
        end_reason="answered",
        ended_by=_actor(by),
    )
    session.add(before)
    session.flush()
    for question, value in registration.baseline.items():
        session.add(
            Answer(
                checkin_id=before.id,
                question=question,
                value=value,
                readable=True,
                at=now,
                author="staff",
                staff_id=by,
                language="en",
            )
        )


def _actor(by: int | None) -> str:
    return f"staff:{by}" if by else "command"


def _new_code(session: Session) -> str:
    while True:
        code = "".join(secrets.choice(_CODE) for _ in range(5))
        if session.scalars(select(Patient.id).where(Patient.code == code)).first() is None:
            return code
