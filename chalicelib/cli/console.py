"""
Accounts of the console: a password becomes the digest that is stored, and nothing else ever leaves this machine.
"""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

import click

from chalicelib.cli.screen import data, hint, say
from chalicelib.cli.tools import NOT_DONE, Doors, Tools, as_json, example, placed


@click.group(cls=Doors, epilog=example("ekiden console password sato --into accounts.json"))
@placed
def console() -> None:
    """
    Make accounts for the console.
    """


@console.command(
    "password",
    epilog=example("ekiden console password sato", "ekiden console password sato --into accounts.json"),
)
@click.argument("name")
@click.option(
    "--into", "file", type=click.Path(path_type=Path, dir_okay=False), help="Add it to a file of accounts, or replace."
)
@placed
@as_json
@click.pass_context
def password(ctx: click.Context, *, name: str, file: Path | None, as_json: bool) -> None:
    """
    Make an account: ask for its password, print it as stored.

    The password is asked for and not shown while typed; what is piped in is taken as it is.
    """
    from chalicelib.console import passwords  # noqa: PLC0415 - scrypt is needed here alone

    tools: Tools = ctx.obj
    if not passwords.ACCOUNT.fullmatch(name):
        raise click.UsageError(f'"{name}" is no account name. Write 1 to 40 of a-z, 0-9, ".", "_" and "-".')
    known = _accounts(file)
    typed = _typed()
    weak = passwords.weakness(typed)
    if weak:
        say(f"Not made: {weak}.", style="red")
        ctx.exit(NOT_DONE)
    known[name] = passwords.digest(typed, secrets.token_bytes(passwords.SALT_BYTES))
    if file is None:
        data(known)
        return
    file.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    file.chmod(0o600)
    if as_json:
        data({"file": str(file), "accounts": sorted(known)})
        return
    say(f"{file} holds {', '.join(sorted(known))}. It is put where the relay finds it with:")
    hint(f"ekiden {tools.options}secret put ssm:/…/console --value-from {file}")


def _accounts(file: Path | None) -> dict[str, str]:
    """
    The accounts that a file holds already; none for a file that is not there.
    """
    from chalicelib.console import passwords  # noqa: PLC0415 - as above

    if file is None or not file.exists():
        return {}
    try:
        return passwords.accounts(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{file} is no file of accounts: {error}. Name another one.") from error


def _typed() -> str:
    """
    The password from the keyboard, unseen and twice; or what is piped in.
    """
    if not sys.stdin.isatty():
        return sys.stdin.read().strip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
