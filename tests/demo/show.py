"""
What the demo tells while it runs: steps with a spinner, chapters, a bar for the burst, and each expectation at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.status import Status
from rich.table import Table
from rich.text import Text

WIDTH_MAX = 120
WIDE = 112
"""
From this width on, what was found stands beside its expectation.
"""

NAME_CELLS = 66
MET, UNMET = "✓", "✗"
STYLES = {MET: "green", UNMET: "bold red"}


class Show:
    """
    The demo's voice on one console. Without a terminal it prints the same lines, without spinners and colours.
    """

    def __init__(self, console: Console) -> None:
        self.console = console

    def title(self, title: str, what: str) -> None:
        """
        What this is.
        """
        self.console.print(Text.assemble((title, "bold magenta"), "  ", what))
        self.console.print()

    @contextmanager
    def step(self, doing: str) -> Iterator[Callable[[str], None]]:
        """
        One piece of work; `told` says what came of it.
        """
        results: list[str] = []
        started = time.monotonic()
        with self.console.status(f"[cyan]{escape(doing)} …[/]"):
            yield results.append
        self._row(MET, doing, " ".join(results), f"{time.monotonic() - started:.1f} s")

    def chapter(self, title: str, at: str) -> None:
        """
        A new story begins, at this time of the demo's clock.
        """
        self.console.print()
        heading = Text.assemble((title, "bold"), (f"  {at}", "cyan"))
        self.console.print(Rule(heading, align="left", style="dim"))

    @contextmanager
    def bar(self, doing: str, total: int) -> Iterator[Callable[[], None]]:
        """
        Many like things; each call of what is given counts one.
        """
        columns = (
            TextColumn("  [cyan]{task.description}[/]"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as progress:
            task = progress.add_task(doing, total=total)
            yield lambda: progress.advance(task)

    @contextmanager
    def busy(self, doing: str) -> Iterator[None]:
        """
        Something that takes a while and needs no line of its own afterwards.
        """
        with self.console.status(f"[cyan]{escape(doing)} …[/]"):
            yield

    def farewell(self, doing: str) -> Status:
        """
        A spinner to be started and stopped by whoever clears up.
        """
        return self.console.status(f"[cyan]{escape(doing)} …[/]")

    def say(self, text: str) -> None:
        """
        What happened, in a line or two.
        """
        self.console.print(Padding(Text(text, style="dim"), (0, 0, 0, 2), expand=False))

    def clock(self, text: str) -> None:
        """
        Time has passed on the demo's clock.
        """
        self.console.print(Padding(Text.assemble(("⏩ ", "cyan"), (text, "cyan")), (0, 0, 0, 2), expand=False))

    def expectation(self, name: str, found: str, *, met: bool) -> None:
        """
        One expectation, and what was found.
        """
        self._row(MET if met else UNMET, name, found, indent=2)

    def failure(self, text: str) -> None:
        """
        Why the demo cannot go on.
        """
        self.console.print()
        self.console.print(Text.assemble((f"{UNMET} ", STYLES[UNMET]), text))

    def _row(self, mark: str, what: str, found: str, took: str = "", *, indent: int = 0) -> None:
        """
        What and what was found: side by side in a wide window, else one below the other.
        """
        if self.console.width >= WIDE:
            # Indented by a column of blanks: rich measures a padded table one cell too narrow.
            grid = Table.grid(padding=(0, 1))
            for width in (*([indent - 1] if indent else []), 1, NAME_CELLS - indent):
                grid.add_column(width=width)
            grid.add_column(style="dim", overflow="fold")
            if took:
                grid.add_column(style="dim cyan", no_wrap=True)
            blank = [""] if indent else []
            grid.add_row(*blank, Text(mark, style=STYLES[mark]), Text(what), Text(found), *([took] if took else []))
            self.console.print(grid)
            return
        line = Text.assemble((mark, STYLES[mark]), " ", what, (f"  {took}" if took else "", "dim cyan"))
        self.console.print(Padding(line, (0, 0, 0, indent), expand=False))
        if found:
            self.console.print(Padding(Text(found, style="dim"), (0, 0, 0, indent + 2), expand=False))
