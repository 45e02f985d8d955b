"""/expect, /expected and /unexpect: what a clinician expects of one patient, in the team's group or in private."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Toast, esc
from bot.care import access, expecting, patients, story
from bot.care import expected as notes
from bot.care.clinic import Clinic
from bot.chat import guards, lookups
from bot.chat.incoming import Incoming
from bot.db.models import Enrolment, Staff

_EXPECT = (
    "Send /expect CODE RULE YYYY-MM-DD note, for example /expect AB12 leg_numbness_new 2027-01-10 known since surgery."
)
_EXPECTED = "Send the code as well, for example /expected AB12."
_UNEXPECT = "Send /unexpect CODE RULE, for example /unexpect AB12 leg_numbness_new."


def expect(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/expect CODE RULE YYYY-MM-DD note: keep a note beside a finding."""
    said = incoming.text.split(maxsplit=3)
    enrolment, toast = _whose(session, staff, incoming, said, 4, _EXPECT, now)
    if enrolment is None:
        return toast
    outcome = expecting.note(session, enrolment, said[1], said[2], said[3], staff, now)
    return _say(session, incoming, outcome.said, now)


def expected(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/expected CODE: the notes of one patient."""
    said = incoming.text.split()
    enrolment, toast = _whose(session, staff, incoming, said, 1, _EXPECTED, now)
    if enrolment is None:
        return toast
    today = patients.today(session, enrolment, now)
    lines = [
        f"{one.rule}: {one}{'' if today <= one.until else ' (over)'}"
        for one in notes.of(session, enrolment).by_rule.values()
    ]
    return _say(session, incoming, "\n".join(lines) or "Nothing is noted as expected for this patient.", now)


def unexpect(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/unexpect CODE RULE: take a note back."""
    said = incoming.text.split()
    enrolment, toast = _whose(session, staff, incoming, said, 2, _UNEXPECT, now)
    if enrolment is None:
        return toast
    return _say(session, incoming, expecting.withdraw(session, enrolment, said[1], staff, now).said, now)


def _whose(
    session: Session, staff: Staff, incoming: Incoming, said: list[str], least: int, usage: str, now: datetime
) -> tuple[Enrolment | None, Toast | None]:
    """The patient of the code, if this person may see them and this chat may show them."""
    chat = guards.chat_of(session, incoming)
    if not guards.own_chat(session, staff, chat):
        return None, guards.not_listed(session, staff, incoming, f"chat:{chat.id}", now)
    if len(said) < least:
        return None, _say(session, incoming, usage, now)
    enrolment = story.find(session, staff, said[0])
    if enrolment is None or not (incoming.private or enrolment.team_id == staff.team_id):
        access.refused(session, staff, incoming.command or "expect", f"chat:{chat.id}", now)
        return None, _say(session, incoming, lookups.UNKNOWN_CODE, now)
    return enrolment, None


def _say(session: Session, incoming: Incoming, words: str, now: datetime) -> Toast | None:
    return guards.say(session, guards.chat_of(session, incoming), esc(words), incoming, now)


COMMANDS = {"expect": expect, "expected": expected, "unexpect": unexpect}
