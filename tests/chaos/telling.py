"""
What chaos tells: one line a round, and what others made of the same rounds.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.chaos.judging import Score
from tests.chaos.place import CALLS_PER_DAY

OTHERS = (
    ("Celery + Redis", "workers are killed (SIGKILL)", "748 accepted tasks lost"),
    ("a hook that answers first", "workers are killed (SIGKILL)", "776 accepted submissions lost"),
    ("a relay that waits for the vendor", "vendors fail for 30 s", "300 visitors refused"),
)
NOTES = """\
twice: came twice without a doubt about the first time. in doubt: came twice, after an answer that never came, that was
no plain yes, or whose worker was killed before it could be noted.
cut off: visitors to whom the platform answered 502 for a worker killed under it, or who found it away. They send the
same form again, and it is recognised if it was stored. No relay behind that door could have answered.
unfinished: still waits, or is in front of a person. hurt: kills, restarts, refused requests to AWS, spoiled answers.
"""


def table(scores: list[Score], *, over: int, busiest: int) -> Table:
    """
    All rounds.
    """
    made = Table(title="Chaos", title_justify="left", caption_justify="left")
    made.caption = f"calls over the limit of {CALLS_PER_DAY} a day: {over} (busiest day: {busiest})"
    headings = ("accepted", "lost", "twice", "in doubt", "refused", "cut off", "unfinished", "hurt", "seconds")
    made.add_column("round")
    for heading in headings:
        made.add_column(heading, justify="right")
    for each in scores:
        unfinished = each.unfinished + each.with_a_person
        numbers = (each.accepted, each.lost, each.twice, each.doubted, each.refused, each.cut_off, unfinished)
        cells = [*(f"{number:,}" for number in numbers), f"{each.hurts:,} ×", f"{each.seconds:.0f}"]
        made.add_row(each.name, *cells, style="" if each.is_good else "bold red")
    return made


def tell(console: Console, scores: list[Score], *, over: int, busiest: int) -> None:
    """
    The whole report.
    """
    console.print(table(scores, over=over, busiest=busiest))
    console.print(NOTES, style="dim", markup=False)
    others = Table(title="Others, measured before by the same rounds", title_justify="left")
    for heading in ("who", "round", "what came of it"):
        others.add_column(heading)
    for row in OTHERS:
        others.add_row(*row)
    console.print(others)
