"""
`ekiden`: the list of its commands is one screen.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chalicelib import __version__
from chalicelib.cli.auditing import audit
from chalicelib.cli.building import deploy, package, serve
from chalicelib.cli.checking import config as config_commands
from chalicelib.cli.checking import template
from chalicelib.cli.clock import clock
from chalicelib.cli.console import console
from chalicelib.cli.dead import dead
from chalicelib.cli.erase import erase
from chalicelib.cli.files import files
from chalicelib.cli.held import held
from chalicelib.cli.importing import import_file
from chalicelib.cli.lanes import pause, resume, ring, status
from chalicelib.cli.outlook import day, forecast
from chalicelib.cli.polls import polls
from chalicelib.cli.replaying import replay
from chalicelib.cli.searching import search
from chalicelib.cli.secret import secret
from chalicelib.cli.senders import senders
from chalicelib.cli.submission import submission
from chalicelib.cli.tools import Doors, Tools, example, keep
from chalicelib.cli.trying import try_sample
from chalicelib.cli.vendor import vendor

EXAMPLE = example(
    "ekiden status",
    "ekiden --stage prod dead list",
    "ekiden config check --stage prod",
    "ekiden try form.json --source contact",
)


@click.group(
    cls=Doors,
    epilog=EXAMPLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="EKIDEN_RELAY_TOML",
    show_envvar=True,
    help="The relay.toml of the stage.  [default: relay.toml]",
)
@click.option(
    "--stage",
    envvar="EKIDEN_STAGE",
    show_envvar=True,
    help="local (make serve) or a deployed stage.  [default: local]",
)
@click.version_option(__version__, prog_name="ekiden")
@click.pass_context
def main(ctx: click.Context, *, config: Path | None, stage: str | None) -> None:
    """
    Look after Ekiden: lanes, dead letters, held deliveries, secrets, deployments.

    Exit status: 0 done, 1 not done or something needs attention, 2 wrong use.
    """
    for stream in (sys.stdout, sys.stderr):
        # A pipe of another encoding gets what it lacks as escapes, not an error half-way.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    ctx.obj = ctx.obj or Tools()
    keep(ctx, "config_file", config)
    keep(ctx, "stage", stage)


for _command in (
    status,
    forecast,
    day,
    search,
    submission,
    dead,
    held,
    replay,
    audit,
    files,
    import_file,
    pause,
    resume,
    ring,
    polls,
    erase,
    config_commands,
    senders,
    try_sample,
    vendor,
    secret,
    console,
    template,
    package,
    deploy,
    serve,
    clock,
):
    main.add_command(_command)
main.add_command(submission, "story")
