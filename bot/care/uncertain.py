"""Messages of which nobody can know whether they arrived: the connection broke, or we stopped, half-way.

By class: an alert is repeated at once and says so; a check-in waits 90 seconds for a sign of life and is then repeated
once; a digest is let be. Most such messages did arrive, and every copy's buttons answer the same row.

What a patient must do now has no ladder that would bring it again: it is repeated, ever more slowly, until one copy has
surely arrived or a person has reached the patient. Such a repeat holds up no other message of the chat.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, select, text, update
from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card
from bot.care import chats, guidance, retiring, watchdog
from bot.care.clinic import Clinic
from bot.db.engine import wake
from bot.db.models import Answer, Chat, Outbox, Surface

EVIDENCE_WITHIN = timedelta(seconds=90)
REPEATS = 6  # of an alert to staff, over a quarter of an hour: the ladder brings the case itself again
TROUBLE_AFTER = 5  # attempts after which an admin is told
_APART = timedelta(seconds=30)  # between the first two repeats; then twice as long each time
_MOST_APART = timedelta(hours=1)


def begin(session: Session, row: Outbox, why: str, now: datetime) -> None:
    """The row's message may or may not have arrived: do what its class says."""
    row.state = "uncertain"
    row.error = why
    row.sent_at = now
    row.lease_until = None
    if row.on_uncertain == "resend":
        if row.attempts <= REPEATS or _without_end(session, row):
            wait = timedelta() if row.repeats_id is None else _APART * 2 ** min(max(0, row.attempts - 2), 10)
            _repeat(session, row, now + min(wait, _MOST_APART), now)
        if row.attempts >= TROUBLE_AFTER:
            remedy = "Nobody can tell whether alerts to this chat arrive. Check the network, then ring the team."
            watchdog.incident(session, "alerts_uncertain", f"chat:{row.chat_id}", remedy, now)
    elif row.on_uncertain == "evidence" and row.repeats_id is None:
        row.lease_until = now + EVIDENCE_WITHIN
    session.flush()


_REPEATING = select(Outbox.chat_id).where(
    Outbox.chat_id.in_(bindparam("chats", expanding=True)),
    Outbox.state == "pending",
    Outbox.repeats_id.is_not(None),
)
_WITHOUT_ID = (  # asked at every tap, so made once: making a query takes longer than running it
    select(Outbox)
    .where(
        Outbox.chat_id == bindparam("chat"),
        Outbox.state == "uncertain",
        Outbox.telegram_message_id.is_(None),
        Outbox.surface.is_not(None),
    )
    .order_by(Outbox.id.desc())
    .limit(1)
)


def arrived(session: Session, chat: Chat, message_id: int, now: datetime) -> bool:
    """A button of this message was pressed: if it is an uncertain one, it arrived; take its id. Returns whether."""
    row = session.scalars(_WITHOUT_ID, {"chat": chat.id}).first()
    if row is None or row.surface is None or row.ref is None or _known(session, chat, message_id):
        return False
    _settle(row, message_id)
    session.flush()
    _adopt(session, row.surface, row.ref, chat, message_id, now)
    forget_repeat(session, row)
    return True


def found(session: Session, surface: str, ref: int, chat: Chat, message_id: int, now: datetime) -> None:
    """A button of this message was pressed, and it is one of `surface` and `ref`: go on in it, if it is the lowest.

    A copy of which no row knows any more whether it arrived (it was answered in another) is found in this way.
    """
    if not _known(session, chat, message_id):
        _adopt(session, surface, ref, chat, message_id, now)


def _known(session: Session, chat: Chat, message_id: int) -> bool:
    ours = exists().where(Surface.chat_id == chat.id, Surface.telegram_message_id == message_id)
    sent = exists().where(Outbox.chat_id == chat.id, Outbox.telegram_message_id == message_id)
    return bool(session.scalar(select(ours | sent)))


def _adopt(session: Session, surface: str, ref: int, chat: Chat, message_id: int, now: datetime) -> None:
    """From now on this message shows it, unless another copy does further down."""
    same = (Surface.kind == surface, Surface.ref == ref, Surface.chat_id == chat.id)
    shown = session.scalars(select(Surface).where(*same, Surface.current)).one_or_none()
    lowest = shown is None or message_id > shown.telegram_message_id
    if shown is not None and lowest:
        shown.current = False
        session.flush()
    copy = Surface(
        kind=surface,
        ref=ref,
        chat_id=chat.id,
        telegram_message_id=message_id,
        digest="",
        current=lowest,
        shown_at=now,
    )
    session.add(copy)
    session.flush()
    if shown is not None:
        retiring.retire(session, shown if lowest else copy, now)


def needless(session: Session, row: Outbox) -> bool:
    """Whether this is the repeat of an action card to a patient whom a person has reached meanwhile."""
    return row.repeats_id is not None and _to_patient(session, row) and guidance.spoken_since(session, row)


