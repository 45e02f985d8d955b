"""Taps on a check-in's message and on the re-screen. Each one is checked again: whose it is, and whether it still fits.

A tap counts by its question and option, never by the message it was made on: an old copy of the question that is on the
screen now still answers it. One of any other question changes nothing, unless it says something worse than what stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Action, Toast
from bot.cards import patient as patient_cards
from bot.care import (
    answers,
    assessing,
    cases,
    checkins,
    course,
    delivery,
    ending,
    opening,
    outbox,
    overtaken,
    pathways,
    patients,
    rescreening,
)
from bot.care.clinic import Clinic
from bot.care.patients import Words
from bot.chat.incoming import Incoming, Kind
from bot.db.models import CheckIn, Enrolment, Message, Patient
from schedules.pathway import Question

Handler = Callable[[Session, Clinic, Patient, Incoming, datetime], Toast | None]
OnCheckIn = Callable[[Session, Clinic, CheckIn, tuple[int, ...], datetime], Toast | None]
OnQuestion = Callable[[Session, Clinic, CheckIn, Question, tuple[int, ...], datetime], Toast | None]


def _args(incoming: Incoming, count: int) -> tuple[int, ...] | None:
    args = incoming.action.args if incoming.action is not None else ()
    return args if len(args) == count else None


def _words(session: Session, clinic: Clinic, person: Patient) -> Words | None:
    enrolment = patients.latest(session, person)
    return None if enrolment is None else patients.words(session, enrolment, clinic)


def _stale(session: Session, clinic: Clinic, person: Patient, key: str = "stale_button") -> Toast:
    words = _words(session, clinic, person)
    return Toast(text=words.label(key) if words is not None else "")


def of_checkin(count: int, act: OnCheckIn, *, heir: OnCheckIn | None = None) -> Handler:
    """A handler whose first argument is a check-in of this patient that still takes answers; else `heir` is asked."""

    def handle(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
        args = _args(incoming, count)
        row = session.get(CheckIn, args[0]) if args else None
        if args is None or row is None or session.get_one(Enrolment, row.enrolment_id).patient_id != person.id:
            return _stale(session, clinic, person)
        if incoming.kind is Kind.TAP and incoming.message_id is not None:
            delivery.tapped_in(session, ending.SURFACE, row.id, incoming.chat, incoming.message_id, now)
        if not ending.takes_answers(session, row):
            if heir is not None:
                return heir(session, clinic, row, args[1:], now)
            return _stale(session, clinic, person, "checkin_closed")
        return act(session, clinic, row, args[1:], now)

    return handle


def of_question(count: int, act: OnQuestion) -> Handler:
    """A handler whose second argument is the question (its index in the pathway) that is on the screen."""

    def handle(session: Session, clinic: Clinic, row: CheckIn, args: tuple[int, ...], now: datetime) -> Toast | None:
        enrolment = session.get_one(Enrolment, row.enrolment_id)
        words = patients.words(session, enrolment, clinic, row.pathway_version_id)
        questions = words.pathway.questions
        question = questions[args[0]] if 0 <= args[0] < len(questions) else None
        if question is None or question.id != row.question:
            worse = overtaken.says(session, row, question, args[1:]) if question is not None else None
            if question is not None and worse is not None:
                answers.record(session, row, question.id, worse, now, clinic)
                return None
            given = question is not None and _given(session, row, question, args[1:])
            return Toast(text="" if given else words.label("stale_button"))
        return act(session, clinic, row, question, args[1:], now)

    return of_checkin(count, handle, heir=_over)


def _over(session: Session, clinic: Clinic, row: CheckIn, args: tuple[int, ...], now: datetime) -> Toast | None:
    """The check-in is over: a red flag is heard all the same, in the one that took its place."""
    if heard := overtaken.in_its_place(session, row, args):
        heir, question, value = heard
        answers.record(session, heir, question.id, value, now, clinic, below="asking")
    return None if heard else Toast(text=_label(session, clinic, row, "checkin_closed"))


def _given(session: Session, row: CheckIn, question: Question, args: tuple[int, ...]) -> bool:
    """Whether this is a second tap on the answer that was just taken: nothing to say about it."""
    standing = cases.standing(session, row).get(question.id)
    return standing is not None and len(args) == 1 and standing.value == answers.choose(question, args[0])


def _go(session: Session, clinic: Clinic, row: CheckIn, args: tuple[int, ...], now: datetime) -> Toast | None:
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    if assessing.in_crisis(session, enrolment, now):
        return Toast(text=patients.words(session, enrolment, clinic).label("crisis_pause"))
    answers.move_on(session, row, now, clinic)
    return None


def _pause(session: Session, clinic: Clinic, row: CheckIn, args: tuple[int, ...], now: datetime) -> Toast | None:
    if row.finished_at is not None and course.next_question(session, row, now) is None:
        answers.move_on(session, row, now, clinic)
        return None
    row.stage = "paused"
    session.flush()
    ending.show(session, row, now)
    return None


def _answer(
    session: Session, clinic: Clinic, row: CheckIn, question: Question, args: tuple[int, ...], now: datetime
) -> Toast | None:
    value = answers.choose(question, args[0])
    if value is None:
        return Toast(text=_label(session, clinic, row, "stale_button"))
    answers.record(session, row, question.id, value, now, clinic)
    return None


def _tick(
    session: Session, clinic: Clinic, row: CheckIn, question: Question, args: tuple[int, ...], now: datetime
) -> Toast | None:
    option, on = args
    if question.type != "multi" or not 0 <= option < len(question.options):
        return Toast(text=_label(session, clinic, row, "stale_button"))
    answers.tick(session, row, question, option, on == 1, now)
    return None


def _done(
    session: Session, clinic: Clinic, row: CheckIn, question: Question, args: tuple[int, ...], now: datetime
) -> Toast | None:
    if question.type != "multi":
        return Toast(text=_label(session, clinic, row, "stale_button"))
    picks = tuple(option.id for option in question.options if option.id in (row.picks or ()))
    if not picks:
        return Toast(text=_label(session, clinic, row, "choose_one"), alert=True)
    answers.record(session, row, question.id, picks, now, clinic)
    return None


def _skip(
    session: Session, clinic: Clinic, row: CheckIn, question: Question, args: tuple[int, ...], now: datetime
) -> Toast | None:
    if not question.optional:
        return Toast(text=_label(session, clinic, row, "stale_button"))
    answers.record(session, row, question.id, None, now, clinic)
    return None


def _keep(
    session: Session, clinic: Clinic, row: CheckIn, question: Question, args: tuple[int, ...], now: datetime
) -> Toast | None:
    answers.move_on(session, row, now, clinic)
    return None


def _back(
    session: Session, clinic: Clinic, row: CheckIn, question: Question, args: tuple[int, ...], now: datetime
) -> Toast | None:
    answers.step_back(session, row, question.id, now)
    return None


def _change(session: Session, clinic: Clinic, row: CheckIn, args: tuple[int, ...], now: datetime) -> Toast | None:
    if assessing.in_crisis(session, session.get_one(Enrolment, row.enrolment_id), now):
        return Toast(text=_label(session, clinic, row, "crisis_pause"))
    if row.stage != "summary":
        return Toast(text=_label(session, clinic, row, "stale_button"))
    row.picks = [checkins.CHANGING]
    session.flush()
    ending.show(session, row, now)
    return None


def _again(session: Session, clinic: Clinic, row: CheckIn, args: tuple[int, ...], now: datetime) -> Toast | None:
    words = patients.words(session, session.get_one(Enrolment, row.enrolment_id), clinic, row.pathway_version_id)
    questions = words.pathway.questions
    if row.stage != "summary" or not 0 <= args[0] < len(questions):
        return Toast(text=words.label("stale_button"))
    answers.reopen(session, row, questions[args[0]], now)
    return None


def _changed(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    something_changed(session, clinic, person, now)
    return None


def something_changed(session: Session, clinic: Clinic, person: Patient, now: datetime) -> None:
    """Start an extra check-in, or, for somebody no longer asked, say what to do and whom to ring."""
    enrolment = patients.latest(session, person)
    if enrolment is None or person.chat_id is None:
        return
    words = patients.words(session, enrolment, clinic)
    within = enrolment.state in patients.IN_PROGRAMME
    if within and assessing.in_crisis(session, enrolment, now):
        key = f"crisis:{enrolment.id}:{now.timestamp():.0f}"
        outbox.say_card(
            session, person.chat_id, patient_cards.plain(words.card(assessing.CRISIS_CARD)), key=key, now=now
        )
        return
    if not within:
        key = f"outside:{enrolment.id}:{now.timestamp():.0f}"
        text = words.card("card_warning_signs") + "\n\n" + words.text("outside_programme")
        outbox.say_card(session, person.chat_id, patient_cards.plain(text), key=key, now=now)
    if within or ending.after_programme(enrolment):
        opening.start_adhoc(session, enrolment, now, clinic)


def _label(session: Session, clinic: Clinic, row: CheckIn, key: str) -> str:
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    return patients.words(session, enrolment, clinic, row.pathway_version_id).label(key)


def _rescreen_tick(
    session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime
) -> Toast | None:
    row = _message(session, person, incoming, 3)
    if row is None or incoming.action is None:
        return _stale(session, clinic, person)
    _ref, option, on = incoming.action.args
    return None if rescreening.tick(session, row, option, on == 1, now) else _stale(session, clinic, person)


def _rescreen_done(
    session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime
) -> Toast | None:
    row = _message(session, person, incoming, 1)
    if row is None:
        return _stale(session, clinic, person)
    if not row.rescreen_picks:
        return Toast(text=_stale(session, clinic, person, "choose_one").text, alert=True)
    rescreening.answer(session, row, tuple(row.rescreen_picks), now, clinic)
    return None


def _message(session: Session, person: Patient, incoming: Incoming, count: int) -> Message | None:
    """The message of this patient whose re-screen still waits."""
    args = _args(incoming, count)
    row = session.get(Message, args[0]) if args else None
    if row is None or session.get_one(Enrolment, row.enrolment_id).patient_id != person.id:
        return None
    return row if row.rescreen in ("asked", "expired") else None


ACTIONS: dict[str, Handler] = {
    "p_go": of_checkin(1, _go),
    "p_pause": of_checkin(1, _pause),
    "p_ans": of_question(3, _answer),
    "p_tick": of_question(4, _tick),
    "p_done": of_question(2, _done),
    "p_skip": of_question(2, _skip),
    "p_keep": of_question(2, _keep),
    "p_back": of_question(2, _back),
    "p_sum": of_checkin(1, _go),
    "p_change": of_checkin(1, _change),
    "p_again": of_checkin(2, _again),
    "p_changed": _changed,
    "p_rs": _rescreen_tick,
    "p_rsd": _rescreen_done,
}


def press(
    session: Session,
    clinic: Clinic,
    person: Patient,
    name: str,
    row: CheckIn | None,
    incoming: Incoming,
    now: datetime,
) -> Toast | None:
    """The tap that somebody typed: the same handler, on the check-in and question of the moment."""
    args: tuple[int, ...] = () if row is None else (row.id,)
    if row is not None and name in ("p_back", "p_done"):
        if row.question is None:
            return None
        pathway = pathways.of(session, row.pathway_version_id)
        args = (row.id, pathway.questions.index(pathway.question(row.question)))
    return ACTIONS[name](session, clinic, person, replace(incoming, action=Action(name, args)), now)
