"""
The command line over a relay in memory: what an operator types, and what comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner, Result

from chalicelib.cli import main
from chalicelib.cli.tools import Tools
from tests.scenarios.world import CONFIG, World

LANE = "haihaimail-api-sample-import"
NOT_SET = dict.fromkeys(("EKIDEN_STAGE", "EKIDEN_RELAY_TOML", "EKIDEN_TABLE", "NO_COLOR", "FORCE_COLOR"))


class Ekiden(Protocol):
    def __call__(self, *arguments: str, **given: Any) -> Result: ...


Make = Callable[..., Ekiden]


def flat(result: Result) -> str:
    """What was printed, as one line: where lines break depends on the terminal."""
    return " ".join(result.output.split())


@pytest.fixture
def world() -> World:
    """
    A relay in memory with its vendors.
    """
    return World()


@pytest.fixture
def typed() -> Make:
    """
    `ekiden` with the tools of a test. An error that is no sentence fails the test.
    """

    def make(**tools: Any) -> Ekiden:
        def run(*arguments: str, **given: Any) -> Result:
            environ = {**NOT_SET, "COLUMNS": "80", **given.pop("env", {})}
            result = CliRunner().invoke(main, arguments, obj=Tools(**tools), env=environ, prog_name="ekiden", **given)
            if result.exception and not isinstance(result.exception, SystemExit):
                raise result.exception
            return result

        return run

    return make


@pytest.fixture
def ekiden(world: World, typed: Make) -> Ekiden:
    """
    `ekiden` over the relay in memory.
    """
    return typed(connect=lambda _stage, _file: world.relay)


@pytest.fixture
def relay_toml(tmp_path: Path) -> Path:
    """
    The world's relay.toml as a file.
    """
    file = tmp_path / "relay.toml"
    file.write_text(CONFIG, encoding="utf-8")
    return file
