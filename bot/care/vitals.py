"""What the database says of the promises at this instant, and which of them are broken. Reads only; names nobody.

Ages are in seconds. The limits are far above what a healthy bot needs and well below what a patient would notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, or_, select, text
from sqlalchemy.orm import Session

from bot.care import gaps, watchdog
from bot.care.outbox import Lane
from bot.db.models import LEVELS, CareTeam, Chat, Escalation, Heartbeat, Inbox, Incident, Outbox, Staff

POLL_S = 60  # a poll lasts 25 s at most; a tap lives 150 s at Telegram
UNPROCESSED_S = 60  # an update takes milliseconds; a failing one is set aside within 80 s, and told
UNSENT_S: Mapping[Lane, int] = {
    Lane.EMERGENCY: 30,  # has capacity of its own, so it goes at once
    Lane.CLINICIAN: 120,  # a group takes 20 a minute
    Lane.CONVERSATION: 60,
    Lane.CHECKIN: 900,  # a wave of 20,000 at Telegram's pace
    Lane.DIGEST: 3600,
}
PAGE_OVERDUE_S = 60  # the tick that pages runs every 10 s
UNTAKEN: Mapping[str, timedelta] = {  # after the time to acknowledge: by then the whole ladder has been climbed
    "emergency": timedelta(minutes=15),
    "urgent": timedelta(hours=2),
}
COUNTS_FOR: Mapping[str, timedelta] = {  # an incident of this kind breaks a promise until it was not seen for so long
    "nobody_to_page": timedelta(hours=1),
    "alerts_uncertain": timedelta(minutes=15),
    "alerts_waiting": timedelta(minutes=15),
    "paging_failed": timedelta(minutes=5),
    "not_authorized": timedelta(minutes=5),
    "bot_not_found": timedelta(minutes=5),
    "second_reader": timedelta(minutes=5),
}
LAST = 10_000  # updates among which those set aside are counted: the inbox keeps years
_ALERTS = (Lane.EMERGENCY, Lane.CLINICIAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The last sign of life of a tick; `failed` is the type of its error."""

    age_s: float
    every_s: int
    failed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An open incident that breaks a promise: its kind, and what to do next."""

    kind: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Ages in seconds; None or 0 where nothing waits."""

    ticks: Mapping[str, Beat]
    poll_age_s: float | None
    unsent_s: Mapping[Lane, float]
    unprocessed_s: float
    unacknowledged_s: Mapping[str, float]
    untaken: Sequence[str] = field(default=())
    page_overdue_s: float
    quarantined: int
    incidents: int
    troubles: Sequence[Trouble] = field(default=())
    lost_chats: int


def read(session: Session, now: datetime) -> Vitals:
    """Look at everything once. A handful of short queries over partial indexes."""
    hearts = {heart.name: heart for heart in session.scalars(select(Heartbeat))}
    poll = hearts.pop(gaps.LISTENING, None)
    return Vitals(
        ticks={
            name: Beat(age_s=_since(heart.at, now), every_s=heart.every_s, failed=heart.failed)
            for name, heart in sorted(hearts.items())
        },
        poll_age_s=_since(poll.at, now) if poll is not None else None,
        unsent_s=_unsent(session, now),
        unprocessed_s=_since(session.scalar(select(func.min(Inbox.received_at)).where(text("state = 'new'"))), now),
        unacknowledged_s=_unacknowledged(session, now),
        untaken=_untaken(session, now),
        page_overdue_s=_page_overdue(session, now),
        quarantined=_quarantined(session),
        incidents=session.scalar(select(func.count()).select_from(Incident).where(Incident.cleared_at.is_(None))) or 0,
        troubles=_troubles(session, now),
        lost_chats=_lost_chats(session),
    )


def broken(vitals: Vitals, expected: Mapping[str, int]) -> list[str]:
    """Every broken promise, in words that say what to do next. `expected`: the ticks that must run, and how often."""
    return [
        *_ticks_broken(vitals, expected),
        *_intake_broken(vitals),
        *_delivery_broken(vitals),
        *_care_broken(vitals),
    ]


def _ticks_broken(vitals: Vitals, expected: Mapping[str, int]) -> list[str]:
    found = []
    for name, every_s in expected.items():
        beat = vitals.ticks.get(name)
        if beat is None:
            found.append(f"The task '{name}' has never run. Start the part 'care': aftercare run")
        elif beat.age_s > watchdog.LATE_AFTER * every_s:
            found.append(f"The task '{name}' last ran {_ago(beat.age_s)} ago. Restart the bot and read its log.")
        elif beat.failed:
            found.append(f"The task '{name}' failed ({beat.failed}). Run aftercare doctor and report the log.")
    return found


