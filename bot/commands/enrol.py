"""`aftercare enrol`: one patient from options, or many from a CSV. Every problem is named; nothing is half done."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot.cards import enrolment as cards
from bot.care import enrolment, pathways, registration, staffing
from bot.care.registration import Registration
from bot.commands import site
from bot.db.models import Patient
from schedules import timeline

LARGEST = 5_000_000  # bytes of a CSV


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What came of one row (its number as a spreadsheet shows it; 0 without a file): the case code and the link."""

    row: int
    code: str
    link: str


def enrol(
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    phone: Annotated[str | None, typer.Option(help="With country code.")] = None,
    birth_year: Annotated[str | None, typer.Option(help="Four digits.")] = None,
    language: Annotated[str, typer.Option(help="en or es.")] = "en",
    timezone: Annotated[str | None, typer.Option(help="Where the patient lives, e.g. Europe/London.")] = None,
    procedure: Annotated[str | None, typer.Option(help="microdiscectomy, laminectomy, fusion, …, other.")] = None,
    surgery_date: Annotated[str | None, typer.Option(help="Year-month-day.")] = None,
    kin_name: Annotated[str | None, typer.Option(help="Next of kin.")] = None,
    kin_phone: Annotated[str | None, typer.Option(help="Their telephone.")] = None,
    baseline: Annotated[
        list[str] | None, typer.Option(help="State before surgery: question=answer, e.g. leg_pain=7. Repeat.")
    ] = None,
    team: Annotated[str, typer.Option(help="Care team.")] = "Spine team",
    file: Annotated[
        Path | None, typer.Option("--csv", help="Many patients; the columns are the options' names.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only; enrol nobody.")] = False,
    confirm_dates: Annotated[bool, typer.Option(help="Accept surgery dates outside the last 7 days.")] = False,
    qr: Annotated[Path | None, typer.Option(help="Folder for the links as QR code pictures (PNG).")] = None,
) -> None:
    """Enrol one patient, or every row of a CSV. Prints the case code and the single-use link of each."""
    options = {
        "name": name, "phone": phone, "birth_year": birth_year, "language": language, "timezone": timezone,
        "procedure": procedure, "surgery_date": surgery_date, "kin_name": kin_name, "kin_phone": kin_phone,
    }  # fmt: skip
    rows = _rows(file) if file is not None else [{**_given(options), **_pairs(baseline or ())}]
    with site.opened(with_bot=not dry_run) as here:
        here.db.read_now(staffing.team, team)
        read = _read(here, rows, confirmed=confirm_dates, numbered=file is not None)
        if dry_run:
            typer.echo(f"{len(read)} can be enrolled. Nobody was: this was a dry run.")
            return
        if qr is not None:
            _make_folder(qr)
        done = here.db.write_now(_enrol_all, here, read, team)
        _print(done)
        if qr is not None:
            for item in done:
                (qr / f"start-{item.code}.png").write_bytes(cards.qr_png(item.link))


def _enrol_all(session: Session, here: site.Site, read: Mapping[int, Registration], team: str) -> list[Enrolled]:
    group = staffing.team(session, team)
    done = []
    for row, person in read.items():
        case, payload = enrolment.enrol(session, person, group, by=None, now=here.now)
        code = session.get_one(Patient, case.patient_id).code
        done.append(Enrolled(row=row, code=code, link=here.clinic.link(payload)))
    return done


def _read(
    here: site.Site, rows: Sequence[Mapping[str, str]], *, confirmed: bool, numbered: bool
) -> dict[int, Registration]:
    """Every row's number and registration; or every problem of every row on stderr, and exit 2."""
    pathway = here.db.read_now(pathways.latest)
    today = here.now.astimezone(timeline.zone(here.clinic.timezone)).date()
    read: dict[int, Registration] = {}
    problems: list[tuple[int, str]] = []
    for number, row in enumerate(rows, start=2 if numbered else 0):  # row 1 of a CSV is its heading
        fields = {"timezone": here.clinic.timezone, **{key: text for key, text in row.items() if text}}
        found = registration.read(fields, pathway, today, confirmed=confirmed)
        if isinstance(found, Registration):
            read[number] = found
        else:
            problems += [(number, str(problem)) for problem in found]
    problems += here.db.read_now(_twins, read)
    if problems:
        lines = [f"row {number}, {what}" if number else what for number, what in sorted(problems)]
        site.fail("Nobody was enrolled. Mend these:\n  " + "\n  ".join(lines), site.BAD_INPUT)
    return read


def _twins(session: Session, read: Mapping[int, Registration]) -> list[tuple[int, str]]:
    """Who is under care already, or stands here twice: the same name, year of birth and surgery date."""
    problems, seen = [], set()
    for row, person in read.items():
        known = enrolment.twin(session, person)
        same = (person.name.casefold(), person.birth_year, person.surgery_date)
        if known is not None:
            problems.append((row, f"name: this patient is enrolled already, as {known}"))
        elif same in seen:
            problems.append((row, "name: this patient stands here twice"))
        seen.add(same)
    return problems


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        site.fail(f"{folder} cannot be made: {error.strerror}.")


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        if file.stat().st_size > LARGEST:
            site.fail(f"{file} is larger than 5 MB: split it.", site.BAD_INPUT)
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        site.fail(f"{file} cannot be read: {error}. Save it as CSV in UTF-8.", site.BAD_INPUT)
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","  # as spreadsheets write it in half the world
    reader = csv.DictReader(io.StringIO(text), restkey="(more)", strict=True, delimiter=delimiter)
    try:
        rows = [dict(row) for row in reader]
    except csv.Error as error:
        site.fail(f"{file}, near line {reader.line_num + 1}: {error}.", site.BAD_INPUT)
    if not rows:
        site.fail(f"{file} has no rows below its heading.", site.BAD_INPUT)
    return [
        {
            str(key).strip(): ("; ".join(text) if isinstance(text, list) else (text or "").strip())
            for key, text in row.items()
        }
        for row in rows
    ]


def _given(options: Mapping[str, str | None]) -> dict[str, str]:
    return {key: text for key, text in options.items() if text is not None}


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        question, equals, answer = text.partition("=")
        if not equals:
            site.fail(f"--baseline {text!r}: write question=answer, for example leg_pain=7.", site.BAD_INPUT)
        pairs[question.strip()] = answer.strip()
    return pairs


def _print(done: Sequence[Enrolled]) -> None:
    """A table for a person; for a script, lines of row, code and link. Without a file there is no row."""
    console = Console()
    if not console.is_terminal:
        for item in done:
            typer.echo(",".join([*([str(item.row)] if item.row else []), item.code, item.link]))
        return
    table = Table("row", "case", "link (works once, for 72 hours)")
    for item in done:
        table.add_row(str(item.row or ""), item.code, item.link)
    console.print(table)
