"""Opens check-ins: the due ones, the ones a patient asks for, and the ones to be asked again after a gap.

A due row opens by one guarded UPDATE, so that two sweeps send once. Does not send: it enqueues.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from bot import cards, texts
from bot.cards import patient
from bot.care import (
    closing,
    ending,
    escalations,
    guarded,
    guidance,
    outbox,
    pathways,
    patients,
    planning,
    reading,
    reminding,
    sweeping,
)
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.db.models import Answer, Chat, CheckIn, Enrolment, Patient
from schedules import timeline

ON_TIME = timedelta(minutes=15)  # a check-in this little behind is on its way, not late
_ATTENTION = timedelta(hours=1)
_CURRENT = (  # made once: making a query takes longer than running it
    select(CheckIn)
    .where(CheckIn.enrolment_id == bindparam("enrolment"), CheckIn.state == "open")
    .order_by(CheckIn.opened_at.desc(), CheckIn.id.desc())
    .limit(1)
)
_WHOSE = (
    select(CheckIn.id, Enrolment.state, Chat.state, Enrolment.pathway_version_id, Patient.timezone)
    .join(Enrolment, Enrolment.id == CheckIn.enrolment_id)
    .join(Patient, Patient.id == Enrolment.patient_id)
    .outerjoin(Chat, Chat.id == Patient.chat_id)
    .where(CheckIn.id.in_(sweeping.IDS))
)
_ONE_DAY = timedelta(hours=12)  # beyond it a time of day alone could mean two days


def open_due(session: Session, now: datetime, clinic: Clinic) -> int:
    """Tick: open, or end with its reason, every planned check-in whose time has come. Early days of recovery first."""
    resume(session, now)
    return sweeping.through(session, due, lambda ids: open_these(session, ids, now, clinic), now)


def resume(session: Session, now: datetime) -> None:
    """A pause that is over ends by itself, before anything opens."""
    session.execute(
        update(Enrolment)
        .where(Enrolment.state == "paused", Enrolment.paused_until <= now)
        .values(state="active", paused_until=None)
    )


def due(session: Session, now: datetime, tried: Container[int] = (), most: int = sweeping.PAGE) -> Sequence[int]:
    """The planned check-ins whose time has come: ids, in the order in which they should open.

    Leaves out those that wait for the morning, so that they cost next to nothing all night.
    """
    night = patients.nights(session, now)
    planned = select(CheckIn.id).where(CheckIn.state == "planned", CheckIn.due_at <= now)
    ids = session.scalars(planned.order_by(CheckIn.day, CheckIn.due_at, CheckIn.id)).all()
    ready = (
        row_id
        for row_id, enrolment, chat, version_id, timezone in sweeping.looked_up(session, ids, _WHOSE)
        if (enrolment, chat) != ("active", "ok") or not night(version_id, timezone)
    )
    return sweeping.page(ready, tried, most)


def open_these(session: Session, ids: Sequence[int], now: datetime, clinic: Clinic) -> int:
    """Open these, or end them with their reason. Returns how many changed."""
    return sweeping.each(
        session, "open", ids, lambda row_id: _open_or_end(session, session.get_one(CheckIn, row_id), now, clinic), now
    )


def start_adhoc(session: Session, enrolment: Enrolment, now: datetime, clinic: Clinic) -> CheckIn:
    """ "Something has changed": an extra check-in at once. One that nobody has begun to answer serves as well."""
    waiting = current(session, enrolment)
    if waiting is not None and waiting.question is None and waiting.stage == "intro":
        ending.show(session, waiting, now, key=f"changed:{now.timestamp():.0f}")
        return waiting
    row = planning.add_adhoc(session, enrolment, now)
    _supersede(session, enrolment, row, now, clinic)
    _open(session, row, enrolment, None, now)
    ending.show(session, row, now, key="open")
    return row


def ask_again(session: Session, row: CheckIn, now: datetime, clinic: Clinic, began: datetime, ended: datetime) -> bool:
    """After a stretch in which taps were lost (UTC `began`, `ended`): say so, and put the question at the bottom.

    What the patient must do now comes back with it. Returns False when there is nothing to ask again: the check-in is
    over, a later one is due, or its message never went out, so that no tap on it can be lost.
    """
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    chat = patients.chat(session, enrolment)
    if chat is None or row.state != "open" or row.closes_at <= now or _next_is_due(session, enrolment, now):
        return False
    waits = outbox.coming(session, ending.SURFACE, row.id, chat.id)
    if waits and not outbox.seen(session, ending.SURFACE, row.id, chat.id):
        return False
    words = patients.words(session, enrolment, clinic, row.pathway_version_id)
    at = timeline.next_allowed(now, words.pathway.schedule.quiet_hours, words.timezone)
    occasion = f"gap:{began.timestamp():.0f}"
    guidance.bring_back(session, enrolment, occasion=occasion, now=now, not_before=at)
    if now - _last_seen(session, row) > _ATTENTION:
        row.stage = "intro"  # nobody looks at this question any more: the words of a locked screen are neutral
        session.flush()
    note = cards.to_json(replace(patient.plain(words.text("after_gap", **_span(words, began, ended))), silent=True))
    key = f"{occasion}:{row.id}"
    outbox.say(session, "card", chat.id, key=key, now=now, lane=Lane.CHECKIN, payload=note, not_before=at)
    if not waits:
        where = (ending.SURFACE, row.id, chat.id)
        outbox.show(session, *where, now=now, lane=Lane.CHECKIN, fresh=True, key=occasion, not_before=at)
    reminding.overtaken(session, row, at)
    return True


def _span(words: patients.Words, began: datetime, ended: datetime) -> dict[str, str]:
    """The two ends of the gap as the patient's clock shows them, with the day when it is not one."""
    moments = {"from": words.moment(began), "to": words.moment(ended)}
    clock = {name: texts.time(at, words.language, words.timezone) for name, at in (("from", began), ("to", ended))}
    return clock if ended - began < _ONE_DAY else moments


