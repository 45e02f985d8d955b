"""Why a case has its level: the grounds of what fired, and how far the next level up is."""

from __future__ import annotations

import json
from typing import Any

from schedules import examples, explain, triage
from schedules.case import Case
from schedules.catalog import shipped_files
from schedules.levels import Level
from tests.schedules.cases import PATHWAY, case

STRONG_PAIN: dict[str, Any] = {
    "leg_pain": 8,
    "leg_pain_side": "one",
    "leg_pain_onset": "sudden_new",
    "leg_pain_type": ["dull_ache"],
}


def explained(asked: Case) -> explain.Explanation:
    return explain.explain(PATHWAY, asked)


def higher(asked: Case) -> dict[str, str]:
    """Rule to what it still needs."""
    lines = explain.why_not_higher(explained(asked))
    return {line.partition(" ")[0]: line.partition("needs ")[2] for line in lines}


def lower(asked: Case) -> dict[str, str]:
    """Rule to what would have to differ."""
    lines = explain.why_not_lower(explained(asked))
    return {line.partition(":")[0]: line.partition("unless ")[2] for line in lines}


def test_a_finding_brings_its_ground_and_its_sources_in_full() -> None:
    [fired] = explained(case(bladder="not_sure")).decisive
    assert fired.finding.rule == "ces_bladder_uncertain"
    assert fired.rationale.startswith("Slow but improving flow")
    assert [source.tag for source in fired.sources] == ["POUR", "GIRFT"]
    assert fired.sources[0].says.startswith("Retention after lumbar/spine surgery")


def test_the_nearest_rule_of_a_higher_level_says_each_thing_it_lacks() -> None:
    late = higher(case(day=20, pain_relief="helps", **STRONG_PAIN))
    assert late["haematoma_pattern"] == "day <= 14 (is 20) and pain_relief no_help (is helps)"


def test_what_already_fits_is_not_asked_for() -> None:
    early = higher(case(day=14, pain_relief="helps", **STRONG_PAIN))
    assert early["haematoma_pattern"] == "pain_relief no_help (is helps)"


def test_the_nearest_comes_first() -> None:
    near = explained(case(day=20, pain_relief="helps", **STRONG_PAIN)).near
    distances = [one.lack.distance for one in near]
    assert distances == sorted(distances)
    assert len(near) <= explain.NEAREST


def test_a_rule_for_which_nothing_speaks_is_left_out() -> None:
    assert "mood_not_safe" not in higher(case(bladder="not_sure"))


def test_where_one_answer_is_missing_for_two_levels_the_higher_one_says_it() -> None:
    assert "saddle_known" not in higher(case())
    assert higher(case())["ces_saddle_undocumented"].startswith("saddle_numbness known_same, not_sure or new_or_worse")


def test_nothing_is_higher_than_an_emergency() -> None:
    assert not explained(case(saddle_numbness="new_or_worse")).near


def test_every_finding_of_the_level_has_to_differ_for_a_lower_one() -> None:
    found = lower(case(day=20, pain_relief="helps", **STRONG_PAIN))
    assert found["severe_leg_pain"] == "leg_pain < 8 (is 8)"
    assert found["severe_sudden_leg_pain"] == (
        "leg_pain < 7 (is 8); or leg_pain_onset other than sudden_new or sudden_after_better (is sudden_new)"
    )


def test_a_count_says_which_of_its_parts_would_undo_it() -> None:
    found = lower(case(bladder="not_sure", bowel="not_sure"))["ces_two_soft_signs"]
    assert found.startswith("bladder normal or old_problem (is not_sure); or bowel")


def test_alternatives_that_hold_must_all_go() -> None:
    both = lower(case(pain_relief="no_help", back_pain=7, **{**STRONG_PAIN, "leg_pain": 7}))["severe_unrelieved_pain"]
    assert "leg_pain < 7 (is 7) and back_pain < 7 (is 7)" in both


def test_silence_is_explained_as_silence() -> None:
    found = lower(case(without=("bladder",)))
    assert found["failsafe_redflag_missing"].endswith("bladder answered (has no answer)")


def test_options_are_written_as_asked_for() -> None:
    loud = explain.explain(PATHWAY, case(bladder="not_sure"), lambda question, option: f"<{question}:{option}>")
    assert "<bladder:normal>" in explain.unless(loud.decisive[0])


def test_an_answer_to_the_re_screen_says_that_it_is_happening_now() -> None:
    [fired] = explained(case(rescreen=["chest"])).decisive
    assert "re-screen" in fired.rationale
    assert explain.unless(fired) == "the patient had answered otherwise"


def test_every_example_can_be_explained() -> None:
    for example in examples.read(PATHWAY, shipped_files()):
        explanation, level = explained(example.case), triage.evaluate(PATHWAY, example.case).level
        assert explanation.level is level, example.id
        assert bool(explanation.decisive) is (level is not Level.ROUTINE), example.id
        assert all(one.level > level for one in explanation.near), example.id
        assert json.dumps(explain.to_json(explanation, example.id)), example.id


def test_the_changes_named_do_lower_the_level() -> None:
    asked = case(bladder="not_sure")
    assert "bladder normal" in lower(asked)["ces_bladder_uncertain"]
    assert triage.evaluate(PATHWAY, case(bladder="normal")).level is Level.ROUTINE


def test_the_change_named_does_raise_the_level() -> None:
    assert higher(case(day=14, pain_relief="helps", **STRONG_PAIN))["haematoma_pattern"].startswith("pain_relief no_h")
    assert triage.evaluate(PATHWAY, case(day=14, pain_relief="no_help", **STRONG_PAIN)).level is Level.EMERGENCY
