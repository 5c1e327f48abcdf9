"""
The outlook of the lanes, and the picture of a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from chalicelib.adapters.journal import mask
from chalicelib.cli.screen import bar, data, say, show, stacked, table, title
from chalicelib.cli.tools import Tools, as_json, example, placed
from chalicelib.cli.words import amount, iso, minute, span
from chalicelib.planning.windows import JST

if TYPE_CHECKING:
    from chalicelib.planning.forecast import Forecast
    from chalicelib.relay.daily import DayPicture

BARS = " ▁▂▃▄▅▆▇█"


@click.command(epilog=example("ekiden forecast", "ekiden forecast --json"))
@placed
@as_json
@click.pass_obj
def forecast(tools: Tools, *, as_json: bool) -> None:
    """
    Tell when each lane's calls run out, and its backlog ends.

    The pace is that of the last sixty minutes.
    """
    relay = tools.relay()
    found, now = relay.operator.forecast(), relay.now()
    if as_json:
        data({"at": iso(now), "lanes": [_forecast_json(each) for each in found]})
        return
    if not found:
        say("relay.toml has no lane: no destination is configured.")
        return
    made = table("lane", "quota", "pace", "backlog", whole=(0,), apart=1)
    for each in found:
        made.add_row(
            stacked(each.lane, f"today {spark(each.calls_by_hour)}"), _quota(each), _pace(each, now), _backlog(each)
        )
    show(made)
    for each in found:
        if each.empty_at and each.empty_at > now:
            say(f"\n{each.lane}: at this pace empty at {_clock(each.empty_at, now)}.", style="yellow")
        elif each.empty_at:
            say(f"\n{each.lane}: used up until {minute(each.resets_at)} JST; what comes waits.", style="bold red")
        if each.drift_at:
            words = "the vendor refused a call although our books had room: another program uses the account"
            say(f"\n{each.lane}: drift at {minute(each.drift_at)}; {words}.", style="yellow")


@click.command(epilog=example("ekiden day", "ekiden day 2026-11-21 --json"))
@click.argument("day", default="", metavar="[DATE]")
@placed
@as_json
@click.pass_obj
def day(tools: Tools, *, day: str, as_json: bool) -> None:
    """
    Show a day by its hours: what came, calls, waits.

    DATE is a day in Tokyo, as 2026-11-21; today without it.
    """
    picture = tools.relay().operator.day(_date(day))
    if as_json:
        data(_day_json(picture))
        return
    title(f"{picture.day} in Tokyo, 0 to 24 o'clock")
    came = table("source", "came", "by hour", whole=(0, 2))
    for source in picture.sources:
        came.add_row(source.source, f"{sum(source.came):,}", spark(source.came))
    show(came)
    say("")
    calls = table("lane", "calls", "by hour", "longest wait", whole=(0, 2))
    for lane in picture.lanes:
        longest = span(max(lane.waits)) if any(lane.waits) else "none"
        calls.add_row(lane.lane, f"{sum(lane.calls):,}", spark(lane.calls), longest)
    show(calls)


def spark(numbers: Sequence[int]) -> str:
    """
    Numbers as a row of bars, the highest as high as can be; nothing is blank, and little is never nothing.

    >>> spark([0, 1, 8])
    ' ▁█'
    """
    top = max(numbers, default=0)
    return "".join(BARS[-(-number * (len(BARS) - 1) // top)] if top else BARS[0] for number in numbers)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise click.UsageError(f'"{text}" is no day. Write it like 2026-11-21') from error


def _quota(found: Forecast) -> Text:
    if not found.limit:
        return Text("no daily limit", style="dim")
    kept = f", {found.reserved:,} kept" if found.reserved else ""
    counted = Text.assemble(f"{found.used:,} of {found.limit:,} used\n", (f"{found.left:,} left{kept}", "dim"))
    return Text.assemble(bar(found.used, found.reserved, found.limit), "\n", counted)


def _pace(found: Forecast, now: datetime) -> Text:
    pace = f"{found.calls_an_hour:g} an hour"
    if not found.limit:
        return Text(pace)
    if found.empty_at is None:
        return stacked(pace, "lasts today")
    if found.empty_at <= now:
        return stacked(pace, Text("used up", style="bold red"))
    return stacked(pace, Text(f"empty {_clock(found.empty_at, now)}", style="yellow"))


def _backlog(found: Forecast) -> Text:
    if not found.waiting:
        return Text("none", style="dim")
    needed = f"{found.waiting:,} in {amount(found.calls_needed, 'call')}"
    if found.blocked:
        return stacked(needed, Text(f"paused: {mask(found.blocked)}", style="red"))
    return stacked(needed, f"by {minute(found.done_at)}" if found.done_at else "no end in sight")


def _clock(at: datetime, now: datetime) -> str:
    """
    A time of today in Tokyo by the clock, another one whole.
    """
    local = at.astimezone(JST)
    return f"{local:%H:%M} JST" if local.date() == now.astimezone(JST).date() else f"{minute(at)} JST"


def _forecast_json(found: Forecast) -> dict[str, Any]:
    return {
        "lane": found.lane,
        "limit": found.limit,
        "used": found.used,
        "left": found.left,
        "reserved": found.reserved,
        "resets_at": iso(found.resets_at),
        "calls_by_hour": list(found.calls_by_hour),
        "calls_an_hour": found.calls_an_hour,
        "empty_at": iso(found.empty_at),
        "waiting": found.waiting,
        "calls_needed": found.calls_needed,
        "done_at": iso(found.done_at),
        "blocked": mask(found.blocked) or None,
        "drift_at": iso(found.drift_at),
    }


def _day_json(picture: DayPicture) -> dict[str, Any]:
    return {
        "day": picture.day.isoformat(),
        "hours": picture.hours,
        "sources": [{"source": each.source, "came": list(each.came)} for each in picture.sources],
        "lanes": [
            {"lane": each.lane, "calls": list(each.calls), "longest_wait_seconds": list(each.waits)}
            for each in picture.lanes
        ],
    }
