"""
relay.toml before it is deployed: its faults, and the AWS resources that follow from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from chalicelib.cli.connecting import read, read_bytes
from chalicelib.cli.screen import data, hint, say, show, stacked, table
from chalicelib.cli.tools import NOT_DONE, Doors, Tools, as_json, example, placed
from chalicelib.cli.words import amount, plain
from chalicelib.errors import ConfigError
from chalicelib.model import Fault

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(cls=Doors, epilog=example("ekiden config check relay.toml --stage prod"))
@placed
def config() -> None:
    """
    Check relay.toml.
    """


@config.command("check", epilog=example("ekiden config check", "ekiden config check relay.toml --stage prod --json"))
@click.argument("file", required=False, type=FILE)
@placed
@as_json
@click.pass_context
def check(ctx: click.Context, *, file: Path | None, as_json: bool) -> None:
    """
    List every fault and warning, each with its remedy.

    FILE is a relay.toml (else that of --config). Status 1 where a fault was found. The stage counts: a deployed one
    cannot read secrets from environment variables.
    """
    tools: Tools = ctx.obj
    where = file or tools.file
    faults = faults_of(where, tools.stage)
    grave = sum(1 for fault in faults if not fault.warning)
    if as_json:
        data({"file": str(where), "stage": tools.stage, "ok": not grave, "faults": [_as_json(each) for each in faults]})
    else:
        _show(where, tools.stage, faults)
    if grave:
        ctx.exit(NOT_DONE)


@click.command(epilog=example("ekiden template --stage prod", "ekiden template relay.toml --stage prod --format yaml"))
@click.argument("file", required=False, type=FILE)
@click.option(
    "--format",
    "form",
    default="json",
    show_default=True,
    type=click.Choice(["json", "yaml"]),
    help="How it is written.",
)
@placed
@as_json
@click.pass_obj
def template(tools: Tools, *, file: Path | None, form: str, as_json: bool) -> None:
    """
    Print the AWS resources that relay.toml asks for.

    Queues, table, alarms, permissions, as CloudFormation has them. They are merged into the template of the functions
    by: ekiden package
    """
    from chalicelib.ops.template import resources  # noqa: PLC0415 - only this command needs it

    found = resources(read(file or tools.file, tools.stage), tools.stage)
    if form == "yaml" and not as_json:
        click.echo(_yaml(found), nl=False)
    else:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def faults_of(file: Path, stage: str) -> list[Fault]:
    """
    Everything that is wrong with a relay.toml for a stage, names that AWS would not take included.
    """
    from chalicelib.config import check as check_config  # noqa: PLC0415 - only where a file is checked
    from chalicelib.destinations import VENDORS  # noqa: PLC0415 - as above
    from chalicelib.ops.names import check as check_names  # noqa: PLC0415 - as above
    from chalicelib.sources import PRESETS  # noqa: PLC0415 - as above

    faults = check_config(read_bytes(file), vendors=VENDORS, presets=PRESETS, stage=stage)
    if any(not fault.warning for fault in faults):
        return faults
    try:
        check_names(read(file, stage), stage)
    except ConfigError as error:
        return [*error.faults, *faults]
    return faults


def _yaml(found: dict[str, Any]) -> str:
    """
    YAML as CloudFormation takes it: without aliases.
    """
    import yaml  # noqa: PLC0415 - comes with Chalice, which packages

    class Whole(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's shape
            return True

    return yaml.dump(found, Dumper=Whole, allow_unicode=True, sort_keys=False)


def _show(file: Path, stage: str, faults: Sequence[Fault]) -> None:
    if not faults:
        say(f"{file} is fine for the stage {stage}.", style="green")
        hint("ekiden try SAMPLE --source NAME")
        return
    made = table("", "where, what is wrong, and what to write", whole=(0,))
    for fault in sorted(faults, key=lambda each: each.warning):
        mark = Text("warning", style="yellow") if fault.warning else Text("fault", style="bold red")
        matter = stacked(Text(plain(fault.path), style="bold"), Text(plain(fault.message)))
        made.add_row(mark, stacked(matter, Text(plain(fault.remedy), style="cyan")))
    show(made)
    grave = sum(1 for fault in faults if not fault.warning)
    told = f"{amount(grave, 'fault')}, {amount(len(faults) - grave, 'warning')} in {file} for the stage {stage}."
    say(f"\n{told}", style="red" if grave else "yellow")


def _as_json(fault: Fault) -> dict[str, str]:
    level = "warning" if fault.warning else "fault"
    return {"level": level, "path": fault.path, "what": fault.message, "remedy": fault.remedy}
