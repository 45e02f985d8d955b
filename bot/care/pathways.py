"""Published pathways as the database holds them. Reading only; publishing is publishing.py."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import PathwayVersion
from schedules.pathway import Pathway


@lru_cache(maxsize=64)
def _parsed(content: str) -> Pathway:
    return Pathway.from_json(content)


def of(session: Session, version_id: int) -> Pathway:
    """The pathway of this published version. Versions are immutable: parsed once, and read once in a session."""
    read: dict[int, Pathway] = session.info.setdefault("pathways", {})
    if version_id not in read:
        read[version_id] = _parsed(session.get_one(PathwayVersion, version_id).content)
    return read[version_id]


def current(session: Session) -> PathwayVersion:
    """The newest published version; raises NoResultFound before the first one is published at start-up."""
    return session.scalars(select(PathwayVersion).order_by(PathwayVersion.number.desc()).limit(1)).one()


def latest(session: Session) -> Pathway:
    """The pathway of the newest published version."""
    return _parsed(current(session).content)
