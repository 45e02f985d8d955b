"""/reschedule CODE: choose what moves, type a date, look at the preview, confirm. The form lives in the database.

Every button carries its form's token, and each step asks again whether this person may move this patient's dates.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.cards import Card, Toast, esc
from bot.care import access, enrolment, forms, outbox, patients, registration, rescheduling
from bot.care.clinic import Clinic
from bot.chat import guards
from bot.chat.clinician import Handler
from bot.chat.incoming import Incoming, Kind
from bot.db.models import Chat, Enrolment, Form, Staff

MAY = ("coordinator", "admin")
MOVABLE = ("invited", *patients.IN_PROGRAMME)
GONE = Toast(text="This form is no longer open. Send /reschedule CODE to begin again.", alert=True)
UNKNOWN = "No patient of your team with that code is in the programme. /open lists the codes."


def begin(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/reschedule CODE, in the private chat."""
    chat = guards.chat_of(session, incoming)
    found = _asked_for(session, staff, incoming, now)
    if isinstance(found, str):
        return guards.say(session, chat, found, incoming, now)
    data = {"enrolment": found.id, "target": None, "day": None}
    forms.begin(session, chat, rescheduling.KIND, "choose", data, now)
    return None


def target(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """What moves: a check-in by its id, or the surgery date."""
    form = _form(session, staff, incoming)
    chosen = guards.arg(incoming, 1)
    if form is None or form.step != "choose":
        return GONE
    known = {rescheduling.SURGERY, *(row.id for row in rescheduling.movable(session, _case(session, form)))}
    if chosen not in known:
        return Toast(text="That check-in was sent meanwhile and stays where it is.", alert=True)
    forms.advance(session, form, "date", now, typed=False, target=chosen, problem=None)
    return Toast()


def form_text(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> bool:
    """A date typed while the form waits for one. False when no form is open."""
    form = forms.open_in(session, staff.chat_id, rescheduling.KIND)
    if form is None or incoming.kind is not Kind.TEXT or not _may(session, staff, _case(session, form)):
        return False
    if form.step == "choose":
        forms.ask(session, form, now, fresh=True)
        return True
    try:
        day = rescheduling.read_date(session, _case(session, form), form.data["target"], incoming.text, now)
    except registration.Unfit as error:
        forms.advance(session, form, "date", now, typed=True, problem=registration.sentence(error))
        return True
    forms.advance(session, form, "confirm", now, typed=True, day=day.isoformat(), problem=None)
    return True


def move(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """The preview was right: do it."""
    form = _form(session, staff, incoming)
    if form is None or form.step != "confirm":
        return GONE
    case, day = _case(session, form), date.fromisoformat(form.data["day"])
    chat = session.get_one(Chat, form.chat_id)
    forms.drop(session, chat, now)
    try:
        rescheduling.apply(session, case, form.data["target"], day, by=staff.id, now=now, clinic=clinic)
    except registration.Unfit as error:
        return Toast(text=f"Nothing was moved: {error}."[:200], alert=True)
    code, key = esc(patients.of(session, case).code), f"moved:{guards.occasion(incoming)}"
    card = Card(text=f"Moved. /patient {code} shows the new course.")
    outbox.say_card(session, chat.id, card, key=key, now=now, lane=outbox.Lane.CLINICIAN)
    return Toast(text="Moved.")


def cancel(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Forget the form."""
    form = _form(session, staff, incoming)
    if form is None:
        return GONE
    forms.drop(session, session.get_one(Chat, form.chat_id), now)
    return Toast(text="Nothing was moved.", alert=True)


ACTIONS: dict[str, Handler] = {"a_target": target, "a_move": move, "a_cancel": cancel}
COMMANDS: dict[str, Handler] = {"reschedule": begin}


def _asked_for(session: Session, staff: Staff, incoming: Incoming, now: datetime) -> Enrolment | str:
    """The patient of the command, or why this cannot be done."""
    if staff.role not in MAY:
        access.refused(session, staff, "reschedule", f"team:{staff.team_id}", now)
        return "Only coordinators and admins can move check-ins. Ask one of them."
    if not incoming.private:
        return "Please send /reschedule to me in our private chat."
    code = incoming.text.strip()
    if not code:
        return "Which patient? Send the case code with it, for example /reschedule K7Q2M."
    case = enrolment.of_code(session, code, staff)
    if case is None or case.state not in MOVABLE:
        access.refused(session, staff, "reschedule", f"team:{staff.team_id}", now)
        return UNKNOWN
    return case


def _form(session: Session, staff: Staff, incoming: Incoming) -> Form | None:
    """The form that this button belongs to, if it is still open and this person may still move its dates."""
    form = forms.named(session, staff.chat_id, rescheduling.KIND, guards.arg(incoming, 0))
    return form if form is not None and incoming.private and _may(session, staff, _case(session, form)) else None


def _case(session: Session, form: Form) -> Enrolment:
    return session.get_one(Enrolment, form.data["enrolment"])


def _may(session: Session, staff: Staff, case: Enrolment) -> bool:
    return (
        staff.role in MAY and case.state in MOVABLE and (staff.role == "admin" or access.in_team(staff, case.team_id))
    )
