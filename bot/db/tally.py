"""Counting from inside a unit of work: what is counted counts when the unit commits, and not when it is rolled back.

A unit may be run again by the database, and a row that fails is rolled back to its savepoint; a plain counter would
count what never happened.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

_COUNTED, _MARKS = "counted", "counted_marks"


def count(session: Session, step: Callable[[], None]) -> None:
    """Call `step` once the transaction that is open now has committed."""
    session.info.setdefault(_COUNTED, []).append(step)


@event.listens_for(Session, "after_transaction_create")
def _begin(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(_MARKS, {})[transaction] = len(session.info.get(_COUNTED, ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    mark = session.info.get(_MARKS, {}).pop(transaction, 0) if transaction.nested else 0
    del session.info.get(_COUNTED, [])[mark:]


@event.listens_for(Session, "after_commit")
def _count(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.info.pop(_MARKS, None)
    for step in session.info.pop(_COUNTED, ()):
        step()
