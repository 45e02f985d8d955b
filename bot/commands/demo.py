"""`aftercare demo`: a whole clinic in one command, without Telegram: sandbox, unmodified bot, eight storylines."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from bot import log
from bot.demo import playhouse, report


def demo(
    auto: Annotated[
        bool, typer.Option("--auto", help="Play the storylines and end; exit 0 when every one held.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of the conversations.")
    ] = False,
    port: Annotated[int, typer.Option(help="Where the page with the phones is served; 0 takes any free port.")] = 0,
) -> None:
    """Play three months with eight patients in under a minute, then leave the phones to you (without --auto)."""
    log.configure("ERROR", stream=sys.stderr)
    stay = not auto and not as_json and sys.stdin.isatty()
    console = Console(stderr=as_json, quiet=as_json, highlight=False)
    try:
        played = asyncio.run(playhouse.play(console, port=port, stay=stay))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except OSError as error:
        typer.echo(f"The page cannot be served on port {port}: {error}. Choose another with --port.", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(report.as_json(played)))
    raise typer.Exit(0 if played.held else 1)
