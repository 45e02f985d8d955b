"""Somebody opens an invitation: a colleague joins at once; a patient says who they are, reads, and agrees or not.

The invitation remembers the chat that opened it, so every step survives a restart. Strangers reach nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card, Toast, esc
from bot.cards import enrolment as cards
from bot.cards import patient as patient_cards
from bot.cards import staff as staff_cards
from bot.care import chats, enrolment, forms, invitations, outbox, pathways, patients, planning, staffing
from bot.care.clinic import Clinic
from bot.chat.incoming import Incoming, Kind
from bot.db.models import CareTeam, Chat, Enrolment, Invitation, Patient, Staff
from schedules.pathway import DEFAULT_LANGUAGE

_YEAR = re.compile(r"[0-9]{4}")
StrangerHandler = Callable[[Session, Clinic, Incoming, datetime], Toast | None]


def start(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """A link was opened: let a colleague in, or ask a patient who they are."""
    chat = _chat(session, incoming, now)
    opened = invitations.open_link(session, incoming.text.strip(), chat, now)
    if isinstance(opened, invitations.Refused):
        _say(session, chat, _anybody(session, clinic, incoming, "link_invalid"), f"refused:{incoming.inbox_id}", now)
    elif opened.staff_id is not None:
        _join(session, clinic, opened, chat, now)
    else:
        _ask_year(session, clinic, opened, chat, incoming, now)
    return None


def stranger_text(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """A year of birth from somebody with an open link; anybody else is told how to get help."""
    chat = _chat(session, incoming, now)
    invitation = invitations.opened_in(session, chat, now)
    if invitation is None or invitation.enrolment_id is None:
        _say(session, chat, _anybody(session, clinic, incoming, "not_a_patient"), f"stranger:{incoming.inbox_id}", now)
        return None
    if incoming.kind is not Kind.TEXT or invitation.confirmed_at is not None:
        _show_consent(session, clinic, invitation, chat, now, key=f"again:{incoming.inbox_id}")
        return None
    words = _words(session, clinic, invitation)
    if not _YEAR.fullmatch(incoming.text.strip()):
        _say(session, chat, esc(words.text("hint_birth_year")), f"hint:{incoming.inbox_id}", now)
        return None
    right = enrolment.confirm_birth_year(session, invitation, incoming.text, clinic, now)
    if right:
        invitation.confirmed_at = now
        _show_consent(session, clinic, invitation, chat, now, key="first")
    else:
        text = words.text("birth_year_wrong" if right is False else "birth_year_locked")
        _say(session, chat, esc(text), f"year:{invitation.id}:{invitation.tries}", now)
    return None


def not_me(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """The person who opened the link is not the one it was made for."""
    found = _opened(session, incoming, now)
    if found is None:
        return _no_longer(session, incoming)
    chat, invitation = found
    words = _words(session, clinic, invitation)
    enrolment.not_me(session, invitation, clinic, now)
    _say(session, chat, esc(words.text("not_you")), f"not_me:{invitation.id}", now)
    return Toast()


def agree(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """Consent given: the programme begins, and the patient learns when the first questions come."""
    found = _opened(session, incoming, now)
    if found is None or found[1].confirmed_at is None:
        return _no_longer(session, incoming)
    chat, invitation = found
    if enrolment.activate(session, invitation, chat, clinic, now):
        _welcome(session, clinic, session.get_one(Enrolment, invitation.enrolment_id), chat, now)
    return Toast()


def decline(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """No consent: nothing is planned, the team is told, and the person learns how to reach it."""
    found = _opened(session, incoming, now)
    if found is None:
        return _no_longer(session, incoming)
    chat, invitation = found
    words = _words(session, clinic, invitation)
    enrolment.decline(session, invitation, clinic, now)
    _say(session, chat, esc(words.text("consent_declined")), f"declined:{invitation.id}", now)
    return Toast()


def switch_language(session: Session, clinic: Clinic, incoming: Incoming, now: datetime) -> Toast | None:
    """The next language of the pathway, for this patient from now on."""
    found = _opened(session, incoming, now)
    if found is None:
        return _no_longer(session, incoming)
    chat, invitation = found
    case = session.get_one(Enrolment, invitation.enrolment_id)
    person = session.get_one(Patient, case.patient_id)
    languages = pathways.of(session, case.pathway_version_id).languages
    person.language = languages[(languages.index(person.language) + 1) % len(languages)]
    if invitation.confirmed_at is None:
        _ask_year(session, clinic, invitation, chat, incoming, now)
    else:
        _show_consent(session, clinic, invitation, chat, now, key=f"{person.language}:{incoming.inbox_id}")
    return Toast()


STRANGER_ACTIONS: dict[str, StrangerHandler] = {
    "e_not_me": not_me,
    "e_agree": agree,
    "e_decline": decline,
    "e_language": switch_language,
}


def _join(session: Session, clinic: Clinic, invitation: Invitation, chat: Chat, now: datetime) -> None:
    if not invitations.use(session, invitation, now):
        return
    member = session.get_one(Staff, invitation.staff_id)
    staffing.join(session, member, chat, now)
    forms.drop(session, chat)
    team = session.get_one(CareTeam, member.team_id)
    card = staff_cards.welcome(member.name or "", member.role, team.name, member.rung, bound=team.chat_id is not None)
    outbox.say_card(session, chat.id, card, key=f"joined:{member.id}", now=now, lane=outbox.Lane.CLINICIAN)


def _ask_year(
    session: Session, clinic: Clinic, invitation: Invitation, chat: Chat, incoming: Incoming, now: datetime
) -> None:
    words = _words(session, clinic, invitation)
    text = f"<b>{esc(clinic.name)}</b>\n{esc(words.text('welcome'))}\n\n{esc(words.text('ask_birth_year'))}"
    card = cards.identity(text, words.text("not_me"), _other_language(words))
    outbox.say_card(session, chat.id, card, key=f"year:{invitation.id}:{incoming.inbox_id}", now=now)


def _show_consent(
    session: Session, clinic: Clinic, invitation: Invitation, chat: Chat, now: datetime, *, key: str
) -> None:
    words = _words(session, clinic, invitation)
    consent = words.fill(words.pathway.consent.text.in_(words.language))
    text = esc(f"{words.text('consent_intro')}\n\n{consent}")
    card = cards.consent(text, words.text("consent_agree"), words.text("consent_decline"), _other_language(words))
    outbox.say_card(session, chat.id, card, key=f"consent:{invitation.id}:{key}", now=now)


def _welcome(session: Session, clinic: Clinic, case: Enrolment, chat: Chat, now: datetime) -> None:
    words = patients.words(session, case, clinic)
    person = patients.of(session, case)
    coming = planning.next_planned(session, case)
    when = texts.moment(coming.due_at, words.language, person.timezone) if coming else "—"
    lines = [words.text("enrolled", when=when), words.card("card_not_monitored")]
    changed = patient_cards.something_changed(words.text("something_changed"), case.id)
    outbox.say_card(
        session, chat.id, Card(text=esc("\n\n".join(lines)), rows=changed), key=f"welcome:{case.id}", now=now
    )


def _other_language(words: patients.Words) -> str:
    languages = words.pathway.languages
    following = languages[(languages.index(words.language) + 1) % len(languages)]
    return texts.language_name(following)


def _words(session: Session, clinic: Clinic, invitation: Invitation) -> patients.Words:
    return patients.words(session, session.get_one(Enrolment, invitation.enrolment_id), clinic)


def _opened(session: Session, incoming: Incoming, now: datetime) -> tuple[Chat, Invitation] | None:
    chat = _chat(session, incoming, now)
    invitation = invitations.opened_in(session, chat, now)
    return (chat, invitation) if invitation is not None and invitation.enrolment_id is not None else None


def _chat(session: Session, incoming: Incoming, now: datetime) -> Chat:
    return chats.of(session, incoming.chat, incoming.chat_kind, now)


def _no_longer(session: Session, incoming: Incoming) -> Toast:
    text = pathways.latest(session).texts["stale_button"].in_(incoming.language or DEFAULT_LANGUAGE)
    return Toast(text=text, alert=True)


def _anybody(session: Session, clinic: Clinic, incoming: Incoming, key: str) -> str:
    """A text for somebody nobody knows yet, in the language of their Telegram."""
    language = (incoming.language or DEFAULT_LANGUAGE).split("-")[0]
    return esc(patients.Words(pathway=pathways.latest(session), language=language, clinic=clinic).text(key))


def _say(session: Session, chat: Chat, html: str, key: str, now: datetime) -> None:
    outbox.say_card(session, chat.id, Card(text=html), key=f"enrolment:{key}", now=now)
