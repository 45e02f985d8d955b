"""Telegram's chats as we know them: whether they hear us, and under which id. The only place that writes them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.care import outbox
from bot.care.outbox import Lane
from bot.db.models import Base, Chat, Escalation, Patient, Staff, Surface

# Asked at every update, so made once: making a query takes longer than running it.
_CHAT = select(Chat).where(Chat.telegram_id == bindparam("telegram"))
_PATIENT = select(Patient).where(Patient.chat_id == bindparam("chat"))
_STAFF = select(Staff).where(Staff.chat_id == bindparam("chat"), Staff.state == "active")
CLOSED = ("blocked", "deactivated", "gone", "no_rights")  # nothing sent there can arrive


def of(session: Session, telegram_id: int, kind: str, now: datetime) -> Chat:
    """The chat of this Telegram id, made on first sight. Leaves the state of a known chat alone."""
    known = find(session, telegram_id)
    if known is not None:
        return known
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(Chat).values(telegram_id=telegram_id, kind=kind, state="ok", state_since=now)
    session.execute(new.on_conflict_do_nothing(index_elements=["telegram_id"]))
    return session.scalars(select(Chat).where(Chat.telegram_id == telegram_id)).one()


def find(session: Session, telegram_id: int) -> Chat | None:
    """The chat of this Telegram id, if it was ever seen."""
    return session.scalars(_CHAT, {"telegram": telegram_id}).one_or_none()


def mark(session: Session, chat: Chat, state: str, now: datetime) -> bool:
    """Put on record whether this chat hears us. True when that is news."""
    if chat.state == state:
        return False
    changed = session.execute(
        update(Chat)
        .where(Chat.id == chat.id, Chat.state != state)
        .values(state=state, state_since=now)
        .returning(Chat.id)
    ).first()
    session.refresh(chat)
    return changed is not None


def heard(session: Session, chat: Chat, now: datetime) -> bool:
    """Somebody wrote or tapped here, so the chat is open. True when it had been thought closed."""
    chat.last_heard_at = now
    session.flush()
    return mark(session, chat, "ok", now)


def patient_of(session: Session, chat: Chat) -> Patient | None:
    """Whose private chat this is, if it is a patient's."""
    return session.scalars(_PATIENT, {"chat": chat.id}).one_or_none()


def staff_of(session: Session, chat: Chat) -> Staff | None:
    """Whose private chat this is, if it is that of active staff."""
    return session.scalars(_STAFF, {"chat": chat.id}).one_or_none()


def migrate(session: Session, old: int, new: int, now: datetime) -> None:
    """The group of Telegram id `old` lives on as supergroup `new`. Safe to repeat.

    Everything refers to chats.id, so one row changes. Its old messages cannot be edited and their buttons are signed
    for the old id, so the cards of open cases are sent anew.
    """
    chat = find(session, old)
    if chat is None:
        of(session, new, "supergroup", now)
        return
    double = find(session, new)
    both = [chat.id, double.id if double is not None else chat.id]
    stale = update(Surface).where(Surface.chat_id.in_(both), Surface.current).values(current=False)
    shown = session.execute(stale.returning(Surface.kind, Surface.ref)).all()
    if double is not None:
        _take_over(session, chat, double)
    chat.telegram_id = new
    chat.kind = "supergroup"
    session.flush()
    mark(session, chat, "ok", now)
    _show_again(session, chat, {ref for kind, ref in shown if kind == "escalation"}, now)


def _show_again(session: Session, chat: Chat, cases: Collection[int], now: datetime) -> None:
    open_cases = select(Escalation).where(Escalation.id.in_(cases), Escalation.state != "closed")
    for case in session.scalars(open_cases.order_by(Escalation.id)):
        lane = Lane.EMERGENCY if case.level == "emergency" else Lane.CLINICIAN
        outbox.show(session, "escalation", case.id, chat.id, now=now, lane=lane, on_uncertain="resend")


def _take_over(session: Session, kept: Chat, double: Chat) -> None:
    """An update from the supergroup was faster than the news of the migration: two rows become one."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.target_fullname == "chats.id" for key in column.foreign_keys):
                session.execute(update(table).where(column == double.id).values({column.name: kept.id}))
    session.delete(double)
    session.flush()
