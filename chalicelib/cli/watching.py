"""
`ekiden status --watch`: the lanes as they are, again and again, until Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from rich.console import Group
from rich.live import Live
from rich.text import Text

from chalicelib.cli.screen import console
from chalicelib.cli.words import second

if TYPE_CHECKING:
    from datetime import datetime

LOOKS_MAX = 100_000
SECONDS = 5
"""
Between two looks. A look reads each lane and its counts: some tens of requests to the table.
"""


def watch(look: Callable[[], tuple[datetime, Group]], pause: Callable[[float], None]) -> None:
    """
    Show what `look` finds, every few seconds: in place on a terminal, one after the other elsewhere.
    """
    screen = console()
    try:
        if screen.is_terminal:
            with Live(console=screen, screen=True, auto_refresh=False) as live:
                for _ in range(LOOKS_MAX):
                    live.update(framed(*look()), refresh=True)
                    pause(SECONDS)
        for _ in range(LOOKS_MAX):
            screen.print(framed(*look()))
            pause(SECONDS)
    except KeyboardInterrupt:
        click.echo()


def framed(now: datetime, found: Group) -> Group:
    """
    One look with its time, so that a frozen screen is seen to be one.
    """
    return Group(Text(f"{second(now)} JST, every {SECONDS} s; Ctrl-C ends it", style="dim"), Text(), found)
