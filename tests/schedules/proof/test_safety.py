"""The search finds the case that breaks a promise, and is not misled by rules that stand in for each other."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from schedules import catalog, conditions
from schedules.levels import Level
from schedules.pathway import Pathway, Rule
from schedules.proof import agreement, certainty, concrete, partial, safety, search, terms
from schedules.proof.space import Space
from schedules.proof.variables import CHECKIN, DAY, PROCEDURE, STATUS, Value, Variable, answer
from tests.schedules.small import FILES

SMALL = catalog.load_files(FILES)
SHIPPED = catalog.shipped()
SILENCE = {"any": [{"unanswered": "bladder"}, {"unreadable": "bladder"}]}


def rule(name: str, level: str, when: object) -> Rule:
    return SMALL.rules[0].model_copy(
        update={"id": name, "level": Level(level), "when": conditions.parse(when), "within_days": None}
    )


def pathway(*rules: Rule) -> Pathway:
    """The small pathway with these rules and one for silence, all of whose answers about the bladder matter."""
    return SMALL.model_copy(update={"rules": (*rules, rule("silence", "review", SILENCE))})


def broken(*rules: Rule) -> list[str]:
    return [flaw.what for flaw in safety.flaws(Space(pathway(*rules)), safety.Tally())]


LEAKS = rule("leaks", "emergency", {"q": "bladder", "in": ["leaking"]})
FEVER = {"q": "symptoms", "has_any": ["fever"]}


def test_rules_that_only_rise_are_proven() -> None:
    assert broken(LEAKS, rule("pain", "review", {"q": "leg_pain", "gte": 5})) == []


def test_a_rule_on_the_mildest_answer_alone_is_shown_with_both_cases() -> None:
    found = broken(LEAKS, rule("calm", "urgent", {"q": "symptoms", "has_any": ["none"]}))
    assert len(found) == 1
    assert found[0].startswith("A worse answer lowers the level: ")
    assert "symptoms none is urgent (calm)" in found[0]
    assert found[0].endswith("with symptoms fever it is routine (nothing fires).")


def test_rules_that_share_the_days_between_them_stand_in_together() -> None:
    """No single rule is certain after the change, so the day is tried out as well."""
    calm = rule("calm", "urgent", {"q": "symptoms", "has_any": ["none"]})
    early = rule("early", "urgent", {"all": [FEVER, {"days": {"lte": 5}}]})
    late = rule("late", "urgent", {"all": [FEVER, {"days": {"gte": 6}}]})
    assert broken(LEAKS, calm, early, late) == []


def test_a_gap_of_one_day_between_them_is_found() -> None:
    calm = rule("calm", "urgent", {"q": "symptoms", "has_any": ["none"]})
    early = rule("early", "urgent", {"all": [FEVER, {"days": {"lte": 5}}]})
    late = rule("late", "urgent", {"all": [FEVER, {"days": {"gte": 7}}]})
    found = broken(LEAKS, calm, early, late)
    assert len(found) == 1
    assert "day 6" in found[0]


def test_a_rule_that_trusts_the_baseline_breaks_without_it() -> None:
    trusting = rule(
        "old", "review", {"all": [{"baseline": {"q": "bladder", "in": ["leaking"]}}, {"q": "leg_pain", "gte": 5}]}
    )
    assert [what[:19] for what in broken(LEAKS, trusting)] == ["Losing the baseline"]


def test_silence_that_weighs_more_than_doubt_is_found() -> None:
    found = broken(rule("leaks", "review", {"q": "bladder", "in": ["leaking"]}), rule("quiet", "emergency", SILENCE))
    assert [what[:38] for what in found] == ["Doubt about a red flag counts less tha"]


def test_a_red_flag_that_nobody_misses_is_found() -> None:
    without = SMALL.model_copy(update={"rules": (LEAKS,)})
    found = list(safety.flaws(Space(without), safety.Tally()))
    assert {flaw.path for flaw in found} == {("questions", 0)}
    assert "unanswered red flag can be routine" in found[0].what
    assert "unreadable red flag can be routine" in found[1].what


def test_a_condition_with_too_many_ways_is_refused_not_searched_for_ever() -> None:
    pains = [{"q": "leg_pain", "gte": number} for number in range(1, 11)]
    found = broken(LEAKS, rule("many", "review", {"count": {"gte": 5, "of": [*pains, *pains]}}))
    assert "This cannot be searched" in found[0]


def test_a_count_holds_in_as_many_ways_as_there_are_pairs() -> None:
    three = [{"q": "leg_pain", "gte": 1}, FEVER, {"q": "bladder", "in": ["leaking"]}]
    assert len(terms.of(conditions.parse({"count": {"gte": 2, "of": three}}))) == 3
    assert len(terms.of(conditions.parse({"all": [{"any": three}, {"any": three[:2]}]}))) == 6


def test_what_is_not_known_fulfils_no_condition() -> None:
    space, nothing = Space(SMALL), partial.facts(Space(SMALL), {})
    for condition in (
        {"baseline_not": {"q": "bladder", "in": ["leaking"]}},
        {"unanswered": "bladder"},
        {"days": {"gte": 0}},
        {"procedure": ["fusion"]},
        {"status": "missed"},
    ):
        known = rule("any", "review", condition).predicate
        assert not known.holds(nothing), condition
    missing = {Variable("baseline", "bladder"): Value(None)}
    assert rule("any", "review", {"baseline_not": {"q": "bladder", "in": ["leaking"]}}).predicate.holds(
        partial.facts(space, missing)
    )


def test_a_level_is_certain_only_when_nothing_else_can_undo_it() -> None:
    space = Space(pathway(LEAKS, rule("fused", "urgent", {"all": [FEVER, {"procedure": ["fusion"]}]})))
    fever = {answer("symptoms"): Value(("fever",), ("fever",))}
    assert certainty.reaches(space, {answer("bladder"): Value("leaking", ("leaking",))}, Level.EMERGENCY)
    assert not certainty.reaches(space, fever, Level.URGENT)
    assert certainty.reaches(space, {**fever, PROCEDURE: Value("other")}, Level.URGENT)


def cases(space: Space) -> Iterable[dict[Variable, Value]]:
    tally = safety.Tally()
    assert list(safety.flaws(space, tally)) == []
    return tally.sample


def test_the_search_and_triage_agree_on_the_shipped_pathway() -> None:
    space = Space(SHIPPED)
    assert list(agreement.flaws(space, cases(space))) == []


@pytest.mark.parametrize("shipped", SHIPPED.rules, ids=lambda shipped: shipped.id)
def test_a_case_in_which_a_rule_holds_fires_it_in_triage(shipped: Rule) -> None:
    """One case of each way the rule can hold, made whole."""
    space = Space(SHIPPED)
    for way in terms.of(shipped.when):
        known = next(iter(search.holding(space, way)))
        whole = concrete.completed(space, known)
        assert shipped.predicate.holds(partial.facts(space, whole, whole=True)), way


def test_numbers_are_taken_at_every_threshold_and_a_step_on_either_side() -> None:
    space = Space(SHIPPED)
    assert {37.9, 38.0, 38.1, 30, 45} <= set(space.numbers(SHIPPED.question("fever_temp")))
    assert space.numbers(SHIPPED.question("leg_pain")) == tuple(range(11))
    assert {0, 13, 14, 15, 41, 42, 43, 182, 183, 184} <= set(space.days)


def test_a_question_not_asked_at_a_check_in_is_not_silent_there() -> None:
    space = Space(SHIPPED)
    silent = {answer("sexual_function"): Value(None), STATUS: Value("completed"), DAY: Value(3)}
    assert not partial.facts(space, {**silent, CHECKIN: Value("day3")}).unanswered
    assert partial.facts(space, {**silent, CHECKIN: Value("week6")}).unanswered == {"sexual_function"}


def test_what_was_searched_is_said_in_numbers() -> None:
    space, tally = Space(SHIPPED), safety.Tally()
    list(safety.flaws(space, tally))
    said = " ".join(safety.searched(space, tally))
    assert f"{tally.cases:,} cases" in said
    assert f"{tally.changes:,} changes" in said
    assert tally.cases > 10_000
    assert space.size > 10**30
