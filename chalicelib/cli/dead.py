"""
Dead letters: what cannot be sent as it is, and its ways back: fix, replay, or drop.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click
from rich.text import Text

from chalicelib.cli import sheet
from chalicelib.cli.deliveries import as_json as delivery_json
from chalicelib.cli.deliveries import one_by_one, only_planned, picked, rows, show_one
from chalicelib.cli.screen import data, hint, say, show, table, title
from chalicelib.cli.tools import NOT_DONE, Doors, Tools, as_json, confirmed, example, placed, revealing
from chalicelib.cli.veil import Veil, names_of
from chalicelib.cli.words import amount, plain
from chalicelib.destinations.checks import suggestion
from chalicelib.model import Config, Delivery, State

if TYPE_CHECKING:
    from chalicelib.relay.operating import Operator

LISTED = 50
AT_ONCE_MAX = 1_000
"""
How many dead letters one command replays; the rest by the same command again.
"""


@click.group(cls=Doors, epilog=example("ekiden dead list", "ekiden dead show 01JDXXXXXXXXXXXXXXXXXXXXXX.1"))
@placed
def dead() -> None:
    """
    Look at dead letters; mend, replay or drop them.
    """


@dead.command("list", epilog=example("ekiden dead list --limit 200", "ekiden dead list --json"))
@click.option("--limit", default=LISTED, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@placed
@as_json
@click.pass_obj
def list_dead(tools: Tools, *, limit: int, as_json: bool) -> None:
    """
    List dead letters with their reasons, the oldest first.
    """
    operator = tools.relay().operator
    found, veil = operator.listed(State.DEAD, limit=limit), Veil(config=operator.config)
    if as_json:
        data([delivery_json(each, veil) for each in found])
        return
    if not found:
        say("There are no dead letters.")
        return
    show(rows(found, veil))
    say(f"\n{_number(operator, found)}")
    first = found[0]
    hint(f"ekiden dead show {first.id}", _fixing(first, operator.config), "ekiden dead replay --all")


@dead.command("show", epilog=example("ekiden dead show 01JDXXXXXXXXXXXXXXXXXXXXXX.1 --reveal"))
@click.argument("delivery_id", metavar="ID")
@revealing
@placed
@as_json
@click.pass_obj
def show_dead(tools: Tools, *, delivery_id: str, reveal: bool, as_json: bool) -> None:
    """
    Show one delivery: reason, fields, history.
    """
    operator = tools.relay().operator
    found = show_one(operator, delivery_id, reveal=reveal, for_programs=as_json)
    if as_json:
        return
    say("")
    if not reveal:
        hint(f"ekiden dead show {found.id} --reveal")
    if found.state is State.DEAD:
        hint(_fixing(found, operator.config), f"ekiden dead replay {found.id}")
    hint(f"ekiden submission {found.event_id}")


@dead.command("fix", epilog=example("ekiden dead fix 01JDXXXXXXXXXXXXXXXXXXXXXX.1 last_name=吉田 first_name=花子"))
@click.argument("delivery_id", metavar="ID")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@revealing
@placed
@as_json
@click.pass_obj
def fix(tools: Tools, *, delivery_id: str, values: tuple[str, ...], reveal: bool, as_json: bool) -> None:
    """
    Put values into a dead letter and send it again.

    Fields are the vendor's; an empty VALUE clears one. What was sent before stays on record; the new delivery names
    the old one.
    """
    given = dict(_assignment(each) for each in values)
    operator = tools.relay().operator
    (old,) = picked(operator, [delivery_id], State.DEAD)
    _check_names(given, names_of(operator.config, old))
    if reveal:
        operator.note_reveal(old.id)
    new = operator.replay(old.id, given)
    if as_json:
        data({"id": old.id, "became": new.id, "state": str(new.state), "lane": new.lane, "fixed": sorted(given)})
        return
    _show_change(old, given, Veil(config=operator.config, lifted=reveal))
    say(f"\nSent again as {new.id}; it is {new.state} in {new.lane}.")
    hint(f"ekiden submission {new.event_id}")


@dead.command("replay", epilog=example("ekiden dead replay 01JDXXXXXXXXXXXXXXXXXXXXXX.1", "ekiden dead replay --all"))
@click.argument("ids", metavar="[ID...]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dead letter; needs --yes.")
@confirmed
@placed
@as_json
@click.pass_context
def replay(ctx: click.Context, *, ids: tuple[str, ...], everything: bool, yes: bool, as_json: bool) -> None:
    """
    Send dead letters again as they are, mapped by today's relay.toml.
    """
    if bool(ids) == everything:
        raise click.UsageError("Name the dead letters to replay, or give --all.")
    operator = ctx.obj.relay().operator
    if everything:
        found = operator.listed(State.DEAD, limit=AT_ONCE_MAX)
        if not found and not as_json:
            say("There are no dead letters.")
            return
        ids = tuple(each.id for each in found)
        if found and not yes:
            deed, veil = f"replay {_number(operator, found)}", Veil(config=operator.config)
            only_planned(ctx, deed, found, veil, for_programs=as_json)
    one_by_one(ctx, ids, lambda each: f"replayed as {operator.replay(each).id}", for_programs=as_json)
    if not as_json:
        hint("ekiden status")


@dead.command("drop", epilog=example("ekiden dead drop 01JDXXXXXXXXXXXXXXXXXXXXXX.1 --yes"))
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@confirmed
@placed
@as_json
@click.pass_context
def drop(ctx: click.Context, *, ids: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """
    Give dead letters up for good. They stay on record, as dropped.
    """
    operator = ctx.obj.relay().operator
    found = picked(operator, ids, State.DEAD)
    if not yes:
        deed, veil = f"drop {amount(len(found), 'dead letter')}", Veil(config=operator.config)
        only_planned(ctx, deed, found, veil, for_programs=as_json)
    one_by_one(ctx, ids, lambda each: str(operator.drop(each).state), for_programs=as_json)


@dead.command("export", epilog=example("ekiden dead export dead.csv", "ekiden dead export dead.csv --reveal --yes"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@revealing
@confirmed
@placed
@as_json
@click.pass_context
def export(ctx: click.Context, *, file: Path, reveal: bool, yes: bool, as_json: bool) -> None:
    """
    Write all dead letters to FILE, as CSV that Excel opens.

    It is UTF-8 with a byte order mark. Personal values are in it only with --reveal. A cell that Excel would run as a
    formula gets an apostrophe before it.
    """
    operator = ctx.obj.relay().operator
    found = operator.listed(State.DEAD, limit=sheet.ROWS_MAX)
    there = file.exists() and not yes
    if as_json and (not found or there):
        data({"file": str(file), "dead_letters": len(found), "written": False})
    elif not found:
        say("There are no dead letters; no file was written.")
    elif there:
        say(f"{file} is there already. Nothing was written; give --yes to write over it.", style="yellow")
    if not found:
        return
    if there:
        ctx.exit(NOT_DONE)
    if reveal:
        operator.note_reveal(*(each.id for each in found))
    sheet.write(file, found, Veil(config=operator.config, lifted=reveal))
    if as_json:
        data({"file": str(file), "dead_letters": len(found), "written": True})
        return
    say(f"Wrote {amount(len(found), 'dead letter')} to {file}.")


# ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _number(operator: Operator, found: Sequence[Delivery]) -> str:
    there = operator.count(State.DEAD)
    more = f" of {there:,}" if there > len(found) else ""
    return f"{len(found):,}{more} dead letter{'' if len(found) == 1 and not more else 's'}"


def _fixing(delivery: Delivery, config: Config) -> str:
    """
    The command that fixes a dead letter, with the fields that its reason names.
    """
    faulty = [name for name in names_of(config, delivery) if f"; {name}: " in f"; {delivery.reason}"]
    return f"ekiden dead fix {delivery.id} " + (" ".join(f"{_shell(name)}=VALUE" for name in faulty) or "FIELD=VALUE")


def _shell(name: str) -> str:
    """
    A name as a shell takes it: in quotes only where it needs them.
    """
    return quote(name) if re.search(r"[^\w:.@%+-]", name) else name


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f'"{text}" is no FIELD=VALUE. Write it like last_name=吉田')
    return name, value


def _check_names(given: dict[str, str], known: list[str]) -> None:
    for name in given:
        if name not in known:
            raise click.UsageError(f'"{name}" is no field of this delivery. {suggestion(name, known)}')


def _show_change(old: Delivery, given: dict[str, str], veil: Veil) -> None:
    title("fixed")
    made = table("field", "before", "after")
    for name, value in given.items():
        before = veil.value(old, name, old.payload.get(name, ""))
        made.add_row(Text(plain(name)), Text(plain(before or "(blank)")), Text(plain(value or "(blank)")))
    show(made)
