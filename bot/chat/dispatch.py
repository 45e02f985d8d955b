"""Decides whose business an update is, and hands it on. Runs inside the transaction of its inbox row; never sends.

Groups and channels belong to the clinicians, private chats to whoever their owner is: staff before patient, and a
stranger may only redeem an invitation. What nobody claims gets a plain word and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Toast
from bot.care import chats, staffing
from bot.care.clinic import Clinic
from bot.chat import admin, clinician, enrolling, enrolment, group, patient
from bot.chat.incoming import Incoming, Kind
from bot.db.models import Chat, Patient, Staff

StaffHandler = Callable[[Session, Clinic, Staff, Incoming, datetime], Toast | None]

STAFF_ACTIONS: Mapping[str, StaffHandler] = {**clinician.ACTIONS, **admin.ACTIONS, **enrolling.ACTIONS}
STAFF_COMMANDS: Mapping[str, StaffHandler] = {**clinician.COMMANDS, **admin.COMMANDS, **enrolling.COMMANDS}
GROUP_COMMANDS: Mapping[str, StaffHandler] = {**group.COMMANDS, "bind": admin.COMMANDS["bind"]}
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
    chat.last_heard_at = now
    staff = session.scalars(select(Staff).where(Staff.chat_id == chat.id, Staff.state == "active")).one_or_none()
    if incoming.kind is Kind.COMMAND and incoming.command == "start" and incoming.text:
        return enrolment.start(session, clinic, incoming, now)
    if staff is not None:
        return _from_staff(session, clinic, staff, incoming, now)
    person = session.scalars(select(Patient).where(Patient.chat_id == chat.id)).one_or_none()
    if person is not None:
        return _from_patient(session, clinic, person, incoming, now)
    return _from_stranger(session, clinic, incoming, now)


def _in_group(session: Session, clinic: Clinic, chat: Chat, incoming: Incoming, now: datetime) -> Toast | None:
    if incoming.kind is Kind.MEMBER:
        return group.membership(session, clinic, chat, incoming, now)
    if chat.kind == "channel" and incoming.kind is Kind.COMMAND and incoming.command == "bind":
        admin.bind_channel(session, clinic, chat, incoming, now)
        return None
    staff = staffing.by_user(session, incoming.user)
    if incoming.kind is Kind.TAP:
        if staff is None:
            return group.stranger(session, clinic, chat, incoming, now)
        return _act(session, clinic, staff, incoming, now)
    if incoming.kind is Kind.COMMAND:
        command = GROUP_COMMANDS.get(incoming.command or "")
        if command is None:
            return None
        if staff is None:
            return group.stranger(session, clinic, chat, incoming, now)
        return command(session, clinic, staff, incoming, now)
    return None


def _membership(session: Session, clinic: Clinic, chat: Chat, incoming: Incoming, now: datetime) -> Toast | None:
    """A private chat blocked the bot, or let it back in."""
    gone = incoming.membership in {"kicked", "left"}
    changed = chats.mark(session, chat, "blocked" if gone else "ok", now)
    person = session.scalars(select(Patient).where(Patient.chat_id == chat.id)).one_or_none()
    if person is None or not changed:
        return None
    if gone:
        patient.blocked(session, clinic, person, now)
    else:
        patient.came_back(session, clinic, person, now)
    return None


def _from_staff(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    if incoming.kind is Kind.TAP:
        return _act(session, clinic, staff, incoming, now)
    if incoming.kind is Kind.COMMAND:
        command = STAFF_COMMANDS.get(incoming.command or "", clinician.COMMANDS["help"])
        return command(session, clinic, staff, incoming, now)
    if incoming.media is not None and incoming.media.kind == "document":
        return admin.upload(session, clinic, staff, incoming, now)
    for claim in (enrolling.form_text, admin.form_text, clinician.form_text):
        if claim(session, clinic, staff, incoming, now):
            return None
    return clinician.text(session, clinic, staff, incoming, now)


def _act(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    handler = STAFF_ACTIONS.get(incoming.action.name) if incoming.action else None
    return EXPIRED if handler is None else handler(session, clinic, staff, incoming, now)


def _from_patient(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    if incoming.kind is Kind.TAP:
        handler = patient.ACTIONS.get(incoming.action.name) if incoming.action else None
        return EXPIRED if handler is None else handler(session, clinic, person, incoming, now)
    if incoming.kind is Kind.COMMAND and incoming.command in patient.COMMANDS:
        return patient.COMMANDS[incoming.command](session, clinic, person, incoming, now)
    if incoming.kind is Kind.EDITED:
        return patient.edited(session, clinic, person, incoming, now)
    if incoming.kind is Kind.MEDIA:
        return patient.media(session, clinic, person, incoming, now)
    if incoming.kind in {Kind.TEXT, Kind.COMMAND}:
        return patient.text(session, clinic, person, incoming, now)
    return None


def _from_stranger(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    if incoming.kind is Kind.TAP:
        handler = enrolment.STRANGER_ACTIONS.get(incoming.action.name) if incoming.action else None
        return EXPIRED if handler is None else handler(session, clinic, incoming, now)
    return enrolment.stranger_text(session, clinic, incoming, now)
