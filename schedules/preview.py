"""The course of one patient before it happens: when each check-in comes, what it asks, how it ends when all is well.

Times come from `timeline.plan`, questions from the pathway and its skip logic; nothing is worked out a second time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from schedules import conditions, questionnaire, timeline, triage
from schedules.case import Answers, Case, PastCheckIn
from schedules.conditions import Condition
from schedules.pathway import OTHER_PROCEDURE, CheckInSpec, Pathway, Question, Rule
from schedules.questions import Value

SendTime = Literal["kept", "skipped", "repeated", "quiet"]

_STEP = timedelta(hours=12)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """The clocks of a zone go forward (`by` > 0) or back at the instant `at` (UTC)."""

    at: datetime
    by: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One scheduled check-in. `clock_changes`: those since the one before, until it closes.

    `send_time`: what became of the pathway's send time on that day. `skipped`: the clocks jump over it; `repeated`: it
    comes twice and the first counts; `quiet`: it lies in the quiet hours, so the check-in waits for their end.
    """

    slot: timeline.Slot
    spec: CheckInSpec
    send_time: SendTime
    clock_changes: tuple[ClockChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What one patient is sent. `on_demand`: check-ins without a day; `rechecks`: the rules that ask for one.

    `starts`: from when the patient takes part; `ends`: when nothing scheduled is sent any more (both UTC).
    """

    pathway: Pathway
    surgery_date: date
    tz: str
    starts: datetime
    ends: datetime
    planned: tuple[Planned, ...]
    on_demand: tuple[CheckInSpec, ...]
    rechecks: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it stands when all others are answered calmly: at `position` of `total`, both from 1.

    `only_if`: the condition that opens it; None when it is asked of everybody.
    """

    question: Question
    position: int
    total: int
    only_if: Condition | None


def course(pathway: Pathway, surgery_date: date, tz: str, joined: date | None = None) -> Course:
    """The course of a patient who takes part from the local day `joined`, or from the day of surgery.

    Raises timeline.UnknownZone and TimelineError.
    """
    starts = timeline.to_utc(joined or surgery_date, "00:00", tz)
    since = timeline.to_utc(surgery_date, "00:00", tz)
    planned = []
    for slot in timeline.plan(pathway, surgery_date, tz, starts):
        changes = tuple(clock_changes(tz, since, slot.closes_at))
        planned.append(
            Planned(
                slot=slot,
                spec=pathway.checkin(slot.checkin),
                send_time=_send_time(pathway, slot, tz),
                clock_changes=changes,
            )
        )
        since = slot.closes_at
    return Course(
        pathway=pathway,
        surgery_date=surgery_date,
        tz=tz,
        starts=starts,
        ends=timeline.programme_ends(pathway, surgery_date, tz),
        planned=tuple(planned),
        on_demand=tuple(spec for spec in pathway.schedule.checkins if spec.offset_days is None),
        rechecks=tuple(rule for rule in pathway.rules if rule.recheck_after_h is not None),
    )


def clock_changes(tz: str, start: datetime, end: datetime) -> Iterator[ClockChange]:
    """The changes of the clocks after `start`, up to `end` (both UTC)."""
    where = timeline.zone(tz)
    at = start
    while at < end:
        following = min(at + _STEP, end)
        by = _offset(following, where) - _offset(at, where)
        if by:
            yield ClockChange(at=_changed_at(at, following, where), by=by)
        at = following


def _changed_at(before: datetime, after: datetime, where: ZoneInfo) -> datetime:
    """The whole second between two instants at which the clocks change."""
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        before, after = (middle, after) if _offset(middle, where) == _offset(before, where) else (before, middle)
    return after.replace(microsecond=0)


def _offset(instant: datetime, where: ZoneInfo) -> timedelta:
    return instant.astimezone(where).utcoffset() or timedelta()


def _send_time(pathway: Pathway, slot: timeline.Slot, tz: str) -> SendTime:
    wanted, where = pathway.schedule.send_time, timeline.zone(tz)
    at = timeline.to_utc(slot.local_date, wanted, tz)
    if timeline.in_quiet_hours(at, pathway.schedule.quiet_hours, tz):
        return "quiet"
    local = at.astimezone(where)
    if f"{local:%H:%M}" != wanted:
        return "skipped"
    return "repeated" if local.replace(fold=1).utcoffset() != local.utcoffset() else "kept"


def quiet_spans(
    quiet: tuple[str, str], tz: str, start: datetime, end: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """The quiet hours between two instants, as (from, to) in UTC."""
    where = timeline.zone(tz)
    first = start.astimezone(where).date() - timedelta(days=1)
    spans = []
    for day in itertools.takewhile(
        lambda day: timeline.to_utc(day, "00:00", tz) < end, (first + timedelta(days=n) for n in itertools.count())
    ):
        begins = timeline.to_utc(day, quiet[0], tz)
        over = max(begins, start)
        stops = min(timeline.next_allowed(begins, quiet, tz), end)
        if over < stops:
            spans.append((over, stops))
    return tuple(spans)


def asked(pathway: Pathway, checkin: str, day: int, procedure: str) -> tuple[Asked, ...]:
    """Every question that can come at this check-in on this day, in order; follow-ups with what opens them."""
    case = _case(pathway, checkin, day, procedure)
    always = {question.id for question in questionnaire.applicable(pathway, case)}
    shown = []
    for question in pathway.questions_for(checkin):
        if question.ask_if is not None and not _possible(question.ask_if, case, pathway):
            continue
        with_it = [each.id for each in pathway.questions_for(checkin) if each.id in always or each is question]
        shown.append(
            Asked(
                question=question,
                position=with_it.index(question.id) + 1,
                total=len(with_it),
                only_if=None if question.id in always else question.ask_if,
            )
        )
    return tuple(shown)


def calm(
    pathway: Pathway, checkin: str, day: int, procedure: str, history: tuple[PastCheckIn, ...] = ()
) -> tuple[Answers, triage.Assessment]:
    """A check-in answered with the least concern throughout, and what it comes to."""
    case = replace(_case(pathway, checkin, day, procedure), history=history)
    answers: dict[str, Value] = {}
    left_out: set[str] = set()
    while True:
        open_now = replace(case, answers=answers)
        waiting = [q for q in questionnaire.applicable(pathway, open_now) if q.id not in answers.keys() | left_out]
        if not waiting:
            return answers, triage.evaluate(pathway, replace(open_now, status="completed"))
        value = calmest(waiting[0])
        if value is None:
            left_out.add(waiting[0].id)
        else:
            answers[waiting[0].id] = value


def calmest(question: Question) -> Value | None:
    """The answer of least concern; None for a question in the patient's own words."""
    match question.type:
        case "text":
            return None
        case "scale":
            return int(question.min or 0)
        case "number":
            least = min(question.special, key=lambda option: option.rank, default=None)
            return question.min if least is None else least.id
        case "choice" | "multi":
            chosen = min(question.options, key=lambda option: option.rank).id
            return (chosen,) if question.type == "multi" else chosen


def _case(pathway: Pathway, checkin: str, day: int, procedure: str) -> Case:
    surgery = date(2000, 1, 1)  # only the number of days counts
    return Case(
        id="preview",
        procedure=pathway.procedure_of(procedure).id,
        surgery_date=surgery,
        checkin=checkin,
        answered_on=surgery + timedelta(days=day),
        status="open",
    )


def _possible(condition: Condition, case: Case, pathway: Pathway) -> bool:
    """Whether some answers could make the condition hold on this day, at this check-in, after this operation."""
    match condition:
        case conditions.All(all_=parts):
            return all(_possible(part, case, pathway) for part in parts)
        case conditions.AnyOf(any_=parts):
            return any(_possible(part, case, pathway) for part in parts)
        case conditions.Count(count=spec):
            return sum(_possible(part, case, pathway) for part in spec.of) >= spec.gte
        case conditions.Days(days=span):
            return (span.gte is None or case.day >= span.gte) and (span.lte is None or case.day <= span.lte)
        case conditions.CheckInIs(checkin=checkins):
            return case.checkin in checkins
        case conditions.ProcedureIs(procedure=procedures):
            return case.procedure in (OTHER_PROCEDURE, *procedures)
        case conditions.AnswerIn(q=name) | conditions.AnswerHasAny(q=name) | conditions.AnswerAtLeast(q=name):
            return case.checkin in pathway.question(name).checkins
        case _:
            return True
