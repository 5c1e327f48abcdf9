"""
The operator's terminal: tables that survive 80 columns and double-width characters, and JSON for programs.

Values come from strangers: they are shown as text, never as markup, and cannot steer the terminal.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chalicelib.cli.words import plain

PIPED_COLUMNS = 120
"""
How wide tables are where no terminal says; COLUMNS overrules it.
"""

BAR_CELLS = 14


def console(*, errors: bool = False) -> Console:
    """
    A console on standard output (or on standard error), as wide as the terminal, coloured only there.
    """
    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPED_COLUMNS
    return Console(file=stream, width=width, highlight=False, emoji=False, markup=False)


def say(text: str | Text = "", *, style: str = "") -> None:
    """
    A line or a paragraph on standard output.
    """
    console().print(text if isinstance(text, Text) else Text(plain(text)), style=style or None)


def warn(text: str) -> None:
    """
    A line that must not get into piped data: on standard error.
    """
    console(errors=True).print(Text(plain(text)), style="yellow", soft_wrap=True)


def fail(text: str) -> None:
    """
    Why it was not done, on standard error.
    """
    console(errors=True).print(Text(plain(text)), style="red", soft_wrap=True)


def hint(*commands: str) -> None:
    """
    What to do next. Commands are never broken, so that they can be copied; they carry the options that were given.
    """
    context = click.get_current_context(silent=True)
    options = getattr(context.obj, "options", "") if context else ""
    screen = console()
    for command in commands:
        whole = command.replace("ekiden ", f"ekiden {options}", 1) if command.startswith("ekiden ") else command
        screen.print(Text.assemble(("→ ", "cyan"), plain(whole)), soft_wrap=True)


def title(text: str) -> None:
    """
    The heading of what follows.
    """
    console().print(Text(plain(text)), style="bold", soft_wrap=True)


def data(value: object) -> None:
    """
    JSON on standard output.
    """
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


# ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def table(*headings: str, whole: Iterable[int] = (), apart: int = 0) -> Table:
    """
    An empty table. The columns numbered in `whole` hold ids and times: they are never wrapped nor cut.

    `apart` is how many blank lines stand between rows of several lines.
    """
    made = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", collapse_padding=True, leading=apart
    )
    kept = set(whole)
    for number, heading in enumerate(headings):
        if number in kept:
            made.add_column(heading, no_wrap=True, overflow="ignore")
        else:
            made.add_column(heading, overflow="fold")
    return made


def facts(pairs: Mapping[str, str | Text]) -> Table:
    """
    Names and values of one thing, a line each; empty values are left out.
    """
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        if value:
            made.add_row(Text(plain(name)), value if isinstance(value, Text) else Text(plain(value)))
    return made


def show(*things: Table | Text) -> None:
    """
    Print tables and texts.
    """
    screen = console()
    if screen.is_terminal:
        screen.print(*things, sep="\n")
        return
    with screen.capture() as captured:
        screen.print(*things, sep="\n")
    # Tables are padded to their width, which only a terminal should see.
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def stacked(first: str | Text, second: str | Text, *, style: str = "dim") -> Text:
    """
    Two lines of one cell: the matter, and beneath it the particulars.
    """
    lower = second.copy() if isinstance(second, Text) else Text(plain(second), style=style)
    upper = first.copy() if isinstance(first, Text) else Text(plain(first))
    return Text.assemble(upper, "\n", lower) if lower.plain else upper


def bar(used: int, reserved: int, limit: int) -> Text:
    """
    What of a quota is used (full), free (light) and kept back (shaded).
    """
    taken = min(BAR_CELLS, -(-used * BAR_CELLS // limit)) if limit else 0
    kept = min(BAR_CELLS - taken, -(-reserved * BAR_CELLS // limit)) if limit else 0
    free = BAR_CELLS - taken - kept
    colour = "red" if used >= limit - reserved else "yellow" if used * 4 >= limit * 3 else "green"
    return Text.assemble(("█" * taken, colour), ("░" * free, "dim"), ("▒" * kept, "blue"))
