"""Escalation buttons and commands of staff, in the team's group and in their private chats with the bot.

A token proves that this bot made the button, nothing more: each handler asks again whether this person's team and role
allow it, whether this chat is the right one, and whether the case still is as the card showed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Toast
from bot.care import closing_note, escalations, outbox, telling
from bot.care.clinic import Clinic
from bot.care.escalations import Outcome
from bot.care.outbox import Lane
from bot.chat import expecting, guards, lookups
from bot.chat.incoming import Incoming, Kind
from bot.db.models import OUTCOMES, Escalation, Staff

Handler = Callable[[Session, Clinic, Staff, Incoming, datetime], Toast | None]
_HELP = (
    "<b>What you can do here</b>\n"
    "/open — what waits for your team, most urgent first\n"
    "/patient CODE — the story of one patient\n"
    "/expect CODE RULE YYYY-MM-DD note — say that a finding is expected until a day; it changes nothing else. "
    "/expected CODE lists, /unexpect CODE RULE takes back\n"
    "On a case: <b>Acknowledge</b> takes it and stops the paging. Ring the patient (<b>Details</b> shows name and "
    "number in your private chat), tap <b>Reached patient</b>, and <b>Close</b> with an outcome.\n"
    "<b>Why</b> says in private what the level rests on, and what is near.\n"
    "Coordinators may close reviews; urgent and emergency cases are closed by a clinician or an admin."
)


def acknowledge(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Take the case."""
    return _step(
        session, staff, incoming, now, lambda case: escalations.acknowledge(session, case.id, staff, now, clinic)
    )


def reached(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """The patient was reached."""
    return _step(
        session, staff, incoming, now, lambda case: escalations.contacted(session, case.id, staff, now, clinic)
    )


def close(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Show the outcomes in the same message, to whoever may close this case."""
    case, toast = guards.current(session, staff, incoming, now)
    if case is None:
        return toast
    if case.state == "closed":
        return _toast(escalations.close(session, case.id, staff, "", None, now, clinic))
    if hindrance := escalations.hinders_closing(case, staff):
        return Toast(text=hindrance, alert=True)
    _choose(session, case, staff, incoming, now, choosing=True)
    return Toast(text="How did it end?")


def outcome(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Close with the outcome that was tapped, and offer to write a note in private."""
    case, toast = guards.current(session, staff, incoming, now)
    if case is None:
        return toast
    index = guards.arg(incoming, 2)
    chosen = OUTCOMES[index] if index is not None and 0 <= index < len(OUTCOMES) else ""
    result = escalations.close(session, case.id, staff, chosen, None, now, clinic)
    if result.done:
        closing_note.offer(session, case, staff, now)
    return _toast(result)


def back(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Do not close after all."""
    case, toast = guards.case(session, staff, incoming, now)
    if case is None:
        return toast
    _choose(session, case, staff, incoming, now, choosing=False)
    return Toast()


def help_card(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/help: what staff can do."""
    return guards.say(session, guards.chat_of(session, incoming), _HELP, incoming, now)


def write_note(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Begin the note of a closed case, in private."""
    case, toast = guards.case(session, staff, incoming, now)
    if case is None:
        return toast
    if not closing_note.begin(session, case, staff, now):
        return Toast(text="Finish or cancel the form you have open first, then tap Add a note again.", alert=True)
    return Toast(text="Type the note now.")


def skip_note(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """No note."""
    return Toast(text="No note." if closing_note.skip(session, staff, guards.arg(incoming, 0)) else "")


def form_text(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> bool:
    """Take a typed note, when one is waited for. Returns whether it was taken."""
    if incoming.kind is not Kind.TEXT or not incoming.private or not incoming.text.strip():
        return False
    return closing_note.take(session, staff, incoming.text, now)


def text(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Something typed that nothing waits for."""
    return guards.say(
        session, guards.chat_of(session, incoming), "Nothing here waits for a text. " + _HELP, incoming, now
    )


ACTIONS: Mapping[str, Handler] = {
    "c_ack": acknowledge,
    "c_reach": reached,
    "c_close": close,
    "c_outcome": outcome,
    "c_back": back,
    "c_details": lookups.details,
    "c_why": lookups.why,
    "c_show": lookups.show,
    "c_messages": lookups.unread,
    "c_read": lookups.mark_read,
    "c_open": lookups.turn_page,
    "c_note": write_note,
    "c_skip": skip_note,
}
COMMANDS: Mapping[str, Handler] = {
    "open": lookups.open_work,
    "patient": lookups.patient,
    **expecting.COMMANDS,
    "help": help_card,
    "start": help_card,
}


def _step(
    session: Session, staff: Staff, incoming: Incoming, now: datetime, step: Callable[[Escalation], Outcome]
) -> Toast | None:
    case, toast = guards.current(session, staff, incoming, now)
    return toast if case is None else _toast(step(case))


def _choose(
    session: Session, case: Escalation, staff: Staff, incoming: Incoming, now: datetime, *, choosing: bool
) -> None:
    chat = guards.chat_of(session, incoming)
    telling.event(session, case, "closing", now, staff, chat=chat.id, choosing=choosing)
    outbox.show(session, telling.SURFACE, case.id, chat.id, now=now, lane=Lane.CLINICIAN, on_uncertain="resend")


def _toast(result: Outcome) -> Toast:
    return Toast(text=result.said, alert=not result.done)
