"""An old copy of something that is shown anew further down: its text gives way to a pointer, its buttons go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card
from bot.care import chats, outbox
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import Chat, Outbox, Surface

PURPOSE = "retired"


def retire(session: Session, shown: Surface, now: datetime) -> None:
    """Have the message of this surface changed, when there is nothing more urgent to send."""
    outbox.say(
        session,
        PURPOSE,
        shown.chat_id,
        key=str(shown.id),
        now=now,
        lane=Lane.DIGEST,
        payload={"message_id": shown.telegram_message_id},
        on_uncertain="never",
    )


def card(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    """What the old copy says from now on."""
    _ = texts.translator(language(session, row.chat_id))
    return Card(text=_("This is now further down ↓"))


def language(session: Session, chat_id: int) -> str:
    """The language of whoever reads this chat; groups read English."""
    chat = session.get_one(Chat, chat_id)
    person = chats.patient_of(session, chat) or chats.staff_of(session, chat)
    return person.language if person is not None else texts.SOURCE_LANGUAGE
