"""Guided forms half filled in. They live in the database, one a chat, so a restart loses nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import outbox
from bot.db.models import Chat, Form


def begin(session: Session, chat: Chat, kind: str, step: str, data: dict[str, Any], now: datetime) -> Form:
    """A new form in this chat; one that was open there is dropped."""
    drop(session, chat)
    form = Form(chat_id=chat.id, kind=kind, step=step, data=data, updated_at=now)
    session.add(form)
    session.flush()
    ask(session, form, now, fresh=True)
    return form


def open_in(session: Session, chat_id: int, kind: str) -> Form | None:
    """The form of this kind that is open in this chat."""
    return session.scalars(select(Form).where(Form.chat_id == chat_id, Form.kind == kind)).one_or_none()


def advance(session: Session, form: Form, step: str, now: datetime, *, typed: bool, **entered: Any) -> None:
    """Keep what was entered and go to `step`. A typed answer gets the next question below it, a tap in place."""
    form.data = {**form.data, **entered}
    form.step = step
    form.updated_at = now
    ask(session, form, now, fresh=typed)


def ask(session: Session, form: Form, now: datetime, *, fresh: bool) -> None:
    """Show the form's current step."""
    key = f"{form.step}:{now.timestamp():.3f}" if fresh else None
    outbox.show(session, surface(form), form.id, form.chat_id, now=now, fresh=fresh, key=key)


def drop(session: Session, chat: Chat) -> None:
    """Forget the form of this chat, and what was still to be shown of it."""
    for form in session.scalars(select(Form).where(Form.chat_id == chat.id)):
        outbox.withdraw(session, surface(form), form.id)
        session.delete(form)
    session.flush()


def surface(form: Form) -> str:
    """The name under which this kind of form is shown."""
    return f"{form.kind}_form"
