"""What admins do in the chat: read and publish pathways, bind a team's chat. Coordinators move dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card, File, Toast, admin, esc
from bot.care import binding, drafts, forms, outbox, pathways, publishing, staffing
from bot.care.clinic import Clinic
from bot.chat import rescheduling
from bot.chat.incoming import Incoming
from bot.db.models import CareTeam, Chat, Form, Staff

StaffHandler = Callable[[Session, Clinic, Staff, Incoming, datetime], Toast | None]
UPLOAD_LIMIT = 1_000_000  # bytes
ADMINS_ONLY = "Only admins can change what is asked. Ask one of them."
GONE = Toast(text="This draft is no longer open. Send the file again.", alert=True)


def pathway(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/pathway: the newest version and its files."""
    chat = _chat(session, incoming)
    if staff.role != "admin":
        return _say(session, chat, Card(text=ADMINS_ONLY), incoming, now)
    if not incoming.private:
        return _say(session, chat, Card(text="Please send /pathway to me in our private chat."), incoming, now)
    version = pathways.current(session)
    published = texts.moment(version.published_at, "en", clinic.timezone)
    summary = admin.pathway_summary(pathways.latest(session), version.number, published, sorted(version.files))
    _say(session, chat, summary, incoming, now)
    for name, content in sorted(version.files.items()):
        card = Card(text=esc(name), file=File(name=name, content=content.encode()))
        outbox.say_card(session, chat.id, card, key=f"pathway:{incoming.inbox_id}:{name}", now=now)
    return None


def upload(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """A file sent back: every problem named, or its effect shown with the buttons that publish it."""
    chat = _chat(session, incoming)
    name = (incoming.media.name if incoming.media else None) or "file"
    if staff.role != "admin":
        return _say(session, chat, Card(text=ADMINS_ONLY), incoming, now)
    if incoming.upload is None:
        text = f"{esc(name)} could not be read: send a YAML file of at most 1 MB, as a file."
        return _say(session, chat, Card(text=text), incoming, now)
    taken = drafts.take(session, chat, name, incoming.upload, now)
    if isinstance(taken, drafts.Sound):
        return _say(session, chat, admin.draft(name, taken.changed, str(taken.effect), taken.form.id), incoming, now)
    return _say(session, chat, admin.problems(taken, name), incoming, now)


def publish(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Publish the draft: for new patients, or for future check-ins of all."""
    form = _draft(session, staff, incoming)
    if form is None or incoming.action is None:
        return GONE
    scope: publishing.Scope = "all" if incoming.action.args[1:] == (1,) else "new"
    read, files = drafts.read(form)
    try:
        version = publishing.publish(session, read, files, scope, by=staff.id, note=None, now=now, clinic=clinic)
    except publishing.NothingNew as error:
        return Toast(text=str(error), alert=True)
    chat = session.get_one(Chat, form.chat_id)
    forms.drop(session, chat)
    whom = "future check-ins of all patients" if scope == "all" else "patients enrolled from now on"
    text = f"Version {version.number} is published for {whom}. To go back, send the old file again: /pathway lists it."
    _say(session, chat, Card(text=text), incoming, now)
    return Toast(text="Published.")


def discard(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Forget the draft."""
    form = _draft(session, staff, incoming)
    if form is None:
        return GONE
    forms.drop(session, session.get_one(Chat, form.chat_id))
    return Toast(text="Discarded. Nothing was changed.")


def schedule(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/schedule: the course of the check-ins."""
    card = admin.course(pathways.latest(session), pathways.current(session).number)
    return _say(session, _chat(session, incoming), card, incoming, now)


def bind(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/bind: in a group, make it the team's; in private, a code to post in a channel."""
    chat = _chat(session, incoming)
    try:
        team = staffing.team(session, incoming.text.strip()) if incoming.text.strip() else _own_team(session, staff)
        if incoming.private and staff.role == "admin":
            code = binding.code_for_channel(session, staff, team, chat, now)
            text = (
                f"For a group: send /bind in it. For a private channel: make me an administrator there, "
                f"then post this in it within the hour:\n\n<code>/bind {code}</code>"
            )
            return _say(session, chat, Card(text=text), incoming, now)
        _bind(session, staff, team, chat, incoming, now)
    except (binding.CannotBind, staffing.NotPossible) as error:
        return _say(session, chat, Card(text=esc(error)), incoming, now)
    return None


def bind_channel(session: Session, clinic: Clinic, chat: Chat, incoming: Incoming, now: datetime) -> None:
    """/bind CODE posted in a channel, where Telegram does not say who posts."""
    maker = binding.by_code(session, incoming.text, now)
    if maker is None:
        text = "That code is not valid. An admin gets one by sending /bind to me in private; it is good for an hour."
        _say(session, chat, Card(text=text), incoming, now)
        return
    try:
        _bind(session, *maker, chat, incoming, now)
    except binding.CannotBind as error:
        _say(session, chat, Card(text=esc(error)), incoming, now)


def _bind(session: Session, staff: Staff, team: CareTeam, chat: Chat, incoming: Incoming, now: datetime) -> None:
    waiting = binding.bind(session, staff, team, chat, public=incoming.username is not None, now=now)
    text = (
        f"<b>This chat is now the chat of {esc(team.name)}.</b> Escalations appear here, without names. "
        "This message shows that I may post; keep me an administrator so that it stays so.\n"
        "Next: everyone here needs an invitation of their own (an admin runs: aftercare staff invite)."
    )
    outbox.say_card(
        session, chat.id, Card(text=text), key=f"bound:{incoming.inbox_id}", now=now, lane=outbox.Lane.CLINICIAN
    )
    for escalation in waiting:
        lane = outbox.Lane.EMERGENCY if escalation.level == "emergency" else outbox.Lane.CLINICIAN
        key = f"bound:{incoming.inbox_id}"
        outbox.show(session, "escalation", escalation.id, chat.id, now=now, lane=lane, fresh=True, key=key)


ACTIONS: dict[str, StaffHandler] = {"a_publish": publish, "a_discard": discard, **rescheduling.ACTIONS}
COMMANDS: dict[str, StaffHandler] = {
    "pathway": pathway,
    "schedule": schedule,
    "bind": bind,
    **rescheduling.COMMANDS,
}
form_text = rescheduling.form_text


def _draft(session: Session, staff: Staff, incoming: Incoming) -> Form | None:
    """The draft a button names, if it is this admin's own and still there."""
    if staff.role != "admin" or staff.chat_id is None or not incoming.action or not incoming.action.args:
        return None
    form = forms.open_in(session, staff.chat_id, drafts.KIND)
    return form if form is not None and form.id == incoming.action.args[0] else None


def _own_team(session: Session, staff: Staff) -> CareTeam:
    return session.get_one(CareTeam, staff.team_id)


def _chat(session: Session, incoming: Incoming) -> Chat:
    return session.scalars(select(Chat).where(Chat.telegram_id == incoming.chat)).one()


def _say(session: Session, chat: Chat, card: Card, incoming: Incoming, now: datetime) -> Toast | None:
    """Answer with this card; there is no tap to answer then."""
    outbox.say_card(session, chat.id, card, key=f"admin:{incoming.inbox_id}", now=now, lane=outbox.Lane.CLINICIAN)
    return None
