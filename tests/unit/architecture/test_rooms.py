"""
The rules of the house, held by machine: rooms that decide touch nothing outside, and rooms meet only in the model.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chalicelib

ROOT = Path(__file__).resolve().parents[3]
PURE = {"model", "errors", "value", "sources", "routing", "planning", "destinations", "records", "console"}
OUTSIDE = {
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "chalice",
    "os",
    "random",
    "requests",
    "secrets",
    "socket",
    "time",
    "urllib3",
}
SHARED = {"model", "errors", "ports", "value"}
MODULE_LINES_MAX = 300


def modules(room: str = "") -> Iterator[Path]:
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        if not room or room_of(path) == room:
            yield path


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "chalicelib").parts[0].removesuffix(".py")


def imports(path: Path, *, top_only: bool) -> set[str]:
    """Every module that a file imports; `top_only` leaves out imports inside functions."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_only else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_room_that_decides_touches_nothing_outside(room: str) -> None:
    """A pure room may not read the clock, the network, the environment or chance, not even inside a function."""
    for path in modules(room):
        assert not {name.split(".")[0] for name in imports(path, top_only=False)} & OUTSIDE, path


@pytest.mark.parametrize("room", sorted(PURE - SHARED))
def test_rooms_meet_only_in_the_model(room: str) -> None:
    """No room imports another; only the relay walks from one to the next."""
    for path in modules(room):
        ours = {name.split(".")[1] for name in imports(path, top_only=False) if name.startswith("chalicelib.")}
        assert ours <= SHARED | {room}, path


def test_the_doors_are_doors() -> None:
    """app.py lists doors of one line each; everything behind them is chalicelib."""
    assert len((ROOT / "app.py").read_text().splitlines()) <= 260


def test_modules_stay_small() -> None:
    """A module that grows beyond a few screens wants to be two."""
    long = {str(path): n for path in modules() if (n := len(path.read_text().splitlines())) > MODULE_LINES_MAX}

    assert long == {}


def test_a_cold_start_imports_nothing_heavy() -> None:
    """Loading the app does not load what only some requests need: requests, Powertools, operators' tools."""
    code = (
        "import sys, app;"
        "heavy = {'requests', 'aws_lambda_powertools', 'rich', 'click', 'jinja2', 'yaml', 'defusedxml', 'pydantic'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_form_pays_nothing_for_the_console() -> None:
    """Loading the app, and the relay itself, loads nothing of the operator's pages."""
    code = "import sys, app, chalicelib.relay, chalicelib.wiring; print([n for n in sys.modules if '.console' in n])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_test_says_what_it_shows() -> None:
    """A test's docstring states a behaviour that a user would recognise."""
    silent = [
        f"{path.relative_to(ROOT)}::{node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert silent == []


@pytest.mark.parametrize(
    "name",
    sorted(
        module.name
        for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib.")
        if not module.name.startswith(("chalicelib.cli", "chalicelib.ops"))
    ),
)
def test_examples_in_docstrings_are_true(name: str) -> None:
    """What a docstring shows is what the function does."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
