"""An edited pathway on its way to being published: checked, explained, kept until somebody decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.care import forms, pathways, publishing
from bot.db.models import Chat, Form
from schedules import catalog, difference
from schedules.pathway import Pathway
from schedules.problems import Problem

KIND = "publish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """An edit that may be published: what changes, and its effect on unsent check-ins."""

    form: Form
    changed: tuple[str, ...]
    effect: publishing.Effect


def take(session: Session, chat: Chat, name: str, content: bytes, now: datetime) -> Sound | tuple[Problem, ...]:
    """Check an edited file against the newest version's other files. Keeps it as this chat's draft when it is sound."""
    base = _base(session, chat)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return (_problem(name, "This is not UTF-8 text.", "Save the file as UTF-8 and send it again."),)
    if name not in base:
        known = ", ".join(sorted(base))
        return (_problem(name, "No file of the pathway has this name.", f"Send one of: {known}."),)
    files = {**base, name: text}
    try:
        pathway = catalog.load_files(files)
    except catalog.PathwayError as error:
        return error.problems
    if pathway.fingerprint == pathways.latest(session).fingerprint:
        return (_problem(name, "This is what is published already.", "Edit the file, then send it again."),)
    forms.drop(session, chat)
    form = Form(chat_id=chat.id, kind=KIND, step="decide", data={"files": files}, updated_at=now)
    session.add(form)
    session.flush()
    changed = difference.lines(pathways.latest(session), pathway)
    return Sound(form=form, changed=changed, effect=publishing.effect(session, pathway, now))


def read(form: Form) -> tuple[Pathway, Mapping[str, str]]:
    """The draft's pathway and files; raises PathwayError if the rules of reading changed since."""
    files: Mapping[str, str] = form.data["files"]
    return catalog.load_files(files), files


def _base(session: Session, chat: Chat) -> dict[str, str]:
    """The files the edit belongs to: this chat's draft, so that several files can change together, or the newest."""
    draft = forms.open_in(session, chat.id, KIND)
    return dict(draft.data["files"]) if draft is not None else dict(pathways.current(session).files)


def _problem(name: str, what: str, remedy: str) -> Problem:
    return Problem(file=name, line=1, field="", what=what, remedy=remedy)
