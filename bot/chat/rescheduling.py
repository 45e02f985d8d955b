"""/reschedule CODE: choose what moves, type a date, look at the preview, confirm. The form lives in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Card, Toast
from bot.care import forms, outbox, patients, rescheduling
from bot.care.clinic import Clinic
from bot.care.registration import Unfit
from bot.chat.incoming import Incoming, Kind
from bot.db.models import Chat, Enrolment, Form, Patient, Staff

StaffHandler = Callable[[Session, Clinic, Staff, Incoming, datetime], Toast | None]
MAY = ("coordinator", "admin")
GONE = Toast(text="This form is no longer open. Send /reschedule CODE to begin again.", alert=True)


def begin(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/reschedule CODE, in the private chat."""
    chat = session.scalars(select(Chat).where(Chat.telegram_id == incoming.chat)).one()
    refusal = _refusal(session, staff, incoming)
    if isinstance(refusal, str):
        key = f"reschedule:{incoming.inbox_id}"
        outbox.say_card(session, chat.id, Card(text=refusal), key=key, now=now, lane=outbox.Lane.CLINICIAN)
    else:
        data = {"enrolment": refusal.id, "target": None, "day": None}
        forms.begin(session, chat, rescheduling.KIND, "choose", data, now)
    return None


def _refusal(session: Session, staff: Staff, incoming: Incoming) -> str | Enrolment:
    if staff.role not in MAY:
        return "Only coordinators and admins can move check-ins. Ask one of them."
    if not incoming.private:
        return "Please send /reschedule to me in our private chat."
    code = incoming.text.strip().upper()
    if not code:
        return "Which patient? Send the case code with it, for example /reschedule K7Q2M."
    person = session.scalars(select(Patient).where(Patient.code == code)).one_or_none()
    case = patients.live(session, person) if person is not None else None
    if case is None or (case.team_id != staff.team_id and staff.role != "admin"):
        return "No patient of your team with that code is in the programme. /open lists the codes."
    return case


def target(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """What moves: a check-in by its id, or the surgery date."""
    form = _form(session, staff)
    args = incoming.action.args if incoming.action else ()
    if form is None or form.step != "choose" or len(args) != 1:
        return GONE
    case = session.get_one(Enrolment, form.data["enrolment"])
    if args[0] != rescheduling.SURGERY and args[0] not in {row.id for row in rescheduling.movable(session, case)}:
        return GONE
    forms.advance(session, form, "date", now, typed=False, target=args[0], problem=None)
    return Toast()


def form_text(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> bool:
    """A date typed while the form waits for one. False when no form is open."""
    form = _form(session, staff)
    if form is None or incoming.kind is not Kind.TEXT:
        return False
    if form.step != "date":
        forms.ask(session, form, now, fresh=True)
        return True
    case = session.get_one(Enrolment, form.data["enrolment"])
    try:
        day = rescheduling.read_date(session, case, form.data["target"], incoming.text, now)
    except Unfit as error:
        problem = str(error)
        forms.advance(session, form, "date", now, typed=True, problem=problem[0].upper() + problem[1:] + ".")
        return True
    forms.advance(session, form, "confirm", now, typed=True, day=day.isoformat(), problem=None)
    return True


def move(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """The preview was right: do it."""
    form = _form(session, staff)
    if form is None or form.step != "confirm" or staff.role not in MAY:
        return GONE
    case = session.get_one(Enrolment, form.data["enrolment"])
    day = date.fromisoformat(form.data["day"])
    chat = session.get_one(Chat, form.chat_id)
    try:
        rescheduling.apply(session, case, form.data["target"], day, by=staff.id, now=now, clinic=clinic)
    except Unfit as error:
        forms.drop(session, chat)
        return Toast(text=f"Nothing was moved: {error}.", alert=True)
    forms.drop(session, chat)
    code = patients.of(session, case).code
    key = f"moved:{form.id}:{incoming.inbox_id}"
    text = f"Moved. /patient {code} shows the new course."
    outbox.say_card(session, chat.id, Card(text=text), key=key, now=now, lane=outbox.Lane.CLINICIAN)
    return Toast(text="Moved.")


def cancel(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Forget the form."""
    form = _form(session, staff)
    if form is None:
        return GONE
    forms.drop(session, session.get_one(Chat, form.chat_id))
    return Toast(text="Nothing was moved.", alert=True)


ACTIONS: dict[str, StaffHandler] = {"a_target": target, "a_move": move, "a_cancel": cancel}
COMMANDS: dict[str, StaffHandler] = {"reschedule": begin}


def _form(session: Session, staff: Staff) -> Form | None:
    return forms.open_in(session, staff.chat_id, rescheduling.KIND) if staff.chat_id is not None else None
