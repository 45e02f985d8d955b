"""Figures on labelled messages."""

import re
from pathlib import Path

import pytest

from schedules import catalog, measuring
from schedules.measuring import Share
from schedules.sentences import Sentence

NET = catalog.shipped().freetext.model_copy(update={"classifier": None})
MESSAGES = [
    Sentence(label="dvt", language="en", text="my left calf is swollen and hot"),
    Sentence(label="ces_bladder", language="es", text="no puedo orinar desde anoche"),
    Sentence(label="ces_bladder", language="en", text="something is odd"),
    Sentence(label="calm_chatter", language="en", text="lovely weather"),
    Sentence(label="calm_chatter", language="es", text="tengo fiebre"),
]


def test_it_counts_what_is_flagged_at_emergency_and_left_alone() -> None:
    found = measuring.measure(NET, MESSAGES)
    assert (found.flagged, found.in_time) == (Share(hits=2, of=3), Share(hits=2, of=3))
    assert found.emergencies == Share(hits=1, of=2)
    assert found.left_alone == Share(hits=1, of=2)


def test_it_counts_by_label_and_by_language() -> None:
    found = measuring.measure(NET, MESSAGES)
    assert found.by_label == {
        "calm_chatter": Share(hits=1, of=2),
        "ces_bladder": Share(hits=1, of=2),
        "dvt": Share(hits=1, of=1),
    }
    assert found.by_language["en"] == (Share(hits=1, of=2), Share(hits=0, of=1), Share(hits=1, of=1))


def test_it_names_every_message_it_judged_wrongly() -> None:
    found = measuring.measure(NET, MESSAGES)
    assert [(one.text, level.value) for one, level in found.wrong] == [
        ("something is odd", "routine"),
        ("tengo fiebre", "urgent"),
    ]


def test_a_level_too_low_is_flagged_but_not_in_time() -> None:
    found = measuring.measure(NET, [Sentence(label="sepsis", language="en", text="i have a fever")])
    assert (found.flagged.hits, found.in_time.hits) == (1, 0)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 10, 0.0, 0.28), (10, 10, 0.72, 1.0), (81, 100, 0.72, 0.87), (0, 0, 0.0, 0.79)]
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    share = Share(hits=hits, of=of)
    assert (round(share.low, 2), round(share.high, 2)) == (low, high)


def test_the_readme_gives_the_figures_of_the_test_set() -> None:
    found = measuring.measure(catalog.shipped().freetext, catalog.read_sentences(catalog.shipped_folder(), "test"))
    section = Path("README.md").read_text(encoding="utf-8").split("## How safe is it?")[1].split("\n## ")[0]
    given = [(int(hits), int(of)) for hits, of in re.findall(r"\| (\d+) of (\d+), ", section)]
    shares = (found.flagged, found.in_time, found.emergencies, found.left_alone)
    assert given == [(share.hits, share.of) for share in shares]
