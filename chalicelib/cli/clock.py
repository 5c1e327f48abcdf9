"""
The movable clock of what is served on this machine, for seeing midnight come.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import click

from chalicelib.adapters.clock import SystemClock
from chalicelib.cli.connecting import LOCAL, local_environment
from chalicelib.cli.screen import data, hint, say
from chalicelib.cli.tools import Doors, Tools, as_json, example, placed
from chalicelib.cli.words import iso, second, span
from chalicelib.guard import movable_clock_allowed
from chalicelib.ops import clock as moved
from chalicelib.ops.stopped import USAGE, Stopped

REFUSED = (
    "The clock is moved only where everything runs on this machine (make serve, stage local). "
    "On real AWS it is refused: the vendors' days would not move with it."
)


@click.group(cls=Doors, epilog=example("ekiden clock show", "ekiden clock by +3h"))
@placed
def clock() -> None:
    """
    Show or move the local relay's clock; refused on real AWS.
    """


@clock.command("show", epilog=example("ekiden clock show"))
@placed
@as_json
@click.pass_obj
def show_clock(tools: Tools, *, as_json: bool) -> None:
    """
    Show what time it is for the local relay.
    """
    _tell(moved.offset(_file(tools)), for_programs=as_json)


@clock.command("set", epilog=example('ekiden clock set "2026-11-22T00:01:00+09:00"'))
@click.argument("time")
@placed
@as_json
@click.pass_obj
def set_clock(tools: Tools, *, time: str, as_json: bool) -> None:
    """
    Let it be TIME (ISO 8601 with its zone) from now on.
    """
    _tell(moved.set_to(_file(tools), moved.parse_time(time), now=SystemClock().now()), for_programs=as_json)


@clock.command(
    "by",
    # The h of -3h must not be taken for help.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    epilog=example("ekiden clock by +3h", "ekiden clock by -1d12h"),
)
@click.argument("shift", metavar="SPAN")
@placed
@as_json
@click.pass_obj
def by(tools: Tools, *, shift: str, as_json: bool) -> None:
    """
    Move the clock by SPAN from where it stands.

    SPAN is written in days, hours, minutes and seconds.
    """
    seconds = moved.parse_shift(shift)
    _tell(moved.move_by(_file(tools), seconds), for_programs=as_json)


@clock.command("reset", epilog=example("ekiden clock reset"))
@placed
@as_json
@click.pass_obj
def reset(tools: Tools, *, as_json: bool) -> None:
    """
    Back to real time.
    """
    _tell(moved.reset(_file(tools)), for_programs=as_json)


def _file(tools: Tools) -> Path:
    """
    The clock file of what is served here. Raises Stopped where a real clock would be meant.
    """
    if tools.stage != LOCAL:
        raise Stopped(REFUSED, exit_code=USAGE)
    environ = {**os.environ, **local_environment(os.environ, Path.cwd())}
    file = environ.get("EKIDEN_CLOCK_FILE", "")
    if not file or not movable_clock_allowed(environ):
        raise Stopped(REFUSED, exit_code=USAGE)
    return Path(file)


def _tell(seconds: float, *, for_programs: bool) -> None:
    now = SystemClock().now() + timedelta(seconds=seconds)
    if for_programs:
        data({"now": iso(now), "ahead_seconds": round(seconds, 3)})
        return
    say(f"For the local relay it is {second(now)} JST.")
    if seconds:
        say(f"That is {span(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'} real time.", style="yellow")
        hint("ekiden clock reset")
