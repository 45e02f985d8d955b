"""The team's group or channel: what may be asked there, who is nobody there, and what happens when the bot is put out.

Buttons are those of clinician.py; whoever taps is looked up by their own Telegram id, never by the chat's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Toast
from bot.care import access, audit, chats, paging, watchdog
from bot.care.clinic import Clinic
from bot.chat import clinician
from bot.chat.clinician import Handler
from bot.chat.incoming import Incoming
from bot.db.models import CareTeam, Chat

_HERE = ("open", "patient", "expect", "expected", "unexpect", "help")
COMMANDS: Mapping[str, Handler] = {name: clinician.COMMANDS[name] for name in _HERE}
_OUT = frozenset({"kicked", "left"})


def stranger(session: Session, clinic: Clinic, chat: Chat, incoming: Incoming, now: datetime) -> Toast:
    """Somebody who is no active member of staff tapped or asked: nothing changes, and it is on record."""
    action = incoming.action.name if incoming.action else incoming.command or "tap"
    audit.record(session, f"telegram:{incoming.user or 'unknown'}", "refused", f"chat:{chat.id}", now, attempted=action)
    return Toast(text=access.NOT_LISTED, alert=True)


def membership(session: Session, clinic: Clinic, chat: Chat, incoming: Incoming, now: datetime) -> Toast | None:
    """The bot was put out of a chat, let in, or lost the right to post. A lost team chat sends the on-call people."""
    state = "gone" if incoming.membership in _OUT else "no_rights" if incoming.can_post is False else "ok"
    changed = chats.mark(session, chat, state, now)
    teams = session.scalars(select(CareTeam).where(CareTeam.chat_id == chat.id)).all()
    for team in teams if changed else ():
        if state == "ok":
            watchdog.clear(session, "team_chat_lost", f"team:{team.id}", now)
            continue
        watchdog.incident(
            session,
            "team_chat_lost",
            f"team:{team.id}",
            "The bot cannot post in a team's chat. Add it again with the right to post, then send /bind there.",
            now,
        )
    if changed and state != "ok" and teams:
        paging.unreachable(session, chat, now, clinic)
    return None
