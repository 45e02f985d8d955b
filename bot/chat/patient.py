"""Everything a patient does in their chat. The net runs on every typed word, whatever else the words are.

In order: a word that stops, asks for help or names an emergency works in every state; then an answer to the question on
the screen; then a typed button; and what is left is a message that a person reads.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Toast
from bot.cards import patient as cards
from bot.care import (
    answers,
    assessing,
    checkins,
    course,
    ending,
    escalations,
    guidance,
    messages,
    outbox,
    patients,
    rescreening,
)
from bot.care.clinic import Clinic
from bot.care.messages import Sent
from bot.care.outbox import Lane
from bot.chat import patient_answers, patient_programme
from bot.chat.incoming import Incoming
from bot.chat.patient_programme import Handler
from bot.db.models import CheckIn, Enrolment, Message, Patient
from schedules import freetext, questions
from schedules.pathway import Level, Question

ACTIONS: dict[str, Handler] = {**patient_answers.ACTIONS, **patient_programme.ACTIONS}


def _screened(command: Handler) -> Handler:
    """A command whose extra words are screened too: "/help I cannot …" must not be lost."""

    def handle(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
        enrolment = patients.latest(session, person)
        if enrolment is not None and incoming.text.strip():
            messages.receive(session, enrolment, _sent(incoming, incoming.text), now, clinic)
        return command(session, clinic, person, incoming, now)

    return handle


COMMANDS: dict[str, Handler] = {name: _screened(command) for name, command in patient_programme.COMMANDS.items()}


def text(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """Anything typed."""
    enrolment = patients.latest(session, person)
    if enrolment is None:
        return None
    body = f"/{incoming.command} {incoming.text}".strip() if incoming.command else incoming.text
    pathway = patients.pathway(session, enrolment)
    match freetext.command_of(pathway.freetext, body):
        case "stop":
            return patient_programme.stop_now(session, clinic, person, incoming, now)
        case "help":
            return patient_programme.help_(session, clinic, person, incoming, now)
        case "emergency":
            _emergency(session, clinic, enrolment, _sent(incoming, body), now)
            return None
    row = _asked(session, enrolment)
    if row is not None and _typed_answer(session, clinic, enrolment, row, incoming, body, now):
        return None
    if _typed_rescreen(session, clinic, enrolment, body, now) or _typed_button(
        session, clinic, person, enrolment, row, incoming, body, now
    ):
        return None
    open_row = row if row is not None and row.state == "open" else None
    messages.receive(session, enrolment, _sent(incoming, body), now, clinic, checkin=open_row)
    return None


def media(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """A picture, voice note, sticker or file: kept for a person to look at today; its caption is screened."""
    enrolment = patients.latest(session, person)
    if enrolment is not None and incoming.media is not None:
        sent = Sent(
            body=incoming.text,
            telegram_message_id=incoming.message_id or 0,
            kind=incoming.media.kind,
            file_id=incoming.media.file_id,
        )
        messages.receive(session, enrolment, sent, now, clinic, checkin=checkins.current(session, enrolment))
    return None


def edited(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """A message was changed after it was sent: the new words are screened as if they were new."""
    enrolment = patients.latest(session, person)
    if enrolment is None:
        return None
    original = session.scalars(
        select(Message)
        .where(Message.enrolment_id == enrolment.id, Message.telegram_message_id == (incoming.message_id or 0))
        .order_by(Message.id.desc())
    ).first()
    if original is not None and (original.body or "") == incoming.text:
        return None
    kind = incoming.media.kind if incoming.media is not None else messages.TEXT
    sent = Sent(
        body=incoming.text,
        telegram_message_id=incoming.message_id or 0,
        kind=kind,
        file_id=incoming.media.file_id if incoming.media is not None else None,
        edit_of=original.id if original is not None else None,
    )
    messages.receive(session, enrolment, sent, now, clinic)
    return None


def blocked(session: Session, clinic: Clinic, person: Patient, now: datetime) -> None:
    """The patient blocked the bot: somebody has to phone today."""
    enrolment = patients.live(session, person)
    if enrolment is not None:
        escalations.operational(session, enrolment, "bot_blocked", now, clinic)


def came_back(session: Session, clinic: Clinic, person: Patient, now: datetime) -> None:
    """The patient let the bot in again: what was open is there again."""
    enrolment = patients.live(session, person)
    if enrolment is None or person.chat_id is None:
        return
    words = patients.words(session, enrolment, clinic)
    key = f"back:{enrolment.id}:{now.timestamp():.0f}"
    outbox.say_card(session, person.chat_id, cards.plain(words.text("restarted")), key=key, now=now)
    guidance.bring_back(session, enrolment, occasion=key, now=now)
    row = checkins.current(session, enrolment)
    if row is not None:
        ending.show(session, row, now, key=f"back:{now.timestamp():.0f}")


def _sent(incoming: Incoming, body: str) -> Sent:
    return Sent(body=body, telegram_message_id=incoming.message_id or 0)


def _asked(session: Session, enrolment: Enrolment) -> CheckIn | None:
    """The check-in that words may answer: the open one, or one that is over and answered late, or being corrected."""
    row = checkins.current(session, enrolment) or checkins.answerable(session, enrolment)
    return row if row is not None and (row.finished_at is None or row.stage != "summary") else None


def _emergency(session: Session, clinic: Clinic, enrolment: Enrolment, sent: Sent, now: datetime) -> None:
    """The word itself is the alarm."""
    row = messages.receive(session, enrolment, sent, now, clinic, ask_back=False)
    escalations.operational(session, enrolment, "emergency_word", now, clinic, because={"message": row.id})
    chat_id = patients.of(session, enrolment).chat_id
    if chat_id is not None:
        said = cards.action(patients.words(session, enrolment, clinic).text("emergency_words"), emergency=True)
        key = f"emergency:m{row.id}"
        outbox.say_card(session, chat_id, said, key=key, now=now, lane=Lane.EMERGENCY, on_uncertain="resend")


def _typed_answer(
    session: Session,
    clinic: Clinic,
    enrolment: Enrolment,
    row: CheckIn,
    incoming: Incoming,
    body: str,
    now: datetime,
) -> bool:
    """Take typed words as the answer to the question on the screen. The net runs on them all the same."""
    question = _on_screen(session, clinic, enrolment, row, now)
    if question is None:
        return False
    words = patients.words(session, enrolment, clinic, row.pathway_version_id)
    if question.optional and questions.plain(body) in _SKIP:
        answers.record(session, row, question.id, None, now, clinic)
        return True
    if _button_of(words, row, body) is not None or (
        freetext.is_greeting(words.pathway.freetext, body) and not _fits(question, body, words.language)
    ):
        return False
    found = messages.screen(session, enrolment, body)
    parsed = questions.parse(question, body, words.language)
    if _is_aside(session, row, question, parsed):
        return False
    said = None
    ask_back = isinstance(parsed, questions.Rejected) or question.type == "text"
    if ask_back or found.level >= Level.REVIEW or found.asked_about:
        kept = messages.receive(session, enrolment, _sent(incoming, body), now, clinic, checkin=row, ask_back=ask_back)
        said = "action" if Level(kept.level) >= Level.URGENT else "asking"
    if isinstance(parsed, questions.Rejected):
        answers.unreadable(session, row, question.id, body, now, stage=said or "asking")
        return True
    value = None if question.type == "text" else parsed.value
    answers.record(session, row, question.id, value, now, clinic, raw=body.strip(), below=said)
    return True


def _is_aside(
    session: Session, row: CheckIn, question: Question, parsed: questions.Answer | questions.Rejected
) -> bool:
    """Words beside a question that was brought up again after the end: a message like any other, no attempt at it."""
    over = row.finished_at is not None and isinstance(parsed, questions.Rejected)
    return over and course.in_doubt(session, row, question.id)


def _fits(question: Question, body: str, language: str) -> bool:
    return isinstance(questions.parse(question, body, language), questions.Answer)


def _on_screen(session: Session, clinic: Clinic, enrolment: Enrolment, row: CheckIn, now: datetime) -> Question | None:
    if row.stage != "asking" or row.question is None or assessing.in_crisis(session, enrolment, now):
        return None
    return patients.words(session, enrolment, clinic, row.pathway_version_id).pathway.question(row.question)


def _typed_rescreen(session: Session, clinic: Clinic, enrolment: Enrolment, body: str, now: datetime) -> bool:
    """Take typed words as the answer to the re-screen, when one is waiting and they are one."""
    row = rescreening.waiting(session, enrolment)
    if row is None:
        return False
    question = patients.pathway(session, enrolment).rescreen
    language = patients.of(session, enrolment).language
    parsed = questions.parse_choices(question.options, question.exclusive, body, language)
    if not isinstance(parsed, questions.Answer) or not isinstance(parsed.value, tuple):
        return False
    return rescreening.answer(session, row, parsed.value, now, clinic)


_TYPED = {
    "start": "p_go",
    "resume": "p_go",
    "back": "p_back",
    "pause": "p_pause",
    "done": "p_done",
    "change_answer": "p_change",
    "something_changed": "p_changed",
}
_AT_THE_END = {"p_change": "p_change", "p_back": "p_sum"}  # what the buttons below the answers mean when typed
_SKIP = frozenset({"skip", "skip this question", "saltar", "omitir"})


def _button_of(words: patients.Words, row: CheckIn | None, body: str) -> str | None:
    """Which button these words name, in any language of the pathway."""
    typed = questions.plain(body)
    for key, name in _TYPED.items():
        if typed and typed in {questions.plain(label) for label in words.pathway.texts[key].root.values()}:
            return name if row is not None or name == "p_changed" else None
    return None


def _typed_button(
    session: Session,
    clinic: Clinic,
    person: Patient,
    enrolment: Enrolment,
    row: CheckIn | None,
    incoming: Incoming,
    body: str,
    now: datetime,
) -> bool:
    """Do what a button does when its words are typed."""
    words = patients.words(session, enrolment, clinic)
    shown = row or checkins.answerable(session, enrolment)
    name = _button_of(words, shown, body)
    if row is None and shown is not None and name != "p_changed":
        name = _AT_THE_END.get(name or "")
    if name is None:
        return False
    patient_answers.press(session, clinic, person, name, shown, incoming, now)
    return True
