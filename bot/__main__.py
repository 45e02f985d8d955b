"""The command line: `aftercare <command>`. Each command lives in a file of its own in `commands/`."""

from __future__ import annotations

import typer

from bot.commands import (
    demo,
    doctor,
    enrol,
    explain,
    keys,
    migrate,
    pathway,
    preview,
    publish,
    replay,
    run,
    screen,
    sentences,
    simulate,
    staff,
    triage,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Follows people home after lumbar spine surgery.")
app.command()(run.run)
app.command()(demo.demo)
app.command()(enrol.enrol)
app.add_typer(staff.app, name="staff")
app.add_typer(keys.app, name="keys")
app.command()(doctor.doctor)
app.command()(migrate.migrate)
app.command()(triage.triage)
app.command()(screen.screen)
pathway.app.command()(publish.publish)
pathway.app.command()(preview.preview)
pathway.app.command()(replay.replay)
pathway.app.command()(simulate.simulate)
pathway.app.command()(explain.explain)
pathway.app.command()(sentences.train)
pathway.app.command()(sentences.measure)
app.add_typer(pathway.app, name="pathway")


@app.callback()
def _commands() -> None:
    """Follows people home after lumbar spine surgery."""


def main() -> None:
    """Run the command typed after `aftercare`."""
    app()


if __name__ == "__main__":
    main()
