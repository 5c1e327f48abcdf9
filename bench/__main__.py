"""
All figures in one run: `make bench`. Times are shown, never asserted; ratios are of things measured side by side.
"""

from __future__ import annotations

import platform
import sys

from rich.console import Console
from rich.table import Table

from bench import aws_requests, burst, cold_start, cpu, destinations, files, operator, senders
from bench import console as operators
from bench.figures import Figure

PARTS = {
    "CPU of an accepted form": cpu.figures,
    "webhooks of every sender": senders.figures,
    "every destination": destinations.figures,
    "requests to AWS per submission": aws_requests.figures,
    "cold start and size": cold_start.figures,
    "a burst of 1,000 forms": burst.figures,
    "100,000 waiting rows": files.figures,
    "an operator's looks at 100,000 deliveries": operator.figures,
    "console over 100,000 deliveries": operators.figures,
}


def main() -> None:
    """Run the parts named on the command line, or all, and print one table."""
    console = Console()
    wanted = sys.argv[1:]
    table = Table(title=f"Ekiden's figures · Python {platform.python_version()} · {platform.machine()}")
    for column, style in (("what", ""), ("measured", "bold"), ("target", "dim"), ("", "")):
        table.add_column(column, style=style)
    for name, figures in PARTS.items():
        if wanted and not any(word in name for word in wanted):
            continue
        with console.status(f"measuring: {name} …"):
            found: list[Figure] = figures()
        table.add_section()
        for figure in found:
            table.add_row(figure.what, figure.text, figure.target_text, figure.mark)
    console.print(table)


main()
