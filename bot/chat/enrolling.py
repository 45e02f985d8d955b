"""A coordinator enrols a patient in the chat, one question at a time. The form lives in the database between taps.

Every button carries its form's token and its step's number, so one that is left over from before does nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Toast
from bot.cards import enrolment as cards
from bot.care import access, enrolment, enrolment_form, forms, outbox, pathways, registration
from bot.care.clinic import Clinic
from bot.chat import guards
from bot.chat.clinician import Handler
from bot.chat.incoming import Incoming, Kind
from bot.db.models import CareTeam, Chat, Form, Patient, Staff

MAY = ("coordinator", "admin")
NOT_YOURS = "Only coordinators and admins can enrol patients. Ask one of them."
IN_PRIVATE = "Please send /{command} to me in our private chat: names do not belong in a group."
GONE = Toast(text="This form is no longer open. Send /enrol to begin again.", alert=True)
PASSED = Toast(text="That question was answered already. Please use the newest message.")


def begin(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/enrol: a new form. In a group it says where to go."""
    chat = guards.chat_of(session, incoming)
    if staff.role not in MAY:
        access.refused(session, staff, "enrol", f"team:{staff.team_id}", now)
        return guards.say(session, chat, NOT_YOURS, incoming, now)
    if not incoming.private:
        return guards.say(session, chat, IN_PRIVATE.format(command="enrol"), incoming, now)
    enrolment_form.begin(session, chat, staff, now)
    return None


def form_text(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> bool:
    """Something typed while the form is open is the answer to its question. False when no form is open."""
    form = forms.open_in(session, staff.chat_id, enrolment_form.KIND)
    if form is None or staff.role not in MAY or incoming.kind is not Kind.TEXT:
        return False
    enrolment_form.enter(session, clinic, form, incoming.text, now, typed=True)
    return True


def pick(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """A button with a ready answer."""
    form = _form(session, staff, incoming)
    if form is None:
        return GONE
    if _passed(session, form, incoming):
        return PASSED
    ready, index = enrolment_form.choices(session, clinic, form), guards.arg(incoming, 2)
    if index is None or not 0 <= index < len(ready):
        return PASSED
    enrolment_form.enter(session, clinic, form, ready[index][1], now, typed=False)
    return Toast()


def skip(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Leave out what may be left out."""
    form = _form(session, staff, incoming)
    if form is None:
        return GONE
    if _passed(session, form, incoming) or not cards.may_skip(form.step, pathways.latest(session)):
        return PASSED
    enrolment_form.skip(session, form, now, typed=False)
    return Toast()


def back(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """One question back."""
    form = _form(session, staff, incoming)
    if form is None:
        return GONE
    if _passed(session, form, incoming):
        return PASSED
    enrolment_form.back(session, form, now)
    return Toast()


def cancel(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Forget the form."""
    form = _form(session, staff, incoming)
    if form is None:
        return GONE
    forms.drop(session, session.get_one(Chat, form.chat_id), now)
    return Toast(text="Nobody was enrolled. Send /enrol to begin again.", alert=True)


def right_date(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """The unusual surgery date is the right one."""
    form = _form(session, staff, incoming)
    if form is None:
        return GONE
    if form.step != enrolment_form.CONFIRM_DATE:
        return PASSED
    enrolment_form.keep(session, form, {"confirmed": True}, now, after="surgery_date", typed=False)
    return Toast()


def confirm(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Read back and right: enrol, and give the link and its picture."""
    form = _form(session, staff, incoming)
    if form is None:
        return GONE
    if form.step != enrolment_form.READ_BACK:
        return PASSED
    pathway, day = pathways.latest(session), enrolment_form.today(clinic, now)
    known = (*registration.FIELDS, *pathway.baseline_fields)
    fields = {key: str(form.data[key]) for key in known if key in form.data}
    read = registration.read(fields, pathway, day, confirmed=bool(form.data.get("confirmed")))
    if isinstance(read, list):
        forms.advance(session, form, read[0].field, now, typed=False, problem=read[0].what)
        return Toast()
    team = session.scalars(select(CareTeam).where(CareTeam.name == form.data["team"])).one()
    if staff.role != "admin" and team.id != staff.team_id:
        return GONE
    try:
        enrolled, payload = enrolment.enrol(session, read, team, by=staff.id, now=now)
    except enrolment.AlreadyEnrolled as error:
        forms.advance(session, form, form.step, now, typed=False, problem=str(error))
        return Toast()
    chat = session.get_one(Chat, form.chat_id)
    forms.drop(session, chat, now)
    give_link(session, clinic, session.get_one(Patient, enrolled.patient_id), payload, chat, incoming, now)
    return Toast(text="Enrolled.")


def give_link(
    session: Session, clinic: Clinic, person: Patient, payload: str, chat: Chat, incoming: Incoming, now: datetime
) -> None:
    """The link and its picture, into the private chat of whoever asked."""
    card, key = cards.bedside(person.code, clinic.link(payload)), f"bedside:{guards.occasion(incoming)}"
    outbox.say_card(session, chat.id, card, key=key, now=now, lane=outbox.Lane.CLINICIAN)


ACTIONS: dict[str, Handler] = {
    "e_pick": pick,
    "e_skip": skip,
    "e_back": back,
    "e_cancel": cancel,
    "e_date": right_date,
    "e_confirm": confirm,
}
COMMANDS: dict[str, Handler] = {"enrol": begin}


def _form(session: Session, staff: Staff, incoming: Incoming) -> Form | None:
    """The form that this button belongs to, if it is still open and this person's."""
    if staff.role not in MAY or not incoming.private:
        return None
    return forms.named(session, staff.chat_id, enrolment_form.KIND, guards.arg(incoming, 0))


def _passed(session: Session, form: Form, incoming: Incoming) -> bool:
    return guards.arg(incoming, 1) != enrolment_form.number(session, form)
