"""A patient comes under care by a single-use link, a year of birth, and a yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import chats, enrolment, invitations, staffing
from bot.care.clinic import Clinic
from bot.care.registration import Registration
from bot.db.engine import Database
from bot.db.models import Answer, CheckIn, Enrolment, Escalation, EscalationFinding, Invitation, Patient

ANA = Registration(
    name="Ana Ruiz",
    phone="+44 1632 960001",
    birth_year=1961,
    language="en",
    timezone="Europe/London",
    procedure="microdiscectomy",
    surgery_date=date(2026, 3, 1),
    kin_name="Luis Ruiz",
    kin_phone="+44 1632 960002",
    baseline={"leg_pain": 8, "bladder": "normal"},
)


def enrolled(session: Session, now: datetime, registration: Registration = ANA) -> tuple[Enrolment, str]:
    """Ana, registered by a command."""
    team = staffing.ensure_team(session, "Spine team", "Europe/London", now)
    return enrolment.enrol(session, registration, team, by=None, now=now)


def opened(session: Session, now: datetime, telegram_id: int = 501) -> tuple[Invitation, str]:
    """Ana's link, opened on her phone."""
    _, payload = enrolled(session, now)
    chat = chats.of(session, telegram_id, "private", now)
    found = invitations.open_link(session, payload, chat, now)
    assert isinstance(found, Invitation)
    return found, payload


async def test_nothing_is_planned_before_consent(db: Database, now: datetime) -> None:
    """Enrolling writes the baseline and nothing that could be sent."""

    def unit(session: Session) -> list[tuple[str, str]]:
        enrolled(session, now)
        return [(row.kind, row.state) for row in session.scalars(select(CheckIn))]

    assert await db.write(unit) == [("baseline", "ended")]


async def test_the_baseline_is_kept_as_answers_of_staff(db: Database, now: datetime) -> None:
    """What was before surgery can be compared later."""

    def unit(session: Session) -> dict[str, object]:
        enrolled(session, now)
        return {row.question: row.value for row in session.scalars(select(Answer).where(Answer.author == "staff"))}

    assert await db.write(unit) == {"leg_pain": 8, "bladder": "normal"}


async def test_the_token_is_kept_only_as_its_hash(db: Database, now: datetime) -> None:
    """Whoever reads the database cannot open a link with it."""

    def unit(session: Session) -> tuple[str, str]:
        _, payload = enrolled(session, now)
        return payload, session.scalars(select(Invitation)).one().token_hash

    payload, stored = await db.write(unit)
    assert payload[1:] not in stored
    assert len(payload) >= 43, "256 bits in base 64"


async def test_a_second_link_voids_the_first(db: Database, now: datetime) -> None:
    """Only the newest link of a patient opens."""

    def unit(session: Session) -> tuple[object, object]:
        case, first = enrolled(session, now)
        second = enrolment.reissue(session, case, by=None, now=now)
        chat = chats.of(session, 501, "private", now)
        return invitations.open_link(session, first, chat, now), invitations.open_link(session, second, chat, now)

    first, second = await db.write(unit)
    assert isinstance(first, invitations.Refused)
    assert first.why == "voided"
    assert isinstance(second, Invitation)


@pytest.mark.parametrize(
    ("case", "why"),
    [("wrong", "unknown"), ("late", "expired"), ("twice", "used"), ("other phone", "taken")],
)
async def test_a_link_that_must_not_open_says_why(db: Database, now: datetime, case: str, why: str) -> None:
    """Guessed, expired, used and forwarded links are refused."""

    def unit(session: Session) -> object:
        invitation, payload = opened(session, now)
        chat, at = chats.of(session, 501, "private", now), now
        if case == "wrong":
            payload = "i" + "x" * 43
        if case == "late":
            at = now + timedelta(hours=72)
        if case == "twice":
            assert invitations.use(session, invitation, now)
            session.refresh(invitation)
        if case == "other phone":
            chat = chats.of(session, 502, "private", now)
        return invitations.open_link(session, payload, chat, at)

    refused = await db.write(unit)
    assert isinstance(refused, invitations.Refused)
    assert refused.why == why


