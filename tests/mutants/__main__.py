"""
make mutants-planning: every small change of the planning room is made, one at a time; its tests must notice each.

    python -m tests.mutants [--module ledger] [--only "may_call"]

Those that nothing notices must stand in docs/mutants.md with the reason why no test can. Exit status 1 otherwise, and
where one that stands there is noticed after all.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.mutants.mutating import Change, changes
from tests.mutants.playing import BROKEN, CAUGHT, SURVIVED, play_all

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, TESTS = "chalicelib.planning", "tests/unit/planning"
MODULES = frozenset({"coalesce", "ledger", "merge", "settle", "tiers", "windows"})
"""
What decides; the others of the room are played where `--module` names them (docs/mutants.md says why).
"""

JUDGED = ROOT / "docs/mutants.md"


def judged() -> frozenset[str]:
    """
    The names of the changes that docs/mutants.md gives a reason for.
    """
    return frozenset(re.findall(r"^\| `([^`]+→[^`]+)` \|", JUDGED.read_text(encoding="utf-8"), re.MULTILINE))


def all_changes(only_module: str = "", only: str = "") -> list[Change]:
    """
    Every change of the modules that decide, or of the one that is asked for.
    """
    folder = ROOT.joinpath(*PACKAGE.split("."))
    names = {only_module} if only_module else MODULES
    paths = [each for each in sorted(folder.glob("*.py")) if each.stem in names]
    found = [each for path in paths for each in changes(path.stem, path.read_text(encoding="utf-8"))]
    return [each for each in found if only in each.name]


def main() -> int:
    """
    The command line.
    """
    parser = ArgumentParser(prog="mutants-planning")
    parser.add_argument("--module", default="", help="one module of the room")
    parser.add_argument("--only", default="", help="those whose name has this in it")
    chosen = parser.parse_args()
    if play_all(PACKAGE, TESTS, [None]) != [SURVIVED]:
        sys.exit(f"{TESTS} must pass before anything is changed")
    made = all_changes(chosen.module, chosen.only)
    results = _play_all(made)
    left, known = [each for each, result in results if result != CAUGHT], judged()
    console = Console(width=None if sys.stdout.isatty() else 160)
    fresh = _tell(console, results, left, known)
    names = {each.name for each in left}
    stale = sorted(known - names) if not (chosen.module or chosen.only) else []
    for name in stale:
        console.print(f"docs/mutants.md excuses what is noticed: {name}", markup=False)
    return int(bool(fresh or stale))


def _play_all(made: list[Change]) -> list[tuple[Change, str]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # No thread may run where processes are forked: the bar is drawn after each change.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as bar:
        task = bar.add_task("changes", total=len(made))

        def seen() -> None:
            bar.advance(task)
            bar.refresh()

        return list(zip(made, play_all(PACKAGE, TESTS, made, seen), strict=True))


def _tell(console: Console, results: list[tuple[Change, str]], left: list[Change], known: frozenset[str]) -> list[str]:
    """
    The table of modules, and what is left; returns the names that nobody has judged.
    """
    table = Table("module", "changes", "noticed", "judged", "left", title="Planning, changed")
    for module in sorted({each.module for each, _ in results}):
        mine = [(each, result) for each, result in results if each.module == module]
        excused = sum(each.name in known for each in left if each.module == module)
        noticed = sum(result == CAUGHT for _, result in mine)
        rest = len(mine) - noticed - excused
        table.add_row(module, *(f"{number}" for number in (len(mine), noticed, excused, rest)))
    fresh = [each for each in left if each.name not in known]
    console.print(table)
    for each in fresh:
        console.print(f"line {each.line}: {each.name}", markup=False, highlight=False, soft_wrap=True)
    broken = sum(result == BROKEN for _, result in results)
    noticed = sum(result == CAUGHT for _, result in results)
    console.print(f"noticed {noticed} of {len(results)}, {len(left) - len(fresh)} judged, {broken} not playable")
    return [each.name for each in fresh]


if __name__ == "__main__":
    sys.exit(main())
