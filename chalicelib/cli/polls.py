"""
Polls: how far each list has been read, when it is asked next, why it stands still; and asking it now.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from chalicelib.adapters.journal import mask
from chalicelib.cli.screen import data, hint, say, show, stacked, table
from chalicelib.cli.tools import Doors, Tools, as_json, example, placed
from chalicelib.cli.words import amount, iso, minute

if TYPE_CHECKING:
    from chalicelib.model import Poll, PollState
    from chalicelib.relay.polling import Polls


@click.group(
    cls=Doors,
    invoke_without_command=True,
    epilog=example("ekiden polls", "ekiden --stage prod polls --json", "ekiden polls run stopped"),
)
@placed
@as_json
@click.pass_context
def polls(ctx: click.Context, *, as_json: bool) -> None:
    """
    Show what vendors are asked for: last run, how far, next run.

    Below: why a poll stands still, and the way out.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.obj or Tools(), as_json=as_json)


@polls.command(epilog=example("ekiden polls run stopped"))
@click.argument("name")
@placed
@as_json
@click.pass_obj
def run(tools: Tools, *, name: str, as_json: bool) -> None:
    """
    Ask for NAME now, whatever it waits for.

    Quota and pace hold as always.
    """
    tools.relay().polls.run_now(name)
    if as_json:
        data({"poll": name, "asked": True})
        return
    say(f"{name} is asked as soon as its lane allows.")
    hint("ekiden polls")


def _list(tools: Tools, *, as_json: bool) -> None:
    relay = tools.relay()
    known, now = relay.polls, relay.now()
    found = known.states()
    if as_json:
        data({"at": iso(now), "polls": [_as_json(each, known) for each in found]})
        return
    if not found:
        say("relay.toml has no poll: no source asks for anything.")
        return
    made = table("poll", "last run (JST)", "rows", "next run (JST)", whole=(0, 1, 3), apart=1)
    for each in found:
        made.add_row(
            stacked(each.source, known.label(each.source)),
            _last(each),
            stacked(f"{each.rows:,}", f"{each.taken:,} new"),
            _next(each, known.poll(each.source), now),
        )
    show(made)
    for each in found:
        if each.reason:
            say(mask(f"\n{each.source} stands still: {each.reason}"), style="yellow")
            if each.reply:
                say(f"The answer began: {each.reply}")
            hint(f"ekiden polls run {each.source}")


def _last(found: PollState) -> Text:
    if found.done_at is None:
        return Text("never", style="dim")
    return stacked(minute(found.done_at), f"read up to {minute(found.watermark)}")


def _next(found: PollState, poll: Poll, now: datetime) -> Text:
    if found.owner and found.lease_until and found.lease_until > now:
        return Text("asking now", style="cyan")
    when = "at once" if found.next_at is None or found.next_at <= now else minute(found.next_at)
    every = f"every {poll.every_seconds // 60} min"
    failed = f", {amount(found.failures, 'failure')}" if found.failures else ""
    return stacked(when, Text(every + failed, style="red" if failed else "dim"))


def _as_json(found: PollState, known: Polls) -> dict[str, Any]:
    poll = known.poll(found.source)
    return {
        "poll": found.source,
        "asks_for": poll.retrieval,
        "destination": poll.destination,
        "lane": poll.lane,
        "every_seconds": poll.every_seconds,
        "last_run_at": iso(found.done_at),
        "watermark": iso(found.watermark),
        "rows": found.rows,
        "new": found.taken,
        "next_run_at": iso(found.next_at),
        "failures": found.failures,
        "stands_still": mask(found.reason) or None,
        "reply": found.reply or None,
        "under_way": found.progress is not None,
    }
