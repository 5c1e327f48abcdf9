"""
The audit trail: who did what, and when.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from chalicelib.cli.screen import data, hint, say, show, stacked, table
from chalicelib.cli.times import Moment, at
from chalicelib.cli.tools import Tools, as_json, example, placed
from chalicelib.cli.words import iso, plain, second

LISTED = 50
IDS_SHOWN = 3


@click.command(epilog=example("ekiden audit", "ekiden audit --since 7d --json"))
@click.option("--since", type=Moment(), help="Not before: 2026-11-21, 2026-11-21T10:00 or 3h (ago).")
@click.option("--until", type=Moment(end=True), help="Not after; written as --since.")
@click.option("--limit", default=LISTED, show_default=True, type=click.IntRange(1, 1_000), help="At most so many.")
@click.option("--cursor", default="", help="Where the page before ended; it is printed there.")
@placed
@as_json
@click.pass_obj
def audit(
    tools: Tools,
    *,
    since: datetime | timedelta | None,
    until: datetime | timedelta | None,
    limit: int,
    cursor: str,
    as_json: bool,
) -> None:
    """
    List what operators did, the newest first.

    Kept for 400 days: pauses, replays, drops, reveals, erasures, with who it was. No personal data is in it.
    """
    relay = tools.relay()
    now = relay.now()
    page = relay.operator.audit(limit=limit, cursor=cursor, since=at(since, now), until=at(until, now))
    if as_json:
        found = [
            {
                "id": each.id,
                "at": iso(each.at),
                "by": each.by,
                "deed": each.deed,
                "on": list(each.on),
                "why": each.why,
                "numbers": each.numbers,
            }
            for each in page.found
        ]
        data({"found": found, "cursor": page.cursor})
        return
    if not page.found:
        say("Nothing is on record.")
        return
    made = table("time (JST)", "who", "what, and on what", whole=(0,))
    for each in page.found:
        more = f" and {len(each.on) - IDS_SHOWN} more" if len(each.on) > IDS_SHOWN else ""
        numbers = ", ".join(f"{number:,} {name}" for name, number in each.numbers.items() if number)
        told = "; ".join(filter(None, (", ".join(each.on[:IDS_SHOWN]) + more, each.why, numbers)))
        made.add_row(second(each.at), plain(each.by), stacked(each.deed, told))
    show(made)
    if page.cursor:
        hint(f"the same command with --cursor {page.cursor}")
