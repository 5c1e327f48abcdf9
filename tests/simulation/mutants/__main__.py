"""
make simulate-mutants: each mutant is played until a seed catches it, and the table says which, and by what check.

The seed that caught it last time is tried first (`SEEDS_BEFORE`). Mutants that a random day can hardly tell from the
real code have a story of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.simulation.mutants.catalogue import MUTANTS, SEEDS_BEFORE
from tests.simulation.mutants.patching import Mutant

SECONDS_MAX = 900

UNPLAYABLE = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "AttributeError")
"""
Errors of a patch that no longer fits the code around it: it breaks everything, and so proves nothing of its promise.
"""


def main() -> int:
    """
    The command line. Exit status 1 unless every mutant is caught.
    """
    parser = ArgumentParser(prog="simulate-mutants")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--only", default="", help="those whose name has this in it")
    chosen = parser.parse_args()
    mutants = [each for each in MUTANTS if chosen.only in each.name]
    console = Console()
    with Progress(console=Console(stderr=True)) as bar, ThreadPoolExecutor(os.cpu_count()) as workers:
        task = bar.add_task("mutants", total=len(mutants))

        def hunted(mutant: Mutant) -> tuple[str, str]:
            found = hunt(mutant, chosen.first, chosen.seeds)
            bar.advance(task)
            return found

        found = list(workers.map(hunted, mutants))
    table = Table("mutant", "caught by seed", "because", title="Mutants")
    for mutant, (seed, why) in zip(mutants, found, strict=True):
        table.add_row(mutant.name, seed or "not caught", why, style="" if seed else "red")
    caught = sum(bool(seed) for seed, _ in found)
    console.print(table)
    console.print(f"caught {caught} of {len(mutants)}")
    return 0 if caught == len(mutants) else 1


def hunt(mutant: Mutant, first: int, seeds: int) -> tuple[str, str]:
    """
    The first seed (or the story) that catches a mutant and what it found wrong; empty texts where none does.

    Raises RuntimeError where the mutant cannot be played at all, so that a broken one does not count as caught.
    """
    with TemporaryDirectory(prefix="ekiden-mutant-") as place:
        if mutant.story:
            return _told(mutant, Path(place))
        mutant.make(Path(place))
        before = SEEDS_BEFORE.get(mutant.name)
        found = _played(mutant.name, place, before, 1) if before is not None else ("", "")
        return found if found[0] else _played(mutant.name, place, first, seeds)


def _told(mutant: Mutant, place: Path) -> tuple[str, str]:
    """
    Whether the story fails with the mutant, and with nothing else.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--import-mode=importlib"]
    ends = []
    for name, patches in (("right", ()), ("broken", mutant.patches)):
        (place / name).mkdir()
        replace(mutant, patches=patches).make(place / name)
        ends.append(_run([*command, mutant.story], place / name))
    if [ends[0].returncode, ends[1].returncode in {0, 1}] != [0, True]:
        raise RuntimeError(f"{mutant.name} cannot be played:\n{ends[0].stdout[-2_000:]}\n{ends[1].stdout[-2_000:]}")
    return ("story", mutant.story.rpartition("::")[2].replace("_", " ")) if ends[1].returncode else ("", "")


def _played(name: str, place: str, first: int, seeds: int) -> tuple[str, str]:
    done = _run(
        [sys.executable, "-m", "tests.simulation", "--until-wrong", "--seeds", str(seeds), "--from", str(first)], place
    )
    if done.returncode == 0:
        return "", ""
    seed, tab, why = done.stdout.strip().partition("\t")
    if not tab:
        raise RuntimeError(f"{name} cannot be played:\n{done.stderr[-2_000:]}")
    if why.startswith("own fault:") and any(f"> {each}'" in why for each in UNPLAYABLE):
        raise RuntimeError(f"{name} cannot be played:\n{why}")
    return seed, why.partition(":")[0] + ":" + why.partition(":")[2][:70]


def _run(command: list[str], place: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, cwd=place, capture_output=True, text=True, timeout=SECONDS_MAX)


if __name__ == "__main__":
    sys.exit(main())
