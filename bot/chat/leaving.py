"""/end CODE REASON: the team ends a programme for a patient who cannot, and whose chat must fall silent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Toast, bold, esc
from bot.care import access, enrolment, leaving, patients, raising
from bot.care.clinic import Clinic
from bot.chat import enrolling, guards, lookups
from bot.chat.clinician import Handler
from bot.chat.incoming import Incoming
from bot.db.models import Enrolment, Staff

_REASONS = ", ".join(leaving.REASONS)
_USAGE = f"Send the code and the reason ({_REASONS}), for example /end K7Q2M readmitted. It cannot be taken back."
_ENDED = "{code} gets no more check-ins and reminders. What they write is still read."
_OPEN = "A case is still open: /open shows it."


def end(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/end CODE REASON, in private: nothing more is asked of this patient. Open cases stay open."""
    chat = guards.chat_of(session, incoming)
    if not incoming.private:
        return guards.say(session, chat, enrolling.IN_PRIVATE.format(command="end"), incoming, now)
    words = incoming.text.split()
    if len(words) != 2 or words[1].lower() not in leaving.REASONS:
        return guards.say(session, chat, esc(_USAGE), incoming, now)
    found = enrolment.of_code(session, words[0], staff)
    if found is None:
        access.refused(session, staff, "end", f"team:{staff.team_id}", now)
        return guards.say(session, chat, lookups.UNKNOWN_CODE, incoming, now)
    ended = leaving.end(session, found, words[1].lower(), staff, now)
    return guards.say(session, chat, _said(session, found, ended=ended), incoming, now)


def _said(session: Session, found: Enrolment, *, ended: bool) -> str:
    code = patients.of(session, found).code
    if not ended:
        return f"{bold(code)} is not in the programme. /patient {esc(code)} shows where they stand."
    said = _ENDED.format(code=bold(code))
    return said if raising.live(session, found.id) is None else f"{said} {_OPEN}"


COMMANDS: dict[str, Handler] = {"end": end}
