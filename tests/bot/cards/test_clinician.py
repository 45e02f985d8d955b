"""The escalation card: what it says in each state, and what it can never say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.cards import TEXT_LIMIT, Card, casework, clinician
from bot.cards.casework import Task
from bot.cards.clinician import Clock, Did, EscalationView, FindingLine, Trend
from bot.chat import tokens
from schedules.pathway import Level

NOW = datetime(2026, 3, 2, 9, 4, tzinfo=UTC)
ZONE = ZoneInfo("America/Bogota")
VIEW = EscalationView(
    id=12,
    version=1772442000000,
    code="AN17",
    level=Level.EMERGENCY,
    state="open",
    procedure="Microdiscectomy",
    day=14,
    zone=ZONE,
    now=NOW,
    findings=(
        FindingLine(level=Level.EMERGENCY, said="New saddle numbness.", facts=("Saddle numbness: new",), new=True),
        FindingLine(level=Level.URGENT, said="Leg pain 8/10.", facts=("Leg pain: 8/10",)),
    ),
    hidden=2,
    changed="09:04, raised from urgent to emergency.",
    trends=(Trend(label="Leg pain", points=(("before surgery", "7"), ("day 3", "3"), ("day 14", "8"))),),
    clocks=(
        Clock(name="Acknowledge", by=NOW + timedelta(minutes=12, seconds=30), met_at=None),
        Clock(name="Reach the patient", by=NOW - timedelta(minutes=65), met_at=None),
        Clock(name="Settle and close", by=NOW + timedelta(days=1), met_at=None),
    ),
    acknowledged=None,
    contacted=None,
    closed=None,
    outcome=None,
    pages=((NOW, "team, on-call (Dr Lind)"),),
    next_page_at=NOW + timedelta(minutes=5),
)
DONE = Did(who="Dr <Lind>", at=NOW)


def labels(card: Card) -> list[str]:
    return [button.label for row in card.rows for button in row]


def test_it_says_level_case_findings_values_clocks_and_what_to_do_next() -> None:
    text = clinician.escalation(VIEW).text
    for part in (
        "🔴 <b>EMERGENCY</b> · <code>AN17</code>",
        "Microdiscectomy, day 14 after surgery",
        "<b>What changed</b>: 09:04, raised from urgent to emergency.",
        "🔴 <b>NEW</b> New saddle numbness.",
        "   Saddle numbness: new",
        "… and 2 more",
        "Leg pain: <b>7</b> (before surgery) → <b>3</b> (day 3) → <b>8</b> (day 14)",
        "⏱ Acknowledge by 04:16, in 12 min",
        "⚠️ Reach the patient by 02:59, <b>overdue by 1 h 5 min</b>",
        "by Tue 3 Mar 04:04, in 1 d",
        "Nobody has acknowledged yet.",
        "04:04 team, on-call (Dr Lind)",
        "next at 04:09 unless somebody acknowledges",
        "<b>Next</b>: tap Acknowledge",
        "As of 04:04",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        ("open", ["Acknowledge", "Reached patient", "Close", "Details", "Why"]),
        ("acknowledged", ["Reached patient", "Close", "Details", "Why"]),
        ("contacted", ["Close", "Details", "Why"]),
        ("closed", ["Details", "Why"]),
    ],
)
def test_each_state_has_its_buttons(state: str, buttons: list[str]) -> None:
    assert labels(clinician.escalation(replace(VIEW, state=state))) == buttons


def test_choosing_an_outcome_shows_the_six_and_a_way_back() -> None:
    card = clinician.escalation(replace(VIEW, choosing=True))
    assert labels(card) == [*clinician.OUTCOME_WORDS.values(), "Back"]
    assert "choose how it ended" in card.text


def test_who_did_what_is_said_with_the_time() -> None:
    met = tuple(replace(clock, met_at=NOW) for clock in VIEW.clocks)
    taken = clinician.escalation(replace(VIEW, state="acknowledged", acknowledged=DONE, clocks=met)).text
    assert "Acknowledged by Dr &lt;Lind&gt;, 04:04" in taken
    assert "☑ Reach the patient: 04:04 (late)" in taken
    assert "Dr &lt;Lind&gt; rings the patient" in taken
    reached = clinician.escalation(replace(VIEW, state="contacted", acknowledged=DONE, contacted=DONE)).text
    assert "Patient reached by Dr &lt;Lind&gt;" in reached
    assert "close with an outcome" in reached
    somebody = clinician.escalation(replace(VIEW, state="acknowledged")).text
    assert "you rings" not in somebody or "rings the patient" in somebody


def test_a_closed_case_says_how_it_ended_and_asks_for_nothing() -> None:
    card = clinician.escalation(
        replace(VIEW, state="closed", acknowledged=DONE, contacted=DONE, closed=DONE, outcome="advice")
    )
    assert "CLOSED" in card.text
    assert "Closed (Advice given) by Dr &lt;Lind&gt;" in card.text
    assert "⏱" not in card.text
    assert "What changed" not in card.text
    assert card.silent


def test_only_a_review_is_silent_and_no_card_can_be_forwarded() -> None:
    assert [clinician.escalation(replace(VIEW, level=level)).silent for level in Level] == [False, True, False, False]
    assert clinician.escalation(VIEW).protect


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "in 0 min"),
        (59, "in 59 min"),
        (60, "in 1 h"),
        (185, "in 3 h 5 min"),
        (24 * 60, "in 1 d"),
        (50 * 60, "in 2 d 2 h"),
        (-1, "overdue by 1 min"),
        (-1500, "overdue by 1 d 1 h"),
    ],
)
def test_a_distance_in_time_is_said_in_words(minutes: int, said: str) -> None:
    assert clinician.distance(NOW + timedelta(minutes=minutes), NOW) == said


@given(
    st.lists(
        st.builds(
            FindingLine,
            level=st.sampled_from(Level),
            said=st.text(max_size=400),
            facts=st.lists(st.text(max_size=300), max_size=8).map(tuple),
        ),
        max_size=60,
    )
)
def test_a_card_always_fits_into_one_message(findings: list[FindingLine]) -> None:
    pages = tuple((NOW, "team, on-call (" + "Dr Somebody, " * 60 + ")") for _ in range(50))
    card = clinician.escalation(replace(VIEW, findings=tuple(findings), pages=pages))
    assert len(card.text) <= TEXT_LIMIT


def test_every_button_fits_into_a_token() -> None:
    for choosing in (False, True):
        for row in clinician.escalation(replace(VIEW, id=2**40, choosing=choosing)).rows:
            for button in row:
                assert button.action is not None
                assert tokens.encode(button.action, -1001234567890, b"secret")


def test_long_lists_become_several_messages() -> None:
    cards = casework.pages("head", (f"line {number} " + "x" * 100 for number in range(100)), protect=True)
    assert len(cards) > 1
    assert all(len(card.text) <= TEXT_LIMIT and card.protect for card in cards)
    assert sum(card.text.count("line ") for card in cards) == 100


@given(st.text(alphabet="<&>ab", max_size=9000))
@example("<" * 9000)
@example("a" * 9000)
def test_a_long_text_is_cut_to_fit_even_when_it_grows_by_escaping(text: str) -> None:
    assert len(casework.clip(text)) <= casework.ROOM


def task(number: int) -> Task:
    return Task(
        headline="🔶 URGENT, open",
        code=f"P{number:02}",
        due="by 10:00, in 5 min",
        next_action="acknowledge it",
        button=clinician.button("Show", "c_show", number),
    )


def test_the_worklist_is_paged() -> None:
    tasks = [task(number) for number in range(20)]
    first, second, third = (casework.worklist(tasks, page, "Spine", "09:00") for page in range(3))
    assert "20, page 1 of 3" in first.text
    assert "1. 🔶" in first.text
    assert labels(first)[-1] == "Next ▶"
    assert labels(second)[-2:] == ["◀ Previous", "Next ▶"]
    assert labels(third)[-1] == "◀ Previous"
    assert "17. 🔶" in third.text
    assert casework.worklist(tasks, 99, "Spine", "09:00") == third
    assert casework.worklist(tasks, -3, "Spine", "09:00") == first


def test_an_empty_worklist_says_so() -> None:
    assert "Nothing waits" in casework.worklist([], 0, "Spine", "09:00").text
