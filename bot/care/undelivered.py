"""What follows when a message cannot be delivered: no end is silent, each leads to a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.care import chats, escalations, outbox, paging, patients, retiring, telling, watchdog
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import CareTeam, Chat, Outbox, Patient

ATTEMPTS = 20  # about three hours of trying; alerts are tried without end
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_ALERT_WAIT = timedelta(seconds=60)
ALERT_TRIES = 5  # after these an admin is told that alerts wait
_EVERYWHERE, _HERE = ("not_authorized", "alerts_waiting"), "alerts_uncertain"
_REMEDY = {
    "blocked": "This person blocked the bot. Ask them to unblock it and press Start.",
    "deactivated": "This Telegram account no longer exists. Invite the person anew.",
    "unstarted": "This person has not pressed Start. Send them a new invitation.",
    "gone": "The bot was removed from this chat, or it is gone. Add the bot again and send /bind there.",
    "no_rights": "The bot may not post in this chat. Make it an administrator there, then send /bind.",
}


def troubles(session: Session) -> frozenset[tuple[str, str]]:
    """What is on record as wrong (kind, subject) that an arrival may set right."""
    return watchdog.open_among(session, (*_EVERYWHERE, _HERE))


def reached(session: Session, chat: Chat, now: datetime, wrong: Collection[tuple[str, str]]) -> None:
    """Something arrived there: the chat is open, and Telegram knows us. `wrong` is what `troubles` says."""
    for trouble in (*((kind, "bot") for kind in _EVERYWHERE), (_HERE, f"chat:{chat.id}")):
        if trouble in wrong:
            watchdog.clear(session, *trouble, now)
    if chat.state != "ok" and chats.mark(session, chat, "ok", now):
        watchdog.clear(session, "chat_unreachable", f"chat:{chat.id}", now)


def unreachable(session: Session, row: Outbox, chat: Chat, kind: str, why: str, clinic: Clinic, now: datetime) -> None:
    """Nothing arrives in this chat (`kind` is its new state). Tell those who must know, by another way."""
    row.state = "dead"
    row.error = f"{kind}: {why}"
    session.flush()
    news = chats.mark(session, chat, kind, now)
    waiting = _expire_waiting(session, chat, kind)
    person = chats.patient_of(session, chat)
    if person is not None:
        if news:
            _find(session, person, "bot_blocked", clinic, now, kind)
        return
    watchdog.incident(session, "chat_unreachable", f"chat:{chat.id}", _REMEDY[kind], now)
    if news:
        paging.unreachable(session, chat, now, clinic)
    _divert(session, chat, [row, *waiting], now)


def not_sent(session: Session, row: Outbox, why: str, clinic: Clinic, now: datetime) -> None:
    """There was no connection, or the same edit can be made again: another try later, alerts without end."""
    alert = row.lane <= Lane.CLINICIAN
    if not alert and row.attempts >= ATTEMPTS:
        dead(session, row, why, clinic, now)
        return
    wait = min(LONGEST_ALERT_WAIT if alert else LONGEST_WAIT, timedelta(seconds=2 ** min(row.attempts, 12)))
    row.state = "pending"
    row.lease_until = None
    row.not_before = now + wait
    if alert and row.attempts == ALERT_TRIES:
        remedy = (
            "Alerts cannot be sent: Telegram cannot be reached. Check the network; until then look at the worklist."
        )
        watchdog.incident(session, "alerts_waiting", "bot", remedy, now)


def bad_content(session: Session, row: Outbox, why: str, clinic: Clinic, now: datetime, *, last: bool) -> None:
    """Telegram refuses the message itself. With `last` that was the second and final form of it."""
    remedy = f"Telegram refused a message ({why}). Report this; a message without buttons went instead, or none."
    watchdog.incident(session, "message_refused", row.purpose, remedy, now)
    if last:
        dead(session, row, why, clinic, now)


def not_authorized(session: Session, now: datetime) -> None:
    """Telegram does not know our token; nothing is lost, and nothing goes out."""
    remedy = "Telegram does not know the bot's token. Set TELEGRAM_BOT_TOKEN to the one @BotFather shows, then restart."
    watchdog.incident(session, "not_authorized", "bot", remedy, now)


def dead(session: Session, row: Outbox, why: str, clinic: Clinic, now: datetime) -> None:
    """The last try failed. What a patient should have had becomes a phone task."""
    row.state = "dead"
    row.error = why
    row.lease_until = None
    session.flush()
    chat = session.get_one(Chat, row.chat_id)
    remedy = "A message could not be delivered after all attempts. Look at the log and at the case it belongs to."
    watchdog.incident(session, "undelivered", f"chat:{chat.id}", remedy, now)
    person = chats.patient_of(session, chat)
    if person is not None and row.purpose != retiring.PURPOSE:
        _find(session, person, "delivery_failed", clinic, now, why)
    else:
        _divert(session, chat, [row], now)


def _find(session: Session, person: Patient, finding: str, clinic: Clinic, now: datetime, why: str) -> None:
    enrolment = patients.latest(session, person)
    if enrolment is not None and enrolment.state in ("invited", "active", "paused"):
        escalations.operational(session, enrolment, finding, now, clinic, because={"reason": why})


def _expire_waiting(session: Session, chat: Chat, why: str) -> list[Outbox]:
    """What waits for this chat would fail alike."""
    waiting = select(Outbox).where(Outbox.chat_id == chat.id, Outbox.state == "pending").order_by(Outbox.id)
    rows = list(session.scalars(waiting))
    session.execute(
        update(Outbox).where(Outbox.id.in_([row.id for row in rows])).values(state="expired", error=f"chat {why}")
    )
    return rows


def _divert(session: Session, chat: Chat, rows: list[Outbox], now: datetime) -> None:
    """Alerts that were for a team's chat go to its on-call people privately. Cases are told by paging."""
    team_id = session.scalar(select(CareTeam.id).where(CareTeam.chat_id == chat.id))
    if team_id is None:
        return
    _group, people = telling.standing(session, team_id, "on_call")
    for row in rows:
        if row.lane > Lane.CLINICIAN or row.surface is not None:
            continue
        for person in people:
            if person.chat_id is not None:
                key, lane = f"{row.dedupe_key}:instead:{person.chat_id}", Lane(row.lane)
                outbox.say(
                    session,
                    row.purpose,
                    person.chat_id,
                    key=key,
                    now=now,
                    lane=lane,
                    payload=row.payload,
                    ref=row.ref,
                    on_uncertain=row.on_uncertain,
                )
