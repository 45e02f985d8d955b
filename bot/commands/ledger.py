"""`aftercare ledger`: every planned check-in, by what became of it, and each one that went astray with what to do."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from bot.care import ledger as accounts
from bot.care.ledger import Astray, Ledger
from bot.commands import site


def ledger(as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False) -> None:
    """Prove that planned = ended + open + to come. Exit code 1 when it does not balance or something went astray."""
    with site.opened() as here:
        account = here.db.read_now(accounts.balance)
        lost = here.db.read_now(accounts.exceptions, here.now)
    if as_json:
        typer.echo(json.dumps(_object(account, lost), ensure_ascii=False))
    else:
        _print(account, lost)
    raise typer.Exit(0 if account.balanced and not lost else 1)


def _object(account: Ledger, lost: list[Astray]) -> dict[str, object]:
    return {
        "balanced": account.balanced,
        "planned": account.planned,
        "ended": dict(account.ended),
        "open": account.open,
        "coming": account.coming,
        "astray": [asdict(one) for one in lost],
    }


def _print(account: Ledger, lost: list[Astray]) -> None:
    total = sum(account.ended.values())
    typer.echo(f"{account.planned} planned = {total} ended + {account.open} open + {account.coming} to come")
    for reason, count in account.ended.items():
        typer.echo(f"  {count:>6}  {reason.replace('_', ' ')}")
    if not account.balanced:
        typer.echo("The account does not balance: report this with the log.")
    for one in lost:
        typer.echo(f"{one.code}, {one.checkin}: {one.what}.\n      → {one.remedy}.")
    typer.echo(f"{len(lost)} went astray." if lost else "Nothing went astray.")
