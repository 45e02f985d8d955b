"""`aftercare staff`: care teams and the people in them. Joining is by single-use link."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import enrolment as cards
from bot.care import staffing
from bot.commands import site
from bot.db.models import CareTeam, Staff

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Care teams and the people in them.")


@app.command()
def invite(
    name: Annotated[str, typer.Option(help="Their name, as colleagues will see it.")],
    role: Annotated[str, typer.Option(help="coordinator, clinician or admin.")],
    team: Annotated[str, typer.Option(help="The care team; made if it is new.")] = "Spine team",
    timezone: Annotated[str | None, typer.Option(help="Time zone of a new team, e.g. Europe/London.")] = None,
    rung: Annotated[str | None, typer.Option(help="On the ladder: on_call, second_on_call or manager.")] = None,
    qr: Annotated[Path | None, typer.Option(help="Also write the link as a QR code picture (PNG) here.")] = None,
) -> None:
    """Invite a colleague: prints a link that works once, for 72 hours."""
    with site.opened(with_bot=True) as here:

        def unit(session: Session) -> str:
            group = staffing.ensure_team(session, team, timezone or here.clinic.timezone, here.now)
            return staffing.invite(session, name=name, role=role, team=group, rung=rung, by=None, now=here.now)[1]

        link = here.clinic.link(here.db.write_now(unit))
        if qr is not None:
            qr.write_bytes(cards.qr_png(link))
        typer.echo(link)
        typer.echo(f"Send this to {name} alone. It works once, for 72 hours: open it, tap Start.", err=True)


@app.command()
def link(number: Annotated[int, typer.Argument(help="The id that `aftercare staff list` shows.")]) -> None:
    """A new link for a colleague who has not joined; the old one stops working."""
    with site.opened(with_bot=True) as here:

        def unit(session: Session) -> str:
            return staffing.reinvite(session, _member(session, number), by=None, now=here.now)

        typer.echo(here.clinic.link(here.db.write_now(unit)))


@app.command(name="list")
def show() -> None:
    """Who works here, in which role, and whether they have joined."""
    with site.opened() as here:

        def unit(session: Session) -> list[tuple[str, ...]]:
            people = session.execute(
                select(Staff, CareTeam.name).join(CareTeam, Staff.team_id == CareTeam.id).order_by(Staff.id)
            )
            return [(str(p.id), p.name or "", p.role, team, p.rung or "", p.state) for p, team in people]

        table = Table("id", "name", "role", "team", "rung", "state")
        for row in here.db.read_now(unit):
            table.add_row(*row)
        Console().print(table)


@app.command()
def remove(number: Annotated[int, typer.Argument(help="The id that `aftercare staff list` shows.")]) -> None:
    """Take somebody off the list: their buttons and commands stop at once."""
    with site.opened() as here:

        def unit(session: Session) -> str | None:
            member = _member(session, number)
            staffing.leave(session, member, here.now, by="command")
            return member.name

        typer.echo(f"{here.db.write_now(unit)} is off the list.")


def _member(session: Session, number: int) -> Staff:
    found = session.get(Staff, number)
    if found is None:
        raise staffing.NotPossible(f"Nobody has the id {number}. `aftercare staff list` shows the ids.")
    return found
