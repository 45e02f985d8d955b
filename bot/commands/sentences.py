"""`aftercare pathway train` and `measure`: teach the free-text net from example sentences, and say how well it does."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from bot.commands import site
from schedules import assembly, catalog, freetext, measuring, sentences
from schedules.problems import PathwayError
from schedules.sentences import Sentence

_Folder = Annotated[
    Path | None, typer.Argument(help="A pathway's folder. The one that came with the program if left out.")
]


class Which(StrEnum):
    """The sets that may be measured."""

    DEV = "dev"
    TEST = "test"


def train(
    folder: _Folder = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when the file would change.")] = False,
) -> None:
    """Train the classifier of a pathway from its sentences and write classifier.json: the same bytes each time.

    Learns from sentences/train, sets the thresholds on sentences/dev. sentences/test is never read. Needs the tools of
    the tests: `make train`.
    """
    if find_spec("sklearn") is None:
        site.fail("Training needs scikit-learn: run it with `make train`, or install requirements/dev.txt.")
    from schedules import training  # scikit-learn is no part of the installed program

    place = folder or catalog.shipped_folder()
    try:
        net = catalog.load(place).freetext
        taught, tuned = (catalog.read_sentences(place, name) for name in ("train", "dev"))
        _refuse_faults(taught, tuned, place)
    except PathwayError as error:
        site.fail(str(error))
    lists = net.model_copy(update={"classifier": None})
    heard = [freetext.screen(lists, one.text).level for one in tuned]
    trained = training.train(taught, net.levels)
    learned = training.tuned(trained, tuned, net.levels, heard, training.Goals())
    target, content = place / assembly.CLASSIFIER, training.written(learned)
    if check:
        same = target.is_file() and target.read_text(encoding="utf-8") == content
        typer.echo(f"{target} {'is' if same else 'is NOT'} what these sentences give.")
        raise typer.Exit(0 if same else 1)
    target.write_text(content, encoding="utf-8")
    typer.echo(f"{target}: trained on {len(taught)} messages, thresholds set on {len(tuned)} others.")
    typer.echo("Look at it with `aftercare pathway measure`, then publish the pathway.")


def measure(
    folder: _Folder = None,
    which: Annotated[Which, typer.Option("--set", help="dev to improve the net, test to report.")] = Which.DEV,
    wrong: Annotated[bool, typer.Option("--wrong", help="List every message it judged wrongly.")] = False,
) -> None:
    """Screen labelled messages: the share flagged, at emergency, and left alone, with 95 % intervals."""
    place = folder or catalog.shipped_folder()
    try:
        net = catalog.load(place).freetext
        found = measuring.measure(net, catalog.read_sentences(place, which.value))
    except PathwayError as error:
        site.fail(str(error))
    for line in lines(found):
        typer.echo(line)
    for sentence, level in found.wrong if wrong else ():
        typer.echo(f"{sentence.label:<20} {sentence.language} judged {level:<9} {sentence.text}")


def lines(found: measuring.Measured) -> list[str]:
    """The figures for a person."""
    said = [
        f"must flag, flagged               {found.flagged}",
        f"must flag, at its level or above {found.in_time}",
        f"emergencies, at emergency        {found.emergencies}",
        f"must not flag, left alone        {found.left_alone}",
    ]
    for language, (flagged, emergencies, left_alone) in found.by_language.items():
        said += [
            f"  {language}: flagged {flagged}; emergencies {emergencies}; left alone {left_alone}",
        ]
    return [*said, *(f"  {label:<22} {share}" for label, share in found.by_label.items())]


def _refuse_faults(taught: tuple[Sentence, ...], tuned: tuple[Sentence, ...], place: Path) -> None:
    categories = [category.id for category in catalog.load(place).freetext.categories]
    faults = [*sentences.faults(taught, categories, tuned), *sentences.faults(tuned, categories)]
    if faults:
        site.fail("\n".join(faults))
