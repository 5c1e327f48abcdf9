"""
`ekiden clock`: seeing midnight come, on this machine only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.ops.clock import offset
from tests.unit.cli.conftest import Ekiden, Make


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clock"


@pytest.fixture
def clock(typed: Make, file: Path) -> Ekiden:
    """
    `ekiden clock` in a shell that was pointed at what is served here.
    """
    ekiden = typed()

    def run(*arguments: str, **environ: str) -> Any:
        served = {
            "EKIDEN_STAGE": "local",
            "EKIDEN_TABLE": "acme-local",
            "EKIDEN_CLOCK_FILE": str(file),
            "AWS_ENDPOINT_URL": "http://127.0.0.1:8080",
        }
        return ekiden("clock", *arguments, env=served | environ)

    return run


def test_moves_are_told_and_taken_back(clock: Ekiden, file: Path) -> None:
    """Three hours on, half an hour back, then real time again."""
    assert "That is 3 h ahead of real time." in clock("by", "+3h").output
    assert "That is 2 h 30 min ahead of real time." in clock("by", "-30m").output
    assert offset(file) == 9_000

    clock("reset")
    assert offset(file) == 0
    assert "real time" not in clock("show").output


def test_the_clock_can_be_set_to_the_minute_after_midnight(clock: Ekiden) -> None:
    """What it then is for the relay is said in Tokyo's time."""
    assert "it is 2126-11-22 00:01" in clock("set", "2126-11-22T00:01:00+09:00").output


@pytest.mark.parametrize(("deed", "words"), [("set", "midnight"), ("set", "2026-11-22T00:01"), ("by", "3 hours")])
def test_what_is_no_time_is_explained(deed: str, words: str, clock: Ekiden, file: Path) -> None:
    """Wrong use, with an example; the clock stays."""
    shown = clock(deed, words)

    assert shown.exit_code == 2
    assert "Write it like" in shown.output
    assert not file.exists()


@pytest.mark.parametrize("deed", [("show",), ("by", "+3h"), ("set", "2026-11-22T00:01:00+09:00"), ("reset",)])
@pytest.mark.parametrize(
    "environ",
    [{"EKIDEN_STAGE": "prod"}, {"AWS_ENDPOINT_URL": "https://dynamodb.ap-northeast-1.amazonaws.com"}],
)
def test_real_aws_never_obeys(deed: tuple[str, ...], environ: dict[str, str], clock: Ekiden, file: Path) -> None:
    """Refused, with the reason."""
    shown = clock(*deed, **environ)

    assert shown.exit_code == 2
    assert "On real AWS it is refused" in shown.output
    assert not file.exists()
