"""Decides whose business an update is, and hands it on. Runs inside the transaction of its inbox row; never sends.

Groups and channels belong to the clinicians, private chats to whoever their owner is: staff, then whoever answers a
link, then patients; a stranger may only redeem an invitation. What nobody claims gets a plain word, no effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Toast
from bot.care import chats, invitations, patients, staffing, watchdog
from bot.care.clinic import Clinic
from bot.chat import admin, clinician, enrolling, enrolment, group, inviting, leaving, patient, relocating
from bot.chat.clinician import Handler
from bot.chat.incoming import Incoming, Kind
from bot.db.models import Chat, Patient, Staff

STAFF_ACTIONS: Mapping[str, Handler] = {**clinician.ACTIONS, **admin.ACTIONS, **enrolling.ACTIONS}
STAFF_COMMANDS: Mapping[str, Handler] = {
    **clinician.COMMANDS,
    **admin.COMMANDS,
    **enrolling.COMMANDS,
    **inviting.COMMANDS,
    **leaving.COMMANDS,
    **relocating.COMMANDS,
}
# What is for the private chat alone answers so in a group.
GROUP_COMMANDS: Mapping[str, Handler] = {
    **group.COMMANDS,
    **admin.COMMANDS,
    **enrolling.COMMANDS,
    **inviting.COMMANDS,
    **leaving.COMMANDS,
    **relocating.COMMANDS,
}
EXPIRED = Toast(text="This button is no longer valid.")


def handle(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """Do what this update asks for. Returns the word that answers a tap, if any.

    Raises whatever the handlers raise: the inbox row then stays, is tried again, and at last is read by a human.
    """
    if incoming.kind is Kind.MIGRATED:
        if incoming.migrated_to is not None:
            chats.migrate(session, incoming.chat, incoming.migrated_to, now)
        return None
    chat = chats.of(session, incoming.chat, incoming.chat_kind, now)
    if not incoming.private:
        return _in_group(session, clinic, chat, incoming, now)
    if incoming.kind is Kind.MEMBER:
        return _membership(session, clinic, chat, incoming, now)
    back, person = chats.heard(session, chat, now), chats.patient_of(session, chat)
    if back and person is not None:
        patient.came_back(session, clinic, person, now)
    if incoming.kind is Kind.COMMAND and incoming.command == "start" and incoming.text:
        if not enrolment.joined_here(session, incoming.chat, incoming.text):
            return enrolment.start(session, clinic, incoming, now)
        incoming = replace(incoming, text="")
    staff = chats.staff_of(session, chat)
    if staff is not None:
        return _from_staff(session, clinic, staff, incoming, now)
    if person is None or _is_joining(session, chat, person, incoming, now):
        return _from_stranger(session, clinic, incoming, now)
    return _from_patient(session, clinic, person, incoming, now)


def _in_group(session: Session, clinic: Clinic, chat: Chat, incoming: Incoming, now: datetime) -> Toast | None:
    if incoming.kind is Kind.MEMBER:
        return group.membership(session, clinic, chat, incoming, now)
    staff = staffing.by_user(session, incoming.user)
    if incoming.kind is Kind.TAP:
        if staff is None:
            return group.stranger(session, clinic, chat, incoming, now)
        return _act(session, clinic, staff, incoming, now)
    command = GROUP_COMMANDS.get(incoming.command or "") if incoming.kind is Kind.COMMAND else None
    if command is None:
        return None
    if staff is not None:
        return command(session, clinic, staff, incoming, now)
    if incoming.command == "bind" and (chat.kind == "channel" or incoming.text):
        admin.bind_by_code(session, clinic, chat, incoming, now)  # channels, and anonymous admins of groups
        return None
    return group.stranger(session, clinic, chat, incoming, now)


def _membership(session: Session, clinic: Clinic, chat: Chat, incoming: Incoming, now: datetime) -> Toast | None:
    """A private chat blocked the bot, or let it back in."""
    gone = incoming.membership in {"kicked", "left"}
    if not chats.mark(session, chat, "blocked" if gone else "ok", now):
        return None
    person, staff = chats.patient_of(session, chat), chats.staff_of(session, chat)
    if person is not None:
        tell = patient.blocked if gone else patient.came_back
        tell(session, clinic, person, now)
    if staff is not None and gone:
        remedy = f"A {staff.role} blocked the bot, so alerts do not reach them. Ask them to unblock it and press Start."
        watchdog.incident(session, "staff_unreachable", f"staff:{staff.id}", remedy, now)
    elif staff is not None:
        watchdog.clear(session, "staff_unreachable", f"staff:{staff.id}", now)
    return None


def _from_staff(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    if incoming.kind is Kind.TAP:
        return _act(session, clinic, staff, incoming, now)
    if incoming.kind is Kind.COMMAND:
        command = STAFF_COMMANDS.get(incoming.command or "", clinician.COMMANDS["help"])
        return command(session, clinic, staff, incoming, now)
    if incoming.kind not in {Kind.TEXT, Kind.MEDIA}:
        return None
    if incoming.media is not None and incoming.media.kind == "document":
        return admin.upload(session, clinic, staff, incoming, now)
    for claim in (enrolling.form_text, admin.form_text, clinician.form_text):
        if claim(session, clinic, staff, incoming, now):
            return None
    return clinician.text(session, clinic, staff, incoming, now)


def _act(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    handler = STAFF_ACTIONS.get(incoming.action.name) if incoming.action else None
    return EXPIRED if handler is None else handler(session, clinic, staff, incoming, now)


def _is_joining(session: Session, chat: Chat, person: Patient, incoming: Incoming, now: datetime) -> bool:
    """Whether somebody whose programme is over is answering a new link: their year of birth, and its buttons."""
    if patients.live(session, person) is not None or invitations.opened_in(session, chat, now) is None:
        return False
    if incoming.kind is Kind.TAP:
        return incoming.action is not None and incoming.action.name in enrolment.STRANGER_ACTIONS
    return enrolment.is_year(incoming)


def _from_patient(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    if incoming.kind is Kind.TAP:
        handler = patient.ACTIONS.get(incoming.action.name) if incoming.action else None
        return _stale(session, person) if handler is None else handler(session, clinic, person, incoming, now)
    if incoming.kind is Kind.COMMAND and incoming.command in patient.COMMANDS:
        return patient.COMMANDS[incoming.command](session, clinic, person, incoming, now)
    if incoming.kind is Kind.EDITED:
        return patient.edited(session, clinic, person, incoming, now)
    if incoming.kind is Kind.MEDIA:
        return patient.media(session, clinic, person, incoming, now)
    if incoming.kind in {Kind.TEXT, Kind.COMMAND}:
        return patient.text(session, clinic, person, incoming, now)
    return None


def _stale(session: Session, person: Patient) -> Toast:
    enrolled = patients.latest(session, person)
    text = patients.pathway(session, enrolled).texts["stale_button"].in_(person.language) if enrolled else EXPIRED.text
    return Toast(text=text, alert=True)


def _from_stranger(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    if incoming.kind is Kind.TAP:
        handler = enrolment.STRANGER_ACTIONS.get(incoming.action.name) if incoming.action else None
        return EXPIRED if handler is None else handler(session, clinic, incoming, now)
    return enrolment.stranger_text(session, clinic, incoming, now)
