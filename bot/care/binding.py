"""Binds a care team to the group or private channel where its escalations appear. Never a public one (hazard H25)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import audit, forms
from bot.db.models import CareTeam, Chat, Escalation, Form, Staff
from bot.errors import AftercareError

KIND = "bind"
GOOD_FOR = timedelta(hours=1)


class CannotBind(AftercareError):
    """This chat cannot be the team's."""


def bind(
    session: Session, staff: Staff, team: CareTeam, chat: Chat, *, public: bool, now: datetime
) -> list[Escalation]:
    """Make this chat the team's. Returns the team's open escalations, to be shown there. Raises CannotBind."""
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
    audit.record(session, f"staff:{staff.id}", "chat bound", f"team:{team.id}", now, chat=chat.id)
    waiting = select(Escalation).where(Escalation.team_id == team.id, Escalation.state != "closed")
    return list(session.scalars(waiting))


def code_for_channel(session: Session, staff: Staff, team: CareTeam, chat: Chat, now: datetime) -> str:
    """A code to post in a channel, where Telegram does not say who posts. Good once, for an hour."""
    forms.drop(session, chat)
    code = secrets.token_hex(5)
    data = {"code": code, "team": team.id, "staff": staff.id}
    session.add(Form(chat_id=chat.id, kind=KIND, step="wait", data=data, updated_at=now))
    session.flush()
    return code


def by_code(session: Session, code: str, now: datetime) -> tuple[Staff, CareTeam] | None:
    """Who made this code for which team; the code is spent."""
    for form in session.scalars(select(Form).where(Form.kind == KIND, Form.updated_at > now - GOOD_FOR)):
        if secrets.compare_digest(form.data["code"], code.strip()):
            staff = session.get_one(Staff, form.data["staff"])
            team = session.get_one(CareTeam, form.data["team"])
            session.delete(form)
            return staff, team
    return None
