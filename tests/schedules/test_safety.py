"""Properties that hold for every case: worse is never lower, silence is never "no", every rule matters."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import catalog, examples, triage
from schedules.case import Case
from schedules.pathway import Level, Question
from tests.schedules.cases import BASELINE, DAYS, PATHWAY, PROCEDURES, RED_FLAGS, before, case, level, past

FILES = catalog.shipped_files()
EXAMPLES = examples.read(PATHWAY, FILES)
WORDS = ("numb between my legs", "thank you", "the scar is oozing yellow", "no me encuentro bien", "dizzy again")


def answers_of(question: Question) -> st.SearchStrategy[object]:
    ids = [option.id for option in question.options]
    match question.type:
        case "choice":
            return st.sampled_from(ids)
        case "multi":
            others = [name for name in ids if name not in question.exclusive]
            some = st.lists(st.sampled_from(others), min_size=1, max_size=3, unique=True)
            return some | st.just(list(question.exclusive)) if question.exclusive else some
        case "scale":
            return st.integers(0, 10)
        case "number":
            return st.sampled_from(["none", 36.8, 37.9, 38.0, 39.5])
        case "text":
            return st.sampled_from(WORDS)


@st.composite
def any_case(draw: st.DrawFn) -> Case:
    checkin = draw(st.sampled_from(sorted(DAYS)))
    answers = {
        question.id: draw(answers_of(question))
        for question in PATHWAY.questions_for(checkin)
        if question.type != "text" and draw(st.integers(0, 9)) > 0
    }
    history = []
    if draw(st.booleans()):
        fields = {name: draw(answers_of(PATHWAY.question(name))) for name in BASELINE if draw(st.booleans())}
        history.append(dataclasses.replace(before(), answers=fields))
    for earlier in ("day3", "week2"):
        if DAYS[earlier] < DAYS[checkin] and draw(st.booleans()):
            scores = {name: draw(st.integers(0, 10)) for name in ("leg_pain", "back_pain")}
            history.append(past(earlier, level=draw(st.sampled_from(list(Level))), **scores))
    built = case(checkin, procedure=draw(st.sampled_from(PROCEDURES)), history=tuple(history))
    return dataclasses.replace(built, answers=answers, status=draw(st.sampled_from(["completed", "partial"])))


def changed(subject: Case, **answers: object) -> Case:
    kept = {name: value for name, value in {**subject.answers, **answers}.items() if value is not None}
    return dataclasses.replace(subject, answers=kept)


def worse(subject: Case, name: str) -> list[object]:
    """Every answer one step worse than the one given, with a higher rank or one symptom or point more."""
    question, value = PATHWAY.question(name), subject.answers[name]
    match question.type:
        case "choice":
            rank = question.option(str(value)).rank
            return [option.id for option in question.options if option.rank > rank]
        case "multi" if isinstance(value, list):
            kept = [item for item in value if item not in question.exclusive]
            more = [option.id for option in question.options if option.id not in {*kept, *question.exclusive}]
            return [[*kept, item] for item in more]
        case "scale" if isinstance(value, int) and value < 10:
            return [value + 1]
        case "number" if isinstance(value, float):
            return [value + 1]
        case _:
            return []


@settings(max_examples=150, deadline=None)
@given(any_case(), st.data())
def test_a_worse_answer_never_lowers_the_level(subject: Case, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(subject.answers) or ["bladder"]))
    now = level(subject)
    for value in worse(subject, name) if name in subject.answers else []:
        assert level(changed(subject, **{name: value})) >= now, (name, value)


def test_every_single_worse_step_from_a_well_patient_keeps_or_raises_the_level() -> None:
    for checkin in DAYS:
        for subject in (case(checkin), case(checkin, history=())):
            for name in subject.answers:
                for value in worse(subject, name):
                    assert level(changed(subject, **{name: value})) >= level(subject)


@settings(max_examples=60, deadline=None)
@given(any_case(), st.sampled_from(RED_FLAGS))
def test_doubt_in_place_of_silence_never_lowers_the_level(subject: Case, name: str) -> None:
    question = PATHWAY.question(name)
    silent = level(changed(subject, **{name: None}))
    doubt = question.option("not_sure").rank if question.type == "choice" else 1
    for option in question.options:
        if option.rank >= doubt:
            value: object = option.id if question.type == "choice" else [option.id]
            assert level(changed(subject, **{name: value})) >= silent, (name, value)


@settings(max_examples=60, deadline=None)
@given(any_case(), st.text(max_size=60) | st.sampled_from(WORDS))
def test_free_text_never_lowers_the_level(subject: Case, words: str) -> None:
    assert level(changed(subject, free_text=words)) >= level(subject)


@settings(max_examples=60, deadline=None)
@given(any_case())
def test_an_unknown_operation_is_never_safer_than_a_known_one(subject: Case) -> None:
    unknown = level(dataclasses.replace(subject, procedure="not in any list"))
    assert all(unknown >= level(dataclasses.replace(subject, procedure=known)) for known in PROCEDURES)


@pytest.mark.parametrize("recorded", ["known_same", "absent"])
@pytest.mark.parametrize(
    "answers",
    [
        {"saddle_numbness": "known_same"},
        {"bladder": "old_problem"},
        {"bowel": "old_problem"},
        {"leg_weakness": "known_same_or_better"},
        {"leg_pain": 4, "leg_pain_side": "both_same"},
    ],
)
def test_losing_the_baseline_never_lowers_what_is_said_to_be_old(answers: dict[str, object], recorded: str) -> None:
    old = {name: value for name, value in answers.items() if name in BASELINE and name != "leg_pain"}
    with_baseline = case(history=(before(**(old if recorded == "known_same" else {})),), **answers)
    assert level(case(history=(), **answers)) >= level(with_baseline)


@settings(max_examples=60, deadline=None)
@given(any_case(), st.sets(st.sampled_from(RED_FLAGS), min_size=1))
def test_a_started_check_in_with_a_red_flag_unanswered_is_never_routine(subject: Case, gone: set[str]) -> None:
    assert level(changed(subject, **dict.fromkeys(gone))) > Level.ROUTINE


@pytest.mark.parametrize("status", ["completed", "partial"])
def test_an_empty_check_in_is_never_routine(status: str) -> None:
    for checkin in DAYS:
        assert level(dataclasses.replace(case(checkin), answers={}, status=status)) > Level.ROUTINE


@settings(max_examples=60, deadline=None)
@given(any_case(), st.randoms())
def test_the_order_of_answers_does_not_matter(subject: Case, shuffle: object) -> None:
    items = list(subject.answers.items())
    shuffle.shuffle(items)  # type: ignore[attr-defined]
    assert triage.evaluate(PATHWAY, dataclasses.replace(subject, answers=dict(items))).level is level(subject)


@settings(max_examples=60, deadline=None)
@given(any_case())
def test_while_answering_the_level_only_rises(subject: Case) -> None:
    given_so_far: dict[str, object] = {}
    highest = Level.ROUTINE
    for name, value in subject.answers.items():
        given_so_far[name] = value
        now = level(dataclasses.replace(subject, answers=dict(given_so_far), status="open"))
        assert now >= highest
        highest = now


@settings(max_examples=60, deadline=None)
@given(any_case())
def test_the_level_is_the_highest_of_the_findings(subject: Case) -> None:
    assessment = triage.evaluate(PATHWAY, subject)
    assert assessment.level is max((finding.level for finding in assessment.findings), default=Level.ROUTINE)


def test_every_example_holds() -> None:
    assert examples.check(PATHWAY, FILES) == ()


def test_every_rule_has_an_example_that_fires_it() -> None:
    shown = {rule for example in EXAMPLES for rule in example.rules}
    assert {rule.id for rule in PATHWAY.rules} <= shown


def test_every_rule_has_a_near_miss() -> None:
    missed = {rule for example in EXAMPLES for rule in example.near_miss_of}
    assert {rule.id for rule in PATHWAY.rules} <= missed


def test_deleting_any_rule_makes_an_example_fail() -> None:
    for rule in PATHWAY.rules:
        without = PATHWAY.model_copy(update={"rules": tuple(other for other in PATHWAY.rules if other.id != rule.id)})
        watching = [example for example in EXAMPLES if rule.id in example.rules]
        assert any(examples.failures(without, example) for example in watching), rule.id


PLAINEST = (
    "I want to die",
    "I just want to disappear",
    "I want to end it",
    "kill myself",
    "quiero morir",
    "no quiero vivir",
    "I can't pee",
    "no puedo orinar",
    "I can't feel when I wipe",
    "I can't lift my foot",
    "chest pain",
    "can't breathe",
    "me falta el aire",
)


@pytest.mark.parametrize("words", PLAINEST)
def test_the_plainest_words_for_an_emergency_are_heard(words: str) -> None:
    assert level(case(anything_else="write", free_text=words)) is Level.EMERGENCY


def test_the_sources_file_lies_beside_the_pathway() -> None:
    folder = Path(catalog.__file__).parent / "pathways" / "lumbar_surgery"
    assert "Faults found in the protocol" in (folder / "SOURCES.md").read_text(encoding="utf-8")
