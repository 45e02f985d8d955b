"""Who works here: care teams, their people, and what each of them may do. Joining is by single-use link only."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import audit, invitations
from bot.db.models import CareTeam, Chat, Staff
from bot.errors import AftercareError

ROLES = ("coordinator", "clinician", "admin")
RUNGS = ("on_call", "second_on_call", "manager")


class NotPossible(AftercareError):
    """This cannot be done as asked."""


def by_user(session: Session, user: int | None) -> Staff | None:
    """The active member of staff behind a Telegram user id: a person's id is that of their private chat."""
    if user is None:
        return None
    return session.scalars(
        select(Staff).join(Chat, Staff.chat_id == Chat.id).where(Chat.telegram_id == user, Staff.state == "active")
    ).one_or_none()


def team(session: Session, name: str) -> CareTeam:
    """The team of this name; raises NotPossible with the names there are."""
    found = session.scalars(select(CareTeam).where(CareTeam.name == name)).one_or_none()
    if found is None:
        names = ", ".join(session.scalars(select(CareTeam.name).order_by(CareTeam.name))) or "none yet"
        raise NotPossible(f"There is no care team named {name!r}. Teams: {names}.")
    return found


def ensure_team(session: Session, name: str, timezone: str, now: datetime) -> CareTeam:
    """The team of this name, made if it is new. `timezone` is an IANA name; raises NotPossible for an unknown one."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise NotPossible(f"{timezone!r} is no time zone. Use a name such as Europe/London.") from error
    found = session.scalars(select(CareTeam).where(CareTeam.name == name)).one_or_none()
    if found is None:
        found = CareTeam(name=name, timezone=timezone, created_at=now)
        session.add(found)
        session.flush()
    return found


def invite(
    session: Session, *, name: str, role: str, team: CareTeam, rung: str | None, by: int | None, now: datetime
) -> tuple[Staff, str]:
    """A new member of staff and the start payload that lets them in. Raises NotPossible for an unknown role or rung."""
    if role not in ROLES:
        raise NotPossible(f"{role!r} is no role. Use one of: {', '.join(ROLES)}.")
    if rung is not None and rung not in RUNGS:
        raise NotPossible(f"{rung!r} is no rung of the ladder. Use one of: {', '.join(RUNGS)}.")
    if not name.strip():
        raise NotPossible("A name is needed, so that others see who acknowledged.")
    member = Staff(
        name=name.strip(), role=role, team_id=team.id, rung=rung, language="en", state="invited", created_at=now
    )
    session.add(member)
    session.flush()
    payload = invitations.issue(session, now=now, by=by, staff_id=member.id)
    audit.record(session, f"staff:{by}" if by else "command", "staff invited", f"staff:{member.id}", now, role=role)
    return member, payload


def reinvite(session: Session, member: Staff, *, by: int | None, now: datetime) -> str:
    """A new link for somebody who has not joined; the old one stops working. Raises NotPossible."""
    if member.state != "invited":
        raise NotPossible(f"{member.name} has {'joined' if member.state == 'active' else 'left'} already.")
    payload = invitations.issue(session, now=now, by=by, staff_id=member.id)
    audit.record(session, f"staff:{by}" if by else "command", "invitation re-issued", f"staff:{member.id}", now)
    return payload


def join(session: Session, member: Staff, chat: Chat, now: datetime) -> None:
    """The invited person pressed Start: from now on this chat is theirs."""
    for other in session.scalars(select(Staff).where(Staff.chat_id == chat.id, Staff.state == "active")):
        other.state = "left"  # one person, one entry: a new invitation replaces the old role
    session.flush()
    member.chat_id = chat.id
    member.state = "active"
    member.joined_at = now
    audit.record(session, f"staff:{member.id}", "staff joined", f"staff:{member.id}", now, role=member.role)


def leave(session: Session, member: Staff, now: datetime, *, by: str) -> None:
    """This person no longer works here: their buttons and commands stop at once, and so does an unused link."""
    member.state = "left"
    invitations.void_all(session, "left", now, staff_id=member.id)
    audit.record(session, by, "staff left", f"staff:{member.id}", now)


def admins(session: Session) -> list[Staff]:
    """Every active admin."""
    return list(session.scalars(select(Staff).where(Staff.role == "admin", Staff.state == "active")))


def coordinators(session: Session, team_id: int) -> list[Staff]:
    """Active coordinators of a team; its clinicians and then the admins when it has none."""
    for role in ("coordinator", "clinician"):
        found = list(
            session.scalars(select(Staff).where(Staff.team_id == team_id, Staff.role == role, Staff.state == "active"))
        )
        if found:
            return found
    return admins(session)
