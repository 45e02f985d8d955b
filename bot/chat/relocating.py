"""/timezone CODE ZONE: a patient has moved, or stays elsewhere for a while; the check-ins follow their clock."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Toast, bold, esc
from bot.care import access, enrolment, patients, planning, relocating
from bot.care.clinic import Clinic
from bot.chat import enrolling, guards, lookups
from bot.chat.clinician import Handler
from bot.chat.incoming import Incoming
from bot.db.models import Enrolment, Staff
from schedules import timeline

_NOT_YOURS = "Only coordinators and admins can change a time zone. Ask one of them."
_USAGE = "Send the code and the time zone, for example /timezone K7Q2M Europe/Madrid. The code alone shows the zone."
_OVER = "{code} is not in the programme. /patient {code} shows where they stand."


def timezone(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/timezone CODE [ZONE], in private, by coordinators and admins."""
    chat = guards.chat_of(session, incoming)
    if staff.role not in enrolling.MAY:
        access.refused(session, staff, "timezone", f"team:{staff.team_id}", now)
        return guards.say(session, chat, _NOT_YOURS, incoming, now)
    if not incoming.private:
        return guards.say(session, chat, enrolling.IN_PRIVATE.format(command="timezone"), incoming, now)
    words = incoming.text.split()
    if not 1 <= len(words) <= 2:
        return guards.say(session, chat, _USAGE, incoming, now)
    found = enrolment.of_code(session, words[0], staff)
    if found is None:
        access.refused(session, staff, "timezone", f"team:{staff.team_id}", now)
        return guards.say(session, chat, lookups.UNKNOWN_CODE, incoming, now)
    return guards.say(session, chat, _done(session, clinic, staff, found, words[1:], now), incoming, now)


def _done(session: Session, clinic: Clinic, staff: Staff, found: Enrolment, wanted: list[str], now: datetime) -> str:
    person = patients.of(session, found)
    if found.state not in ("invited", *patients.IN_PROGRAMME):
        return _OVER.format(code=esc(person.code))
    if not wanted:
        return f"{bold(person.code)} lives in {esc(person.timezone)}. {_USAGE}"
    try:
        moved = relocating.move(session, found, wanted[0], staff, now, clinic)
    except timeline.UnknownZone as error:
        return f"Nothing was changed: {esc(str(error))}."
    if not moved:
        return f"{bold(person.code)} lives in {esc(person.timezone)} already. Nothing was changed."
    following = planning.next_planned(session, found)
    when = texts.moment(following.due_at, "en", person.timezone) if following is not None else "none is planned"
    said = f"{bold(person.code)} lives in {esc(person.timezone)} from now on. Next check-in, their time: {esc(when)}."
    return f"{said} /patient {esc(person.code)} shows the new course."


COMMANDS: dict[str, Handler] = {"timezone": timezone}
