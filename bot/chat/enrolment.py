"""Somebody opens an invitation: a colleague joins at once; a patient says who they are, reads, and agrees or not.

The invitation remembers the chat that opened it, so every step survives a restart. Every button names its invitation,
so one left over from another link does nothing. Strangers reach nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Card, Toast, esc
from bot.cards import staff as staff_cards
from bot.care import (
    alarm,
    chats,
    enrolment,
    forms,
    invitations,
    notices,
    outbox,
    pathways,
    patients,
    staffing,
    welcoming,
)
from bot.care.clinic import Clinic
from bot.chat import guards
from bot.chat.incoming import Incoming, Kind
from bot.db.models import CareTeam, Chat, Enrolment, Invitation, PathwayVersion, Staff
from schedules.pathway import DEFAULT_LANGUAGE

_YEAR = re.compile(r"[0-9]{4}")
StrangerHandler = Callable[[Session, Clinic, Incoming, datetime], Toast | None]


def start(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """A link was opened: let a colleague in, or ask a patient who they are."""
    chat = _chat(session, incoming, now)
    link = invitations.behind(session, incoming.text)
    hindrance = _hindrance(session, chat, link)
    if hindrance is not None and link is not None:
        _refuse(session, clinic, chat, incoming, hindrance, link, now)
        return None
    opened = invitations.open_link(session, incoming.text, chat, now)
    if isinstance(opened, invitations.Refused):
        _refuse(session, clinic, chat, incoming, opened.why, opened.invitation, now)
    elif opened.staff_id is not None:
        _join(session, opened, chat, now)
    else:
        welcoming.show(session, opened, now, occasion=guards.occasion(incoming))
    return None


def stranger_text(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """A year of birth from somebody with an open link; anybody else is told how to get help."""
    chat = _chat(session, incoming, now)
    invitation = invitations.opened_in(session, chat, now)
    if incoming.kind is Kind.OTHER:
        return None
    if invitation is None or invitation.enrolment_id is None:
        key = "link_invalid" if invitations.ever_opened(session, chat) else "not_a_patient"
        _say(session, chat, _anybody(session, clinic, incoming, key), f"stranger:{guards.occasion(incoming)}", now)
        return None
    enrolled = session.get_one(Enrolment, invitation.enrolment_id)
    if invitation.confirmed_at is None and is_year(incoming):
        _year(session, clinic, invitation, chat, incoming, now)
        return None
    alarm.raised(session, enrolled, chat, incoming.text, clinic, now, occasion=guards.occasion(incoming))
    if invitation.confirmed_at is None:
        hint = patients.words(session, enrolled, clinic).text("hint_birth_year")
        _say(session, chat, esc(hint), f"hint:{guards.occasion(incoming)}", now)
    else:
        welcoming.show(session, invitation, now, occasion=guards.occasion(incoming))
    return None


def joined_here(session: Session, telegram_id: int, payload: str) -> bool:
    """Whether this link was used in this chat already: somebody who scans it once more is simply back."""
    link, chat = invitations.behind(session, payload), chats.find(session, telegram_id)
    return link is not None and chat is not None and link.used_at is not None and link.opened_by == chat.id


def is_year(incoming: Incoming) -> bool:
    """Whether somebody typed four digits."""
    return incoming.kind is Kind.TEXT and _YEAR.fullmatch(incoming.text.strip()) is not None


def not_me(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """The person who opened the link is not the one it was made for."""
    found = _opened(session, incoming, now)
    if found is None:
        return _no_longer(session, incoming)
    chat, invitation, enrolled = found
    enrolment.not_me(session, invitation, clinic, now)
    welcoming.show(session, invitation, now)
    text = patients.words(session, enrolled, clinic).text("not_you")
    _say(session, chat, esc(text), f"not_me:{invitation.id}", now)
    return Toast()


def agree(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """Consent given: the programme begins, and the patient learns when the first questions come.

    What counts is the consent that was read: if it is no longer the one in force, the new one is shown instead.
    """
    found = _opened(session, incoming, now)
    if found is None or found[1].confirmed_at is None:
        return _no_longer(session, incoming)
    chat, invitation, enrolled = found
    if not _read_this(session, enrolled, incoming):
        welcoming.show(session, invitation, now, occasion=guards.occasion(incoming))
        return _no_longer(session, incoming)
    if enrolment.activate(session, invitation, chat, clinic, now):
        welcoming.show(session, invitation, now)
        welcoming.welcome(session, clinic, enrolled, chat, now)
    return Toast()


def decline(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """No consent: nothing is planned, the team is told, and the person learns how to reach it."""
    found = _opened(session, incoming, now)
    if found is None or found[1].confirmed_at is None:
        return _no_longer(session, incoming)
    chat, invitation, enrolled = found
    text = patients.words(session, enrolled, clinic).text("consent_declined")
    enrolment.decline(session, invitation, clinic, now)
    welcoming.show(session, invitation, now)
    _say(session, chat, esc(text), f"declined:{invitation.id}", now)
    return Toast()


def switch_language(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """The next language of the pathway, for this patient from now on."""
    found = _opened(session, incoming, now)
    if found is None:
        return _no_longer(session, incoming)
    _, invitation, enrolled = found
    person = patients.of(session, enrolled)
    person.language = welcoming.next_language(patients.pathway(session, enrolled), person.language)
    welcoming.show(session, invitation, now)
    return Toast()


STRANGER_ACTIONS: dict[str, StrangerHandler] = {
    "e_not_me": not_me,
    "e_agree": agree,
    "e_decline": decline,
    "e_language": switch_language,
}


def _year(
    session: Session, clinic: Clinic, invitation: Invitation, chat: Chat, incoming: Incoming, now: datetime
) -> None:
    words = patients.words(session, session.get_one(Enrolment, invitation.enrolment_id), clinic)
    right = enrolment.confirm_birth_year(session, invitation, incoming.text, clinic, now)
    if right:
        welcoming.show(session, invitation, now, occasion=guards.occasion(incoming))
        return
    welcoming.show(session, invitation, now)
    text = words.text("birth_year_wrong" if right is False else "birth_year_locked")
    _say(session, chat, esc(text), f"year:{invitation.id}:{invitation.tries}", now)


def _hindrance(session: Session, chat: Chat, link: Invitation | None) -> str | None:
    """Why this chat cannot use a link, though the link itself may be good: whose chat it is already."""
    if link is None or link.used_at is not None:
        return None
    if enrolment.follows_another(session, chat):
        return "follows_another"
    if link.enrolment_id is not None and chats.staff_of(session, chat) is not None:
        return "on_staff_phone"
    return None


def _refuse(
    session: Session,
    clinic: Clinic,
    chat: Chat,
    incoming: Incoming,
    why: str,
    link: Invitation | None,
    now: datetime,
) -> None:
    """Tell the person that the link does not open, and whoever made it that it was tried."""
    text = _anybody(session, clinic, incoming, "link_invalid")
    if why == "follows_another":
        text = _anybody(session, clinic, incoming, "link_other_phone")
    if why == "on_staff_phone":
        text = "This is a patient's link and still works. Let the patient open it on their own phone."
    _say(session, chat, text, f"refused:{guards.occasion(incoming)}", now)
    case = session.get(Enrolment, link.enrolment_id) if link is not None and link.enrolment_id is not None else None
    if link is not None and case is not None and case.state == "invited" and why != "on_staff_phone":
        notices.trouble(session, case, why, str(link.id), now)


def _join(session: Session, invitation: Invitation, chat: Chat, now: datetime) -> None:
    if not invitations.use(session, invitation, now):
        return
    member = session.get_one(Staff, invitation.staff_id)
    forms.drop(session, chat, now)
    staffing.join(session, member, chat, now)
    team = session.get_one(CareTeam, member.team_id)
    card = staff_cards.welcome(member.name or "", member.role, team.name, member.rung, bound=team.chat_id is not None)
    outbox.say_card(session, chat.id, card, key=f"joined:{member.id}:{invitation.id}", now=now, lane=_LANE)


_LANE = outbox.Lane.CLINICIAN


def _read_this(session: Session, enrolled: Enrolment, incoming: Incoming) -> bool:
    """Whether the card that was tapped showed the consent in force, in the language the patient reads."""
    shown = session.get(PathwayVersion, guards.arg(incoming, 1) or 0)
    if shown is None:
        return False
    pathway, index = pathways.of(session, shown.id), guards.arg(incoming, 2)
    language = patients.of(session, enrolled).language
    in_language = index is not None and pathway.languages[index : index + 1] == (language,)
    return in_language and welcoming.same_consent(pathway, patients.pathway(session, enrolled))


def _opened(session: Session, incoming: Incoming, now: datetime) -> tuple[Chat, Invitation, Enrolment] | None:
    """The invitation that this button names, if it is the one this chat is answering."""
    chat = _chat(session, incoming, now)
    found = invitations.opened_in(session, chat, now)
    if found is None or found.enrolment_id is None or found.id != guards.arg(incoming, 0):
        return None
    return chat, found, session.get_one(Enrolment, found.enrolment_id)


def _chat(session: Session, incoming: Incoming, now: datetime) -> Chat:
    return chats.of(session, incoming.chat, incoming.chat_kind, now)


def _no_longer(session: Session, incoming: Incoming) -> Toast:
    language = (incoming.language or DEFAULT_LANGUAGE).split("-")[0]
    return Toast(text=pathways.latest(session).texts["stale_button"].in_(language), alert=True)


def _anybody(session: Session, clinic: Clinic, incoming: Incoming, key: str) -> str:
    """A text for somebody nobody knows yet, in the language of their Telegram."""
    language = (incoming.language or DEFAULT_LANGUAGE).split("-")[0]
    return esc(patients.Words(pathway=pathways.latest(session), language=language, clinic=clinic).text(key))


def _say(session: Session, chat: Chat, html: str, key: str, now: datetime) -> None:
    outbox.say_card(session, chat.id, Card(text=html), key=f"enrolment:{key}", now=now)
