"""
Secrets in SSM: which relay.toml wants, which are there, and writing them, checked before they are written.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import replace
from typing import IO

import click
from rich.text import Text

from chalicelib.cli.connecting import LOCAL
from chalicelib.cli.screen import data, facts, hint, say, show, table, title
from chalicelib.cli.secret_rules import PARAMETER, Use, problem_of, uses
from chalicelib.cli.secret_store import ENVIRONMENT, Standing, put_parameter, standing
from chalicelib.cli.tools import NOT_DONE, Doors, Tools, as_json, confirmed, example, placed
from chalicelib.cli.words import amount, minute
from chalicelib.destinations.checks import suggestion

KEY_BYTES = 32
COLOURS = {"present": "green", "missing": "bold red"}


@click.group(
    cls=Doors, epilog=example("ekiden secret list --stage prod", "ekiden secret put /ekiden/prod/satori --stage prod")
)
@placed
def secret() -> None:
    """
    List, put and generate the secrets that relay.toml names.
    """


@secret.command("list", epilog=example("ekiden secret list --stage prod"))
@placed
@as_json
@click.pass_context
def list_secrets(ctx: click.Context, *, as_json: bool) -> None:
    """
    List every secret that relay.toml names, and whether it is there.

    Values are never shown. Status 1 where one is missing.
    """
    tools: Tools = ctx.obj
    found = standing(_uses(tools), tools)
    if as_json:
        data([each.as_json() for each in found])
    else:
        made = table("reference", "for", "state", "changed (JST)", whole=(0, 3))
        for each in found:
            state = Text(each.state, style=COLOURS.get(each.state, "dim"))
            made.add_row(each.use.reference, each.use.words, state, minute(each.changed))
        show(made)
    missing = [each.use for each in found if each.state == "missing"]
    if missing and not as_json:
        say("")
        hint(*map(_remedy, missing))
    if missing:
        ctx.exit(NOT_DONE)


@secret.command(
    "put",
    epilog=example(
        "ekiden secret put ssm:/ekiden/prod/satori --value-from keys.json --stage prod",
        "ekiden secret put /ekiden/prod/crm --stage prod",
    ),
)
@click.argument("name")
@click.option(
    "--value-from", type=click.File("r", encoding="utf-8"), help="A file with the value; - is standard input."
)
@confirmed
@placed
@as_json
@click.pass_context
def put(ctx: click.Context, *, name: str, value_from: IO[str] | None, yes: bool, as_json: bool) -> None:
    """
    Write a secret that relay.toml names, encrypted, to SSM.

    Without --value-from the value is asked for, and not shown while typed. Credentials are checked for the names that
    the vendor needs. A value that is there is replaced only with --yes.
    """
    tools: Tools = ctx.obj
    use = _wanted(tools, name)
    now = _standing_of(use, tools)
    _confirm(ctx, now, yes=yes, for_programs=as_json)
    value = (value_from.read() if value_from else _typed()).strip("\r\n")
    problem = problem_of(use, value)
    if problem and as_json:
        data({"reference": use.reference, "written": False, "problem": problem})
    elif problem:
        say(f"Not written: {problem}", style="red")
    if problem:
        ctx.exit(NOT_DONE)
    _write(tools, now, value, for_programs=as_json)


@secret.command("generate", epilog=example("ekiden secret generate /ekiden/prod/key --stage prod"))
@click.argument("name")
@confirmed
@placed
@as_json
@click.pass_context
def generate(ctx: click.Context, *, name: str, yes: bool, as_json: bool) -> None:
    """
    Write a random 256-bit key to SSM.

    It is for [relay].secret, or a token that you give to a sender, and is never shown. A key that is there is
    replaced only with --yes.
    """
    tools: Tools = ctx.obj
    use = _wanted(tools, name)
    if not use.may_be_random:
        raise click.UsageError(
            f"{use.reference} ({use.words}) is given by its vendor. Write it: ekiden secret put {name}"
        )
    now = _standing_of(use, tools)
    _confirm(ctx, now, yes=yes, for_programs=as_json)
    _write(tools, now, secrets.token_hex(KEY_BYTES), for_programs=as_json)


# ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _uses(tools: Tools) -> list[Use]:
    # The file is read as for any stage: a local one, too, may be looked through.
    return uses(replace(tools, stage="").config())


def _wanted(tools: Tools, name: str) -> Use:
    """
    The use of a reference, written with or without "ssm:".
    """
    if tools.stage == LOCAL:
        raise click.UsageError("Name the stage: --stage prod. On this machine secrets are environment variables.")
    known = {use.reference: use for use in _uses(tools) if use.reference.startswith(PARAMETER)}
    wanted = name if name.startswith(PARAMETER) else f"{PARAMETER}{name}"
    if wanted in known:
        return known[wanted]
    if not known:
        raise click.UsageError(f'{tools.file} refers to no SSM parameter ("ssm:/…"); there is nothing to write.')
    raise click.UsageError(f'{tools.file} does not refer to "{wanted}". {suggestion(wanted, known)}')


def _standing_of(use: Use, tools: Tools) -> Standing:
    (found,) = standing([use], tools)
    return found


def _confirm(ctx: click.Context, now: Standing, *, yes: bool, for_programs: bool) -> None:
    if now.state != "present" or yes:
        return
    if for_programs:
        data({"reference": now.use.reference, "written": False, "problem": "it is there; to replace it give --yes"})
        ctx.exit(NOT_DONE)
    title("Would replace:")
    show(facts({"reference": now.use.reference, "for": now.use.words, "changed": f"{minute(now.changed)} JST"}))
    if now.use.is_key:
        say("Form tokens and contacts known by the old key would no longer be recognised.")
        say('To rotate without that, list both: secret = ["ssm:/…/new", "ssm:/…/old"]')
    say("\nNothing was done. To do it, give the same command with --yes.", style="yellow")
    ctx.exit(NOT_DONE)


def _write(tools: Tools, now: Standing, value: str, *, for_programs: bool) -> None:
    version = put_parameter(tools, now.use, value, replacing=now.state == "present")
    if for_programs:
        data({"reference": now.use.reference, "written": True, "version": version})
        return
    say(f"{now.use.reference} is written (version {version}, {amount(len(value), 'character')}).", style="green")
    say("The relay reads it within five minutes. A lane that was paused for it goes on with:")
    hint("ekiden resume LANE")


def _typed() -> str:
    """
    The value from the keyboard, unseen; or what is piped in.
    """
    if not sys.stdin.isatty():
        return sys.stdin.read()
    return str(click.prompt("Value", hide_input=True, err=True))


def _remedy(use: Use) -> str:
    if use.reference.startswith(ENVIRONMENT):
        return f"export {use.reference.removeprefix(ENVIRONMENT)}=…"
    return f"ekiden secret {'generate' if use.may_be_random else 'put'} {use.reference}"
