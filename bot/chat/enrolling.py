"""A coordinator enrols a patient in the chat, one question at a time. The form lives in the database between taps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Card, Toast
from bot.cards import enrolment as cards
from bot.care import enrolment, enrolment_form, forms, outbox, pathways, registration
from bot.care.clinic import Clinic
from bot.chat.incoming import Incoming, Kind
from bot.db.models import CareTeam, Chat, Form, Patient, Staff

MAY = ("coordinator", "admin")
NOT_YOURS = Toast(text="Only coordinators and admins can enrol patients.", alert=True)
GONE = Toast(text="This form is no longer open. Send /enrol to begin again.", alert=True)


def begin(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/enrol: a new form. In a group it says where to go: names do not belong there."""
    chat = session.scalars(select(Chat).where(Chat.telegram_id == incoming.chat)).one()
    if staff.role not in MAY:
        _tell(session, chat, NOT_YOURS.text, incoming, now)
    elif not incoming.private:
        _tell(
            session,
            chat,
            "Please send /enrol to me in our private chat: names do not belong in a group.",
            incoming,
            now,
        )
    else:
        forms.begin(session, chat, enrolment_form.KIND, cards.STEPS[0], {"team": _team(session, staff).name}, now)
    return None


def form_text(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> bool:
    """Something typed while the form is open is the answer to its question. False when no form is open."""
    form = _form(session, staff)
    if form is None or incoming.kind is not Kind.TEXT:
        return False
    enrolment_form.enter(session, clinic, form, form.step, incoming.text, now, typed=True)
    return True


def pick(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """A button with a ready answer."""
    form = _form(session, staff)
    if form is None or staff.role not in MAY:
        return GONE
    step, index = _args(incoming, 2)
    steps = enrolment_form.steps(session, form)
    if steps[step : step + 1] != [form.step]:
        return Toast(text="That question was answered already.")
    ready = enrolment_form.choices(session, clinic, form)
    if not 0 <= index < len(ready):
        return GONE
    enrolment_form.enter(session, clinic, form, form.step, ready[index][1], now, typed=False)
    return Toast()


def skip(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Leave out what may be left out."""
    form = _form(session, staff)
    if form is None:
        return GONE
    may_skip = form.step in cards.SKIP or form.step in pathways.latest(session).baseline_fields
    if may_skip:
        following = "kin_phone" if form.step == "kin_name" else form.step
        enrolment_form.keep(session, form, {form.step: "", following: ""}, now, after=following, typed=False)
    return Toast()


def back(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """One question back; what was entered stays until it is entered anew."""
    form = _form(session, staff)
    if form is None:
        return GONE
    steps = enrolment_form.steps(session, form)
    after = {enrolment_form.CONFIRM_DATE: "kin_name", enrolment_form.READ_BACK: None}.get(form.step, form.step)
    at = steps.index(after) if after is not None else len(steps)
    forms.advance(session, form, steps[max(at - 1, 0)], now, typed=False, problem=None)
    return Toast()


def cancel(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Forget the form."""
    form = _form(session, staff)
    if form is None:
        return GONE
    chat = session.get_one(Chat, form.chat_id)
    forms.drop(session, chat)
    _tell(session, chat, "Nobody was enrolled. Send /enrol to begin again.", incoming, now)
    return Toast()


def confirm(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Read back and right: enrol, and give the link and its picture."""
    form = _form(session, staff)
    if form is None or staff.role not in MAY:
        return GONE
    if form.step == enrolment_form.CONFIRM_DATE:
        enrolment_form.keep(session, form, {"confirmed": True}, now, after="surgery_date", typed=False)
        return Toast()
    if form.step != enrolment_form.READ_BACK:
        return GONE
    fields = {key: str(value) for key, value in form.data.items() if key not in {"team", "confirmed", "problem"}}
    pathway = pathways.latest(session)
    confirmed = bool(form.data.get("confirmed"))
    read = registration.read(fields, pathway, enrolment_form.today(clinic, now), confirmed=confirmed)
    if isinstance(read, list):
        forms.advance(session, form, read[0].field, now, typed=False, problem=str(read[0]))
        return Toast()
    team = session.scalars(select(CareTeam).where(CareTeam.name == form.data["team"])).one()
    enrolled, payload = enrolment.enrol(session, read, team, by=staff.id, now=now)
    person = session.get_one(Patient, enrolled.patient_id)
    chat = session.get_one(Chat, form.chat_id)
    forms.drop(session, chat)
    card = cards.bedside(person.code, clinic.link(payload))
    outbox.say_card(session, chat.id, card, key=f"bedside:{enrolled.id}", now=now, lane=outbox.Lane.CLINICIAN)
    return Toast(text="Enrolled.")


StaffHandler = Callable[[Session, Clinic, Staff, Incoming, datetime], Toast | None]
ACTIONS: dict[str, StaffHandler] = {
    "e_pick": pick,
    "e_skip": skip,
    "e_back": back,
    "e_cancel": cancel,
    "e_confirm": confirm,
}
COMMANDS: dict[str, StaffHandler] = {"enrol": begin}


def _form(session: Session, staff: Staff) -> Form | None:
    return forms.open_in(session, staff.chat_id, enrolment_form.KIND) if staff.chat_id is not None else None


def _team(session: Session, staff: Staff) -> CareTeam:
    return session.get_one(CareTeam, staff.team_id)


def _args(incoming: Incoming, count: int) -> tuple[int, ...]:
    args = incoming.action.args if incoming.action else ()
    return args if len(args) == count else (-1,) * count


def _tell(session: Session, chat: Chat, text: str, incoming: Incoming, now: datetime) -> None:
    outbox.say_card(session, chat.id, Card(text=text), key=f"enrolling:{incoming.inbox_id}", now=now)
