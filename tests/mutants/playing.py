"""
One change at a time is put in a module's place, in a process of its own, and its tests are run.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, settings

import chalicelib.model  # noqa: F401 - imported once, for every process
from tests.mutants.mutating import Change

SECONDS_MAX = 60
"""
A change that makes an endless loop is noticed by its time.
"""

CAUGHT, SURVIVED, BROKEN = "caught", "survived", "cannot be played"


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """
    Imports one module from a changed source.
    """

    def __init__(self, name: str, source: str) -> None:
        self._name = name
        self._source = source

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, f"<{self._name}>", "exec"), module.__dict__)  # noqa: S102 - our own source


def play_all(
    package: str, tests: str, made: Sequence[Change | None], seen: Callable[[], None] = lambda: None
) -> list[str]:
    """
    Run the tests over each change (None: over none), each in a process of its own, as many at once as there are cores.

    A module's own tests come first, since they notice most; what is imported already need not be imported again.

    Says `CAUGHT`, `SURVIVED` or `BROKEN` of each, in their order; `seen` is called for each that is done.
    """
    context, results = multiprocessing.get_context("fork"), [""] * len(made)
    running: dict[int, tuple[Any, float]] = {}
    waiting = list(reversed(range(len(made))))
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            number = waiting.pop()
            process = context.Process(target=_run, args=(package, _rounds(tests, made[number]), made[number]))
            process.start()
            running[number] = (process, time.monotonic() + SECONDS_MAX)
        wait([process.sentinel for process, _ in running.values()], timeout=1.0)
        for number, (process, end) in list(running.items()):
            if process.is_alive() and time.monotonic() < end:
                continue
            results[number] = _end(process)
            del running[number]
            seen()
    return results


def _rounds(tests: str, change: Change | None) -> list[list[str]]:
    """
    What pytest is asked, one round after the other: a module's own tests, then all others.

    One round would not do, since pytest puts overlapping paths into an order of its own.
    """
    own = Path(tests) / f"test_{change.module}.py" if change else Path(tests)
    return [[str(own)], [tests, f"--ignore={own}"]] if own.is_file() else [[tests]]


def _end(process: Any) -> str:
    if process.is_alive():
        process.kill()
        process.join()
        return CAUGHT
    process.join()
    return {0: SURVIVED, 1: CAUGHT}.get(process.exitcode, BROKEN)


class _Repeatable:
    """
    Lets random examples be the same for every change, and take as long as they take.

    That one fails is enough: none is made smaller.
    """

    def pytest_sessionstart(self) -> None:
        settings.register_profile(
            "mutants",
            max_examples=60,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),
        )
        settings.load_profile("mutants")


def _run(package: str, rounds: list[list[str]], change: Change | None) -> None:
    """
    What the process does: its exit status is pytest's own, less what belongs to failing at import.
    """
    if change is not None:
        sys.meta_path.insert(0, _Changed(f"{package}.{change.module}", change.source))
    status = 0
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):  # noqa: PTH123
        for asked in rounds:
            options = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "-W", "ignore"]
            status = status or int(pytest.main([*options, *asked], plugins=[_Repeatable()]))
    # A module that cannot be imported any more is an error of collection: as good as a test that fails.
    caught = status in {1, 2, 3}
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(int(caught) if status in {0, 1, 2, 3} else 3)