def _next_is_due(session: Session, enrolment: Enrolment, now: datetime) -> bool:
    due = (CheckIn.enrolment_id == enrolment.id, CheckIn.state == "planned", CheckIn.due_at <= now)
    return session.scalar(select(CheckIn.id).where(*due).limit(1)) is not None


def current(session: Session, enrolment: Enrolment) -> CheckIn | None:
    """The check-in a typed answer belongs to: the open one that was sent last."""
    return session.scalars(_CURRENT, {"enrolment": enrolment.id}).first()


def answerable(session: Session, enrolment: Enrolment) -> CheckIn | None:
    """The check-in that was sent last, while it takes answers: open, answered late, or finished and to be corrected."""
    sent = select(CheckIn).where(
        CheckIn.enrolment_id == enrolment.id, CheckIn.opened_at.is_not(None), CheckIn.kind != "baseline"
    )
    row = session.scalars(sent.order_by(CheckIn.opened_at.desc(), CheckIn.id.desc()).limit(1)).first()
    return row if row is not None and ending.takes_answers(session, row) else None


def _last_seen(session: Session, row: CheckIn) -> datetime:
    """When the patient last answered in this check-in, or when it was sent."""
    last = session.scalar(select(func.max(Answer.at)).where(Answer.checkin_id == row.id))
    return last or row.opened_at or row.due_at


