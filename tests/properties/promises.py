"""A ward in which anything may happen in any order, and what must hold all the same.

Hypothesis chooses what people, Telegram and the clock do. After each step everything that the design promises is looked
at: answers, reasons, escalations, levels, quiet hours, pages.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from bot.care import (
    delivery,
    escalations,
    gaps,
    horizon,
    landing,
    ledger,
    outcomes,
    patients,
    relocating,
    rescheduling,
    showing,
    turns,
    uncertain,
)
from bot.care.clinic import Clinic
from bot.care.outbox import Lane
from bot.care.registration import Unfit
from bot.chat.incoming import Kind
from bot.db.engine import Database
from bot.db.models import OUTCOMES, Answer, Assessment, Chat, CheckIn, Enrolment, Escalation, Outbox, Staff
from bot.ticks import TICKS
from schedules import timeline
from schedules.pathway import Level
from tests.bot.desk import Desk
from tests.bot.phone import Phone, phone
from tests.bot.ward import Ward
from tests.conftest import KEY

SAID = ("I can't pee since this morning", "The stairs were hard today", "2", "no", "help", "STOP", "🙂", "chest pain")
ZONES = ("Europe/London", "America/Bogota", "Asia/Tokyo", "Pacific/Auckland")
QUIET = ("21:00", "08:00")
WHO = st.integers(0, 1)
OUTCOME: dict[str, outcomes.Outcome] = {
    "429": outcomes.RetryAfter(7),
    "no line": outcomes.NotSent("ConnectError"),
    "502": outcomes.Uncertain("502"),
    "wrong token": outcomes.NotAuthorized(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that went out, or may have."""

    at: datetime
    chat_id: int
    lane: Lane
    question: bool
    surely: bool


