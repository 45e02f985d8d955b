"""Notes what a clinician expects of one patient: it stands beside a finding until a day, and changes nothing else.

There is none for an emergency. Rows are only added; taking a note back is a row of its own. The note is shown in the
team's group, so it may not name the patient (hazard H25).
"""

from __future__ import annotations

import difflib
import re
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from bot.care import audit, expected, pathways, patients, raising, telling
from bot.care.escalations import Outcome
from bot.db.models import Enrolment, ExpectedFinding, Patient, Staff
from schedules.pathway import Level, Pathway

MAY_NOTE = ("clinician", "admin")
LONGEST = 200
_SHORTEST_NAME = 3
_NUMBER = re.compile(r"\d(?:[\s().-]*\d){5,}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def note(
    session: Session, enrolment: Enrolment, rule: str, until: str, words: str, by: Staff, now: datetime
) -> Outcome:
    """Keep a note beside a rule; one that stands for the same rule is replaced. Refuses in words."""
    words = " ".join(words.split())
    hindrance = (
        _not_allowed(by)
        or _no_rule(pathways.of(session, enrolment.pathway_version_id), rule)
        or _no_day(session, enrolment, until, now)
        or _no_note(session.get_one(Patient, enrolment.patient_id), words)
    )
    if hindrance:
        return Outcome(done=False, said=hindrance)
    _withdraw(session, enrolment, rule, by, now)
    last = date.fromisoformat(until)
    session.add(ExpectedFinding(enrolment_id=enrolment.id, rule=rule, note=words, until=last, at=now, staff_id=by.id))
    _told(session, enrolment, "finding expected", by, now, rule=rule, until=until)
    return Outcome(
        done=True,
        said=f"Noted. {rule} shows your note until {last}. Level, deadlines and paging stay as they are.",
    )


def withdraw(session: Session, enrolment: Enrolment, rule: str, by: Staff, now: datetime) -> Outcome:
    """Take the note beside a rule back."""
    if hindrance := _not_allowed(by):
        return Outcome(done=False, said=hindrance)
    if not _withdraw(session, enrolment, rule, by, now):
        known = ", ".join(expected.of(session, enrolment).by_rule) or "none"
        return Outcome(done=False, said=f"There is no note beside {rule}. Notes of this patient: {known}.")
    _told(session, enrolment, "expected finding withdrawn", by, now, rule=rule)
    return Outcome(done=True, said=f"Taken back. {rule} is shown without a note.")


def _withdraw(session: Session, enrolment: Enrolment, rule: str, by: Staff, now: datetime) -> bool:
    rows = [row for row in expected.rows(session, enrolment.id) if row.rule == rule]
    for row in rows:
        session.add(
            ExpectedFinding(
                enrolment_id=enrolment.id, rule=rule, until=row.until, at=now, staff_id=by.id, withdraws_id=row.id
            )
        )
    session.flush()
    return bool(rows)


def _told(session: Session, enrolment: Enrolment, action: str, by: Staff, now: datetime, **details: str) -> None:
    session.flush()
    audit.record(session, audit.actor(by), action, f"patient:{enrolment.patient_id}", now, **details)
    escalation = raising.live(session, enrolment.id)
    if escalation is not None:
        telling.refresh(session, escalation, now)


def _not_allowed(by: Staff) -> str | None:
    return None if by.role in MAY_NOTE else "Only a clinician or an admin says what is expected. Ask one of them."


def _no_rule(pathway: Pathway, rule: str) -> str | None:
    levels = {known.id: known.level for known in pathway.all_rules}
    levels |= {f"rescreen_{option.id}": option.level for option in pathway.rescreen.options}
    if rule not in levels:
        near = difflib.get_close_matches(rule, levels, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        return f"There is no rule {rule}.{meant} Why on a case names the rule of each finding."
    if levels[rule] is Level.EMERGENCY:
        return f"{rule} is an emergency. An emergency is never expected, so no note stands beside it."
    return None


def _no_day(session: Session, enrolment: Enrolment, until: str, now: datetime) -> str | None:
    days = pathways.of(session, enrolment.pathway_version_id).schedule.programme_end_day
    last = enrolment.surgery_date + timedelta(days=days)
    today = patients.today(session, enrolment, now)
    within = f"Give a day from {today} to {last}, the end of the programme, as YYYY-MM-DD."
    if last < today:
        return f"The programme of this patient ended on {last}; nothing is noted after that."
    try:
        day = date.fromisoformat(until) if _DAY.fullmatch(until) else None
    except ValueError:
        day = None
    return None if day is not None and today <= day <= last else f"{until or 'Nothing'} is no such day. {within}"


def _no_note(patient: Patient, words: str) -> str | None:
    if not words:
        return "Say what is expected, for example: foot tingling, known since surgery."
    if len(words) > LONGEST:
        return f"The note has {len(words)} characters; {LONGEST} is the most."
    names = f"{patient.name or ''} {patient.kin_name or ''}".casefold().split()
    said = re.findall(r"\w+", words.casefold())
    if any(name in said for name in names if len(name) >= _SHORTEST_NAME):
        return "The note names the patient or the next of kin, and the group reads it. Leave the name out."
    if _NUMBER.search(words):
        return "The note holds a long number, and the group reads it. Leave it out."
    return None
