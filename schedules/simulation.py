"""A scripted patient from surgery to the end of the programme: planned by `timeline`, judged by `triage`. No clock.

What is due goes on an agenda and is taken from it in order of time, as the ticks of the bot do with their rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

from schedules import correspondence, timeline, triage, walk
from schedules.case import BASELINE, Case, PastCheckIn
from schedules.diary import Action, Diary
from schedules.pathway import Pathway, Question
from schedules.questions import Value
from schedules.script import Change, Reply, Script, Typed
from schedules.transcript import CheckInEnd, Event, Transcript

_A_TAP = timedelta(seconds=15)
_SILENT = ("no_answer",)  # ends that count as missed in the history
_NOT_SENT = {"merge": "superseded", "phone_task": "phone_task"}


@dataclass(slots=True)
class _Sent:
    """A check-in that went out. `reason`: how it ended; None while it is open."""

    slot: timeline.Slot
    scheduled: bool
    reply: Reply | None
    walk: walk.Walk
    judged: bool = False
    answered_at: datetime | None = None
    finished: bool = False
    reason: str | None = None

    @property
    def begun(self) -> bool:
        return self.answered_at is not None


def run(pathway: Pathway, script: Script) -> Transcript:
    """The whole course. Raises timeline.TimelineError when the pathway cannot be placed in time."""
    return _Course(pathway, script, Diary(pathway, script.timezone)).run()


@dataclass(slots=True)
class _Course:
    """`booked`: when extra check-ins that rules ask for are due."""

    pathway: Pathway
    script: Script
    diary: Diary
    sent: list[_Sent] = field(default_factory=list)
    not_sent: list[CheckInEnd] = field(default_factory=list)
    booked: list[datetime] = field(default_factory=list)

    def run(self) -> Transcript:
        script = self.script
        start = timeline.to_utc(script.joined or script.surgery_date, "00:00", script.timezone)
        for slot in timeline.plan(self.pathway, script.surgery_date, script.timezone, start):
            if slot.late in _NOT_SENT:
                self._never_sent(slot, start)
            else:
                self.diary.plan(slot.due_at, self._opening(slot, script.checkins[slot.checkin], scheduled=True))
        for typed in script.messages:
            self.diary.plan(typed.at, partial(self._message, typed))
        for change in script.changes:
            self.diary.plan(change.at, partial(self._change, change))
        events = self.diary.run()
        ends = [*self.not_sent, *(self._end_of(each) for each in self.sent)]
        return Transcript(events=events, checkins=tuple(sorted(ends, key=lambda end: end.due_at)))

    def _end_of(self, sent: _Sent) -> CheckInEnd:
        level = sent.walk.level if sent.judged else None
        return CheckInEnd(checkin=sent.slot.checkin, due_at=sent.slot.due_at, reason=sent.reason or "open", level=level)

    def _never_sent(self, slot: timeline.Slot, now: datetime) -> None:
        reason = _NOT_SENT[slot.late]
        self.not_sent.append(CheckInEnd(checkin=slot.checkin, due_at=slot.due_at, reason=reason, level=None))
        self.diary.note(now, "closed", slot.checkin, f"{reason}, never sent")
        if reason == "phone_task":
            self.diary.tell(now, "phone_task")

    def _opening(self, slot: timeline.Slot, reply: Reply | None, *, scheduled: bool, note: str | None = None) -> Action:
        return lambda now: self._open(slot, reply, now, scheduled=scheduled, note=note)

    def _open(
        self, slot: timeline.Slot, reply: Reply | None, now: datetime, *, scheduled: bool, note: str | None
    ) -> None:
        """Send a check-in. Nobody gets two at once: one that runs closes with what it has."""
        for other in [each for each in self.sent if each.reason is None]:
            if scheduled or not other.scheduled:
                self._close(other, now, unanswered="no_answer" if other.scheduled else "superseded")
        here = _Sent(slot=slot, scheduled=scheduled, reply=reply, walk=self._walk(slot, now))
        self.sent.append(here)
        self.diary.note(now, "sent", slot.checkin, "late" if slot.late == "send_late" else note)
        for number, at in enumerate(slot.reminders, start=1):
            self.diary.plan(at, partial(self._remind, here, number))
        self.diary.plan(slot.closes_at, lambda at: self._close(here, at, unanswered="no_answer"))
        if reply is not None:
            self.diary.plan(now + reply.after, partial(self._answer, here, reply))

    def _remind(self, here: _Sent, number: int, now: datetime) -> None:
        if here.reason is None:
            self.diary.note(now, "reminded", here.slot.checkin, str(number))

    def _walk(self, slot: timeline.Slot, now: datetime) -> walk.Walk:
        case = Case(
            id=slot.checkin,
            procedure=self.script.procedure,
            surgery_date=self.script.surgery_date,
            checkin=slot.checkin,
            answered_on=self.diary.today(now),
            status="open",
            history=self._history(),
        )
        return walk.Walk(pathway=self.pathway, case=case)

    def _history(self, before: _Sent | None = None) -> tuple[PastCheckIn, ...]:
        """Baseline first, then the check-ins sent before this one that were answered or missed."""
        baseline = PastCheckIn(
            checkin=BASELINE, answered_on=None, status="completed", answers=dict(self.script.baseline)
        )
        earlier = self.sent[: self.sent.index(before)] if before is not None else self.sent
        return (baseline, *(self._past(each) for each in earlier if each.begun or each.reason in _SILENT))

    def _past(self, sent: _Sent) -> PastCheckIn:
        status: Literal["completed", "partial", "missed"] = "missed"
        if sent.begun:
            status = "completed" if sent.finished else "partial"
        return PastCheckIn(
            checkin=sent.slot.checkin,
            answered_on=self._answered_on(sent),
            status=status,
            level=sent.walk.level if sent.judged else None,
            answers=sent.walk.case.answers,
        )

    def _answered_on(self, sent: _Sent) -> date:
        return self.diary.today(sent.answered_at) if sent.answered_at is not None else sent.slot.local_date

    def _answer(self, here: _Sent, reply: Reply, now: datetime) -> None:
        """The patient answers until nothing is left, the script stops, or a crisis ends it."""
        name = here.slot.checkin
        if here.reason is not None and (here is not self.sent[-1] or here.reason == "superseded"):
            self.diary.note(now, "noted", name, "the patient answers too late: the next check-in has come")
            return
        here.walk = replace(
            here.walk, case=replace(here.walk.case, answered_on=self.diary.today(now), history=self._history(here))
        )
        at = now
        while (question := walk.next_question(here.walk)) is not None:
            if self.diary.in_crisis(at):
                self.diary.note(at, "noted", name, "nothing more is asked that day")
                return
            value = reply.answers.get(question.id, self.script.usual.get(question.id))
            if value is None and not question.optional:
                self.diary.note(at, "noted", name, f"the patient stops at {question.id}")
                return
            at += _A_TAP
            self._take(here, question, value, at)
        self._finish(here, at)
        asked = set(here.walk.case.answers) | here.walk.skipped
        if left := sorted(set(reply.answers) - asked):
            self.diary.note(at, "noted", name, f"never asked: {', '.join(left)}")

    def _take(self, here: _Sent, question: Question, value: Value | None, at: datetime) -> None:
        here.answered_at = at
        late = "late" if here.reason is not None else None
        self.diary.events.append(
            Event(at=at, kind="answered", checkin=here.slot.checkin, question=question.id, value=value, note=late)
        )
        step = walk.answer(here.walk, question, value)
        self._judged(here, step, at)
        self._book(here, step, at)

    def _finish(self, here: _Sent, at: datetime) -> None:
        self._judged(here, walk.finish(here.walk), at)
        here.finished = True
        if here.reason is None:
            here.reason = "answered"
            self.diary.events.append(
                Event(at=at, kind="closed", checkin=here.slot.checkin, level=here.walk.level, note="answered")
            )

    def _close(self, here: _Sent, now: datetime, *, unanswered: str) -> None:
        """The time is over, or another check-in takes its place."""
        if here.reason is not None:
            return
        here.reason = "partly_answered" if here.begun else unanswered
        if here.reason != "superseded":
            case = replace(here.walk.case, answered_on=self._answered_on(here), history=self._history(here))
            self._judged(here, walk.finish(replace(here.walk, case=case)), now)
        level = here.walk.level if here.judged else None
        self.diary.events.append(Event(at=now, kind="closed", checkin=here.slot.checkin, level=level, note=here.reason))

    def _judged(self, here: _Sent, step: walk.Step, at: datetime) -> None:
        """Keep a judgement, and record it when it says something new."""
        before, here.walk, here.judged = here.walk.level, step.walk, True
        worth = {finding.rule for finding in triage.shown(step.assessment)}
        new = [finding for finding in step.new if finding.rule in worth]
        if new or step.assessment.level > before:
            self.diary.judged(at, here.slot.checkin, step.assessment.level, new)
        self.diary.show(at, here.slot.checkin, step.cards)

    def _book(self, here: _Sent, step: walk.Step, at: datetime) -> None:
        """The extra check-in that a rule asks for, once for each check-in."""
        fired = {finding.rule for finding in step.assessment.findings}
        asking = {
            r.id: r.recheck_after_h for r in self.pathway.rules if r.id in fired and r.recheck_after_h is not None
        }
        if not asking:
            return
        after = timedelta(hours=min(asking.values()))
        extra = [*self.booked, *(each.slot.due_at for each in self.sent if not each.scheduled)]
        if any(due >= here.slot.due_at + after for due in extra):
            return
        due = timeline.next_allowed(at + after, self.pathway.schedule.quiet_hours, self.script.timezone)
        number = len(self.booked)
        self.booked.append(due)
        reply = self.script.rechecks[number] if number < len(self.script.rechecks) else None
        self.diary.plan(due, self._opening(self._extra(due), reply, scheduled=False, note="re-check"))
        local = due.astimezone(timeline.zone(self.script.timezone))
        note = f"re-check on {local:%Y-%m-%d %H:%M}, for {', '.join(asking)}"
        self.diary.note(at, "booked", self.pathway.schedule.recheck_checkin, note)

    def _extra(self, due: datetime) -> timeline.Slot:
        checkin = self.pathway.schedule.recheck_checkin
        return timeline.slot_at(self.pathway, checkin, due, self.script.surgery_date, self.script.timezone)

    def _change(self, change: Change, now: datetime) -> None:
        """The patient says that something has changed; a check-in that waits unbegun serves as well."""
        if self.diary.in_crisis(now):
            self.diary.show(now, None, (walk.CRISIS_CARD,))
            return
        waiting = self._open_now()
        if waiting is not None and not waiting.begun:
            self.diary.plan(now + change.reply.after, partial(self._answer, waiting, change.reply))
        else:
            self._open(self._extra(now), change.reply, now, scheduled=False, note="asked for by the patient")

    def _message(self, typed: Typed, now: datetime) -> None:
        case = replace(self._walk(self._extra(now), now).case, history=self._history())
        level = correspondence.receive(self.diary, typed, case, now)
        here = self._open_now()
        if here is not None and level > here.walk.level:
            here.walk, here.judged = replace(here.walk, level=level), True

    def _open_now(self) -> _Sent | None:
        """The open check-in that was sent last."""
        return next((each for each in reversed(self.sent) if each.reason is None), None)