def repeating(session: Session, chat_ids: Collection[int]) -> frozenset[int]:
    """In which of these chats a repeat waits."""
    return frozenset(session.scalars(_REPEATING, {"chats": list(chat_ids)}))


def line_is_open(session: Session, chat: Chat, now: datetime) -> None:
    """Something surely arrived in this chat: a repeat that waits for a better time goes now."""
    waiting = (Outbox.chat_id == chat.id, Outbox.state == "pending", Outbox.repeats_id.is_not(None))
    sooner = update(Outbox).where(*waiting, Outbox.not_before > now).values(not_before=now)
    session.execute(sooner, execution_options={"synchronize_session": False})  # no such row is read after this


def forget_repeat(session: Session, row: Outbox) -> None:
    """The first copy arrived after all: a repeat that still waits is not needed."""
    waiting = update(Outbox).where(Outbox.repeats_id == row.id, Outbox.state == "pending")
    session.execute(waiting.values(state="dropped", error="the first copy arrived"))


def sweep(session: Session, now: datetime, clinic: Clinic, *, restarted: bool = False) -> dict[str, int]:
    """Settle leases that ran out, evidence that did not come, and messages that are too late. Safe to repeat.

    `restarted`: every lease has run out, because whoever held it is no more. Returns how many of each.
    """
    counts = {"leases": 0, "repeats": 0, "expired": 0}
    held = select(Outbox).where(text("outbox.state IN ('sending','uncertain')"), Outbox.state == "sending")
    for row in session.scalars(held if restarted else held.where(Outbox.lease_until <= now)).all():
        counts["leases"] += 1
        if _is_edit(session, row):
            row.state = "pending"
            row.lease_until = None
        else:
            begin(session, row, "lease ran out", now)
    over = text("outbox.state IN ('sending','uncertain')"), Outbox.state == "uncertain", Outbox.lease_until <= now
    for row in session.scalars(select(Outbox).where(*over)).all():
        if _answered(session, row):
            _settle(row, None)
        else:
            row.lease_until = None
            _repeat(session, row, now, now)
            counts["repeats"] += 1
    late = update(Outbox).where(text("outbox.state = 'pending'"), Outbox.expires_at <= now)
    expired = session.execute(late.values(state="expired", error="too late").returning(Outbox.id)).all()
    counts["expired"] = len(expired)
    session.flush()
    if counts["leases"]:
        wake(session, "outbox")
    return counts


def marked(session: Session, row: Outbox, card: Card) -> Card:
    """The card, saying that it is a repeat if it is one."""
    if row.repeats_id is None:
        return card
    chat = session.get_one(Chat, row.chat_id)
    _ = texts.translator(retiring.language(session, row.chat_id))
    patient = chats.patient_of(session, chat) is not None
    note = _("In case this did not arrive:") if patient else _("🔁 Repeat: you may have had this already.")
    return replace(card, text=f"{note}\n\n{card.text}")


def _without_end(session: Session, row: Outbox) -> bool:
    return _to_patient(session, row) and not guidance.spoken_since(session, row)


def _to_patient(session: Session, row: Outbox) -> bool:
    return row.on_uncertain == "resend" and chats.patient_of(session, session.get_one(Chat, row.chat_id)) is not None


def _repeat(session: Session, row: Outbox, not_before: datetime, now: datetime) -> None:
    again = Outbox(
        lane=row.lane,
        purpose=row.purpose,
        chat_id=row.chat_id,
        surface=row.surface,
        ref=row.ref,
        fresh=row.fresh,
        payload=row.payload,
        dedupe_key=f"{row.dedupe_key}:repeat",
        on_uncertain=row.on_uncertain,
        state="pending",
        not_before=not_before,
        expires_at=row.expires_at,
        attempts=row.attempts,
        repeats_id=row.id,
        created_at=now,
    )
    session.add(again)
    session.flush()
    wake(session, "outbox")


def _settle(row: Outbox, message_id: int | None) -> None:
    row.state = "sent"
    row.error = None
    row.lease_until = None
    row.telegram_message_id = message_id


def _answered(session: Session, row: Outbox) -> bool:
    """Whether the check-in this message asks was answered since."""
    if row.surface != "checkin" or row.sent_at is None:
        return False
    return bool(session.scalar(select(exists().where(Answer.checkin_id == row.ref, Answer.at >= row.sent_at))))


def _is_edit(session: Session, row: Outbox) -> bool:
    if row.purpose == retiring.PURPOSE:
        return True
    if row.surface is None or row.fresh:
        return False
    same = (Surface.kind == row.surface, Surface.ref == row.ref, Surface.chat_id == row.chat_id)
    return bool(session.scalar(select(exists().where(*same, Surface.current))))
