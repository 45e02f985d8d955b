"""What staff may look at: a case's details, a patient's messages and story, the work that waits; on record.

Names and words go to the private chat of whoever asked; what is asked in a group is answered there without them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Toast
from bot.care import access, dossier, messages, outbox, reasons, story, telling, worklist
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.chat import guards
from bot.chat.incoming import Incoming
from bot.db.models import Enrolment, Message, Staff

UNKNOWN_CODE = "There is no such patient code on your team's list. Check the code, or send /open."


def details(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Name, numbers, answers and messages, to this person's private chat only."""
    case, toast = guards.case(session, staff, incoming, now)
    if case is None:
        return toast
    if not guards.private_chat_open(session, staff):
        return guards.start_first(clinic)
    dossier.show(session, case, staff, clinic, guards.occasion(incoming), now)
    return Toast(text="Sent to your private chat with me.")


def why(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """What fired, on which words, by which sources, and what is near; to this person's private chat only."""
    case, toast = guards.case(session, staff, incoming, now)
    if case is None:
        return toast
    if not guards.private_chat_open(session, staff):
        return guards.start_first(clinic)
    reasons.show(session, case, staff, clinic, guards.occasion(incoming), now)
    return Toast(text="Sent to your private chat with me.")


def show(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Bring the card of a case to the bottom of this chat."""
    case, toast = guards.case(session, staff, incoming, now)
    if case is None:
        return toast
    telling.show_here(session, case, guards.chat_of(session, incoming).id, guards.occasion(incoming), now)
    return Toast()


def unread(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """The messages of one patient, to this person's private chat only."""
    enrolment = session.get(Enrolment, guards.subject(incoming))
    if enrolment is None:
        return guards.GONE
    if not access.to_enrolment(session, staff, enrolment):
        return guards.not_listed(session, staff, incoming, f"patient:{enrolment.patient_id}", now)
    if not guards.private_chat_open(session, staff):
        return guards.start_first(clinic)
    count = dossier.messages(session, enrolment, staff, guards.occasion(incoming), now)
    return Toast(text="Sent to your private chat with me." if count else "There is no message of this patient.")


def mark_read(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """A person has read this message. The first one counts."""
    message = session.get(Message, guards.subject(incoming))
    if message is None:
        return guards.GONE
    enrolment = session.get_one(Enrolment, message.enrolment_id)
    if not incoming.private or not access.to_enrolment(session, staff, enrolment):
        return guards.not_listed(session, staff, incoming, f"message:{message.id}", now)
    first = messages.mark_read(session, message.id, staff, now)
    session.refresh(message)
    dossier.refresh_message(session, message.id, now)
    return Toast(text="Marked as read." if first else "This was already marked as read.")


def turn_page(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Another page of the worklist."""
    _list_work(session, staff, incoming, guards.arg(incoming, 0) or 0, now)
    return Toast()


def open_work(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/open: what waits for the team; with names only in private."""
    return _list_work(session, staff, incoming, 0, now)


def patient(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/patient CODE: the story of one patient; with names only in private."""
    chat = guards.chat_of(session, incoming)
    if not guards.own_chat(session, staff, chat):
        return guards.not_listed(session, staff, incoming, f"chat:{chat.id}", now)
    if not incoming.text.strip():
        return guards.say(session, chat, "Send the code as well, for example /patient AB12.", incoming, now)
    enrolment = story.find(session, staff, incoming.text)
    if enrolment is None or not (incoming.private or enrolment.team_id == staff.team_id):
        access.refused(session, staff, "patient", f"chat:{chat.id}", now)
        return guards.say(session, chat, UNKNOWN_CODE, incoming, now)
    for number, card in enumerate(story.cards(session, enrolment, staff, now, private=incoming.private)):
        key = f"story:{guards.occasion(incoming)}:{number}"
        outbox.say_card(session, chat.id, card, key=key, now=now, lane=Lane.CONVERSATION)
    return None


def _list_work(session: Session, staff: Staff, incoming: Incoming, page: int, now: datetime) -> Toast | None:
    chat = guards.chat_of(session, incoming)
    if not guards.own_chat(session, staff, chat):
        return guards.not_listed(session, staff, incoming, f"chat:{chat.id}", now)
    card = worklist.card(session, staff, page, now, names=incoming.private)
    outbox.say_card(session, chat.id, card, key=f"open:{guards.occasion(incoming)}", now=now)
    return None
