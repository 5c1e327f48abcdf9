"""
Deeds on many: what a filter means, what it costs, and doing it with progress.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from chalicelib.adapters.journal import mask
from chalicelib.cli.screen import data, hint, say, show, table, title, warn
from chalicelib.cli.times import Moment, at
from chalicelib.cli.tools import NOT_DONE, as_json, confirmed, example, placed
from chalicelib.cli.words import amount, first_line, plain
from chalicelib.model import State

if TYPE_CHECKING:
    from chalicelib.relay.replaying import Done, Plan

REFUSED_SHOWN = 10
TOLD_EVERY = 100
CHARS_MAX = 200


@click.command(
    epilog=example(
        "ekiden replay --source contact --reason last_name --dry-run",
        "ekiden replay --to satori --since 2026-11-21 --yes",
        "ekiden replay --held --reason ceiling --drop --yes",
    ),
)
@click.option("--source", default="", help="Only what came from this source.")
@click.option("--to", "destination", default="", help="Only what goes to this destination.")
@click.option("--reason", default="", help="Only those whose reason contains this.")
@click.option("--since", type=Moment(), help="Dead (or held) not before: 2026-11-21, 2026-11-21T10:00 or 3h (ago).")
@click.option("--until", type=Moment(end=True), help="Not after; written as --since.")
@click.option("--all", "everything", is_flag=True, help="Every one; instead of a filter.")
@click.option("--held", is_flag=True, help="Held deliveries instead of dead letters; they are released.")
@click.option("--drop", is_flag=True, help="Give them up for good instead.")
@click.option("--dry-run", is_flag=True, help="Show the plan and its price only; the exit status is 0.")
@confirmed
@placed
@as_json
@click.pass_context
def replay(  # noqa: PLR0913 - one argument for each option
    ctx: click.Context,
    *,
    source: str,
    destination: str,
    reason: str,
    since: datetime | timedelta | None,
    until: datetime | timedelta | None,
    everything: bool,
    held: bool,
    drop: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Replay dead letters by a filter; the price comes first.

    They are mapped by today's relay.toml, at most 1,000 at once. The price is in calls of each lane's quota. Each is
    done by itself: one that has changed meanwhile is told, and stays.
    """
    given = any((source, destination, reason, since, until))
    if given == everything:
        raise click.UsageError("Name which: --source, --to, --reason, --since, --until; or give --all.")
    from chalicelib.relay.replaying import Filter  # noqa: PLC0415 - loads the relay

    relay = ctx.obj.relay()
    now, replayer = relay.now(), relay.replayer()
    wanted = Filter(
        state=State.HELD if held else State.DEAD,
        source=source,
        destination=destination,
        reason=reason,
        since=at(since, now),
        until=at(until, now),
    )
    plan = replayer.plan(wanted, "drop" if drop else "replay")
    if not as_json:
        _show_plan(plan)
    if dry_run or not yes or not plan.ids:
        _end_planned(ctx, plan, for_programs=as_json, meant=dry_run)
        return
    done = replayer.carry_out(plan, progress=_Progress(len(plan.ids)).hear)
    _end_done(ctx, plan, done, for_programs=as_json)


class _Progress:
    """
    How far it is, on standard error, every so many.
    """

    def __init__(self, whole: int) -> None:
        self._whole, self._done = whole, 0

    def hear(self, _done: Done) -> None:
        self._done += 1
        if self._done % TOLD_EVERY == 0 and self._done < self._whole:
            warn(f"{self._done:,} of {self._whole:,}")


def _show_plan(plan: Plan) -> None:
    what = {State.DEAD: ("dead letter", "dead letters"), State.HELD: ("held delivery", "held deliveries")}[plan.state]
    deed = "drop" if plan.deed == "drop" else "release" if plan.state is State.HELD else "replay"
    title(f"Would {deed} {amount(len(plan.ids), *what)}{' (there are more, for another time)' if plan.more else ''}")
    if plan.prices:
        made = table("lane", "deliveries", "calls, about", "left today", whole=(0,))
        for each in plan.prices:
            left = "no daily limit" if each.left is None else f"{each.left:,}"
            short = each.left is not None and each.calls > each.left
            made.add_row(
                each.lane, f"{each.deliveries:,}", f"{each.calls:,}", Text(left, style="bold red" if short else "")
            )
        show(made)
    if plan.refused:
        say(f"\n{amount(len(plan.refused), 'other')} would be refused again, and stay:", style="yellow")
        for name, why in plan.refused[:REFUSED_SHOWN]:
            say(f"  {name}  {plain(mask(first_line(why)))[:CHARS_MAX]}")


def _end_planned(ctx: click.Context, plan: Plan, *, for_programs: bool, meant: bool) -> None:
    if for_programs:
        data({**_plan_json(plan), "done": False})
    elif plan.ids:
        say("\nNothing was done. To do it, give the same command with --yes.", style="yellow")
    if plan.ids and not meant:
        ctx.exit(NOT_DONE)


def _end_done(ctx: click.Context, plan: Plan, done: Sequence[Done], *, for_programs: bool) -> None:
    failed = [each for each in done if each.error]
    if for_programs:
        results = [{"id": each.id, "became": each.became, "error": mask(each.error)} for each in done]
        data({**_plan_json(plan), "done": True, "results": results})
    else:
        for each in failed:
            say(f"{each.id} stayed: {plain(mask(first_line(each.error)))}", style="red")
        say(f"\n{len(done) - len(failed):,} of {amount(len(done), 'delivery', 'deliveries')} done.")
        hint("ekiden status")
    if failed:
        ctx.exit(NOT_DONE)


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "deed": plan.deed,
        "state": str(plan.state),
        "ids": list(plan.ids),
        "more": plan.more,
        "price": [
            {"lane": each.lane, "deliveries": each.deliveries, "calls": each.calls, "left": each.left}
            for each in plan.prices
        ],
        "refused": [{"id": name, "reason": mask(first_line(why))} for name, why in plan.refused],
    }
