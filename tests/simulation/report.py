"""
What is said of simulated days: one failing seed for whoever has to understand it, and the figures of many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.table import Table

from tests.simulation.day import Result

LINES_SHOWN = 40


def failure(result: Result) -> str:
    """
    What was wrong, how to play it again, and the last steps before.
    """
    return "\n".join(
        [
            f"seed {result.seed} (play it again: make simulate SEEDS=1 SEED_FROM={result.seed})",
            *(f"  {text}" for text in result.wrong),
            "the last steps:",
            *(f"  {line}" for line in result.lines[-LINES_SHOWN:]),
        ]
    )


def figures(results: Iterable[Result]) -> Table:
    """
    One table over many days.
    """
    days, faults, seeds, wrong = Counter[str](), Counter[str](), 0, 0
    for result in results:
        seeds, wrong = seeds + 1, wrong + bool(result.wrong)
        days.update(result.figures)
        faults.update(result.faults)
    table = Table("figure", "number", title="Simulated days")
    table.columns[1].justify = "right"
    table.add_row("seeds", f"{seeds:,}")
    table.add_row("seeds at which something was wrong", f"{wrong:,}", style="red" if wrong else "green")
    for name, number in days.items():
        table.add_row(name, f"{number:,.1f}" if name == "virtual days" else f"{number:,.0f}")
    table.add_section()
    table.add_row("faults injected", f"{sum(faults.values()):,}")
    for kind, number in sorted(faults.items()):
        table.add_row(f"  {kind.replace('_', ' ')}", f"{number:,}")
    return table
