"""What somebody who opened a link sees: who are you, then the consent, then what they decided; one message in place."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card, bold, esc
from bot.cards import enrolment as cards
from bot.cards import patient as patient_cards
from bot.care import outbox, patients, planning
from bot.care.clinic import Clinic
from bot.db.models import Chat, Enrolment, Invitation, Outbox
from schedules.pathway import Consent, Pathway

SURFACE = "joining"


def show(session: Session, invitation: Invitation, now: datetime, *, occasion: str | None = None) -> None:
    """Show the present step: in place, or as a new message when an `occasion` is named."""
    if invitation.opened_by is not None:
        fresh = occasion is not None
        outbox.show(session, SURFACE, invitation.id, invitation.opened_by, now=now, fresh=fresh, key=occasion)


def card(session: Session, row: Outbox, clinic: Clinic, now: datetime) -> Card | None:
    """The present step of this invitation; without buttons once it is decided."""
    invitation = session.get(Invitation, row.ref)
    if invitation is None or invitation.enrolment_id is None or invitation.opened_by != row.chat_id:
        return None
    enrolment = session.get_one(Enrolment, invitation.enrolment_id)
    words = patients.words(session, enrolment, clinic)
    if invitation.confirmed_at is None:
        text = f"{bold(clinic.name)}\n{esc(words.text('welcome'))}\n\n{esc(words.text('ask_birth_year'))}"
        if _decided(invitation):
            return Card(text=text)
        return cards.identity(text, words.label("not_me"), _other_language(words), invitation.id)
    text = esc(words.fill(words.pathway.consent.text.in_(words.language)))
    if _decided(invitation):
        chosen = "consent_agree" if invitation.used_at is not None else "consent_decline"
        at = invitation.used_at or invitation.voided_at or now
        return Card(text=f"{text}\n\n{bold(words.label(chosen))}: {esc(words.moment(at))}")
    seen = cards.Seen(
        invitation=invitation.id,
        version=enrolment.pathway_version_id,
        language=words.pathway.languages.index(words.language),
    )
    labels = (words.label("consent_agree"), words.label("consent_decline"), _other_language(words))
    return cards.consent(f"{esc(words.text('consent_intro'))}\n\n{text}", *labels, seen)


def same_consent(shown: Pathway, current: Pathway) -> bool:
    """Whether what a patient read is what they would agree to now."""
    one: Consent = shown.consent
    return one == current.consent


def welcome(session: Session, clinic: Clinic, enrolment: Enrolment, chat: Chat, now: datetime) -> None:
    """You are set up: what comes when, that nobody watches the chat all the time, what to do in an emergency."""
    words = patients.words(session, enrolment, clinic)
    coming = planning.next_planned(session, enrolment)
    first = words.text("enrolled", when=words.moment(coming.due_at)) if coming else words.text("enrolled_late")
    changed = patient_cards.something_changed(words.label("something_changed"), enrolment.id)
    text = esc(f"{first}\n\n{words.card('card_not_monitored')}")
    outbox.say_card(session, chat.id, Card(text=text, rows=changed), key=f"welcome:{enrolment.id}", now=now)


def next_language(pathway: Pathway, language: str) -> str:
    """The language after this one; the first when the pathway does not have it."""
    known = pathway.languages
    return known[(known.index(language) + 1) % len(known)] if language in known else known[0]


def _decided(invitation: Invitation) -> bool:
    return invitation.used_at is not None or invitation.voided_at is not None


def _other_language(words: patients.Words) -> str:
    return texts.language_name(next_language(words.pathway, words.language))
