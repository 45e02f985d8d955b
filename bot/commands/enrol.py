"""`aftercare enrol`: one patient from options, or many from a CSV. Every problem is named; nothing is half done."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
    """What came of one row: the case code and the link."""

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
        read = _read(here, rows, confirmed=confirm_dates, where="row" if file is not None else "")
        if dry_run:
            typer.echo(f"{len(read)} of {len(read)} can be enrolled. Nobody was: this was a dry run.")
            return
        done = here.db.write_now(_enrol_all, here, read, team)
        if qr is not None:
            qr.mkdir(parents=True, exist_ok=True)
            for item in done:
                (qr / f"start-{item.code}.png").write_bytes(cards.qr_png(item.link))
        _print(done)


def _enrol_all(session: Session, here: site.Site, read: Sequence[Registration], team: str) -> list[Enrolled]:
    group = staffing.team(session, team)
    done = []
    for item in read:
        case, payload = enrolment.enrol(session, item, group, by=None, now=here.now)
        code = session.get_one(Patient, case.patient_id).code
        done.append(Enrolled(code=code, link=here.clinic.link(payload)))
    return done


def _read(here: site.Site, rows: Sequence[Mapping[str, str]], *, confirmed: bool, where: str) -> list[Registration]:
    """Every row as a registration; or every problem of every row on stderr, and exit 2."""
    pathway = here.db.read_now(pathways.latest)
    today: date = here.now.astimezone(timeline.zone(here.clinic.timezone)).date()
    read, problems = [], []
    for number, row in enumerate(rows, start=2 if where else 1):  # row 1 of a CSV is its heading
        fields = {"timezone": here.clinic.timezone, **{key: text for key, text in row.items() if text}}
        found = registration.read(fields, pathway, today, confirmed=confirmed)
        if isinstance(found, Registration):
            read.append(found)
        else:
            prefix = f"{where} {number}, " if where else ""
            problems += [f"{prefix}{problem}" for problem in found]
    if problems:
        site.fail("Nobody was enrolled. Mend these:\n  " + "\n  ".join(problems), site.BAD_INPUT)
    return read


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        if file.stat().st_size > LARGEST:
            site.fail(f"{file} is larger than 5 MB: split it.", site.BAD_INPUT)
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        site.fail(f"{file} cannot be read: {error}. Save it as CSV in UTF-8.", site.BAD_INPUT)
    reader = csv.DictReader(io.StringIO(text), restkey="(more)", strict=True)
    try:
        rows = [dict(row) for row in reader]
    except csv.Error as error:
        site.fail(f"{file}, line {reader.line_num}: {error}.", site.BAD_INPUT)
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
    console = Console()
    if not console.is_terminal:
        for item in done:
            typer.echo(f"{item.code},{item.link}")
        return
    table = Table("case", "link (works once, for 72 hours)")
    for item in done:
        table.add_row(item.code, item.link)
    console.print(table)
