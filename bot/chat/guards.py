"""What every staff handler asks before it does anything: is this case there, is it theirs, is this the right chat.

A token proves that this bot made the button, nothing more.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Card, Toast
from bot.care import access, escalations, outbox, telling
from bot.care.clinic import Clinic
from bot.chat.incoming import Incoming
from bot.db.models import CareTeam, Chat, Escalation, Staff

GONE = Toast(text="This is not there any more. Send /open for what waits now.", alert=True)
CHANGED = Toast(text="This case has changed since this card was made. Read the new card, then tap there.", alert=True)


def current(
    session: Session, staff: Staff, incoming: Incoming, now: datetime
) -> tuple[Escalation | None, Toast | None]:
    """The case of this button, unless it was raised since the card was made: then the card is shown again."""
    found, toast = case(session, staff, incoming, now)
    if found is not None and found.state != "closed" and arg(incoming, 1) != escalations.version(found):
        telling.refresh(session, found, now)
        return None, CHANGED
    return found, toast


def case(session: Session, staff: Staff, incoming: Incoming, now: datetime) -> tuple[Escalation | None, Toast | None]:
    """The case of this button, if this person may work it and this chat may show it."""
    found = session.get(Escalation, subject(incoming))
    if found is None:
        return None, GONE
    allowed = access.to_escalation(session, staff, found)
    here = incoming.private or session.get_one(CareTeam, found.team_id).chat_id == chat_of(session, incoming).id
    if not (allowed and here):
        return None, not_listed(session, staff, incoming, f"escalation:{found.id}", now)
    return found, None


def own_chat(session: Session, staff: Staff, chat: Chat) -> bool:
    """Whether this is the person's private chat, or the chat of their team."""
    if chat.kind == "private":
        return staff.chat_id == chat.id
    return session.get_one(CareTeam, staff.team_id).chat_id == chat.id


def private_chat_open(session: Session, staff: Staff) -> bool:
    """Whether this person can be shown a patient: only there, and only while the chat is open."""
    chat = session.get(Chat, staff.chat_id) if staff.chat_id is not None else None
    return chat is not None and chat.state == "ok"


def start_first(clinic: Clinic) -> Toast:
    """How to open the private chat."""
    return Toast(text=f"Open a private chat with @{clinic.bot_username}, press Start, then tap again.", alert=True)


def not_listed(session: Session, staff: Staff, incoming: Incoming, subject: str, now: datetime) -> Toast:
    """Refuse, politely and on record."""
    attempted = incoming.action.name if incoming.action else incoming.command or "text"
    return Toast(text=access.refused(session, staff, attempted, subject, now), alert=True)


def say(session: Session, chat: Chat, words: str, incoming: Incoming, now: datetime) -> Toast | None:
    """Answer in this chat. Gives back None, as a handler without a toast does."""
    card = Card(text=words, silent=True)
    outbox.say_card(session, chat.id, card, key=f"staff:{occasion(incoming)}", now=now)
    return None


def arg(incoming: Incoming, index: int) -> int | None:
    """One number of the button, None when it has fewer."""
    args = incoming.action.args if incoming.action is not None else ()
    return args[index] if index < len(args) else None


def subject(incoming: Incoming) -> int:
    """What the button is about; no row has the number 0."""
    return arg(incoming, 0) or 0


def chat_of(session: Session, incoming: Incoming) -> Chat:
    """The row of the chat this happened in."""
    return session.scalars(select(Chat).where(Chat.telegram_id == incoming.chat)).one()


def occasion(incoming: Incoming) -> str:
    """What makes this tap or command different from every other one."""
    if incoming.inbox_id is not None:
        return str(incoming.inbox_id)
    return f"{incoming.chat}:{incoming.message_id}:{incoming.query_id}:{incoming.at.timestamp():.3f}"
