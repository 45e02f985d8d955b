"""A patient comes under care: registered by staff, let in by a link, asked who they are and whether they agree.

Nothing is planned and nothing is asked before consent. Every step is a guarded change in the database, so a restart or
a double tap in the middle changes nothing.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.care import audit, escalations, invitations, pathways, planning
from bot.care.clinic import Clinic
from bot.care.registration import Registration
from bot.db.models import Answer, CareTeam, Chat, CheckIn, Enrolment, Invitation, Patient
from schedules import timeline

_CODE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no letters or digits that are mistaken when said aloud


def enrol(
    session: Session, registration: Registration, team: CareTeam, *, by: int | None, now: datetime
) -> tuple[Enrolment, str]:
    """Register a patient. Returns the enrolment, not yet active, and the start payload of the link."""
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
    actor = f"staff:{by}" if by else "command"
    audit.record(session, actor, "patient enrolled", f"patient:{person.id}", now, enrolment=enrolment.id)
    return enrolment, payload


def reissue(session: Session, enrolment: Enrolment, *, by: int | None, now: datetime) -> str:
    """A new link for a patient who has not started yet. The old one stops working."""
    payload = invitations.issue(session, now=now, by=by, enrolment_id=enrolment.id)
    actor = f"staff:{by}" if by else "command"
    audit.record(session, actor, "invitation re-issued", f"patient:{enrolment.patient_id}", now)
    return payload


def confirm_birth_year(
    session: Session, invitation: Invitation, typed: str, clinic: Clinic, now: datetime
) -> bool | None:
    """Whether the year is right; None when that was the last try: the link is void and the team is told."""
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    person = session.get_one(Patient, enrolment.patient_id)
    if secrets.compare_digest(typed.strip().encode(), (person.birth_year or "").encode()):
        return True
    invitation.tries += 1
    if invitation.tries < invitations.TRIES:
        return False
    invitations.void(session, invitation, "birth year", now)
    escalations.operational(session, enrolment, "identity_failed", now, clinic)
    audit.record(session, "system", "identity not confirmed", f"patient:{person.id}", now)
    return None


def not_me(session: Session, invitation: Invitation, clinic: Clinic, now: datetime) -> None:
    """Somebody else opened the link: it is void, and the team is told."""
    invitations.void(session, invitation, "not me", now)
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    escalations.operational(session, enrolment, "not_the_patient", now, clinic)
    audit.record(session, "system", "link opened by somebody else", f"patient:{enrolment.patient_id}", now)


def activate(session: Session, invitation: Invitation, chat: Chat, clinic: Clinic, now: datetime) -> bool:
    """The patient agreed: from now on this chat is theirs and their check-ins are planned. False when already done."""
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    pathway = pathways.of(session, enrolment.pathway_version_id)
    person = session.get_one(Patient, enrolment.patient_id)
    if not invitations.use(session, invitation, now):
        return False
    started = session.scalar(
        update(Enrolment)
        .where(Enrolment.id == enrolment.id, Enrolment.state == "invited")
        .values(
            state="active",
            consent_at=now,
            consent_version=pathway.consent.version,
            consent_language=person.language,
        )
        .returning(Enrolment.id)
    )
    if started is None:
        return False
    _release(session, chat, person)
    person.chat_id = chat.id
    session.flush()
    session.refresh(enrolment)
    planning.plan(session, enrolment, now, clinic)
    audit.record(session, f"patient:{person.id}", "consent given", f"patient:{person.id}", now,
                 version=pathway.consent.version, language=person.language)  # fmt: skip
    return True


def decline(session: Session, invitation: Invitation, clinic: Clinic, now: datetime) -> None:
    """The patient does not agree: nothing is planned, and the team is told."""
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    invitations.void(session, invitation, "declined", now)
    enrolment.state = "void"
    enrolment.ended_at = now
    enrolment.ended_by = "patient"
    escalations.operational(session, enrolment, "consent_declined", now, clinic)
    audit.record(session, "system", "consent declined", f"patient:{enrolment.patient_id}", now)


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
        ended_by=f"staff:{by}" if by else "command",
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


def _new_code(session: Session) -> str:
    while True:
        code = "".join(secrets.choice(_CODE) for _ in range(5))
        if session.scalars(select(Patient.id).where(Patient.code == code)).first() is None:
            return code
