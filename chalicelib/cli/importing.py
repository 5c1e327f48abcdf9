"""
`ekiden import`: a CSV on this machine, checked and reckoned first, uploaded, and followed until its rows are stored.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from chalicelib.cli.importing_view import plan_json, show_plan, show_result, uploading
from chalicelib.cli.screen import data as print_json
from chalicelib.cli.screen import hint, say
from chalicelib.cli.tools import NOT_DONE, Tools, as_json, example, placed
from chalicelib.cli.words import amount
from chalicelib.destinations.checks import suggestion
from chalicelib.model import Config
from chalicelib.model.source import FILE_BYTES_MAX
from chalicelib.model.upload import Import

if TYPE_CHECKING:
    from chalicelib.cli.rehearsal import Rehearsal
    from chalicelib.relay import Relay

LOOK_SECONDS = 1.0
LOOKS_MAX = 900
"""
How long a file is followed: a quarter of an hour. It goes on by itself.
"""


@click.command(
    "import",
    epilog=example(
        "ekiden import list.csv --route list",
        "ekiden import list.csv --route list --leftovers --yes",
        "ekiden import list.csv --source list --json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, readable=True))
@click.option("--route", default="", metavar="NAME", help="The only route that the rows take.")
@click.option("--source", default="", metavar="NAME", help="The source whose routes the rows take.")
@click.option("--leftovers", is_flag=True, help="Take only calls that today leaves over, in the evening.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@placed
@as_json
@click.pass_context
def import_file(
    ctx: click.Context,
    *,
    file: Path,
    route: str,
    source: str,
    leftovers: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Upload a CSV, once its cost has been told.

    Each row of FILE goes the way of a form's submission. First it is read here: what it would cost, when that would be
    done, and which lines are at fault. Then you are asked; where nobody can be, only the plan is shown, unless --yes.
    Status 1 where it was not done, or where rows need a person.
    """
    tools: Tools = ctx.obj
    data = _read(file)
    relay = tools.relay()
    of, only = _way(relay.operator.config, source, route)
    plan = _rehearse(relay, of, data, route=only)
    told: dict[str, Any] = {
        "file": str(file),
        "source": of,
        "route": only or None,
        **plan_json(relay, plan, leftovers=leftovers),
    }
    if not as_json:
        show_plan(relay, file, plan, leftovers=leftovers)
    if not _agreed(ctx, plan, yes=yes, for_programs=as_json):
        if as_json:
            print_json({**told, "import": None})
        ctx.exit(NOT_DONE)
    sent = _send(tools, relay, file.name, data, (of, only), leftovers=leftovers, quiet=as_json)
    found = _follow(tools, relay, sent, quiet=as_json)
    if show_result(found, told, for_programs=as_json):
        ctx.exit(NOT_DONE)


def _read(file: Path) -> bytes:
    size = file.stat().st_size
    if size == 0:
        raise click.UsageError(f"{file} is empty: its first line must name the columns.")
    if size > FILE_BYTES_MAX:
        raise click.UsageError(f"{file} has {size:,} bytes; at most {FILE_BYTES_MAX:,} are taken. Split it.")
    return file.read_bytes()


def _way(config: Config, source: str, route: str) -> tuple[str, str]:
    """
    The source and the only route ("" for all) that are meant.
    """
    if not source and not route:
        raise click.UsageError("Name the route (--route NAME) or the source (--source NAME) that the rows belong to.")
    routes = {each.name: each for each in config.routes}
    if route and route not in routes:
        raise click.UsageError(f'relay.toml has no route "{route}". {suggestion(route, routes)}')
    if source and source not in config.sources:
        raise click.UsageError(f'relay.toml has no source "{source}". {suggestion(source, config.sources)}')
    if route and source not in {"", routes[route].source}:
        raise click.UsageError(f'The route "{route}" is of the source "{routes[route].source}", not of "{source}".')
    return (routes[route].source if route else source), route


def _rehearse(relay: Relay, source: str, data: bytes, *, route: str) -> Rehearsal:
    from chalicelib.cli.rehearsal import rehearse  # noqa: PLC0415 - loads the relay
    from chalicelib.sources.csv_rows import CsvRefused  # noqa: PLC0415 - as above

    try:
        return rehearse(relay.operator.config, source, data, route=route, now=relay.now())
    except CsvRefused as refused:
        where = f" (line {refused.line})" if refused.line else ""
        raise click.ClickException(f"The file cannot be imported{where}: {refused.detail}") from refused


def _agreed(ctx: click.Context, plan: Rehearsal, *, yes: bool, for_programs: bool) -> bool:
    """
    Whether to go on: told to, or asked and answered.
    """
    if not plan.costs:
        if not for_programs:
            say("There is nothing to send: no row of it asks for a delivery.", style="yellow")
        return False
    if yes:
        return True
    if for_programs or not sys.stdin.isatty():
        if not for_programs:
            say("\nThis is only the plan; nothing was uploaded. To do it:")
            hint(f"{_typed(ctx)} --yes")
        return False
    return click.confirm("Upload it?")


def _typed(ctx: click.Context) -> str:
    """
    The command as it was given.
    """
    named = {name: ctx.params[name] for name in ("route", "source") if ctx.params[name]}
    options = [f"--{name} {quote(value)}" for name, value in named.items()]
    leftovers = ["--leftovers"] if ctx.params["leftovers"] else []
    return " ".join(["ekiden import", quote(str(ctx.params["file"])), *options, *leftovers])


def _send(
    tools: Tools, relay: Relay, filename: str, data: bytes, way: tuple[str, str], *, leftovers: bool, quiet: bool
) -> Import:
    from chalicelib.planning.tiers import FILE, LEFTOVERS  # noqa: PLC0415 - only where something is uploaded
    from chalicelib.relay.bells import INCOMING  # noqa: PLC0415 - as above

    source, route = way
    digest = hashlib.sha256(data).hexdigest()
    tier = LEFTOVERS if leftovers else FILE
    upload = relay.imports.announce(source, filename=filename, size=len(data), sha256=digest, tier=tier, route=route)
    with uploading(f"uploading {filename}", len(data), quiet=quiet) as progress:
        tools.put(upload, data, progress)
    found = relay.imports.find(f"{INCOMING}{source}/{upload.id}")
    assert found is not None, "it has just been announced"  # noqa: S101 - our own invariant
    return found


def _follow(tools: Tools, relay: Relay, sent: Import, *, quiet: bool) -> Import:
    """
    Look at the import until it is closed, or for a quarter of an hour.
    """
    from chalicelib.records.imports import OPEN  # noqa: PLC0415 - only where something is followed

    found, seen = sent, 0
    with uploading("storing rows", 0, quiet=quiet) as progress:
        for _ in range(LOOKS_MAX):
            found = relay.imports.find(sent.name) or found
            if found.rows:
                progress.total(found.rows)
            progress(found.rows_done - seen)
            seen = found.rows_done
            if found.state not in OPEN:
                return found
            tools.pause(LOOK_SECONDS)
    if not quiet:
        say(f"It is still being read ({amount(found.rows_done, 'row')} so far), and goes on by itself.", style="yellow")
    return found
