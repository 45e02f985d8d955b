"""What the database says of the site's health: teams, ladder, pathway, signs of life, what is stuck. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from bot.care import pathways, staffing, watchdog
from bot.db.models import Audit, CareTeam, Chat, Heartbeat, Inbox, Incident, Outbox, Staff
from schedules import lint

RECENT = timedelta(days=7)
_STUCK = timedelta(minutes=5)
BACKUP_MADE = "backup made"  # in the audit trail
_BACKUP_OLD = timedelta(hours=26)  # a day, and time to make it


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what was found, and what to do when it is not as it should be.

    What `warns` harms nobody yet, and keeps no check from being ok.
    """

    name: str
    ok: bool
    what: str
    remedy: str = ""
    warns: bool = False


def all_of(session: Session, now: datetime) -> list[Check]:
    """Every check that needs the database alone."""
    return [
        *_teams(session),
        *_people(session),
        _pathway(session),
        *_signs_of_life(session, now),
        *_incidents(session),
        _inbox(session, now),
        _outbox(session, now),
        _backup(session, now),
    ]


def _teams(session: Session) -> Iterator[Check]:
    teams = session.scalars(select(CareTeam).order_by(CareTeam.id)).all()
    if not teams:
        remedy = "Run: aftercare staff invite --name … --role admin --team … , then send /bind in the team's group."
        yield Check(name="teams", ok=False, what="There is no care team.", remedy=remedy)
    for team in teams:
        name = f"team {team.name}"
        chat = session.get(Chat, team.chat_id) if team.chat_id is not None else None
        if chat is None:
            remedy = "Make a private group, add the bot as an administrator, and let an admin send /bind in it."
            yield Check(
                name=name, ok=False, what="It has no chat, so escalations go to people one by one.", remedy=remedy
            )
        elif chat.state != "ok":
            remedy = "Add the bot to it as an administrator, then let an admin send /bind there."
            yield Check(name=name, ok=False, what=f"Its chat cannot be used ({chat.state}).", remedy=remedy)
        else:
            yield Check(name=name, ok=True, what="Its chat is bound.")
        yield from _ladder(session, team)


def _ladder(session: Session, team: CareTeam) -> Iterator[Check]:
    for rung in staffing.RUNGS:
        name, words = f"ladder of {team.name}: {rung}", rung.replace("_", " ")
        on_it = select(Staff, Chat).join(Chat, Chat.id == Staff.chat_id)
        rows = session.execute(on_it.where(Staff.team_id == team.id, Staff.rung == rung, Staff.state == "active")).all()
        reachable = [staff for staff, chat in rows if chat.state == "ok"]
        if reachable:
            yield Check(name=name, ok=True, what=f"{len(reachable)} can be reached.")
        else:
            why = "Nobody on it can be reached" if rows else "Nobody is on it"
            remedy = f"Run: aftercare staff invite --team {team.name!r} --rung {rung} … , and let them press Start."
            yield Check(name=name, ok=False, what=f"{why}: an escalation skips the {words}.", remedy=remedy)


def _people(session: Session) -> Iterator[Check]:
    admins = staffing.admins(session)
    remedy = "Run: aftercare staff invite --role admin …"
    what = f"{len(admins)} active." if admins else "There is none, so nobody hears of incidents."
    yield Check(name="admins", ok=bool(admins), what=what, remedy="" if admins else remedy)
    waiting = session.scalars(select(Staff.id).where(Staff.state == "invited").order_by(Staff.id)).all()
    if waiting:
        numbers = ", ".join(str(number) for number in waiting)
        remedy = "Ask them to open their link and press Start. A new link: aftercare staff link NUMBER"
        yield Check(name="staff", ok=False, what=f"Invited, but never pressed Start: {numbers}.", remedy=remedy)
    closed = session.execute(
        select(Staff.id, Chat.state).join(Chat, Chat.id == Staff.chat_id)
        .where(Staff.state == "active", Chat.state != "ok").order_by(Staff.id)
    ).all()  # fmt: skip
    for number, state in closed:
        remedy = "Ask them to unblock the bot and press Start."
        yield Check(name=f"staff {number}", ok=False, what=f"Their private chat is closed ({state}).", remedy=remedy)


