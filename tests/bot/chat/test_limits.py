"""The budgets: never above Telegram's limits, alerts always with room, a 429 taken at its word."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from bot.care.outbox import Lane
from bot.chat.limits import GROUP_PER_MIN, GROUP_RESERVE, SECOND, Limits, Turn

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def turn(chat: int = 1, lane: Lane = Lane.CONVERSATION, *, group: bool = False) -> Turn:
    return Turn(chat=chat, group=group, lane=lane)


def send_all(limits: Limits, turns: list[Turn], began: datetime = NOW) -> list[datetime]:
    """When each would go, one after the other."""
    now, times = began, []
    for each in turns:
        now = max(now, limits.ready_at(each, now))
        limits.take(each, now)
        limits.answered(now)
        times.append(now)
    return times


def busiest(times: list[datetime], span: timedelta) -> int:
    return max(sum(first <= at < first + span for at in times) for first in times)


def test_overall_no_second_sees_more_than_thirty() -> None:
    dice = random.Random(4)
    limits, now, times = Limits(), NOW, []
    for chat in range(1500):
        each = turn(chat, dice.choices(list(Lane), weights=(1, 1, 4, 8, 2))[0])
        now = max(now, limits.ready_at(each, now))
        limits.take(each, now)
        limits.answered(now)
        times.append(now)
        if dice.random() < 0.02:
            now += timedelta(seconds=dice.uniform(0, 3))
    assert busiest(times, timedelta(seconds=1)) <= 30


def test_no_second_sees_more_than_thirty_arrive_however_long_calls_take() -> None:
    """An arrival lies anywhere between its call and its answer."""
    for seed in range(20):
        dice = random.Random(seed)
        limits, now, arrivals, answers = Limits(), NOW, list[datetime](), list[datetime]()
        for chat in range(300):
            each = turn(chat, dice.choice(list(Lane)))
            while (ready := limits.ready_at(each, now)) > now or len(answers) >= 16:
                now = min([*answers, *([ready] if ready > now else [])])
                for _over in [at for at in answers if at <= now]:
                    answers.remove(_over)
                    limits.answered(now)
            limits.take(each, now)
            takes_s = dice.choice((0.005, 0.02, 0.4))
            arrivals.append(now + timedelta(seconds=dice.uniform(0, takes_s)))
            answers.append(now + timedelta(seconds=takes_s))
        assert busiest(sorted(arrivals), timedelta(seconds=1)) <= 30


def test_calls_without_an_answer_leave_room_for_others() -> None:
    limits = Limits()
    for chat in range(12):
        limits.take(turn(chat), NOW)
    now = NOW + timedelta(minutes=1)
    alerts = send_all(limits, [turn(900 + n, Lane.EMERGENCY) for n in range(18)], now)
    assert alerts == [now] * 18
    assert limits.ready_at(turn(999, Lane.EMERGENCY), now) == now + SECOND


def test_bulk_alone_gets_more_than_nine_tenths_of_what_telegram_allows() -> None:
    times = send_all(Limits(), [turn(chat, Lane.CHECKIN) for chat in range(1000)])
    assert times[-1] - NOW < timedelta(seconds=1000 / 30 / 0.9)
    assert busiest(times, timedelta(seconds=1)) <= 28


def test_bulk_goes_evenly_so_that_no_second_is_used_up_at_its_beginning() -> None:
    times = send_all(Limits(), [turn(chat, Lane.CHECKIN) for chat in range(400)])
    assert busiest(times, timedelta(milliseconds=250)) <= 12


def test_at_any_instant_of_a_wave_two_alerts_go_at_once_and_four_more_within_a_quarter_of_a_second() -> None:
    for before in range(40, 100):
        limits = Limits()
        now = send_all(limits, [turn(chat, Lane.CHECKIN) for chat in range(before)])[-1]
        alerts = send_all(limits, [turn(9000 + n, Lane.EMERGENCY) for n in range(6)], now)
        assert alerts[:2] == [now, now]
        assert alerts[-1] - now < timedelta(seconds=0.25)


def test_a_place_that_alerts_took_is_not_given_to_bulk_as_well() -> None:
    limits = Limits()
    now = send_all(limits, [turn(chat, Lane.CHECKIN) for chat in range(100)])[-1]
    now = send_all(limits, [turn(9000 + n, Lane.EMERGENCY) for n in range(2)], now)[-1]
    bulk = send_all(limits, [turn(200 + n, Lane.CHECKIN) for n in range(3)], now)
    assert bulk[0] - now > timedelta(milliseconds=70)


def test_an_emergency_in_the_midst_of_bulk_goes_at_once() -> None:
    limits = Limits()
    now = send_all(limits, [turn(chat, Lane.CHECKIN) for chat in range(1000)])[-1]
    assert limits.ready_at(turn(5000, Lane.EMERGENCY), now) == now


def test_conversation_leaves_room_for_alerts() -> None:
    limits = Limits()
    now = send_all(limits, [turn(chat) for chat in range(500)])[-1]
    alerts = send_all(limits, [turn(9000 + n, Lane.CLINICIAN) for n in range(4)], now)
    assert alerts[-1] - now < timedelta(milliseconds=200)


def test_one_private_chat_gets_three_at_once_and_then_one_a_second() -> None:
    times = send_all(Limits(), [turn()] * 6)
    assert [round((at - NOW).total_seconds()) for at in times] == [0, 0, 0, 1, 2, 3]


def test_a_group_gets_eighteen_a_minute_and_emergencies_two_more() -> None:
    limits = Limits()
    began = send_all(limits, [turn(-1, Lane.CLINICIAN, group=True)] * GROUP_PER_MIN)[0]
    now = began + timedelta(seconds=5)
    assert limits.ready_at(turn(-1, Lane.CLINICIAN, group=True), now) == began + timedelta(minutes=1)
    times = send_all(limits, [turn(-1, Lane.EMERGENCY, group=True)] * GROUP_RESERVE, now)
    assert times == [now] * GROUP_RESERVE
    assert limits.ready_at(turn(-1, Lane.EMERGENCY, group=True), now) > now


def test_a_429_holds_that_chat_and_no_other() -> None:
    limits = Limits(random.Random(1))
    until = limits.flooded(1, 30, NOW)
    assert timedelta(seconds=30) < until - NOW <= timedelta(seconds=31)
    assert limits.ready_at(turn(1, Lane.EMERGENCY), NOW) == until
    assert limits.ready_at(turn(2), NOW) == NOW
    assert limits.held(until) == {}


def test_two_429s_of_different_chats_halve_the_bulk_for_a_while() -> None:
    limits = Limits()
    limits.flooded(1, 1, NOW)
    limits.flooded(2, 1, NOW + timedelta(seconds=4))
    slow = send_all(limits, [turn(chat, Lane.DIGEST) for chat in range(100, 200)], NOW + timedelta(seconds=5))
    assert slow[-1] - slow[0] > timedelta(seconds=6.8)
    later = NOW + timedelta(minutes=5)
    fast = send_all(limits, [turn(chat, Lane.DIGEST) for chat in range(200, 300)], later)
    assert fast[-1] - fast[0] < timedelta(seconds=4)


def test_two_429s_of_the_same_chat_slow_nobody_else() -> None:
    limits = Limits()
    limits.flooded(1, 1, NOW)
    limits.flooded(1, 1, NOW + timedelta(seconds=2))
    times = send_all(limits, [turn(chat, Lane.DIGEST) for chat in range(100, 200)], NOW + timedelta(seconds=5))
    assert times[-1] - times[0] < timedelta(seconds=4)


def test_what_was_not_sent_is_given_back() -> None:
    limits = Limits()
    for kind in (turn(1), turn(-1, group=True)):
        limits.take(kind, NOW)
        limits.give_back(kind)
    assert Counter(send_all(limits, [turn(1)] * 3)) == {NOW: 3}


def test_a_clock_set_back_holds_nobody_up() -> None:
    limits = Limits()
    send_all(limits, [turn(1)] * 3 + [turn(-1, group=True)] * GROUP_PER_MIN)
    earlier = NOW - timedelta(days=1)
    assert limits.ready_at(turn(1), earlier) <= earlier + timedelta(seconds=1.1)
    assert limits.ready_at(turn(-1, Lane.CLINICIAN, group=True), earlier) <= earlier + timedelta(seconds=1.1)


def test_idle_chats_are_forgotten() -> None:
    limits = Limits()
    send_all(limits, [turn(chat) for chat in range(50)] + [turn(-1, group=True)])
    limits.forget_idle(NOW + timedelta(hours=1))
    assert limits._private == {}
    assert limits._groups == {}


def test_a_chat_held_before_the_clock_was_set_back_waits_as_long_as_telegram_said() -> None:
    limits = Limits(random.Random(1))
    ahead = NOW + timedelta(hours=1)
    limits.held(ahead)
    until = limits.flooded(1, 30, ahead)
    assert limits.held(NOW) == {1: NOW + (until - ahead)}
    assert limits.held(NOW + timedelta(seconds=32)) == {}


def test_a_clock_that_is_set_on_and_back_locks_nothing_up() -> None:
    limits = Limits(random.Random(1))
    for step in (0, 60, 0, 60, 0):
        now = NOW + timedelta(minutes=step)
        limits.forget_idle(now)
        limits.flooded(1, 2, now)
        limits.flooded(2, 2, now)
        times = send_all(limits, [turn(chat, lane) for chat in range(10, 40) for lane in Lane], now)
        assert times[-1] - now < timedelta(minutes=2)
