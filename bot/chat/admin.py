"""What admins do in the chat: read and publish pathways, bind a team's chat. Coordinators move dates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import texts
from bot.cards import Card, File, Toast, admin, esc
from bot.care import access, binding, chats, drafts, forms, outbox, pathways, publishing, staffing
from bot.care.clinic import Clinic
from bot.chat import guards, rescheduling
from bot.chat.clinician import Handler
from bot.chat.incoming import Incoming
from bot.db.models import CareTeam, Chat, Form, Staff

ADMINS_ONLY = "Only admins can change what is asked. Ask one of them."
GONE = Toast(text="This draft is no longer open. Send the file again.", alert=True)


def pathway(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/pathway: the newest version and its files."""
    chat = guards.chat_of(session, incoming)
    if staff.role != "admin":
        return _admins_only(session, staff, chat, incoming, now)
    if not incoming.private:
        return _say(session, chat, Card(text="Please send /pathway to me in our private chat."), incoming, now)
    version = pathways.current(session)
    published = texts.moment(version.published_at, "en", clinic.timezone)
    summary = admin.pathway_summary(pathways.latest(session), version.number, published, sorted(version.files))
    _say(session, chat, summary, incoming, now)
    for name, content in sorted(version.files.items()):
        card = Card(text=esc(name), file=File(name=name, content=content.encode()))
        outbox.say_card(session, chat.id, card, key=f"pathway:{guards.occasion(incoming)}:{name}", now=now)
    return None


def checked(session: Session, incoming: Incoming, now: datetime) -> drafts.Checked | None:
    """What comes of checking an admin's file, or None when there is none. Writes nothing: for a reader's thread."""
    chat = guards.chat_of(session, incoming)
    sender = chats.staff_of(session, chat)
    if incoming.upload is None or not incoming.private or sender is None or sender.role != "admin":
        return None
    return drafts.check(session, chat, _name(incoming), incoming.upload, now)