def _pathway(session: Session) -> Check:
    try:
        version = pathways.current(session)
    except NoResultFound:
        remedy = "Start the bot once, or run: aftercare pathway publish"
        return Check(name="pathway", ok=False, what="No pathway is published yet.", remedy=remedy)
    # It was proven when it was published; the search would make everybody wait.
    report = lint.check(version.files, ["examples"])
    read = report.pathway
    if read is None or report.problems:
        remedy = f"Mend and publish it anew: aftercare pathway publish. First problem: {report.problems[0]}"
        return Check(name="pathway", ok=False, what=f"Version {version.number} is not sound.", remedy=remedy)
    if read.fingerprint != pathways.of(session, version.id).fingerprint:
        remedy = "This program reads its files differently than the one that published it: publish them again."
        return Check(name="pathway", ok=False, what=f"Version {version.number} differs from its files.", remedy=remedy)
    what = f"Version {version.number} is sound; languages: {', '.join(read.languages)}."
    return Check(name="pathway", ok=True, what=what)


def _signs_of_life(session: Session, now: datetime) -> Iterator[Check]:
    hearts = session.scalars(select(Heartbeat).order_by(Heartbeat.name)).all()
    if not hearts:
        yield Check(name="running", ok=False, what="The bot has never run.", remedy="Start it: aftercare run")
    for heart in hearts:
        name, late = f"running: {heart.name}", now - heart.at > watchdog.LATE_AFTER * timedelta(seconds=heart.every_s)
        seen = f"last seen {heart.at:%Y-%m-%d %H:%M:%S} UTC"
        if late:
            yield Check(name=name, ok=False, what=f"Stopped: {seen}.", remedy="Start the bot: aftercare run")
        elif heart.failed:
            remedy = "Read the log of that time and report it."
            yield Check(name=name, ok=False, what=f"Its last run failed ({heart.failed}), {seen}.", remedy=remedy)
        else:
            yield Check(name=name, ok=True, what=f"{seen}.")


def _incidents(session: Session) -> Iterator[Check]:
    rows = session.scalars(select(Incident).where(Incident.cleared_at.is_(None)).order_by(Incident.id)).all()
    for row in rows:
        what = f"{row.kind.replace('_', ' ')}, since {row.opened_at:%Y-%m-%d %H:%M} UTC, {row.times} times."
        yield Check(name=f"incident: {row.subject}", ok=False, what=what, remedy=row.remedy)
    if not rows:
        yield Check(name="incidents", ok=True, what="None is open.")


def _inbox(session: Session, now: datetime) -> Check:
    stuck = _count(session, Inbox, Inbox.state == "new", Inbox.received_at < now - _STUCK)
    aside = _count(session, Inbox, Inbox.state == "quarantined", Inbox.received_at > now - RECENT)
    if not stuck and not aside:
        return Check(name="inbox", ok=True, what="Everything that came in was processed.")
    remedy = "Is the bot running? An update set aside has been told to its team or the admins; report it with the log."
    what = f"{stuck} wait for longer than 5 minutes, {aside} were set aside in the last 7 days."
    return Check(name="inbox", ok=False, what=what, remedy=remedy)


def _outbox(session: Session, now: datetime) -> Check:
    due = or_(Outbox.not_before < now - _STUCK, Outbox.attempts > 0)
    stuck = _count(session, Outbox, Outbox.state == "pending", due)
    dead = _count(session, Outbox, Outbox.state == "dead", Outbox.created_at > now - RECENT)
    if not stuck and not dead:
        return Check(name="outbox", ok=True, what="Everything that is due was sent.")
    remedy = "Is the bot running, and can it reach Telegram? Dead messages to patients have become phone tasks."
    what = f"{stuck} wait to be sent, {dead} could not be delivered in the last 7 days."
    return Check(name="outbox", ok=False, what=what, remedy=remedy)


def _backup(session: Session, now: datetime) -> Check:
    last = session.scalar(select(func.max(Audit.at)).where(Audit.action == BACKUP_MADE))
    remedy = "Run: aftercare backup, every night by a timer such as deploy/aftercare-backup.timer"
    if last is None:
        return Check(name="backup", ok=True, warns=True, what="There is none.", remedy=remedy)
    what = f"The last was made {last:%Y-%m-%d %H:%M} UTC and restored for a trial."
    return Check(name="backup", ok=True, warns=now - last > _BACKUP_OLD, what=what, remedy=remedy)


def _count(session: Session, table: type[Inbox | Outbox], *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where)) or 0