class Promises(RuleBasedStateMachine):
    """Two patients, a clinician on call, and whatever may befall them."""

    def __init__(self, template: Path, folder: Path, clinic: Clinic, now: datetime) -> None:
        super().__init__()
        self.file = folder / "aftercare.db"
        for old in folder.glob("aftercare.db*"):
            old.unlink()
        shutil.copyfile(template, self.file)
        self.clinic, self.began = clinic, now
        self.log: list[Sent] = []
        self.trouble: list[str] = []
        self.blocked: set[int] = set()
        self.answers: list[tuple[int, str, Any]] = []
        self.levels: dict[tuple[str, int], Level] = {}
        self.database = Database(f"sqlite:///{self.file}", [KEY])
        event.listen(self.database.engine, "connect", _without_disk)
        session = Session(self.database.engine, expire_on_commit=False)
        self.ward = Ward(session=session, clinic=clinic, now=now)
        team = self.ward.team("Spine")
        self.lind = self.ward.staff("Dr Lind", team, rung="on_call")
        self.people = [phone(self.ward, team, code) for code in ("AN17", "BE42")]
        self.settles()

    def teardown(self) -> None:
        """When all trouble is over, what is due happens, and every promise holds."""
        try:
            self.trouble.clear()
            self.goes_on(timedelta(hours=12))
            self.every_promise()
            self.nothing_that_matters_is_left_unsent()
        finally:
            self.ward.session.close()
            self.database.close()

    # What time and machines do

    @rule(hours=st.sampled_from((0.1, 1.0, 7.0, 26.0, 110.0)))
    def time_passes(self, hours: float) -> None:
        """Everything runs as it should."""
        self.goes_on(timedelta(hours=hours))

    @rule(hours=st.sampled_from((0.1, 3.0, 14.0, 30.0, 170.0)), poll_first=st.booleans())
    def nothing_runs_for_a_while(self, hours: float, poll_first: bool) -> None:
        """The process is down; then it starts again, and whichever part is first is first."""
        began, self.ward.now = self.ward.now, self.ward.now + timedelta(hours=hours)
        self.restarts()
        since = len(self.log)
        order: list[Callable[[], object]] = [lambda: self.listens_again(began), self.ticks]
        for part in order if poll_first else reversed(order):
            part()
        self.settles()
        asked = Counter(sent.chat_id for sent in self.log[since:] if sent.question)
        assert max(asked.values(), default=0) <= 1, f"a burst of questions after {hours} h: {asked}"

    @rule(minutes=st.sampled_from((-60, 60)))
    def the_clock_is_set(self, minutes: int) -> None:
        """Somebody mends the machine's clock, or breaks it."""
        self.ward.now += timedelta(minutes=minutes)
        self.settles()

    @rule(what=st.sampled_from(sorted(OUTCOME)), times=st.integers(1, 12))
    def telegram_is_in_trouble(self, what: str, times: int) -> None:
        """So many of the next calls go wrong."""
        self.trouble = [what] * times

    @rule()
    def the_process_is_killed_in_the_middle_of_a_call(self) -> None:
        """Claimed and perhaps sent, but never settled."""
        for waiting in turns.waiting(self.session, self.ward.now, list(Lane), (), 1):
            delivery.claim(self.session, waiting.row_id, "me", showing.RENDERERS, self.clinic, self.ward.now)
        self.session.commit()
        self.restarts()
        self.settles()

    # What patients do

    @rule(who=WHO, button=st.integers(0, 30))
    def a_patient_taps(self, who: int, button: int) -> None:
        """Any button of the check-in's message."""
        one = self.people[who]
        if who in self.blocked or not self.has_a_check_in(one):
            return
        buttons = [each for row in one.sees().rows for each in row if each.action is not None]
        if not buttons:
            return
        action = buttons[button % len(buttons)].action
        assert action is not None
        row = one.checkin()
        question = row.question
        one.does(action.name, *action.args)
        if action.name == "p_ans":
            standing = one.session.scalars(
                select(Answer)
                .where(Answer.checkin_id == row.id, Answer.question == question)
                .order_by(Answer.id.desc())
            ).first()
            assert standing is not None, "an answer was lost"
            self.answers.append((standing.id, standing.question, standing.value))
        self.settles()

    @rule(who=WHO, words=st.sampled_from(SAID))
    def a_patient_writes(self, who: int, words: str) -> None:
        """Alarming words, calm ones, an answer, or STOP."""
        if who not in self.blocked:
            self.desk(who).says(words)
            self.settles()

    @rule(who=WHO, command=st.sampled_from(("status", "changed", "resume", "language")))
    def a_patient_sends_a_command(self, who: int, command: str) -> None:
        """From the menu."""
        if who not in self.blocked:
            self.desk(who).commands(command)
            self.settles()

    @rule(who=WHO, days=st.sampled_from((1, 3, 7)))
    def a_patient_pauses(self, who: int, days: int) -> None:
        """No check-ins for some days."""
        if who not in self.blocked:
            self.desk(who).presses("p_days", days)
            self.settles()

    @rule(who=WHO)
    def a_patient_blocks_the_bot_or_lets_it_in_again(self, who: int) -> None:
        """Telegram tells of either."""
        self.blocked ^= {who}
        membership = "kicked" if who in self.blocked else "member"
        self.desk(who).does(Kind.MEMBER, membership=membership)
        self.settles()

    # What staff do

    @rule(step=st.sampled_from(("acknowledge", "contacted", "close")))
    def a_clinician_works_a_case(self, step: str) -> None:
        """The most urgent one."""
        cases = self.session.scalars(select(Escalation).where(Escalation.state != "closed")).all()
        if not cases:
            return
        case = max(cases, key=lambda one: Level(one.level).rank)
        who, now = self.session.get_one(Staff, self.lind.id), self.ward.now
        if step == "close":
            escalations.close(self.session, case.id, who, OUTCOMES[0], None, now, self.clinic)
        else:
            getattr(escalations, step)(self.session, case.id, who, now, self.clinic)
        self.session.commit()
        self.settles()

    @rule(who=WHO, days=st.integers(-3, 5))
    def a_surgery_date_is_mended(self, who: int, days: int) -> None:
        """It was entered wrongly."""
        enrolment = self.people[who].enrolment
        day: date = enrolment.surgery_date + timedelta(days=days)
        try:
            rescheduling.apply(
                self.session,
                enrolment,
                rescheduling.SURGERY,
                day,
                by=self.lind.id,
                now=self.ward.now,
                clinic=self.clinic,
            )
        except Unfit:
            self.session.rollback()
        self.session.commit()
        self.settles()

    @rule(who=WHO, zone=st.sampled_from(ZONES))
    def a_patient_moves(self, who: int, zone: str) -> None:
        """To where clocks say something else."""
        by = self.session.get_one(Staff, self.lind.id)
        relocating.move(self.session, self.people[who].enrolment, zone, by, self.ward.now, self.clinic)
        self.session.commit()
        self.settles()

    # What must hold

    @invariant()
    def every_promise(self) -> None:
        """After each step."""
        self.account_balances()
        self.no_answer_is_lost()
        self.one_question_at_a_time()
        self.no_level_falls()
        self.every_red_answer_is_with_a_person()
        self.every_page_goes_on()

    def account_balances(self) -> None:
        """Every check-in is open, to come, or ended for a reason, and none went astray."""
        assert ledger.balance(self.session).balanced
        lost = ledger.astray(self.session, self.ward.now)
        assert lost == [], [self.told(self.session.get_one(CheckIn, row_id)) for row_id in lost]

    def told(self, row: CheckIn) -> str:
        """One check-in, for whoever reads a failure."""
        enrolled = self.session.get_one(Enrolment, row.enrolment_id)
        return f"{row.checkin} {row.kind} {row.state} due {row.due_at} of {enrolled.state}, now {self.ward.now}"

    def no_answer_is_lost(self) -> None:
        """Whatever a tap gave is still there, as it was given."""
        for answer_id, question, value in self.answers:
            row = self.session.get_one(Answer, answer_id)
            assert (row.question, row.value) == (question, value)

    def one_question_at_a_time(self) -> None:
        """Nobody has two check-ins open."""
        running = select(CheckIn.enrolment_id, func.count()).where(CheckIn.state == "open")
        for enrolment_id, count in self.session.execute(running.group_by(CheckIn.enrolment_id)):
            assert count == 1, f"enrolment {enrolment_id} has {count} check-ins open"

    def no_level_falls(self) -> None:
        """Neither of a check-in nor of an escalation."""
        for table in (CheckIn, Escalation):
            for row in self.session.scalars(select(table).where(table.level.is_not(None))):
                key, level = (table.__tablename__, row.id), Level(row.level or "routine")
                assert level >= self.levels.get(key, level), f"{key} fell to {level}"
                self.levels[key] = level

    def every_red_answer_is_with_a_person(self) -> None:
        """It has an escalation of its level that is open, or was closed with an outcome."""
        for judged in self.session.scalars(select(Assessment).where(Assessment.level.in_(("urgent", "emergency")))):
            cases = self.session.scalars(select(Escalation).where(Escalation.enrolment_id == judged.enrolment_id))
            held = [case for case in cases if Level(case.level) >= Level(judged.level)]
            assert held, f"assessment {judged.id} ({judged.level}) is with nobody"
            assert all(case.outcome is not None for case in held if case.state == "closed")

    def every_page_goes_on(self) -> None:
        """Until somebody has taken the case."""
        untaken = select(Escalation).where(Escalation.state == "open", Escalation.level.in_(("urgent", "emergency")))
        for case in self.session.scalars(untaken):
            assert case.next_page_at is not None, f"escalation {case.id} is open and nobody is paged any more"

    def nothing_that_matters_is_left_unsent(self) -> None:
        """Half a quiet day later no alert waits, but for chats that are closed."""
        waiting = select(Outbox).where(Outbox.state.in_(("pending", "sending")), Outbox.lane <= Lane.CLINICIAN)
        late = [row for row in self.session.scalars(waiting) if row.created_at < self.ward.now - timedelta(hours=2)]
        assert late == []

    # How it is done

    @property
    def session(self) -> Session:
        return self.ward.session

    def desk(self, who: int) -> Desk:
        """This patient's chat, where everything goes through dispatch."""
        return Desk(ward=self.ward, telegram_id=self.telegram_id(who))

    def telegram_id(self, who: int) -> int:
        """Of this patient."""
        chat_id = self.people[who].person.chat_id
        found = next(chat for chat in self.chats() if chat.id == chat_id)
        return int(found.telegram_id)

    def chats(self) -> list[Any]:
        """Every chat there is."""
        return list(self.session.scalars(select(Chat)))

    def has_a_check_in(self, one: Phone) -> bool:
        """Whether anything was ever asked, and still shows."""
        opened = select(CheckIn.id).where(CheckIn.enrolment_id == one.enrolment.id, CheckIn.opened_at.is_not(None))
        return self.session.scalars(opened.where(CheckIn.kind != "baseline")).first() is not None

    def goes_on(self, span: timedelta) -> None:
        """Time goes by, with a stop wherever something is due. Before a long stretch the team takes what is open."""
        until = self.ward.now + span
        if span > timedelta(hours=8):
            self.the_team_takes_every_case()
        while (at := horizon.next_event(self.session, self.ward.now)) is not None and at < until:
            self.ward.now = at
            self.settles()
        self.ward.now = until
        self.settles()

    def the_team_takes_every_case(self) -> None:
        """Days of pages for the same case would show nothing new."""
        who = self.session.get_one(Staff, self.lind.id)
        for case in self.session.scalars(select(Escalation).where(Escalation.state == "open")).all():
            escalations.contacted(self.session, case.id, who, self.ward.now, self.clinic)
        self.session.commit()

    def settles(self) -> None:
        """Ticks and sends until nothing more can go now."""
        self.ticks()
        for _ in range(200):
            if not self.sends_one():
                return
        raise AssertionError("it never comes to rest")

    def ticks(self) -> None:
        """Each once."""
        for tick in TICKS:
            tick.work(self.session, self.ward.now, self.clinic)
        self.session.commit()

    def listens_again(self, began: datetime) -> None:
        """The first poll after a while finds the gap."""
        if self.ward.now - began > gaps.TOLERATED:
            gaps.ended(self.session, began, self.ward.now, self.ward.now, self.clinic)
            self.session.commit()

    def restarts(self) -> None:
        """A new process on the same database: nothing is remembered but what is stored."""
        now, people = self.ward.now, [one.enrolment.id for one in self.people]
        numbers = self.ward.numbers
        self.session.close()
        session = Session(self.database.engine, expire_on_commit=False)
        self.ward = Ward(session=session, clinic=self.clinic, now=now, numbers=numbers)
        self.people = [Phone(ward=self.ward, enrolment=session.get_one(Enrolment, row_id)) for row_id in people]
        uncertain.sweep(session, now, self.clinic, restarted=True)
        session.commit()

    def sends_one(self) -> bool:
        """Send what is first in line; how it goes is up to Telegram. Whether there was anything."""
        waiting = turns.waiting(self.session, self.ward.now, list(Lane), (), 1)
        if not waiting:
            return False
        row_id = waiting[0].row_id
        out = delivery.claim(self.session, row_id, "me", showing.RENDERERS, self.clinic, self.ward.now)
        if out is not None:
            row = self.session.get_one(Outbox, row_id)
            outcome = self.outcome(row, edit=out.edit is not None)
            if isinstance(outcome, outcomes.Sent | outcomes.Uncertain) and out.edit is None:
                self.notes(row, surely=isinstance(outcome, outcomes.Sent))
            landing.settle(self.session, out, outcome, self.clinic, self.ward.now)
        self.session.commit()
        return True

    def outcome(self, row: Outbox, *, edit: bool) -> outcomes.Outcome:
        """What Telegram makes of this call."""
        blocked = {self.people[who].person.chat_id for who in self.blocked}
        if row.chat_id in blocked:
            return outcomes.Unreachable("blocked", "bot was blocked by the user")
        if self.trouble:
            return OUTCOME[self.trouble.pop()]
        return outcomes.Sent(10_000 + row.id)

    def notes(self, row: Outbox, *, surely: bool) -> None:
        """Put on record what went out, and look whether it may at this hour."""
        question = row.surface == "checkin" and row.fresh and row.repeats_id is None
        lane = Lane(row.lane)
        self.log.append(Sent(at=self.ward.now, chat_id=row.chat_id, lane=lane, question=question, surely=surely))
        for one in self.people:
            if one.person.chat_id == row.chat_id and lane >= Lane.CHECKIN:
                zone = patients.of(self.session, one.enrolment).timezone
                assert not timeline.in_quiet_hours(self.ward.now, QUIET, zone), f"{row.dedupe_key} at night in {zone}"


def _without_disk(connection: Any, _record: Any) -> None:
    """What this test writes is worth nothing later; nobody pulls the plug."""
    connection.execute("PRAGMA synchronous=OFF")
