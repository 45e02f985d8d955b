"""Assessments and escalations are counted by level, and how long one waited until somebody took it."""

from __future__ import annotations

from bot import metrics
from bot.care import telling
from tests.bot.phone import phone
from tests.bot.ward import Ward


def total(name: str, **labels: str) -> float:
    return metrics.total(f"aftercare_{name}", **labels)


def test_an_escalation_is_counted_by_kind_and_level_and_timed_until_it_is_taken(ward: Ward) -> None:
    team = ward.team("Spine")
    lind = ward.staff("Dr Lind", team, rung="on_call")
    counted, timed, sum_s = (
        total("escalation_events_total", kind="opened", level="emergency"),
        total("acknowledged_seconds_count", level="emergency"),
        total("acknowledged_seconds_sum", level="emergency"),
    )
    case = ward.finds(ward.patient("Ana", team, "A-1"), ("ces_now", "emergency"))
    assert case is not None
    assert total("escalation_events_total", kind="opened", level="emergency") == counted + 1
    ward.passes(minutes=4)
    ward.taps_on(lind, "c_ack", case)
    assert total("acknowledged_seconds_count", level="emergency") == timed + 1
    assert total("acknowledged_seconds_sum", level="emergency") == sum_s + 240


def test_an_escalation_that_is_rolled_back_was_none(ward: Ward) -> None:
    team = ward.team("Spine")
    counted = total("escalation_events_total", kind="opened", level="urgent")
    case = ward.finds(ward.patient("Ana", team, "A-1"), ("fever", "urgent"))
    assert case is not None
    telling.event(ward.session, case, "opened", ward.now)
    ward.session.rollback()
    assert total("escalation_events_total", kind="opened", level="urgent") == counted + 1


def test_every_judgement_of_an_answer_is_counted_by_its_level(ward: Ward) -> None:
    one = phone(ward, ward.team("Spine"))
    one.goes_to(3)
    one.taps("Start")
    counted = {level: total("assessments_total", level=level) for level in metrics.LEVELS}
    one.taps("No")
    one.taps("Normal for me")
    grown = {level: total("assessments_total", level=level) - counted[level] for level in metrics.LEVELS}
    assert grown == {"routine": 2, "review": 0, "urgent": 0, "emergency": 0}
