"""Guided forms half filled in. They live in the database, one a chat, so a restart loses nothing.

Each form has a token of its own, which its buttons carry: a row's id may come again, a token does not, so a button left
over from an earlier form does nothing to a later one.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.cards import Card
from bot.care import outbox
from bot.db.models import Chat, Form, Outbox, Surface

CLOSED = Card(text="This form is closed.")
_TOKENS = 2**31


def begin(session: Session, chat: Chat, kind: str, step: str, data: dict[str, Any], now: datetime) -> Form:
    """A new form in this chat, shown at once; one that was open there is dropped."""
    form = keep(session, chat, kind, step, data, now)
    ask(session, form, now, fresh=True)
    return form


def keep(session: Session, chat: Chat, kind: str, step: str, data: dict[str, Any], now: datetime) -> Form:
    """A new form in this chat that is not shown as such; one that was open there is dropped."""
    drop(session, chat, now)
    marked = {**data, "token": secrets.randbelow(_TOKENS)}
    form = Form(chat_id=chat.id, kind=kind, step=step, data=marked, updated_at=now)
    session.add(form)
    session.flush()
    return form


def token(form: Form) -> int:
    """What the buttons of this form carry."""
    return int(form.data["token"])


def open_in(session: Session, chat_id: int | None, kind: str) -> Form | None:
    """The form of this kind that is open in this chat."""
    return session.scalars(select(Form).where(Form.chat_id == chat_id, Form.kind == kind)).one_or_none()


def named(session: Session, chat_id: int | None, kind: str, carried: int | None) -> Form | None:
    """The open form that a button belongs to, by the token it carries; None when that form is gone."""
    form = open_in(session, chat_id, kind)
    return form if form is not None and token(form) == carried else None


def of(session: Session, row: Outbox, kind: str) -> Form | None:
    """The form that this row shows, if it is still open in the row's chat."""
    form = session.get(Form, row.ref)
    return form if form is not None and (form.kind, form.chat_id) == (kind, row.chat_id) else None


def advance(session: Session, form: Form, step: str, now: datetime, *, typed: bool, **entered: Any) -> None:
    """Keep what was entered and go to `step`. A typed answer gets the next question below it, a tap in place."""
    form.data = {**form.data, **entered}
    form.step = step
    form.updated_at = now
    ask(session, form, now, fresh=typed)


def ask(session: Session, form: Form, now: datetime, *, fresh: bool) -> None:
    """Show the form's current step, in place or as a new message."""
    key = None
    if fresh:
        shown = int(form.data.get("shown", 0)) + 1
        form.data = {**form.data, "shown": shown}
        key = f"{token(form)}:{shown}"
    outbox.show(session, surface(form), form.id, form.chat_id, now=now, fresh=fresh, key=key)


def drop(session: Session, chat: Chat, now: datetime) -> None:
    """Forget the form of this chat. Its message, with whatever it says of a patient, gives way to CLOSED."""
    for form in session.scalars(select(Form).where(Form.chat_id == chat.id)).all():
        name = surface(form)
        outbox.withdraw(session, name, form.id)
        same = (Surface.kind == name, Surface.ref == form.id, Surface.chat_id == chat.id, Surface.current)
        if session.scalar(select(exists().where(*same))):
            outbox.show(session, name, form.id, chat.id, now=now)
        session.delete(form)
    session.flush()


def surface(form: Form) -> str:
    """The name under which this form is shown."""
    return surface_of(form.kind)


def surface_of(kind: str) -> str:
    """The name under which forms of this kind are shown."""
    return f"{kind}_form"
