"""Binds a care team to the group or private channel where its escalations appear. Never a public one (hazard H25)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import audit, chats, forms, outbox, watchdog
from bot.care.outbox import Lane
from bot.db.models import CareTeam, Chat, Escalation, Form, Staff
from bot.errors import AftercareError

KIND = "bind"
GOOD_FOR = timedelta(hours=1)


class CannotBind(AftercareError):
    """This chat cannot be the team's."""


def bind(session: Session, staff: Staff, team: CareTeam, chat: Chat, *, public: bool, now: datetime) -> None:
    """Make this chat the team's, and show the team's open escalations there. Raises CannotBind."""
    if staff.role != "admin" or staff.state != "active":
        raise CannotBind("Only an admin can bind a chat. Ask one to send /bind here.")
    if chat.kind == "private":
        raise CannotBind("Send /bind in the team's group, or post it in its private channel.")
    if public:
        raise CannotBind("This chat has a public address, so anybody could read it. Make it private, then send /bind.")
    other = session.scalars(select(CareTeam).where(CareTeam.chat_id == chat.id, CareTeam.id != team.id)).first()
    if other is not None:
        raise CannotBind(f"This chat belongs to the team {other.name}. Each team needs a chat of its own.")
    team.chat_id = chat.id
    session.flush()
    chats.mark(session, chat, "ok", now)  # until the words that follow tell otherwise
    watchdog.clear(session, "team_chat_lost", f"team:{team.id}", now)
    audit.record(session, f"staff:{staff.id}", "chat bound", f"team:{team.id}", now, chat=chat.id)
    waiting = select(Escalation).where(Escalation.team_id == team.id, Escalation.state != "closed")
    for case in session.scalars(waiting.order_by(Escalation.id)):
        lane = Lane.EMERGENCY if case.level == "emergency" else Lane.CLINICIAN
        key = f"bound:{now.timestamp():.3f}"
        outbox.show(
            session, "escalation", case.id, chat.id, now=now, lane=lane, fresh=True, key=key, on_uncertain="resend"
        )


def code_for_channel(session: Session, staff: Staff, team: CareTeam, chat: Chat, now: datetime) -> str:
    """A code to post in a channel, where Telegram does not say who posts. Good once, for an hour."""
    code = secrets.token_hex(5)
    forms.keep(session, chat, KIND, "wait", {"code": code, "team": team.id, "staff": staff.id}, now)
    return code


def by_code(session: Session, code: str, now: datetime) -> tuple[Staff, CareTeam] | None:
    """Who made this code for which team; the code is spent."""
    for form in session.scalars(select(Form).where(Form.kind == KIND, Form.updated_at > now - GOOD_FOR)):
        if secrets.compare_digest(form.data["code"].encode(), code.strip().encode()):
            staff = session.get_one(Staff, form.data["staff"])
            team = session.get_one(CareTeam, form.data["team"])
            session.delete(form)
            return staff, team
    return None
