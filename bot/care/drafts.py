"""An edited pathway on its way to being published: checked, explained, kept until somebody decides.

A draft may need several files: each one that is sent joins those sent before, sound or not, until it is published or
discarded. Checking reads and computes for seconds and writes nothing, so it is done outside the transaction that keeps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.care import forms, pathways, publishing
from bot.db.models import Chat, Form
from schedules import difference, lint
from schedules.pathway import Pathway
from schedules.problems import PathwayError, Problem

KIND = "publish"


class NotSound(publishing.CannotPublish):
    """This draft still has problems; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The files of an edit. `content` is the pathway's canonical JSON, None while it is not sound.

    `base` is the number of the published version it was made from, `before` tells the draft it adds to.
    """

    files: Mapping[str, str]
    base: int
    before: str | None
    content: str | None = None
    changed: tuple[str, ...] = ()
    effect: publishing.Effect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of checking a file. Without a draft it was no file of the pathway at all."""

    problems: tuple[Problem, ...] = ()
    draft: Draft | None = None


def check(session: Session, chat: Chat, name: str, content: bytes, now: datetime) -> Checked:
    """Check an edited file together with the pathway's other files, as `lint` does. Writes nothing."""
    current, kept = pathways.current(session), _kept(session, chat)
    files: Mapping[str, str] = kept.data["files"] if kept is not None else current.files
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _refused(name, "This is not UTF-8 text.", "Save the file as UTF-8 and send it again.")
    if name not in files:
        return _refused(name, "No file of the pathway has this name.", f"Send one of: {', '.join(sorted(files))}.")
    draft = Draft(files={**files, name: text}, base=current.number, before=_digest(kept))
    try:
        pathway = lint.sound(draft.files)
    except PathwayError as error:
        return Checked(problems=error.problems, draft=draft)
    published = pathways.latest(session)
    if pathway.fingerprint == published.fingerprint:
        remedy = "Edit the file, or send the other file that belongs to this change."
        return Checked(problems=(_problem(name, "This changes nothing that is published.", remedy),), draft=draft)
    return Checked(
        draft=Draft(
            files=draft.files,
            base=draft.base,
            before=draft.before,
            content=pathway.canonical_json(),
            changed=difference.lines(published, pathway),
            effect=publishing.effect(session, pathway, now),
        )
    )


def still_applies(session: Session, chat: Chat, draft: Draft) -> bool:
    """Whether nothing was published, and this chat's draft did not change, since the check."""
    return draft.base == pathways.current(session).number and draft.before == _digest(_kept(session, chat))


def keep(session: Session, chat: Chat, draft: Draft, now: datetime) -> Form:
    """Keep an edit as this chat's draft."""
    data = {"files": dict(draft.files), "content": draft.content, "base": draft.base}
    return forms.keep(session, chat, KIND, "decide" if draft.content else "mend", data, now)


def read(session: Session, form: Form) -> tuple[Pathway, Mapping[str, str]]:
    """The pathway and files of a sound draft. Raises NotSound, and Overtaken when a version was published meanwhile."""
    if form.data["content"] is None:
        raise NotSound
    if form.data["base"] != pathways.current(session).number:
        raise publishing.Overtaken
    return Pathway.from_json(form.data["content"]), form.data["files"]


def _kept(session: Session, chat: Chat) -> Form | None:
    """This chat's draft, unless a version was published since it was made."""
    form = forms.open_in(session, chat.id, KIND)
    return form if form is not None and form.data["base"] == pathways.current(session).number else None


def _digest(form: Form | None) -> str | None:
    if form is None:
        return None
    return hashlib.sha256(json.dumps(form.data["files"], sort_keys=True).encode()).hexdigest()


def _refused(name: str, what: str, remedy: str) -> Checked:
    return Checked(problems=(_problem(name, what, remedy),))


def _problem(name: str, what: str, remedy: str) -> Problem:
    return Problem(file=name, line=1, field="", what=what, remedy=remedy)
