"""Taps that were overtaken on their way: by typed words, by "Done", by the next check-in. No worse answer is lost.

Over a webhook updates may change places, so a tap can arrive when its question has left the screen. What it says counts
when it is worse than what stands; then it stands beside it, as any correction does. Anything else changes nothing.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.care import answers, cases, ending, pathways
from bot.db.models import CheckIn
from schedules.pathway import Question
from schedules.questions import Value


def says(session: Session, row: CheckIn, question: Question, args: tuple[int, ...]) -> Value | None:
    """The answer that this tap makes of a question off the screen; None when it is no worse than what stands.

    `args` are those of the tap: an option, or an option and whether it was ticked.
    """
    standing = cases.standing(session, row).get(question.id)
    value = standing.value if standing is not None and standing.readable else None
    if question.type == "multi":
        return _with(question, value, args)
    chosen = answers.choose(question, args[0]) if len(args) == 1 else None
    if not isinstance(chosen, str) or question.type != "choice":
        return None
    ranks = {option.id: option.rank for option in question.options}
    return chosen if ranks[chosen] > ranks.get(str(value), min(ranks.values())) else None


def in_its_place(session: Session, row: CheckIn, args: tuple[int, ...]) -> tuple[CheckIn, Question, Value] | None:
    """Where a tap on a check-in that is over counts, and as which answer; None when it says nothing that must be heard.

    Taps are made within minutes of their arrival, so a red flag on an old message speaks of now: it counts in the
    newest check-in that takes answers. `args` are those of the tap: the question's place in the pathway, then as in
    `says`.
    """
    questions = pathways.of(session, row.pathway_version_id).questions
    question = questions[args[0]] if 0 <= args[0] < len(questions) else None
    heirs = select(CheckIn).where(CheckIn.enrolment_id == row.enrolment_id, CheckIn.opened_at.is_not(None))
    heir = session.scalars(heirs.where(CheckIn.id != row.id).order_by(CheckIn.opened_at.desc()).limit(1)).first()
    if heir is None or question is None or not question.red_flag or not ending.takes_answers(session, heir):
        return None
    if pathways.of(session, heir.pathway_version_id).find_question(question.id) != question:
        return None
    value = says(session, heir, question, args[1:])
    return None if value is None else (heir, question, value)


def _with(question: Question, value: object, args: tuple[int, ...]) -> tuple[str, ...] | None:
    """What was ticked before, and this; an option that stands alone adds nothing to it."""
    if len(args) != 2 or args[1] != 1 or not 0 <= args[0] < len(question.options) or not isinstance(value, list):
        return None
    late = question.options[args[0]].id
    if late in value or late in question.exclusive:
        return None
    return (*(one for one in value if one not in question.exclusive), late)
