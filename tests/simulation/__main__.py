"""
make simulate SEEDS=n SEED_FROM=k: play many days, show the figures, and say what was wrong where.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from os import cpu_count

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation.day import Result, play
from tests.simulation.report import failure, figures

FAILURES_SHOWN_MAX = 5


def main() -> int:
    """
    The command line. Exit status 1 where something was wrong.
    """
    parser = ArgumentParser(prog="simulate")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--until-wrong", action="store_true", help="one after the other; print the first that is wrong")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    if chosen.until_wrong:
        return _until_wrong(seeds)
    results = _play_all(seeds)
    console = Console()
    console.print(figures(results))
    wrong = [result for result in results if result.wrong]
    for result in wrong[:FAILURES_SHOWN_MAX]:
        console.print(failure(result), markup=False, highlight=False, soft_wrap=True)
    return 1 if wrong else 0


def _play_all(seeds: range) -> list[Result]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar, ProcessPoolExecutor(cpu_count()) as workers:
        task = bar.add_task("simulated days", total=len(seeds))
        results = []
        for result in workers.map(play, seeds):
            results.append(result)
            bar.advance(task)
    return results


def _until_wrong(seeds: range) -> int:
    for seed in seeds:
        result = play(seed)
        if result.wrong:
            sys.stdout.write(f"{seed}\t{result.wrong[0]}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
