"""Published pathways as the database holds them. Reading only; publishing is publishing.py."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import PathwayVersion
from schedules.pathway import Pathway

_parsed: dict[str, Pathway] = {}  # by fingerprint: the same content is the same pathway, in whichever database


def of(session: Session, version_id: int) -> Pathway:
    """The pathway of this published version. Versions are immutable: read and parsed once in a process."""
    known: dict[int, Pathway] = session.info.setdefault("pathways", {})
    if version_id not in known:
        known[version_id] = _pathway(session.get_one(PathwayVersion, version_id))
    return known[version_id]


def current(session: Session) -> PathwayVersion:
    """The newest published version; raises NoResultFound before the first one is published at start-up."""
    return session.scalars(select(PathwayVersion).order_by(PathwayVersion.number.desc()).limit(1)).one()


def latest(session: Session) -> Pathway:
    """The pathway of the newest published version."""
    return _pathway(current(session))


def _pathway(version: PathwayVersion) -> Pathway:
    if version.fingerprint not in _parsed:
        _parsed[version.fingerprint] = Pathway.from_json(version.content)
    return _parsed[version.fingerprint]
