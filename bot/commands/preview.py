"""`aftercare pathway preview`: what one patient will be sent, when and in which words, before anybody is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot import settings as configuration
from bot.care.clinic import Clinic
from bot.care.patients import Words
from bot.commands import course as words_of
from bot.commands import pathway as pathways
from bot.commands import site
from bot.errors import SettingsError
from schedules import preview as core
from schedules import timeline
from schedules.pathway import OTHER_PROCEDURE, Pathway
from schedules.problems import PathwayError

ALL = "all"
_YEARS = range(1970, 2200)
_PICTURES = (".png", ".svg")


def preview(
    surgery_date: Annotated[str, typer.Option(help="The patient's day of surgery, YYYY-MM-DD.")],
    zone: Annotated[str, typer.Option(help="The IANA time zone of the patient, e.g. Europe/London.")],
    pathway: Annotated[
        str, typer.Argument(help="A pathway that came with the program, or a folder.")
    ] = "lumbar_surgery",
    procedure: Annotated[str, typer.Option(help="The operation.")] = OTHER_PROCEDURE,
    joined: Annotated[str | None, typer.Option(help="Day of joining, if after the surgery, YYYY-MM-DD.")] = None,
    language: Annotated[str, typer.Option(help="Language of the check-ins, or all.")] = ALL,
    picture: Annotated[Path | None, typer.Option(help="Draw the timeline into this .png or .svg file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write text and picture into this folder instead.")] = None,
) -> None:
    """Show the course of one patient, and each check-in as the patient will see it.

    Clinic numbers come from this site's settings; without settings their names stand in brackets. Exit code 2 on bad
    input, 1 on a pathway that cannot be used.
    """
    published = find(pathway)
    languages = published.languages if language == ALL else (language,)
    if not set(languages) <= set(published.languages):
        site.fail(f"There is no language {language}: use {', '.join(published.languages)} or {ALL}.", site.BAD_INPUT)
    if picture is not None and picture.suffix not in _PICTURES:
        site.fail(f"{picture} is no picture: name a file that ends in {' or '.join(_PICTURES)}.", site.BAD_INPUT)
    operation = known_procedure(published, procedure)
    began = day(surgery_date, "--surgery-date")
    try:
        course = core.course(published, began, zone, None if joined is None else day(joined, "--joined"))
    except timeline.TimelineError as error:
        site.fail(f"--zone: {error}." if isinstance(error, timeline.UnknownZone) else f"{error}.", site.BAD_INPUT)
    files = _texts(course, operation, languages)
    if picture is not None or out is not None:
        _draw(course, operation, picture or Path(out or ".") / "course.png")
    if out is None:
        typer.echo("\n\n".join(files.values()))
        return
    for name, text in files.items():
        _write(out / name, f"{text}\n".encode())
    typer.echo(f"{len(files)} texts and the picture of the timeline in {out}")


def find(name: str) -> Pathway:
    """The pathway called `name`; ends the command with its problems when it cannot be used."""
    try:
        return pathways.find(name)
    except PathwayError as error:
        site.fail(str(error))


def known_procedure(pathway: Pathway, name: str) -> str:
    """The id of the operation called `name`; ends the command when there is none."""
    found = pathway.procedure_of(name).id
    if found == OTHER_PROCEDURE != name:
        known = ", ".join(each.id for each in pathway.procedures)
        site.fail(f"There is no operation {name}: use {known}.", site.BAD_INPUT)
    return found


def day(text: str, option: str) -> date:
    """A day of the calendar; ends the command when it is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if found.year not in _YEARS:
        site.fail(f"{option}: {text!r} is no day: write it as YYYY-MM-DD, e.g. 2026-03-10.", site.BAD_INPUT)
    return found


def clinic() -> Clinic:
    """This site's names and numbers, as far as its settings have them."""
    unfilled = words_of.placeholders()
    try:
        here = site.clinic_of(configuration.load(to_run=False), "")
    except SettingsError:
        return unfilled
    values = {name: here.values.get(name) or text for name, text in unfilled.values.items()}
    return Clinic(name=here.name or unfilled.name, timezone=here.timezone, values=values, bot_username="")


def _texts(course: core.Course, procedure: str, languages: tuple[str, ...]) -> dict[str, str]:
    """Every text by the name of its file."""
    files = {"course.txt": "\n".join(words_of.lines(course, procedure))}
    here = clinic()
    for language in languages:
        words = Words(pathway=course.pathway, language=language, clinic=here, timezone=course.tz)
        for spec in course.pathway.schedule.checkins:
            told = words_of.screen_lines(course, spec, procedure, words)
            files[f"{spec.id}.{language}.txt"] = "\n".join(told)
    return files


def _draw(course: core.Course, procedure: str, file: Path) -> None:
    from bot import charts  # drawing takes a second to load, and only this command draws

    title = course.pathway.procedure_of(procedure).title.in_("en")
    _write(file, charts.course(course, title, file.suffix.removeprefix(".")))


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        site.fail(f"{file} cannot be written: {error.strerror}.")