async def test_the_third_wrong_birth_year_closes_the_link_and_tells_the_team(
    db: Database, now: datetime, clinic: Clinic
) -> None:
    """Two more tries, then a person looks into it."""

    def unit(session: Session) -> tuple[list[bool | None], list[str]]:
        invitation, _ = opened(session, now)
        said = [enrolment.confirm_birth_year(session, invitation, year, clinic, now) for year in ("1960", "61", "1900")]
        session.refresh(invitation)
        assert invitation.voided_at == now
        return said, list(session.scalars(select(EscalationFinding.rule)))

    assert await db.write(unit) == ([False, False, None], ["identity_failed"])


async def test_consent_plans_the_check_ins_and_binds_the_chat(db: Database, now: datetime, clinic: Clinic) -> None:
    """After the yes, four check-ins wait and the chat is Ana's."""

    def unit(session: Session) -> tuple[list[str], Patient, Enrolment]:
        invitation, _ = opened(session, now)
        chat = chats.of(session, 501, "private", now)
        assert enrolment.activate(session, invitation, chat, clinic, now)
        planned = session.scalars(select(CheckIn).where(CheckIn.state == "planned").order_by(CheckIn.due_at))
        return (
            [row.checkin for row in planned],
            session.scalars(select(Patient)).one(),
            session.scalars(select(Enrolment)).one(),
        )

    planned, ana, case = await db.write(unit)
    assert planned == ["day3", "week2", "week6", "month3"]
    assert ana.chat_id is not None
    assert (case.state, case.consent_at, case.consent_language) == ("active", now, "en")
    assert case.consent_version


async def test_a_second_yes_changes_nothing(db: Database, now: datetime, clinic: Clinic) -> None:
    """A double tap on the consent is one consent."""

    def unit(session: Session) -> tuple[bool, bool, int]:
        invitation, _ = opened(session, now)
        chat = chats.of(session, 501, "private", now)
        first = enrolment.activate(session, invitation, chat, clinic, now)
        second = enrolment.activate(session, invitation, chat, clinic, now)
        return first, second, len(session.scalars(select(CheckIn).where(CheckIn.kind == "scheduled")).all())

    assert await db.write(unit) == (True, False, 4)


async def test_somebody_else_closes_the_link_and_the_team_is_told(db: Database, now: datetime, clinic: Clinic) -> None:
    """ "This is not me" is a reason to ring."""

    def unit(session: Session) -> tuple[str | None, list[str]]:
        invitation, _ = opened(session, now)
        enrolment.not_me(session, invitation, clinic, now)
        session.refresh(invitation)
        return invitation.void_reason, list(session.scalars(select(EscalationFinding.rule)))

    assert await db.write(unit) == ("not me", ["not_the_patient"])


async def test_declining_plans_nothing_and_asks_for_follow_up_by_phone(
    db: Database, now: datetime, clinic: Clinic
) -> None:
    """No consent, no messages; a person arranges something else."""

    def unit(session: Session) -> tuple[str, list[str], list[str]]:
        invitation, _ = opened(session, now)
        enrolment.decline(session, invitation, clinic, now)
        return (
            session.scalars(select(Enrolment.state)).one(),
            list(session.scalars(select(CheckIn.kind))),
            list(session.scalars(select(Escalation.level))),
        )

    assert await db.write(unit) == ("void", ["baseline"], ["review"])


async def test_a_second_programme_takes_the_chat_over_when_the_first_is_over(
    db: Database, now: datetime, clinic: Clinic
) -> None:
    """A second operation is a new record in the same chat."""

    def unit(session: Session) -> list[int | None]:
        invitation, _ = opened(session, now)
        chat = chats.of(session, 501, "private", now)
        enrolment.activate(session, invitation, chat, clinic, now)
        session.scalars(select(Enrolment)).one().state = "ended"
        _, payload = enrolled(session, now, replace(ANA, surgery_date=date(2026, 2, 28)))
        again = invitations.open_link(session, payload, chat, now)
        assert isinstance(again, Invitation)
        enrolment.activate(session, again, chat, clinic, now)
        return list(session.scalars(select(Patient.chat_id).order_by(Patient.id)))

    before, after = await db.write(unit)
    assert before is None
    assert after is not None
