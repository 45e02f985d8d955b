"""Two things a patient says that cannot both be right: a review finding that never stands in a rule's way."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from schedules import claims, conditions, denials, explain, triage
from schedules.case import Case, Heard
from schedules.levels import Level
from schedules.pathway import Contradiction, Pathway
from tests.schedules.cases import PATHWAY, case, fired, past

WITHOUT = PATHWAY.model_copy(update={"contradictions": ()})
BY_WORDS = {"no_leg_pain_yet_scored", "no_back_pain_yet_scored"}
"""Here the words deny what the answer says, so nothing else need be wrong."""
EARLIER = (past("day3", leg_pain=2, back_pain=2),)
CONTRADICTIONS = {contradiction.id: contradiction for contradiction in PATHWAY.contradictions}


def heard(asked: Case, **known: frozenset[str]) -> Case:
    return dataclasses.replace(asked, heard=Heard(**known))


def level(pathway: Pathway, asked: Case) -> Level:
    return max(triage.fired(pathway, asked).values(), default=Level.ROUTINE)


def values(question_id: str) -> list[Any]:
    """Every answer to a question that matters here, the mildest first."""
    question = PATHWAY.question(question_id)
    if question.type == "scale":
        return [0, 3, 4, 5, 7]
    options = [option.id for option in question.options]
    return [[option] for option in options] if question.type == "multi" else options


def beside(contradiction: Contradiction) -> list[Heard]:
    """Nothing heard, and each thing alone that the contradiction listens for."""
    found = [Heard()]
    for part in conditions.walk(contradiction.when):
        if isinstance(part, claims.Heard):
            for key in ("said", "denied", "rescreen"):
                found += [Heard(**{key: frozenset({name})}) for name in getattr(part.heard, key) or ()]
    return found


def space(contradiction: Contradiction) -> Iterator[Case]:
    """Every case that differs in what the contradiction looks at, with the flags that come with what was heard."""
    names = tuple(dict.fromkeys(conditions.questions_of(contradiction.when)))
    for known in beside(contradiction):
        for given in itertools.product(*(values(name) for name in names)):
            answers: dict[str, Any] = dict(zip(names, given, strict=True))
            asked = case("adhoc", day=20, history=EARLIER, **answers)
            yield dataclasses.replace(asked, heard=known, free_text_level=_worst(known), rescreen=tuple(known.rescreen))


def _worst(known: Heard) -> Level | None:
    levels = [category.level for category in PATHWAY.freetext.categories if category.id in known.said]
    return max(levels, default=None)


def raised(asked: Case, contradiction: Contradiction) -> Iterator[Case]:
    """The case with one answer one step worse."""
    for name in dict.fromkeys(conditions.questions_of(contradiction.when)):
        given: Any = asked.answers[name]
        if isinstance(given, list):
            worse = [[*given, *more] for more in values(name) if more[0] not in given]
        else:
            listed = values(name)
            worse = listed[listed.index(given) + 1 :][:1]
        yield from (dataclasses.replace(asked, answers={**asked.answers, name: value}) for value in worse)


def test_strong_legs_and_toes_that_catch_cannot_both_be_right() -> None:
    said = case(
        leg_weakness="none", anything_else="write", free_text="I keep tripping, my left toes catch on the carpet"
    )
    found = {finding.rule: finding for finding in triage.evaluate(PATHWAY, said).findings}
    contradiction = found["strong_legs_yet_weak"]
    assert (contradiction.level, contradiction.within_days) == (Level.REVIEW, 1)
    assert contradiction.because == {"leg_weakness": "none", "said": ["foot_drop_paralysis"]}
    assert contradiction.card == "card_review"


def test_the_re_screen_contradicts_like_words() -> None:
    assert "strong_legs_yet_weak" in fired(case(rescreen=["legs"]))
    assert "strong_legs_yet_weak" not in fired(case(leg_weakness="weaker", rescreen=["legs"]))


def test_what_was_heard_beside_the_answers_contradicts_them_and_raises_nothing_else() -> None:
    told = heard(case(), said=frozenset({"foot_drop_paralysis"}))
    assert fired(told) == {"strong_legs_yet_weak"}


def test_no_pain_in_words_and_eight_on_the_scale() -> None:
    said: dict[str, Any] = {
        "leg_pain": 8,
        "leg_pain_side": "one",
        "leg_pain_onset": "never_went",
        "leg_pain_type": ["dull_ache"],
    }
    words: dict[str, Any] = {"anything_else": "write", "free_text": "no pain at all, all good"}
    assert "no_leg_pain_yet_scored" in fired(case(**said, **words))
    assert "no_leg_pain_yet_scored" not in fired(case(**{**said, "leg_pain": 4}, **words))


def test_a_score_that_rises_is_not_getting_better() -> None:
    rising: dict[str, Any] = {"leg_pain": 6, "leg_pain_side": "one", "leg_pain_type": ["dull_ache"], "history": EARLIER}
    assert "better_yet_rising" in fired(case(leg_pain_onset="getting_better", **rising))
    assert "better_yet_rising" not in fired(case(leg_pain_onset="slow_rise", **rising))
    assert "better_yet_rising" not in fired(case(leg_pain_onset="getting_better", **{**rising, "leg_pain": 3}))


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_every_contradiction_can_fire_and_can_stay_silent(name: str) -> None:
    outcomes = {name in triage.fired(PATHWAY, asked) for asked in space(CONTRADICTIONS[name])}
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", sorted(CONTRADICTIONS.keys() - BY_WORDS))
def test_where_a_contradiction_fires_a_rule_has_made_the_level_already(name: str) -> None:
    for asked in space(CONTRADICTIONS[name]):
        if name in triage.fired(PATHWAY, asked):
            whole, without = level(PATHWAY, asked), level(WITHOUT, asked)
            assert whole is without, asked.answers
            assert without >= Level.REVIEW


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_worse_answer_never_lowers_the_level_of_a_contradiction(name: str) -> None:
    for asked in space(CONTRADICTIONS[name]):
        was = level(PATHWAY, asked)
        for worse in raised(asked, CONTRADICTIONS[name]):
            assert level(PATHWAY, worse) >= was, (asked.answers, worse.answers)


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_hearing_more_never_lowers_the_level(name: str) -> None:
    for asked in space(CONTRADICTIONS[name]):
        silent = dataclasses.replace(asked, heard=Heard(), free_text_level=None, rescreen=())
        assert level(PATHWAY, asked) >= level(PATHWAY, silent)


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_every_question_asked_again_has_other_words_in_every_language(name: str) -> None:
    question = PATHWAY.question(CONTRADICTIONS[name].ask_again)
    assert question.again is not None
    for language in PATHWAY.languages:
        assert question.again.root[language] != question.text.root[language]


def test_a_contradiction_is_explained_like_a_rule() -> None:
    explained = explain.explain(PATHWAY, heard(case(), rescreen=frozenset({"legs"})))
    [one] = explained.decisive
    assert one.rationale.startswith("Strong legs on the question")
    assert explain.unless(one).startswith("leg_weakness other than none (is none); or the patient had not said")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no pain at all", {"any_pain"}),
        ("I'm not in any pain", {"any_pain"}),
        ("totally pain free!", {"any_pain"}),
        ("sin dolor ninguno", {"any_pain"}),
        ("no me duele nada", {"any_pain"}),
        ("no pain in my leg", {"leg_pain"}),
        ("the sciatica has gone", {"leg_pain"}),
        ("la pierna ya no me duele", {"leg_pain"}),
        ("no pain now", set()),
        ("no pain when I lie down", set()),
        ("sin dolor cuando me tumbo", set()),
        ("no pain relief from these", set()),
        ("my pain diary is full", set()),
        ("bad pain", set()),
        ("", set()),
    ],
)
def test_a_denial_of_pain_is_told_from_other_words(text: str, found: set[str]) -> None:
    assert denials.found(PATHWAY.freetext, text) == found
