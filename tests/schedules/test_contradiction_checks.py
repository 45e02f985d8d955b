"""A contradiction, or a second wording, that does not fit is refused with its line and how to mend it."""

from __future__ import annotations

import pytest

from schedules import catalog
from schedules.problems import PathwayError

FILES = {name: text for name, text in catalog.shipped_files().items() if name != "classifier.json"}
HEARD = "{heard: {said: [foot_drop_paralysis, leg_weak], rescreen: [legs]}}"


def edited(file: str, old: str, new: str) -> dict[str, str]:
    assert FILES[file].count(old) >= 1, old
    return {**FILES, file: FILES[file].replace(old, new, 1)}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("ask_again: leg_weakness", "ask_again: leg_weaknes", "There is no question leg_weaknes."),
        ("ask_again: leg_weakness", "ask_again: bladder", "bladder is no part of this contradiction."),
        ("ask_again: pain_meds", "ask_again: med_side_effects", "med_side_effects has no second wording."),
        ("said: [foot_drop_paralysis, leg_weak]", "said: [weak_foot]", "There is no category weak_foot."),
        ("denied: [any_pain, leg_pain]", "denied: [arm_pain]", "There is no denial arm_pain."),
        ("rescreen: [legs]", "rescreen: [arms]", "There is no re-screen answer arms."),
        ("{q: leg_weakness, in: [none]}, {heard", "{q: leg_weakness, in: [strong]}, {heard", "has no option strong"),
        ("{q: leg_pain, lte: 3}", "{q: leg_pain, lte: 10}", "10 leaves nothing of leg_pain out"),
        ("{q: leg_pain, lte: 3}", "{q: bladder, lte: 3}", "does not fit bladder"),
        (HEARD, "{heard: {}}", "give said, denied or rescreen"),
        ("id: strong_legs_yet_weak", "id: cannot_walk", "A rule is called cannot_walk too."),
        ("id: strong_legs_yet_weak", "id: mood_ok_yet_low", "The id mood_ok_yet_low stands here twice."),
        ("when: {q: leg_pain, gte: 8}", "when: {q: leg_pain, lte: 8}", "Only a contradiction may use lte or heard."),
        ("when: {q: leg_pain, gte: 8}", "when: {heard: {said: [fall]}}", "Only a contradiction may use lte or heard."),
        (
            "and yet: {pain_meds}.",
            "and yet: {pain_pills}.",
            "The placeholder {pain_pills} cannot be filled.",
        ),
    ],
)
def test_a_contradiction_that_does_not_fit_is_refused(old: str, new: str, what: str) -> None:
    with pytest.raises(PathwayError) as refused:
        catalog.load_files(edited("pathway.yaml", old, new))
    problems = [problem for problem in refused.value.problems if what in problem.what]
    assert problems, refused.value
    assert all(problem.file == "pathway.yaml" and problem.line > 100 for problem in problems)


def test_a_second_wording_that_nobody_asks_is_refused() -> None:
    text = 'text: "What is your temperature?'
    with pytest.raises(PathwayError, match="Nothing asks fever_temp again"):
        catalog.load_files(
            {
                **edited("pathway.yaml", text, f'again: "How warm are you?"\n    {text}'),
                "es.yaml": FILES["es.yaml"].replace(
                    "  fever_temp:\n", '  fever_temp:\n    again: "¿Cuánta fiebre?"\n', 1
                ),
            }
        )


def test_a_second_wording_is_translated() -> None:
    spanish = "\n".join(line for line in FILES["es.yaml"].splitlines() if "sillín de una bici" not in line)
    with pytest.raises(PathwayError, match=r"questions\.saddle_numbness\.again is missing"):
        catalog.load_files({**FILES, "es.yaml": spanish})


def test_a_denial_has_phrases_in_every_language() -> None:
    with pytest.raises(PathwayError, match="The denial leg_pain has no phrases in this language"):
        catalog.load_files(
            edited("freetext.es.yaml", "  leg_pain:\n    phrases: [no me", "  pierna:\n    phrases: [no me")
        )


def test_contradictions_and_second_wordings_survive_being_written_out() -> None:
    pathway = catalog.load_files(FILES)
    again = catalog.load_files(catalog.dump(pathway))
    assert again.contradictions == pathway.contradictions
    assert again.question("bladder").again == pathway.question("bladder").again
    assert again == pathway
