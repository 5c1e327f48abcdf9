"""
Package, deploy and serve: the same as the make targets, under one name.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout

import click

from chalicelib.cli.connecting import LOCAL, PROJECT
from chalicelib.cli.screen import data, hint, say
from chalicelib.cli.tools import Tools, as_json, example, placed


@click.command(epilog=example("ekiden package --stage prod --config relay.toml"))
@placed
@as_json
@click.pass_obj
def package(tools: Tools, *, as_json: bool) -> None:
    """
    Build and verify the package of a stage.

    One zip and one template; nothing is sent to AWS.
    """
    from chalicelib.ops.package import package as build  # noqa: PLC0415 - only where something is built
    from chalicelib.ops.package import read_config  # noqa: PLC0415 - as above

    text = read_config(tools.file)
    if not as_json:
        say(f"Packaging {tools.file} for {tools.stage}.")
    made = build(PROJECT, text, tools.stage, PROJECT / ".ekiden" / "package" / tools.stage)
    if as_json:
        sizes = {"archive_bytes": made.archive_bytes, "template_bytes": made.template_bytes}
        data({"stage": tools.stage, "archive": str(made.archive), "template": str(made.template), **sizes})
        return
    say(f"{made.archive} ({made.archive_bytes / 1e6:.1f} MB)")
    say(f"{made.template} ({made.template_bytes:,} bytes)")
    hint("ekiden deploy")


@click.command(epilog=example("ekiden deploy --stage prod", "ekiden deploy --stage prod --force"))
@click.option("--key", "key_arn", default="", metavar="ARN", help="A KMS key of yours; once given it stays.")
@click.option("--force", is_flag=True, help="Drop lanes although deliveries wait in them.")
@placed
@as_json
@click.pass_obj
def deploy(tools: Tools, *, key_arn: str, force: bool, as_json: bool) -> None:
    """
    Package a stage and bring its CloudFormation stack to it.
    """
    if tools.stage == LOCAL:
        raise click.UsageError("Name the stage: ekiden deploy --stage prod. The stage local is run by: ekiden serve")
    from chalicelib.ops.deploy import main as run  # noqa: PLC0415 - AWS: only where something is deployed

    options = ["--stage", tools.stage, "--config", str(tools.file), "--project", str(PROJECT), "--key", key_arn]
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        run.main(args=[*options, *(["--force"] if force else [])], standalone_mode=False)
    if as_json:
        data({"stage": tools.stage, "deployed": True})


@click.command(epilog=example("ekiden serve", "ekiden serve --config demo/relay.toml --port 8080"))
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65_535), help="Of this machine.")
@placed
@click.pass_obj
def serve(tools: Tools, *, port: int) -> None:
    """
    Run the relay on this machine until Ctrl-C.

    It is the packaged app on an embedded AWS; its state is kept in .ekiden/serve.
    """
    if tools.stage != LOCAL:
        raise click.UsageError(f"Only the stage local is served. Deploy {tools.stage} with: ekiden deploy")
    from chalicelib.ops.serve import main as run  # noqa: PLC0415 - starts a whole AWS: only where it is wanted

    run.main(
        args=["--config", str(tools.file), "--port", str(port), "--project", str(PROJECT)],
        standalone_mode=False,
    )
