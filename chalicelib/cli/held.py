"""
Held work: deliveries that a person must judge, and batch keys that a vendor refused as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from chalicelib.cli.deliveries import as_json as delivery_json
from chalicelib.cli.deliveries import one_by_one, only_planned, picked, rows, show_one
from chalicelib.cli.screen import data, facts, hint, say, show, stacked, table, title
from chalicelib.cli.tools import Doors, Tools, as_json, confirmed, example, placed, revealing
from chalicelib.cli.veil import Veil
from chalicelib.cli.words import amount, plain
from chalicelib.model import LaneKey, State

if TYPE_CHECKING:
    from chalicelib.relay.operating import Operator

LISTED = 50
NOT_DONE = 1
BISECT_CALLS = 8
"""
How many calls a search for the row at fault may cost: 2 to the 8th rows are told apart.
"""

Held = tuple[str, LaneKey, int]


@click.group(cls=Doors, epilog=example("ekiden held list", "ekiden held release 01JDXXXXXXXXXXXXXXXXXXXXXX.1"))
@placed
def held() -> None:
    """
    Look at held deliveries and batch keys; release or drop them.
    """


@held.command("list", epilog=example("ekiden held list", "ekiden held list --json"))
@click.option("--limit", default=LISTED, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@placed
@as_json
@click.pass_obj
def list_held(tools: Tools, *, limit: int, as_json: bool) -> None:
    """
    List held batch keys, then held deliveries, the oldest first.
    """
    operator = tools.relay().operator
    keys, found = operator.held_keys(), operator.listed(State.HELD, limit=limit)
    veil = Veil(config=operator.config)
    if as_json:
        data(
            {
                "keys": [_key_json(each, veil) for each in keys],
                "deliveries": [delivery_json(each, veil) for each in found],
            },
        )
        return
    if not keys and not found:
        say("Nothing is held.")
        return
    if keys:
        _show_keys(keys, veil)
    if found:
        title("held deliveries")
        show(rows(found, veil))
        there = operator.count(State.HELD)
        if there > len(found):
            say(f"\n{len(found):,} of {there:,}; see more with --limit")
        first = found[0].id
        hint(f"ekiden held show {first}", f"ekiden held release {first}", f"ekiden held drop {first}")


@held.command(
    "show",
    epilog=example(
        "ekiden held show 01JDXXXXXXXXXXXXXXXXXXXXXX.1 --reveal",
        "ekiden held show haihaimail-acme-import/0f1e2d3c4b5a",
    ),
)
@click.argument("name", metavar="ID|LANE/KEY")
@revealing
@placed
@as_json
@click.pass_obj
def show_held(tools: Tools, *, name: str, reveal: bool, as_json: bool) -> None:
    """
    Show one held delivery, or one held batch key.
    """
    operator = tools.relay().operator
    if "/" in name:
        _show_key(operator, name, for_programs=as_json)
        return
    found = show_one(operator, name, reveal=reveal, for_programs=as_json)
    if as_json:
        return
    say("")
    if not reveal:
        hint(f"ekiden held show {found.id} --reveal")
    if found.state is State.HELD:
        hint(f"ekiden held release {found.id}", f"ekiden held drop {found.id}")
    hint(f"ekiden submission {found.event_id}")


@held.command(
    "release",
    epilog=example(
        "ekiden held release 01JDXXXXXXXXXXXXXXXXXXXXXX.1",
        "ekiden held release haihaimail-acme-import/0f1e2d3c4b5a",
    ),
)
@click.argument("names", metavar="ID|LANE/KEY...", nargs=-1, required=True)
@placed
@as_json
@click.pass_context
def release(ctx: click.Context, *, names: tuple[str, ...], as_json: bool) -> None:
    """
    Let held deliveries go; send a held key's rows again.

    What could not be understood is read again by today's relay.toml.

    Mend relay.toml (and deploy), or the vendor's screen, before a key is released: the same file would be refused.
    """
    operator = ctx.obj.relay().operator
    one_by_one(ctx, names, lambda each: _release(operator, each), for_programs=as_json)
    if not as_json:
        hint("ekiden status")


@held.command("bisect", epilog=example("ekiden held bisect haihaimail-acme-import/0f1e2d3c4b5a"))
@click.argument("name", metavar="LANE/KEY")
@placed
@as_json
@click.pass_obj
def bisect(tools: Tools, *, name: str, as_json: bool) -> None:
    """
    Search a held key's rows for the one at fault, by halves.

    It becomes a dead letter. The search costs at most 8 calls of the quota. Where the settings are at fault, every row
    it tries alone becomes a dead letter: mend them first.
    """
    operator = tools.relay().operator
    lane, key, waiting = _key(operator, name)
    operator.release_key(lane, key.name, bisect_calls=BISECT_CALLS)
    if as_json:
        data({"key": name, "rows": waiting, "calls_max": BISECT_CALLS})
        return
    say(f"Searching {amount(waiting, 'row')} of {name}, with at most {BISECT_CALLS} calls.")
    hint("ekiden status", "ekiden dead list")


@held.command("let-go", epilog=example("ekiden held let-go haihaimail-acme-import --yes"))
@click.argument("lane")
@confirmed
@placed
@as_json
@click.pass_context
def let_go(ctx: click.Context, *, lane: str, yes: bool, as_json: bool) -> None:
    """
    End LANE's open call without an answer; its rows go again.

    For a file that Ekiden cannot finish. The vendor may have it: then it gets the same rows twice, which does no harm
    at 配配メール; at a service of your own ask first.
    """
    operator = ctx.obj.relay().operator
    if not yes:
        call = operator.lane_status(lane).state.call
        if as_json:
            data({"lane": lane, "call": call.id if call else None, "rows": call.rows if call else 0, "done": False})
            ctx.exit(NOT_DONE)
        say(f"would end call {call.id} of {amount(call.rows, 'row')}" if call else f"Lane {lane} has no open call.")
        say("Nothing was done; to do it, give --yes.", style="yellow")
        ctx.exit(NOT_DONE)
    rows_let_go = operator.let_go(lane)
    if as_json:
        data({"lane": lane, "rows": rows_let_go, "done": True})
        return
    say(f"{amount(rows_let_go, 'row')} wait for another call.")
    hint("ekiden status")


@held.command(
    "drop",
    epilog=example(
        "ekiden held drop 01JDXXXXXXXXXXXXXXXXXXXXXX.1 --yes",
        "ekiden held drop haihaimail-acme-import/0f1e2d3c4b5a --yes",
    ),
)
@click.argument("names", metavar="ID|LANE/KEY...", nargs=-1, required=True)
@confirmed
@placed
@as_json
@click.pass_context
def drop(ctx: click.Context, *, names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """
    Give held deliveries, or all rows of a held key, up for good.

    They stay on record, as dropped. The key itself stays held until it is released.
    """
    operator = ctx.obj.relay().operator
    keys = [_key(operator, each) for each in dict.fromkeys(names) if "/" in each]
    found = picked(operator, [each for each in names if "/" not in each], State.HELD)
    if not yes:
        parts = [amount(len(found), "held delivery", "held deliveries")] if found or not keys else []
        parts += [f"{amount(waiting, 'row')} of {lane}/{key.name}" for lane, key, waiting in keys]
        only_planned(ctx, f"drop {' and '.join(parts)}", found, Veil(config=operator.config), for_programs=as_json)
    one_by_one(ctx, names, lambda each: _drop(operator, each), for_programs=as_json)


# ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _release(operator: Operator, name: str) -> str:
    if "/" in name:
        lane, key, waiting = _key(operator, name)
        moved = operator.release_key(lane, key.name)
        anew = f", {amount(moved, 'row')} of them mapped anew by today's relay.toml" if moved else ""
        return f"{amount(waiting, 'row')} will be sent again{anew}"
    released = operator.release(name)
    return ", ".join(f"released as {each.id}" for each in released) or "its file is read again"


def _drop(operator: Operator, name: str) -> str:
    if "/" in name:
        lane, key, _ = _key(operator, name)
        return f"{amount(operator.drop_key(lane, key.name), 'row')} dropped"
    return str(operator.drop(name).state)


def _key(operator: Operator, name: str) -> Held:
    """
    The held key of that name. Raises OperatorError where there is none.
    """
    from chalicelib.relay.viewing import OperatorError  # noqa: PLC0415 - loads the relay

    lane, _, key = name.partition("/")
    found = next((each for each in operator.held_keys() if (each[0], each[1].name) == (lane, key)), None)
    if found is None:
        raise OperatorError(f"No key {name} is held. See: ekiden held list")
    return found


def _show_keys(keys: list[Held], veil: Veil) -> None:
    title("held batch keys: their settings are at fault, not their rows")
    made = table("lane/key", "rows", "for what, and why", whole=(0,), apart=1)
    for lane, key, waiting in keys:
        reason = Text(plain(veil.words(key.held_reason)))
        made.add_row(f"{lane}/{key.name}", f"{waiting:,}", stacked(_what(key), reason))
    show(made)
    lane, key, _ = keys[0]
    name = f"{lane}/{key.name}"
    hint(f"ekiden held show {name}", f"ekiden held release {name}", f"ekiden held bisect {name}")
    say("")


def _show_key(operator: Operator, name: str, *, for_programs: bool) -> None:
    found = _key(operator, name)
    veil = Veil(config=operator.config)
    if for_programs:
        data(_key_json(found, veil))
        return
    _, key, waiting = found
    show(Text.assemble((name, "bold"), "  ", ("held", "yellow")))
    settings = "\n".join(f"{setting} = {value}" for setting, value in key.settings.items())
    pairs: dict[str, str | Text] = {
        "for": _what(key),
        "reason": veil.words(key.held_reason),
        "rows waiting": f"{waiting:,}",
        "settings": settings,
    }
    show(facts(pairs))
    say("\nMend relay.toml (and deploy it) or the vendor's screen; then release the key.")
    hint(f"ekiden held release {name}", f"ekiden held bisect {name}")


def _what(key: LaneKey) -> str:
    return f"{key.destination} {key.operation}"


def _key_json(found: Held, veil: Veil) -> dict[str, Any]:
    lane, key, waiting = found
    return {
        "lane": lane,
        "key": key.name,
        "destination": key.destination,
        "operation": key.operation,
        "settings": dict(key.settings),
        "reason": veil.words(key.held_reason),
        "waiting": waiting,
    }
