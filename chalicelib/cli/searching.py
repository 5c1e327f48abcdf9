"""
Finding submissions, and the first look at them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from chalicelib.adapters.journal import mask
from chalicelib.cli.deliveries import state_text
from chalicelib.cli.screen import data, hint, say, show, stacked, table
from chalicelib.cli.times import Moment, at
from chalicelib.cli.tools import Tools, as_json, example, placed
from chalicelib.cli.words import iso, minute, plain
from chalicelib.model import State

if TYPE_CHECKING:
    from chalicelib.relay.searching import Found, Page

LISTED = 25
REASON_CHARS_MAX = 120


@click.command(
    epilog=example(
        "ekiden search taro@example.co.jp",
        "ekiden search --source contact --since 2d",
        "ekiden search --state dead --since 2026-11-21 --json",
    ),
)
@click.argument("address", default="")
@click.option("--source", default="", help="Only what came from this source.")
@click.option("--state", type=click.Choice([str(each) for each in State]), help="Only with a delivery in this state.")
@click.option("--since", type=Moment(), help="Not before: 2026-11-21, 2026-11-21T10:00 or 3h (ago).")
@click.option("--until", type=Moment(end=True), help="Not after; written as --since.")
@click.option("--limit", default=LISTED, show_default=True, type=click.IntRange(1, 100), help="At most so many.")
@click.option("--cursor", default="", help="Where the page before ended; it is printed there.")
@placed
@as_json
@click.pass_obj
def search(  # noqa: PLR0913 - one argument for each option
    tools: Tools,
    *,
    address: str,
    source: str,
    state: str | None,
    since: datetime | timedelta | None,
    until: datetime | timedelta | None,
    limit: int,
    cursor: str,
    as_json: bool,
) -> None:
    """
    Find submissions by ADDRESS, source, state or time.

    The newest come first. ADDRESS is the person's mail address (its keyed digest is looked up) or a submission's id.
    """
    relay = tools.relay()
    now = relay.now()
    if address and "@" not in address:
        page = _by_id(tools, address)
    else:
        from chalicelib.relay.searching import Wanted  # noqa: PLC0415 - loads the relay

        wanted = Wanted(
            address=address,
            source=source,
            state=State(state) if state else None,
            since=at(since, now),
            until=at(until, now),
        )
        page = relay.operator.search(wanted, limit=limit, cursor=cursor)
    if as_json:
        data({"found": [_as_json(each) for each in page.found], "cursor": page.cursor})
        return
    _show(page)


def _by_id(tools: Tools, name: str) -> Page:
    from chalicelib.relay.searching import Page, summary  # noqa: PLC0415 - loads the relay

    story = tools.relay().operator.story(name)
    found = (summary(story.event, story.deliveries),) if story.event else ()
    return Page(found=found, cursor="", looked_at=1)


def _show(page: Page) -> None:
    if not page.found:
        say("Nothing was found." if not page.cursor else "Nothing was found so far.")
    else:
        made = table("id and time (JST)", "what came", "deliveries", whole=(0,), apart=1)
        for each in page.found:
            came = stacked(f"{each.source} {each.kind}", each.address or "(no address)")
            made.add_row(stacked(each.event_id, minute(each.arrived_at)), came, _deliveries(each))
        show(made)
        say("")
        hint(f"ekiden story {page.found[0].event_id}")
    if page.cursor:
        hint(f"the same command with --cursor {page.cursor}")


def _deliveries(found: Found) -> Text:
    lines = []
    for each in found.deliveries:
        way = f" {each.destination or '(not understood)'} {each.operation}".rstrip()
        line = Text.assemble(state_text(each.state), plain(way))
        if each.reason and each.state in {State.DEAD, State.HELD, State.UNCERTAIN, State.WAITING}:
            line = stacked(line, plain(mask(each.reason))[:REASON_CHARS_MAX])
        lines.append(line)
    return Text("\n").join(lines)


def _as_json(found: Found) -> dict[str, Any]:
    return {
        "id": found.event_id,
        "source": found.source,
        "kind": found.kind,
        "arrived_at": iso(found.arrived_at),
        "address": found.address,
        "deliveries": [
            {
                "id": each.id,
                "destination": each.destination,
                "operation": each.operation,
                "state": str(each.state),
                "reason": mask(each.reason),
                "at": iso(each.at),
            }
            for each in found.deliveries
        ],
    }
