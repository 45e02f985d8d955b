"""What a patient decides about the programme itself: what is next, pause, stop, language, their data, help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card, Toast
from bot.cards import patient as cards
from bot.care import checkins, ending, leaving, mydata, outbox, patients, rescreening
from bot.care.clinic import Clinic
from bot.chat import patient_answers
from bot.chat.incoming import Incoming
from bot.db.models import CheckIn, Enrolment, Patient

Handler = Callable[[Session, Clinic, Patient, Incoming, datetime], Toast | None]


def say(session: Session, person: Patient, card: Card, incoming: Incoming, now: datetime, what: str) -> None:
    """Answer once, however often this update is processed."""
    if person.chat_id is not None:
        key = (
            f"{what}:{person.id}:{incoming.inbox_id or incoming.query_id or incoming.message_id}:{now.timestamp():.0f}"
        )
        outbox.say_card(session, person.chat_id, card, key=key, now=now)


def status(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """What is next, with its date where the patient is; an open check-in comes down to the bottom."""
    enrolment = patients.latest(session, person)
    if enrolment is None:
        return None
    words = patients.words(session, enrolment, clinic)
    if enrolment.state not in patients.IN_PROGRAMME:
        say(session, person, cards.plain(words.text("outside_programme")), incoming, now, "status")
        return None
    running, coming = checkins.current(session, enrolment), checkins.next_planned(session, enrolment)
    lines = [words.text("status_open")] if running is not None else []
    if coming is not None:
        lines.append(words.text("status_next", when=words.moment(coming.due_at)))
    if enrolment.state == "paused" and enrolment.paused_until is not None:
        until = words.moment(enrolment.paused_until)
        _ = texts.translator(words.language)
        lines.append(_("Paused until {when}.").format(when=until))
    lines = lines or [words.text("status_none")]
    resume = words.label("resume") if enrolment.state == "paused" else None
    changed = words.label("something_changed")
    say(session, person, cards.status("\n".join(lines), changed, resume), incoming, now, "status")
    if running is not None:
        ending.show(session, running, now, key=f"status:{now.timestamp():.0f}")
    return None


def pause(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """Offer pauses of some days."""
    enrolment = patients.live(session, person)
    if enrolment is None:
        return status(session, clinic, person, incoming, now)
    words = patients.words(session, enrolment, clinic)
    say(session, person, cards.pauses(leaving.PAUSES, words.language, words.label("resume")), incoming, now, "pause")
    return None


def paused(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """A pause was chosen."""
    enrolment, days = patients.live(session, person), _arg(incoming)
    if enrolment is None or days is None or not leaving.pause(session, enrolment, days, now):
        return _stale(session, clinic, person)
    words = patients.words(session, enrolment, clinic)
    until = words.moment(enrolment.paused_until or now)
    _ = texts.translator(words.language)
    lines = (_("Paused until {when}.").format(when=until), words.text("paused"))
    card = cards.status("\n".join(lines), words.label("something_changed"), words.label("resume"))
    say(session, person, card, incoming, now, "paused")
    return None


def resume(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """The pause is over."""
    enrolment = patients.live(session, person)
    if enrolment is None:
        return _stale(session, clinic, person)
    if leaving.resume(session, enrolment, now, clinic):
        words = patients.words(session, enrolment, clinic)
        say(session, person, cards.plain(words.text("restarted")), incoming, now, "restarted")
    return status(session, clinic, person, incoming, now)


def stop(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """Ask once more before stopping. The typed word STOP needs no second step."""
    enrolment = patients.live(session, person)
    if enrolment is None:
        return stop_now(session, clinic, person, incoming, now)
    words = patients.words(session, enrolment, clinic)
    card = cards.stop(enrolment.id, words.text("stop_confirm"), words.label("stop_yes"), words.label("stop_no"))
    say(session, person, card, incoming, now, "stop")
    return None


def stop_now(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """Nothing is asked any more."""
    enrolment = patients.latest(session, person)
    if enrolment is not None:
        leaving.withdraw(session, enrolment, now)
        words = patients.words(session, enrolment, clinic)
        say(session, person, cards.plain(words.text("stopped")), incoming, now, "stopped")
    return None


def stop_confirmed(
    session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime
) -> Toast | None:
    """The second step: for the enrolment the question was about, and no later one."""
    enrolment = patients.live(session, person)
    if enrolment is None or enrolment.id != _arg(incoming):
        return _stale(session, clinic, person)
    return stop_now(session, clinic, person, incoming, now)


def go_on(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """Not stopping after all."""
    return status(session, clinic, person, incoming, now)


def data(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """Their answers as files."""
    enrolment = patients.latest(session, person)
    if enrolment is None:
        return None
    words = patients.words(session, enrolment, clinic)
    readable, structured = mydata.files(session, person)
    text = cards.plain(words.text("mydata")).text
    say(session, person, Card(text=text, file=readable), incoming, now, "mydata")
    say(session, person, Card(text="", file=structured), incoming, now, "mydata-json")
    return None


def language(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """The next language of the pathway, at once; what is on the screen changes too."""
    enrolment = patients.latest(session, person)
    if enrolment is None:
        return None
    known = patients.pathway(session, enrolment).languages
    here = known.index(person.language) if person.language in known else -1
    person.language = known[(here + 1) % len(known)]
    session.flush()
    words = patients.words(session, enrolment, clinic)
    say(session, person, cards.plain(words.text("language_changed")), incoming, now, "language")
    _show_again(session, enrolment, now)
    return None


def help_(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """What one can do here, and whom to ring."""
    enrolment = patients.latest(session, person)
    if enrolment is None:
        return None
    words = patients.words(session, enrolment, clinic)
    card = cards.status(words.text("help"), words.label("something_changed"))
    say(session, person, card, incoming, now, "help")
    return None


def changed(session: Session, clinic: Clinic, person: Patient, incoming: Incoming, now: datetime) -> Toast | None:
    """Something has changed."""
    patient_answers.something_changed(session, clinic, person, now)
    return None


def _show_again(session: Session, enrolment: Enrolment, now: datetime) -> None:
    running = select(CheckIn).where(CheckIn.enrolment_id == enrolment.id, CheckIn.state == "open")
    latest = checkins.answerable(session, enrolment)
    for row in {*session.scalars(running), *((latest,) if latest is not None else ())}:
        ending.show(session, row, now)
    waiting = rescreening.waiting(session, enrolment)
    if waiting is not None:
        rescreening.show(session, waiting, now)


def _arg(incoming: Incoming) -> int | None:
    args = incoming.action.args if incoming.action is not None else ()
    return args[0] if len(args) == 1 else None


def _stale(session: Session, clinic: Clinic, person: Patient) -> Toast:
    enrolment = patients.latest(session, person)
    return Toast(text=patients.words(session, enrolment, clinic).text("stale_button") if enrolment is not None else "")


ACTIONS: dict[str, Handler] = {
    "p_days": paused,
    "p_resume": resume,
    "p_stop": stop_confirmed,
    "p_stay": go_on,
}
COMMANDS: dict[str, Handler] = {
    "start": status,
    "status": status,
    "pause": pause,
    "resume": resume,
    "stop": stop,
    "mydata": data,
    "language": language,
    "help": help_,
    "changed": changed,
}
