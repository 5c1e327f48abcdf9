"""
Lanes: how they stand, and pause, resume, ring.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from chalicelib.adapters.journal import mask
from chalicelib.cli.screen import bar, data, hint, say, show, stacked, table
from chalicelib.cli.tools import Tools, as_json, example, placed
from chalicelib.cli.words import amount, iso, minute, plain, span
from chalicelib.model import Lane, State

if TYPE_CHECKING:
    from chalicelib.relay import Relay
    from chalicelib.relay.viewing import LaneStatus

BY_HAND = "paused by an operator"


@click.command(epilog=example("ekiden status", "ekiden status --watch", "ekiden --stage prod status --json"))
@click.option("--watch", "watched", is_flag=True, help="Look again every five seconds, until Ctrl-C.")
@placed
@as_json
@click.pass_obj
def status(tools: Tools, *, watched: bool, as_json: bool) -> None:
    """
    Show every lane: quota, pace, waiting, next call, state.

    Below: what stops a lane and the way out, and how many deliveries are dead or held. Quotas are those of the current
    window; days are Tokyo's.
    """
    relay = tools.relay()
    if watched:
        if as_json:
            raise click.UsageError("--watch is for people; programs call: ekiden status --json")
        from chalicelib.cli.watching import watch  # noqa: PLC0415 - a live screen, only where it is wanted

        watch(lambda: _look(relay), tools.pause)
        return
    found, now = relay.operator.status(), relay.now()
    dead, held = relay.operator.count(State.DEAD), relay.operator.count(State.HELD)
    if as_json:
        data({"at": iso(now), "lanes": [_as_json(each, now) for each in found], "dead": dead, "held": held})
        return
    wait_max = relay.operator.config.alarms.wait_seconds_max
    _show_lanes(found, now, wait_max)
    for each in found:
        for text, command in _stops(each, now):
            say(mask(text), style="yellow")
            hint(command)
    _show_counts(dead, held)


@click.command(epilog=example("ekiden pause satori-satori --reason 'maintenance at the vendor'"))
@click.argument("lane")
@click.option("--reason", default=BY_HAND, show_default=True, help="Shown in the status.")
@placed
@as_json
@click.pass_obj
def pause(tools: Tools, *, lane: str, reason: str, as_json: bool) -> None:
    """
    Make no calls on LANE until it is resumed. What comes meanwhile waits; nothing is lost.
    """
    # A pause without a reason would be none: the reason is what stops the lane.
    reason = reason.strip() or BY_HAND
    tools.relay().operator.pause(lane, reason)
    if as_json:
        data({"lane": lane, "paused": mask(reason)})
        return
    say(f"{lane} is paused: {reason}")
    hint(f"ekiden resume {lane}")


@click.command(epilog=example("ekiden resume satori-satori"))
@click.argument("lane")
@placed
@as_json
@click.pass_obj
def resume(tools: Tools, *, lane: str, as_json: bool) -> None:
    """
    Make calls on LANE again, at once: neither paused nor closed.
    """
    tools.relay().operator.resume(lane)
    if as_json:
        data({"lane": lane, "paused": None})
        return
    say(f"{lane} makes calls again.")
    hint("ekiden status")


@click.command(epilog=example("ekiden ring", "ekiden ring satori-satori"))
@click.argument("lane", default="")
@placed
@as_json
@click.pass_obj
def ring(tools: Tools, *, lane: str, as_json: bool) -> None:
    """
    Wake LANE, or every lane, without waiting for the minute.

    Quota and pace hold as always.
    """
    rung = tools.relay().operator.ring(lane)
    if as_json:
        data({"rung": rung})
        return
    say(f"Rung: {', '.join(rung)}" if rung else "relay.toml has no lane: nothing to ring.")
    hint("ekiden status")


# ── showing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _look(relay: Relay) -> tuple[datetime, Group]:
    """
    The whole status as one thing to show.
    """
    found, now = relay.operator.status(), relay.now()
    parts: list[Table | Text] = [_lanes(found, now, relay.operator.config.alarms.wait_seconds_max)]
    parts += [Text(plain(mask(words)), style="yellow") for each in found for words, _ in _stops(each, now)]
    counts = {state: relay.operator.count(state) for state in (State.DEAD, State.HELD)}
    told = ", ".join(f"{number:,} {state}" for state, number in counts.items())
    parts.append(Text(f"\n{told}", style="yellow" if any(counts.values()) else "dim"))
    return now, Group(*parts)


def _show_lanes(found: Sequence[LaneStatus], now: datetime, wait_max: int) -> None:
    if not found:
        say("relay.toml has no lane: no destination is configured.")
        return
    show(_lanes(found, now, wait_max))


def _lanes(found: Sequence[LaneStatus], now: datetime, wait_max: int) -> Table:
    made = table("lane", "quota", "waiting", "next call (JST)", whole=(0, 1, 3), apart=1)
    for each in found:
        made.add_row(
            stacked(each.lane.name, _state(each, now)),
            _quota(each),
            _waiting(each, now, wait_max),
            _next(each, now),
        )
    return made


def _state(found: LaneStatus, now: datetime) -> Text:
    state = found.state
    words = []
    if state.paused_reason:
        words.append(("paused", "bold red"))
    elif _closed(found, now):
        words.append(("closed", "bold red"))
    held = sum(1 for key in state.keys if key.held_reason)
    if held:
        words.append((amount(held, "held key"), "yellow"))
    if state.call is not None:
        words.append(("call open", "cyan"))
    return Text(", ").join(Text(*word) for word in words or [("open", "green")])


def _closed(found: LaneStatus, now: datetime) -> bool:
    breaker = found.state.breaker
    return bool(breaker.kind and breaker.until and now < breaker.until)


def _quota(found: LaneStatus) -> Text:
    if not found.limit:
        return Text("no daily limit", style="dim")
    left = max(0, found.limit - found.reserved - found.used)
    kept = f", {found.reserved:,} kept" if found.reserved else ""
    counted = Text.assemble(f"{found.used:,} of {found.limit:,} used\n", (f"{left:,} left{kept}", "dim"))
    return Text.assemble(bar(found.used, found.reserved, found.limit), "\n", counted)


def _waiting(found: LaneStatus, now: datetime, wait_max: int) -> Text:
    if not found.waiting and found.oldest is None:
        return Text("none", style="dim")
    since = (now - found.oldest).total_seconds() if found.oldest else 0.0
    late = "bold red" if since > wait_max else "dim"
    return stacked(f"{found.waiting:,}", Text(f"for {span(since)}", style=late))


def _next(found: LaneStatus, now: datetime) -> Text:
    at = found.next_call_at
    when = Text("not before resume", style="red") if at is None else Text("at once" if at <= now else minute(at))
    return stacked(when, _pace(found.lane, found.pace_seconds))


def _pace(lane: Lane, seconds: float) -> str:
    if lane.batching:
        return f"every {span(seconds)}"
    slot = next((each for each in lane.limits if each.per == "slot"), None)
    if lane.rate is None:
        return f"{slot.calls} in {slot.slot_seconds} s" if slot else ""
    return f"{1_000 / lane.rate.interval_ms:g} a second"


def _stops(found: LaneStatus, now: datetime) -> Iterator[tuple[str, str]]:
    """
    What stands in the way of a lane's calls, each with the command that takes it away or shows more.
    """
    name, state = found.lane.name, found.state
    if state.paused_reason:
        since = f" since {minute(state.paused_at)}" if state.paused_at else ""
        yield f"\n{name} is paused{since}: {state.paused_reason}", f"ekiden resume {name}"
    elif _closed(found, now):
        breaker = state.breaker
        until = minute(breaker.until)
        reason = breaker.reason.rstrip(".")
        words = f"\n{name} is closed until {until} ({breaker.kind}): {reason}. It opens by itself; at once by:"
        yield words, f"ekiden resume {name}"
    for key in state.keys:
        if key.held_reason:
            words = f"\n{name}: the key {key.name} is held: {key.held_reason}"
            yield words, f"ekiden held show {name}/{key.name}"
    if state.call is not None:
        call = state.call
        words = f"\n{name}: a call of {amount(call.rows, 'row')} is {call.phase} since {minute(call.started_at)}"
        yield f"{words} (try {call.tries}). It is settled by itself.", f"ekiden ring {name}"


def _show_counts(dead: int, held: int) -> None:
    say("")
    say(f"{amount(dead, 'delivery', 'deliveries')} dead", style="red" if dead else "dim")
    if dead:
        hint("ekiden dead list")
    say(f"{amount(held, 'delivery', 'deliveries')} held", style="yellow" if held else "dim")
    if held:
        hint("ekiden held list")


def _as_json(found: LaneStatus, now: datetime) -> dict[str, Any]:
    state, call = found.state, found.state.call
    return {
        "lane": found.lane.name,
        "vendor": found.lane.vendor,
        "batching": found.lane.batching,
        "quota": {
            "limit": found.limit,
            "used": found.used,
            "reserved": found.reserved,
            "left": max(0, found.limit - found.reserved - found.used),
        }
        if found.limit
        else None,
        "pace_seconds": round(found.pace_seconds, 1),
        "waiting": found.waiting,
        "oldest": iso(found.oldest),
        "next_call_at": iso(found.next_call_at),
        "paused": mask(state.paused_reason) or None,
        "closed": {"kind": state.breaker.kind, "reason": mask(state.breaker.reason), "until": iso(state.breaker.until)}
        if _closed(found, now)
        else None,
        "held_keys": [key.name for key in state.keys if key.held_reason],
        "open_call": {"id": call.id, "phase": call.phase, "rows": call.rows, "tries": call.tries} if call else None,
    }