def _intake_broken(vitals: Vitals) -> list[str]:
    found = []
    if vitals.poll_age_s is None:
        found.append("Nothing has listened to Telegram yet. Start the part 'intake': aftercare run")
    elif vitals.poll_age_s > POLL_S:
        found.append(
            f"Nothing has listened to Telegram for {_ago(vitals.poll_age_s)}. Check the network and the token with "
            "aftercare doctor, then restart the bot."
        )
    if vitals.unprocessed_s > UNPROCESSED_S:
        found.append(
            f"A message or tap has waited {_ago(vitals.unprocessed_s)} to be processed. Restart the part 'care' and "
            "read its log."
        )
    return found


def _delivery_broken(vitals: Vitals) -> list[str]:
    found = [
        f"A message ({lane.name.lower()}) has waited {_ago(age)} to be sent. Check that Telegram can be reached, then "
        "restart the part 'delivery'."
        for lane, age in vitals.unsent_s.items()
        if age > UNSENT_S[lane]
    ]
    if vitals.lost_chats:
        found.append(
            f"The chats of {vitals.lost_chats} care teams cannot be reached. Add the bot to them as an administrator "
            "and send /bind there."
        )
    return found


def _care_broken(vitals: Vitals) -> list[str]:
    found = [
        f"An escalation ({level}) is long overdue and nobody has taken it. Send /open to the bot and ring the patient."
        for level in vitals.untaken
    ]
    if vitals.page_overdue_s > PAGE_OVERDUE_S:
        found.append(
            f"A page to clinicians is {_ago(vitals.page_overdue_s)} late. Send /open to the bot and ring who is "
            "waiting; then restart the bot."
        )
    found += [f"Needs mending ({trouble.kind.replace('_', ' ')}): {trouble.remedy}" for trouble in vitals.troubles]
    return found


def _unsent(session: Session, now: datetime) -> dict[Lane, float]:
    """Alerts are never sent later on purpose, so their age runs from their writing, whatever they wait for."""
    since = case((Outbox.lane.in_(_ALERTS), Outbox.created_at), else_=Outbox.not_before)
    due = or_(Outbox.lane.in_(_ALERTS), Outbox.not_before <= now)
    waiting = select(Outbox.lane, func.min(since, type_=Outbox.created_at.type)).group_by(Outbox.lane)
    oldest: dict[Lane, float] = dict.fromkeys(Lane, 0.0)
    for state in ("outbox.state = 'pending'", "outbox.state IN ('sending','uncertain') AND outbox.state = 'sending'"):
        for lane, at in session.execute(waiting.where(text(state), due)):
            oldest[Lane(lane)] = max(oldest[Lane(lane)], _since(at, now))
    return oldest


def _unacknowledged(session: Session, now: datetime) -> dict[str, float]:
    rows = select(Escalation.level, func.min(Escalation.raised_at)).where(text("state <> 'closed'"))
    oldest = dict(session.execute(rows.where(Escalation.state == "open").group_by(Escalation.level)).all())
    return {level: _since(oldest.get(level), now) for level in LEVELS[1:]}


def _untaken(session: Session, now: datetime) -> list[str]:
    late = or_(*(and_(Escalation.level == level, Escalation.ack_by < now - by) for level, by in UNTAKEN.items()))
    rows = select(Escalation.level).where(text("state <> 'closed'"), Escalation.state == "open", late)
    return sorted(set(session.scalars(rows)))


def _page_overdue(session: Session, now: datetime) -> float:
    due = select(func.min(Escalation.next_page_at)).where(text("state <> 'closed'"), Escalation.state == "open")
    return _since(session.scalar(due), now)


def _quarantined(session: Session) -> int:
    newest = session.scalar(select(func.max(Inbox.id))) or 0
    recent = (Inbox.state == "quarantined", Inbox.id > newest - LAST)
    return session.scalar(select(func.count()).select_from(Inbox).where(*recent)) or 0


def _troubles(session: Session, now: datetime) -> list[Trouble]:
    counts = or_(*(and_(Incident.kind == kind, Incident.seen_at > now - by) for kind, by in COUNTS_FOR.items()))
    rows = select(Incident.kind, Incident.remedy).where(Incident.cleared_at.is_(None), counts).order_by(Incident.id)
    seen = dict(session.execute(rows).all())
    return [Trouble(kind=kind, remedy=remedy) for kind, remedy in seen.items()]


def _lost_chats(session: Session) -> int:
    """Of teams that somebody works in; one that was given up needs no chat."""
    bound = select(func.count()).select_from(CareTeam).join(Chat, Chat.id == CareTeam.chat_id)
    worked = select(Staff.id).where(Staff.team_id == CareTeam.id, Staff.state == "active")
    return session.scalar(bound.where(Chat.state != "ok", worked.exists())) or 0


def _since(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at is not None else 0.0


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
