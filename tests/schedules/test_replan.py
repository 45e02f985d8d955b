"""What changes when the plan changes, and what never does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import catalog, replan, timeline

PATHWAY = catalog.shipped()
ZONE = "Europe/London"
SURGERY = date(2026, 3, 2)
ENROLLED = datetime(2026, 3, 3, 12, tzinfo=UTC)


def wanted(surgery: date = SURGERY, now: datetime = ENROLLED, tz: str = ZONE) -> tuple[timeline.Slot, ...]:
    return timeline.plan(PATHWAY, surgery, tz, now)


def stored(slot: timeline.Slot, state: Literal["planned", "open", "ended"] = "planned") -> replan.Stored:
    return replan.Stored(
        checkin=slot.checkin,
        state=state,
        local_date=slot.local_date,
        due_at=slot.due_at,
        reminders=slot.reminders,
        closes_at=slot.closes_at,
    )


def applied(rows: list[replan.Stored], changes: replan.Changes) -> list[replan.Stored]:
    """What a caller stores: slots that are not to be sent are rows that ended."""

    def row(slot: timeline.Slot) -> replan.Stored:
        return stored(slot, "planned" if slot.late in ("on_time", "send_late") else "ended")

    moved = {move.checkin: row(move.slot) for move in changes.move}
    kept = [
        moved.get(each.checkin, each) if each.state == "planned" else each
        for each in rows
        if not (each.checkin in changes.cancel and each.state == "planned")
    ]
    return kept + [row(slot) for slot in changes.add]


def test_a_new_patient_gets_every_check_in() -> None:
    changes = replan.reconcile([], wanted(), ENROLLED)
    assert changes == replan.Changes(add=wanted())
    assert changes


def test_nothing_changes_when_the_plan_is_the_same() -> None:
    assert not replan.reconcile([stored(slot) for slot in wanted()], wanted(), ENROLLED)


def test_a_moved_surgery_date_moves_only_what_was_not_sent() -> None:
    old = wanted()
    rows = [stored(old[0], "ended"), stored(old[1], "open"), stored(old[2]), stored(old[3])]
    new = wanted(SURGERY + timedelta(days=2))
    changes = replan.reconcile(rows, new, ENROLLED)
    assert [move.checkin for move in changes.move] == ["week6", "month3"]
    assert changes.move[0].slot == new[2]
    assert (changes.add, changes.cancel) == ((), ())


def test_a_check_in_that_is_no_longer_wanted_is_cancelled_unless_sent() -> None:
    rows = [stored(wanted()[0], "open"), stored(wanted()[1])]
    assert replan.reconcile(rows, (), ENROLLED) == replan.Changes(cancel=("week2",))


def test_an_ad_hoc_check_in_is_left_alone() -> None:
    slot = wanted()[0]
    adhoc = replan.Stored(
        checkin="adhoc",
        state="planned",
        local_date=slot.local_date,
        due_at=slot.due_at,
        reminders=(),
        closes_at=slot.closes_at,
        ad_hoc=True,
    )
    assert not replan.reconcile([adhoc], (), ENROLLED)


def test_a_check_in_due_a_moment_ago_is_on_its_way_and_not_late() -> None:
    rows = [stored(slot) for slot in wanted()]
    now = rows[0].due_at + timedelta(minutes=5)
    assert not replan.reconcile(rows, wanted(now=now), now)


def test_a_check_in_left_lying_follows_its_late_policy() -> None:
    rows = [stored(slot) for slot in wanted()]
    now = rows[0].due_at + timedelta(hours=5)
    changes = replan.reconcile(rows, wanted(now=now), now)
    assert [(move.checkin, move.slot.late) for move in changes.move] == [("day3", "send_late")]


def test_a_check_in_too_late_to_send_moves_to_its_recorded_end() -> None:
    rows = [stored(slot) for slot in wanted()]
    now = rows[0].due_at + timedelta(days=5)
    changes = replan.reconcile(rows, wanted(now=now), now)
    assert [(move.checkin, move.slot.late) for move in changes.move] == [("day3", "phone_task")]


@settings(max_examples=100, deadline=None)
@given(
    shift=st.integers(-100, 100),
    later_h=st.integers(0, 24 * 130),
    states=st.lists(st.sampled_from(["planned", "open", "ended", None]), min_size=4, max_size=4),
    tz=st.sampled_from(["Europe/London", "America/Santiago", "Pacific/Auckland"]),
)
def test_reconciling_twice_changes_nothing_and_never_touches_what_was_sent(
    shift: int, later_h: int, states: list[Literal["planned", "open", "ended"] | None], tz: str
) -> None:
    rows = [stored(slot, state) for slot, state in zip(wanted(), states, strict=True) if state]
    now = ENROLLED + timedelta(hours=later_h)
    new = wanted(SURGERY + timedelta(days=shift), now, tz)
    after = applied(rows, replan.reconcile(rows, new, now))
    assert [row for row in rows if row.state != "planned"] == [
        row for row in after if row in rows and row.state != "planned"
    ]
    assert {row.checkin for row in after} == {slot.checkin for slot in new}
    assert not replan.reconcile(after, new, now)
