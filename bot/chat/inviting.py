"""/invite CODE: a new link for a patient who has not started. /uninvite CODE: take back an enrolment before that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Toast, bold, esc
from bot.care import access, enrolment, enrolment_form, patients, registration
from bot.care.clinic import Clinic
from bot.chat import enrolling, guards
from bot.chat.clinician import Handler
from bot.chat.incoming import Incoming
from bot.db.models import Enrolment, Staff

UNKNOWN = "No patient of your team has that code. /open lists those who never started."
STARTED = "{code} is not waiting to start: there is nothing to change. /patient {code} shows where they stand."


def invite(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/invite CODE [YEAR]: a new link and its picture; the old one stops working. A year corrects the year of birth."""
    chat = guards.chat_of(session, incoming)
    found = _waiting(session, staff, incoming, "invite", now)
    if isinstance(found, str):
        return guards.say(session, chat, found, incoming, now)
    words = incoming.text.split()
    try:
        year = registration.birth_year(words[1], enrolment_form.today(clinic, now)) if len(words) > 1 else None
    except registration.Unfit as error:
        return guards.say(session, chat, esc(registration.sentence(error)), incoming, now)
    payload = enrolment.reissue(session, found, by=staff.id, now=now, birth_year=year)
    enrolling.give_link(session, clinic, patients.of(session, found), payload, chat, incoming, now)
    return None


def uninvite(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/uninvite CODE: the link stops working and nobody is asked anything."""
    chat = guards.chat_of(session, incoming)
    found = _waiting(session, staff, incoming, "uninvite", now)
    if isinstance(found, str):
        return guards.say(session, chat, found, incoming, now)
    enrolment.take_back(session, found, by=staff.id, now=now)
    code = bold(patients.of(session, found).code)
    return guards.say(session, chat, f"{code} is off the list and the link is void. /enrol begins anew.", incoming, now)


COMMANDS: dict[str, Handler] = {"invite": invite, "uninvite": uninvite}


def _waiting(session: Session, staff: Staff, incoming: Incoming, command: str, now: datetime) -> Enrolment | str:
    """The patient who waits to start, or why this cannot be done."""
    if staff.role not in enrolling.MAY:
        access.refused(session, staff, command, f"team:{staff.team_id}", now)
        return enrolling.NOT_YOURS
    if not incoming.private:
        return enrolling.IN_PRIVATE.format(command=command)
    words = incoming.text.split()
    if not words:
        return f"Which patient? Send the case code with it, for example /{command} K7Q2M."
    found = enrolment.of_code(session, words[0], staff)
    if found is None:
        access.refused(session, staff, command, f"team:{staff.team_id}", now)
        return UNKNOWN
    if found.state != "invited":
        return STARTED.format(code=esc(patients.of(session, found).code))
    return found