def upload(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """A file sent back: every problem named, or its effect shown with the buttons that publish it."""
    chat, name = guards.chat_of(session, incoming), _name(incoming)
    if staff.role != "admin":
        return _admins_only(session, staff, chat, incoming, now)
    if incoming.upload is None:
        text = f"{esc(name[:100])} could not be read: send a YAML file of at most 1 MB, as a file, in our private chat."
        return _say(session, chat, Card(text=text), incoming, now)
    found = incoming.checked
    if found is None or (found.draft is not None and not drafts.still_applies(session, chat, found.draft)):
        found = drafts.check(session, chat, name, incoming.upload, now)
    if found.draft is None:
        return _say(session, chat, admin.problems(found.problems, name), incoming, now)
    token = forms.token(drafts.keep(session, chat, found.draft, now))
    if found.problems:
        return _say(session, chat, admin.problems(found.problems, name, token), incoming, now)
    return _say(session, chat, admin.draft(name, found.draft.changed, str(found.draft.effect), token), incoming, now)


def publish(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Publish the draft: for new patients, or for future check-ins of all."""
    form = _draft(session, staff, incoming)
    if form is None or guards.arg(incoming, 1) not in (0, 1):
        return GONE
    scope: publishing.Scope = "all" if guards.arg(incoming, 1) else "new"
    chat = session.get_one(Chat, form.chat_id)
    try:
        read, files = drafts.read(session, form)
        version = publishing.publish(session, read, files, scope, by=staff.id, note=None, now=now, clinic=clinic)
    except publishing.CannotPublish as error:
        _say(session, chat, Card(text=esc(error)), incoming, now)
        return Toast(text="Nothing was published.", alert=True)
    forms.drop(session, chat, now)
    whom = "future check-ins of all patients" if scope == "all" else "patients enrolled from now on"
    text = f"Version {version.number} is published for {whom}. To go back, send the old file again: /pathway lists it."
    _say(session, chat, Card(text=text), incoming, now)
    return Toast(text="Published.")


def discard(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """Forget the draft."""
    form = _draft(session, staff, incoming)
    if form is None:
        return GONE
    forms.drop(session, session.get_one(Chat, form.chat_id), now)
    return Toast(text="Discarded. Nothing was changed.")


def schedule(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/schedule: the course of the check-ins."""
    card = admin.course(pathways.latest(session), pathways.current(session).number)
    return _say(session, guards.chat_of(session, incoming), card, incoming, now)


def bind(session: Session, clinic: Clinic, staff: Staff, incoming: Incoming, now: datetime) -> Toast | None:
    """/bind [TEAM]: in a group, make it the team's; in private, a code to post in a channel."""
    chat = guards.chat_of(session, incoming)
    if staff.role != "admin":
        return _admins_only(session, staff, chat, incoming, now, "Only an admin can bind a chat. Ask one to do it.")
    try:
        team = staffing.team(session, incoming.text.strip()) if incoming.text.strip() else _own_team(session, staff)
        if incoming.private:
            code = binding.code_for_channel(session, staff, team, chat, now)
            text = (
                f"For a group: send /bind in it. For a private channel: make me an administrator there, "
                f"then post this in it within the hour, for {esc(team.name)}:\n\n<code>/bind {code}</code>"
            )
            return _say(session, chat, Card(text=text), incoming, now)
        _bind(session, staff, team, chat, incoming, now)
    except (binding.CannotBind, staffing.NotPossible) as error:
        return _say(session, chat, Card(text=esc(error)), incoming, now)
    return None


def bind_by_code(session: Session, clinic: Clinic, chat: Chat, incoming: Incoming, now: datetime) -> None:
    """/bind CODE posted where Telegram does not say who posts: in a channel, or by an anonymous admin of a group."""
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
    binding.bind(session, staff, team, chat, public=incoming.address is not None, now=now)
    text = (
        f"<b>This chat is now the chat of {esc(team.name)}.</b> Escalations appear here, without names. "
        "This message shows that I may post; keep me an administrator so that it stays so.\n"
        "Next: everyone here needs an invitation of their own (an admin runs: aftercare staff invite)."
    )
    _say(session, chat, Card(text=text), incoming, now)
    if staff.chat_id is not None:
        told = f"The chat of {esc(team.name)} is set. Look there: I have posted in it. If nothing came, I may not post."
        key = f"bound:{guards.occasion(incoming)}"
        outbox.say_card(session, staff.chat_id, Card(text=told), key=key, now=now, lane=outbox.Lane.CLINICIAN)


ACTIONS: dict[str, Handler] = {"a_publish": publish, "a_discard": discard, **rescheduling.ACTIONS}
COMMANDS: dict[str, Handler] = {
    "pathway": pathway,
    "schedule": schedule,
    "bind": bind,
    **rescheduling.COMMANDS,
}
form_text = rescheduling.form_text


def _draft(session: Session, staff: Staff, incoming: Incoming) -> Form | None:
    """The draft a button names, if it is this admin's own and still there."""
    if staff.role != "admin" or not incoming.private:
        return None
    return forms.named(session, staff.chat_id, drafts.KIND, guards.arg(incoming, 0))


def _own_team(session: Session, staff: Staff) -> CareTeam:
    return session.get_one(CareTeam, staff.team_id)


def _name(incoming: Incoming) -> str:
    return (incoming.media.name if incoming.media else None) or "file"


def _admins_only(
    session: Session, staff: Staff, chat: Chat, incoming: Incoming, now: datetime, words: str = ADMINS_ONLY
) -> Toast | None:
    access.refused(session, staff, incoming.command or "upload", f"chat:{chat.id}", now)
    return _say(session, chat, Card(text=words), incoming, now)


def _say(session: Session, chat: Chat, card: Card, incoming: Incoming, now: datetime) -> Toast | None:
    """Answer with this card; there is no tap to answer then."""
    key = f"admin:{guards.occasion(incoming)}"
    outbox.say_card(session, chat.id, card, key=key, now=now, lane=outbox.Lane.CLINICIAN)
    return None