def _open_or_end(session: Session, row: CheckIn, now: datetime, clinic: Clinic) -> bool:
    if row.state != "planned":
        return False
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    if enrolment.state == "paused":
        return _paused(session, row, enrolment, now, clinic)
    if enrolment.state != "active":
        reason = "withdrawn" if enrolment.state == "withdrawn" else "cancelled"
        return ending.end(session, row, reason, "system", now)
    chat = patients.chat(session, enrolment)
    if chat is None:
        ended = ending.end(session, row, "unreachable", "system", now)
        escalations.operational(session, enrolment, "bot_blocked", now, clinic, because={"checkin": row.checkin})
        return ended
    if patients.quiet(session, enrolment, now):
        return False
    slot = _late_slot(session, row, enrolment, now)
    if slot is not None and slot.late in ("merge", "phone_task"):
        return _not_sent(session, row, enrolment, slot, now, clinic)
    if slot is None and now >= row.closes_at:
        return _ask_by_phone(session, row, enrolment, now, clinic)
    if not _open(session, row, enrolment, slot, now):
        return False
    _supersede(session, enrolment, row, now, clinic)
    outbox.show(session, ending.SURFACE, row.id, chat.id, now=now, lane=Lane.CHECKIN, fresh=True, key="open")
    return True


def _paused(session: Session, row: CheckIn, enrolment: Enrolment, now: datetime, clinic: Clinic) -> bool:
    """Not asked, as the patient wished. In the first days somebody must ask all the same, so it is done by phone."""
    ended = ending.end(session, row, "paused", "patient", now)
    if ended and row.day <= reading.EARLY_DAYS:
        because = {"checkin": planning.spec_id(row)}
        escalations.operational(session, enrolment, "phone_task", now, clinic, because=because)
    return ended


def _late_slot(session: Session, row: CheckIn, enrolment: Enrolment, now: datetime) -> timeline.Slot | None:
    """What the pathway's late policy makes of a check-in that could not go out when it was due; None when on time."""
    if now - row.due_at <= ON_TIME or row.kind != "scheduled" or row.moved_by_hand:
        return None
    pathway = pathways.of(session, enrolment.pathway_version_id)
    slots = timeline.plan(pathway, enrolment.surgery_date, patients.of(session, enrolment).timezone, now)
    return next((slot for slot in slots if slot.checkin == row.checkin and slot.late != "on_time"), None)


def _not_sent(
    session: Session, row: CheckIn, enrolment: Enrolment, slot: timeline.Slot, now: datetime, clinic: Clinic
) -> bool:
    if slot.late == "merge":
        return ending.end(session, row, "superseded", planning.PLAN, now)
    return _ask_by_phone(session, row, enrolment, now, clinic)


def _ask_by_phone(session: Session, row: CheckIn, enrolment: Enrolment, now: datetime, clinic: Clinic) -> bool:
    ended = ending.end(session, row, "phone_task", planning.PLAN, now)
    escalations.operational(session, enrolment, "phone_task", now, clinic, because={"checkin": planning.spec_id(row)})
    return ended


def _open(session: Session, row: CheckIn, enrolment: Enrolment, slot: timeline.Slot | None, now: datetime) -> bool:
    """The guarded step from planned to open; from now on the check-in keeps its pathway version."""
    opened = guarded.step(
        session,
        update(CheckIn)
        .where(CheckIn.id == row.id, CheckIn.state == "planned")
        .values(
            state="open",
            stage="intro",
            opened_at=now,
            pathway_version_id=enrolment.pathway_version_id,
            sent_late=row.sent_late or slot is not None,
            closes_at=slot.closes_at if slot is not None else row.closes_at,
        ),
    )
    if not opened:
        return False
    session.refresh(row)
    if slot is not None:
        planning.remind(session, row, slot.reminders)
    return True


def _supersede(session: Session, enrolment: Enrolment, row: CheckIn, now: datetime, clinic: Clinic) -> None:
    """Nobody gets two questionnaires at once: an extra check-in that was running closes with what it has."""
    running = select(CheckIn).where(CheckIn.enrolment_id == enrolment.id, CheckIn.state == "open", CheckIn.id != row.id)
    for other in session.scalars(running).all():
        if row.kind == "scheduled" or other.kind == "adhoc":
            silent = "superseded" if other.kind == "adhoc" else "no_answer"
            closing.close(session, other, now, clinic, unanswered=silent)
