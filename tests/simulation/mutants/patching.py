"""
A mutant: a small change of the real code that breaks one promise, and the copy of the project that it is made in.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COPIED = ("chalicelib", "tests/sandbox", "tests/scenarios", "tests/simulation")


@dataclass(frozen=True, slots=True)
class Patch:
    """
    A text that stands exactly once in a file of chalicelib, and what stands there instead.
    """

    file: str
    old: str
    new: str

    def problem(self, root: Path = ROOT) -> str:
        """
        Why it cannot be applied; "" where it can.
        """
        count = (root / "chalicelib" / self.file).read_text(encoding="utf-8").count(self.old)
        return "" if count == 1 else f"{self.file}: the old text stands there {count} times:\n{self.old}"

    def apply(self, root: Path) -> None:
        """
        Change the copy of the project at `root`.
        """
        path = root / "chalicelib" / self.file
        path.write_text(path.read_text(encoding="utf-8").replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Mutant:
    """
    One broken promise, by name.

    `story` names a scenario test that notices it, where a random day meets it too seldom, or it only costs time: a day
    ends well all the same.
    """

    name: str
    patches: tuple[Patch, ...]
    story: str = ""

    def make(self, root: Path) -> None:
        """
        Copy the project to `root`, broken so.
        """
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "relay.toml"))
        for patch in self.patches:
            patch.apply(root)
